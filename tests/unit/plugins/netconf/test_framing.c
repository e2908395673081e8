/*
 * RFC 6242 framing, every stream cut at every place; and what hellos offer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/netconf/framing.h"
#include "plugins/netconf/hello.h"
#include "tests/lib/suite.h"

/* The stream as text: messages, each with a | behind it; ! where it is bad. */
static void
decode(int chunked, const char *stream, size_t len, size_t cut, size_t step, char *out)
{
	struct framing f;
	struct framing_piece piece;
	size_t at = 0, used, part;
	int r;

	framing_init(&f);
	if (chunked)
		framing_chunks(&f);
	while (at < len) {
		part = at < cut ? cut - at : len - at;
		if (step > 0 && part > step)
			part = step;
		r = framing_take(&f, (const uint8_t *)stream + at, part, &used, &piece);
		at += used;
		if (r == FRAMING_PIECE) {
			memcpy(out, piece.data, piece.len);
			out += piece.len;
		} else if (r == FRAMING_END) {
			*out++ = '|';
		} else if (r == FRAMING_BAD) {
			*out++ = '!';
			break;
		} else if (used != part) {
			CU_FAIL("it wants more and has not used all");
			break;
		}
	}
	if (!framing_between(&f) && (out[-1] != '!'))
		*out++ = '~';
	*out = '\0';
}

static void
says(int chunked, const char *stream, const char *want)
{
	char out[512] = "  ";
	size_t len = strlen(stream), cut;

	for (cut = 0; cut <= len; cut++) {
		decode(chunked, stream, len, cut, 0, out + 2);
		CU_ASSERT_STRING_EQUAL(out + 2, want);
		if (strcmp(out + 2, want) != 0)
			printf("%s, cut at %zu: %s\n", stream, cut, out + 2);
	}
	decode(chunked, stream, len, len, 1, out + 2);
	CU_ASSERT_STRING_EQUAL(out + 2, want);
}

static void
test_marks(void)
{
	says(0, "", "");
	says(0, "<hello/>]]>]]>", "<hello/>|");
	says(0, "a]]>]]>b]]>]]>", "a|b|");
	says(0, "]]>]]>", "|");
	says(0, "a", "a~");
	says(0, "a]]>]]", "a~");
	says(0, "]", "~");
	/* What looks like the mark. */
	says(0, "a]]>]]b]]>]]>", "a]]>]]b|");
	says(0, "]]]>]]>", "]|");
	says(0, "]]]]>]]>x", "]]|x~");
	says(0, "]]>]]]>]]>", "]]>]|");
	says(0, "]]>]]]]>]]>", "]]>]]|");
	says(0, "]]>]>]]>]]>", "]]>]>|");
	says(0, "]]>]]>]]>]]>", "||");
	says(0, "x]]>]]]]]]>]]>", "x]]>]]]]|");
}

static void
test_chunks(void)
{
	says(1, "\n#3\nabc\n##\n", "abc|");
	says(1, "\n#1\na\n#2\nbc\n##\n\n#1\n#\n##\n", "abc|#|");
	says(1, "\n#5\n\n##\n\n\n##\n", "\n##\n\n|");
	says(1, "\n#10\n0123456789\n##\n", "0123456789|");
	says(1, "\n#4\nabc", "abc~");
	says(1, "\n#", "~");
	says(1, "\n#3\nabc", "abc~");
	says(1, "\n#3\nabc\n##", "abc~");
	says(1, "\n#4294967295\nx", "x~");
}

static void
test_bad_chunks(void)
{
	says(1, "<", "!");
	says(1, "\n<", "!");
	says(1, "##\n", "!");
	says(1, "\n##\n", "!");       /* one chunk or more */
	says(1, "\n#0\n", "!");
	says(1, "\n#03\nabc", "!");
	says(1, "\n#-1\n", "!");
	says(1, "\n# 3\nabc", "!");
	says(1, "\n#3 \nabc", "!");
	says(1, "\n#3\r\nabc", "!");
	says(1, "\n#\n", "!");
	says(1, "\n#4294967296\n", "!");
	says(1, "\n#99999999999\n", "!");
	says(1, "\n#2\nabc\n##\n", "ab!");
	says(1, "\n#3\nabc\n##x", "abc!");
	says(1, "\n#3\nabc]]>]]>", "abc!");
}

/* What goes out comes in. */
static void
test_out(void)
{
	uint8_t head[FRAMING_HEAD_MAX], tail[FRAMING_HEAD_MAX];

	CU_ASSERT_EQUAL(framing_head(0, 7, head), 0);
	CU_ASSERT_EQUAL(framing_head(1, 7, head), 4);
	CU_ASSERT_EQUAL(memcmp(head, "\n#7\n", 4), 0);
	CU_ASSERT_EQUAL(framing_head(1, 4294967295u, head), 13);
	CU_ASSERT_EQUAL(framing_tail(0, tail), 6);
	CU_ASSERT_EQUAL(memcmp(tail, "]]>]]>", 6), 0);
	CU_ASSERT_EQUAL(framing_tail(1, tail), 4);
	CU_ASSERT_EQUAL(memcmp(tail, "\n##\n", 4), 0);
}

static uint32_t
offers(const char *text)
{
	struct hello whole = { 0 }, bytes = { 0 };
	size_t i;

	hello_feed(&whole, (const uint8_t *)text, strlen(text));
	for (i = 0; i < strlen(text); i++)
		hello_feed(&bytes, (const uint8_t *)text + i, 1);
	CU_ASSERT_EQUAL(whole.offers, bytes.offers);
	return whole.offers;
}

#define B "urn:ietf:params:netconf:base:1."

static void
test_hello(void)
{
	CU_ASSERT_EQUAL(offers("<hello><capabilities><capability>" B "0</capability></capabilities></hello>"), HELLO_BASE_1_0);
	CU_ASSERT_EQUAL(offers("<c>" B "1</c>"), HELLO_BASE_1_1);
	CU_ASSERT_EQUAL(offers("<nc:capability a='b'>\n  " B "1 \r\n\t</nc:capability><c>" B "0</c>"),
	    HELLO_BASE_1_0 | HELLO_BASE_1_1);
	CU_ASSERT_EQUAL(offers("<c>" B "2</c>"), 0);
	CU_ASSERT_EQUAL(offers("<c>" B "11</c>"), 0);
	CU_ASSERT_EQUAL(offers("<c>x" B "1</c>"), 0);
	CU_ASSERT_EQUAL(offers("<c>" B "1x</c>"), 0);
	CU_ASSERT_EQUAL(offers("<c a='" B "1'/>"), 0);
	CU_ASSERT_EQUAL(offers("<c>urn:ietf:params:netconf:base:1</c><c>" B "1</c>"), HELLO_BASE_1_1);
	CU_ASSERT_EQUAL(offers("<c>urn>" B "1<"), HELLO_BASE_1_1);
	CU_ASSERT_EQUAL(offers("<c>" B), 0);
	CU_ASSERT_EQUAL(offers("<c>" B "1"), 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "marks", test_marks },
		{ "chunks", test_chunks },
		{ "malformed chunks", test_bad_chunks },
		{ "out", test_out },
		{ "hello", test_hello },
		CU_TEST_INFO_NULL,
	};

	return suite_run("netconf framing", tests);
}
