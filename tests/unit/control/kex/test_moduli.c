/* The groups of a moduli file: lines that are taken and left out, the table, the choice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/kex/group.h"
#include "control/kex/moduli.h"
#include "tests/lib/suite.h"

static char text[65536];
static uint8_t table_bytes[65536];

/* An odd number of so many bits, as hexadecimal. */
static const char *
odd(unsigned bits, unsigned mark)
{
	static char hex[2100];
	int n = snprintf(hex, sizeof(hex), "%x", 1u << (bits - 1) % 4);

	memset(hex + n, '0', (bits - 1) / 4);
	snprintf(hex + n + (bits - 1) / 4 - 8, 9, "%08X", mark * 2 + 1);
	return hex;
}

static void
line(const char *format, unsigned bits, unsigned mark)
{
	size_t used = strlen(text);

	snprintf(text + used, sizeof(text) - used, format, bits - 1, odd(bits, mark));
}

static struct view
table(struct moduli_count *n)
{
	struct put w = put_of(table_bytes, sizeof(table_bytes));

	CU_ASSERT_EQUAL_FATAL(moduli_parse(&w, view_str(text), n), 0);
	CU_ASSERT(put_len(&w) <= strlen(text) + 4);
	CU_ASSERT_EQUAL(moduli_check(put_view(&w)), 0);
	return put_view(&w);
}

#define GOOD "20220714110357 2 6 100 %u 2 %s\n"

static void
test_lines(void)
{
	static const char *const left_out[] = {
		"20220714110357 4 6 100 %u 2 %s\n", /* Sophie Germain, not safe */
		"20220714110357 0 6 100 %u 2 %s\n",
		"20220714110357 2 0 100 %u 2 %s\n", /* not tested */
		"20220714110357 2 7 100 %u 2 %s\n", /* tested: composite */
		"20220714110357 2 1 100 %u 2 %s\n",
		"20220714110357 2 6 100 %u 1 %s\n",
		"20220714110357 2 6 100 %u 0 %s\n",
		"20220714110357 2 6 100 %u 2 %s0\n", /* four bits more, and even */
	};
	static const char *const broken[] = { "%u\n", "20220714110357 2 6 100 %u 2\n", "%u%s\n",
		"20220714110357 2 6 100 %u 2 %s 7\n", "20220714110357 2 6 100 x%u 2 %s\n",
		"20220714110357 2 6 100 99999999999%u 2 %s\n", "20220714110357 2 6 100 %u 2 %sX\n",
		"20220714110357 2 -6 100 %u 2 %s\n" };
	struct moduli_count n;

	strcpy(text, "# Time Type Tests Tries Size Generator Modulus\n\n \t\n");
	line(GOOD, 2048, 1);
	line("20220714110357\t2 6  100 %u 5\t%s\r\n", 3072, 1);
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		line(left_out[i], 4096, 1);
	line(GOOD, 2047, 1);
	line(GOOD, 1024, 1);
	line(GOOD, 8192, 1);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		line(broken[i], 4096, 1);
	line("20220714110357 2 6 100 %u 2 %s", 2050, 1); /* the last, without a line's end */
	table(&n);
	CU_ASSERT_EQUAL(n.taken, 4);
	CU_ASSERT_EQUAL(n.left_out, sizeof(left_out) / sizeof(left_out[0]) + 2);
	CU_ASSERT_EQUAL(n.broken, sizeof(broken) / sizeof(broken[0]));
	CU_ASSERT_EQUAL(n.broken_line, 3 + 2 + n.left_out + 1 + 1);
}

static void
test_limits(void)
{
	struct moduli_count n;
	struct put w;

	text[0] = '\0';
	table(&n);
	CU_ASSERT_EQUAL(n.taken + n.broken + n.left_out, 0);
	line("20220714110357 2 6 100 %u 2 F%s\n", 8193, 1); /* too long to be kept */
	table(&n);
	CU_ASSERT_EQUAL(n.broken, 1);
	text[0] = '\0';
	line(GOOD, 2048, 1);
	for (size_t room = 0; room < 4 + 4 + 4 + 1 + 4 + 256; room++) {
		w = put_of(table_bytes, room);
		CU_ASSERT_EQUAL(moduli_parse(&w, view_str(text), &n), -R_LIMIT);
	}
}

