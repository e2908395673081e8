/*
 * NETCONF framing: any bytes, in any pieces. Both framings are held against decoders that
 * see the whole stream and are written the slow way; how the stream is cut changes nothing.
 * The first byte chooses the framing, the second the pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/netconf/framing.h"
#include "plugins/netconf/hello.h"

#define MAX 4096u

/* Messages one behind the other, each with its length in front of the next. */
struct result {
	uint8_t data[MAX];
	size_t len;
	size_t end[MAX];   /* of each message */
	size_t count;
	int bad;
};

static void
must(int good)
{
	if (!good)
		abort();
}

static void
by_marks(const uint8_t *p, size_t len, struct result *r)
{
	size_t i = 0;

	while (i < len) {
		if (len - i >= 6 && memcmp(p + i, "]]>]]>", 6) == 0) {
			r->end[r->count++] = r->len;
			i += 6;
		} else {
			r->data[r->len++] = p[i++];
		}
	}
	/* What may yet become the mark is not data. */
	for (i = 5; i > 0; i--)
		if (len >= i && r->len >= i && memcmp(r->data + r->len - i, "]]>]]>", i) == 0 &&
		    (r->count == 0 || r->len - i >= r->end[r->count - 1])) {
			r->len -= i;
			break;
		}
}

static void
by_chunks(const uint8_t *p, size_t len, struct result *r)
{
	size_t i = 0, chunks = 0, digits;
	unsigned long long size;

	while (i < len) {
		if (p[i++] != '\n')
			goto bad;
		if (i == len)
			return;
		if (p[i++] != '#')
			goto bad;
		if (i == len)
			return;
		if (p[i] == '#') {
			if (chunks == 0)
				goto bad;
			if (++i == len)
				return;
			if (p[i++] != '\n')
				goto bad;
			r->end[r->count++] = r->len;
			chunks = 0;
			continue;
		}
		if (p[i] == '0')
			goto bad;
		for (size = 0, digits = 0; i < len && p[i] >= '0' && p[i] <= '9'; i++) {
			size = size * 10 + p[i] - '0';
			if (++digits > 10 || size > 4294967295u)
				goto bad;
		}
		if (i == len && digits > 0)
			return;
		if (digits == 0 || p[i++] != '\n')
			goto bad;
		chunks++;
		while (size > 0 && i < len) {
			r->data[r->len++] = p[i++];
			size--;
		}
	}
	return;
bad:
	r->bad = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result want, got;
	struct framing f;
	struct framing_piece piece;
	struct hello whole = { 0 }, parts = { 0 };
	size_t at = 0, used, part, step;
	int chunked, r;

	if (size < 2 || size > MAX)
		return 0;
	chunked = data[0] & 1;
	step = data[1] % 17;
	data += 2;
	size -= 2;
	memset(&want, 0, sizeof(want));
	memset(&got, 0, sizeof(got));
	framing_init(&f);
	if (chunked)
		framing_chunks(&f);
	while (at < size && !got.bad) {
		part = step > 0 && size - at > step ? step : size - at;
		r = framing_take(&f, data + at, part, &used, &piece);
		must(used <= part && (r != FRAMING_MORE || used == part));
		hello_feed(&parts, data + at, used);
		at += used;
		if (r == FRAMING_PIECE) {
			must(piece.len > 0 && got.len + piece.len <= MAX);
			memcpy(got.data + got.len, piece.data, piece.len);
			got.len += piece.len;
		} else if (r == FRAMING_END) {
			got.end[got.count++] = got.len;
		} else if (r == FRAMING_BAD) {
			got.bad = 1;
		}
	}
	hello_feed(&whole, data, at);
	must(whole.offers == parts.offers);
	if (chunked)
		by_chunks(data, size, &want);
	else
		by_marks(data, size, &want);
	must(got.bad == want.bad && got.len == want.len && got.count == want.count);
	must(memcmp(got.data, want.data, got.len) == 0);
	must(memcmp(got.end, want.end, got.count * sizeof(got.end[0])) == 0);
	return 0;
}