/* What is no table, or is cut, or says other sizes than its primes have. */
static void
test_check(void)
{
	struct moduli_count n;
	struct view t;
	uint8_t kept;

	text[0] = '\0';
	line(GOOD, 2048, 1);
	line(GOOD, 2048, 2);
	t = table(&n);
	for (size_t len = 0; len < t.len; len++)
		CU_ASSERT_EQUAL(moduli_check(view_of(t.data, len)), -R_PROTOCOL);
	CU_ASSERT_EQUAL(moduli_check(view_of(t.data, t.len + 1)), -R_PROTOCOL);
	for (size_t at = 0; at < 12; at++) { /* count, bits, length of the generator */
		kept = table_bytes[at];
		table_bytes[at] ^= 2;
		CU_ASSERT_EQUAL(moduli_check(t), -R_PROTOCOL);
		table_bytes[at] = kept;
	}
	table_bytes[t.len - 1] ^= 1; /* even */
	CU_ASSERT_EQUAL(moduli_check(t), -R_PROTOCOL);
}

static unsigned
chosen(struct view t, uint32_t min, uint32_t wanted, uint32_t max)
{
	struct kex_group g = { .min = min, .n = wanted, .max = max };

	return moduli_choose(t, &g, 12345) == 0 ? group_bits(&g.dh) : 0;
}

static void
test_choice(void)
{
	static const unsigned sizes[] = { 6144, 2048, 4096, 2048, 3072, 2048, 8192 };
	struct moduli_count n;
	struct view t;

	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		line(GOOD, sizes[i], i);
	t = table(&n);
	CU_ASSERT_EQUAL(n.taken, 7);
	CU_ASSERT_EQUAL(chosen(t, 2048, 2048, 8192), 2048);
	CU_ASSERT_EQUAL(chosen(t, 1024, 1024, 8192), 2048);
	CU_ASSERT_EQUAL(chosen(t, 2048, 3000, 8192), 3072);
	CU_ASSERT_EQUAL(chosen(t, 2048, 3072, 8192), 3072);
	CU_ASSERT_EQUAL(chosen(t, 2048, 7680, 8192), 8192);
	CU_ASSERT_EQUAL(chosen(t, 2048, 7680, 8000), 6144); /* the largest below */
	CU_ASSERT_EQUAL(chosen(t, 2049, 2049, 3071), 0);
	CU_ASSERT_EQUAL(chosen(t, 3073, 4000, 4096), 4096);
	CU_ASSERT_EQUAL(chosen(view_of("\0\0\0", 4), 2048, 3072, 8192), 0);
}

/* Each of one size comes, by the random number. */
static void
test_random(void)
{
	struct moduli_count n;
	struct view t;
	unsigned hits[3] = { 0 };

	text[0] = '\0';
	for (unsigned i = 0; i < 3; i++)
		line(GOOD, 2048, i);
	t = table(&n);
	for (uint64_t random = 0; random <= UINT32_MAX; random += UINT32_MAX / 99) {
		struct kex_group g = { .min = 2048, .n = 2048, .max = 2048 };

		CU_ASSERT_EQUAL_FATAL(moduli_choose(t, &g, (uint32_t)random), 0);
		hits[g.dh.p.data[g.dh.p.len - 1] / 2 % 3]++;
	}
	CU_ASSERT(hits[0] + hits[1] + hits[2] == 100 && hits[0] >= 33 && hits[1] >= 33 && hits[2] >= 33);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "lines", test_lines },
		{ "limits", test_limits },
		{ "table", test_check },
		{ "choice", test_choice },
		{ "random choice", test_random },
		CU_TEST_INFO_NULL,
	};

	return suite_run("moduli", tests);
}
