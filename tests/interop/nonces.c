/*
 * nonces: was every record of a captured connection sealed under a nonce of its own?
 *
 *   nonces PCAP KEYS PORT
 *
 * PCAP has one connection to PORT, over IPv4 and Ethernet, whole; KEYS is what the
 * scripted client wrote ("key-log"): the keys of its own end. Each record is opened by
 * the reference engine, started anew with the nonce that the record must have: the
 * invocation counter of GCM, the blocks before it in counter mode, the sequence number.
 * Then the nonces of all keys of both directions are compared with each other.
 * Standard output: what was found. 0: they are all different.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/ssh/record.h"
#include "drivers/cipher/select.h"

#define STREAM_MAX (16u << 20)
#define EPOCHS_MAX 64u
#define USES_MAX 200000u

struct keys {
	uint16_t suite;
	uint8_t key[64], iv[16], mac[64];
};

/* So many nonces from this one on. */
struct use {
	uint8_t key[64];
	uint8_t nonce[16];
	uint64_t count;
};

static struct keys epochs[2][EPOCHS_MAX]; /* to the server, from it */
static unsigned epoch_count[2];
static int strict;
static uint8_t *stream[2];
static size_t stream_len[2];
static struct use *uses;
static size_t use_count;

static void
die(const char *what)
{
	fprintf(stderr, "nonces: %s\n", what);
	exit(1);
}

/* ---- the capture ---- */

static uint32_t
be(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void
segment(const uint8_t *tcp, size_t len, uint16_t port)
{
	static uint32_t first[2];
	unsigned way = be(tcp + 2, 2) == port ? 0 : 1;
	uint32_t seq = be(tcp + 4, 4), at, head = (uint32_t)(tcp[12] >> 4) * 4;

	if (be(tcp + (way == 0 ? 2 : 0), 2) != port || head > len)
		return;
	if (tcp[13] & 2) /* SYN */
		first[way] = seq + 1;
	at = seq - first[way];
	len -= head;
	if (len == 0 || (tcp[13] & 2) || at >= STREAM_MAX)
		return;
	if (at + len > STREAM_MAX)
		die("too long");
	memcpy(stream[way] + at, tcp + head, len);
	if (at + len > stream_len[way])
		stream_len[way] = at + len;
}

static void
frame(const uint8_t *p, size_t len, uint16_t port)
{
	size_t head, total;

	if (len < 34 || be(p + 12, 2) != 0x0800 || p[23] != 6)
		return;
	head = (size_t)(p[14] & 15) * 4;
	total = be(p + 16, 2);
	if (total > len - 14 || head + 20 > total)
		die("a frame that is cut off");
	segment(p + 14 + head, total - head, port);
}

static void
read_capture(const char *path, uint16_t port)
{
	static uint8_t buf[1 << 18];
	uint32_t head[6], packet[4];
	FILE *f = fopen(path, "rb");

	if (f == NULL || fread(head, sizeof(head), 1, f) != 1 || (head[0] != 0xa1b2c3d4 && head[0] != 0xa1b23c4d) ||
	    head[5] != 1)
		die("no capture of Ethernet");
	while (fread(packet, sizeof(packet), 1, f) == 1) {
		if (packet[2] > sizeof(buf) || packet[2] != packet[3] || fread(buf, packet[2], 1, f) != 1)
			die("a frame that is cut off");
		frame(buf, packet[2], port);
	}
	fclose(f);
}

/* ---- keys ---- */

static void
unhex(uint8_t *to, size_t size, const char *text)
{
	for (size_t i = 0; i < size; i++) {
		unsigned v;

		if (sscanf(text + 2 * i, "%2x", &v) != 1)
			die("no key");
		to[i] = (uint8_t)v;
	}
}

static void
read_keys(const char *path)
{
	char line[512], way[8], key[160], iv[40], mac[160];
	FILE *f = fopen(path, "r");
	unsigned suite;

	if (f == NULL || fgets(line, sizeof(line), f) == NULL || sscanf(line, "strict %d", &strict) != 1)
		die("no keys");
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned w;
		struct keys *k;

		if (sscanf(line, "%7s %u %159s %39s %159s", way, &suite, key, iv, mac) != 5)
			die("no keys");
		w = strcmp(way, "c2s") == 0 ? 0 : 1;
		if (epoch_count[w] == EPOCHS_MAX)
			die("too many exchanges");
		k = &epochs[w][epoch_count[w]++];
		k->suite = (uint16_t)suite;
		unhex(k->key, sizeof(k->key), key);
		unhex(k->iv, sizeof(k->iv), iv);
		unhex(k->mac, sizeof(k->mac), mac);
	}
	fclose(f);
}

static const struct cipher_engine *
reference(uint16_t suite)
{
	const struct cipher_engine *list[8];
	size_t n = cipher_engines(suite, list, 8);

	while (n-- > 0)
		if (strcmp(list[n]->name, "ref") == 0)
			return list[n];
	die("no reference engine");
	return NULL;
}

/* ---- records ---- */

/* dst = iv + n, in its last `width` bytes. */
static void
advance(uint8_t dst[16], const uint8_t *iv, size_t iv_len, size_t width, uint64_t n)
{
	memset(dst, 0, 16);
	memcpy(dst, iv, iv_len);
	for (size_t i = iv_len; i > iv_len - width && n != 0; i--) {
		n += dst[i - 1];
		dst[i - 1] = (uint8_t)n;
		n >>= 8;
	}
}

/* What has to be the nonce of a record, and how many of them it takes. */
static void
nonce_of(const struct cipher_engine *e, const struct keys *k, uint64_t records, uint64_t blocks, uint32_t seq,
    struct use *u)
{
	memset(u, 0, sizeof(*u));
	memcpy(u->key, k->key, sizeof(u->key));
	u->count = 1;
	if (e->iv_len == 12) {
		advance(u->nonce, k->iv, 12, 8, records);
	} else if (e->iv_len == 16) {
		advance(u->nonce, k->iv, 16, 16, blocks);
	} else {
		uint8_t zero[8] = { 0 };

		advance(u->nonce, zero, 8, 8, seq);
	}
}

static size_t
clear_record(const uint8_t *p, size_t left, uint8_t *msg)
{
	size_t len = left >= 6 ? be(p, 4) : 0;

	if (len < 12 || len > SSH_PACKET_MAX || 4 + len > left)
		die("no record in the clear");
	*msg = p[5];
	return 4 + len;
}

/* Opens the record at p with a context of its own; its wire bytes. */
static size_t
sealed_record(const struct keys *k, const uint8_t *p, size_t left, uint64_t records, uint64_t *blocks,
    uint32_t seq, uint8_t *msg)
{
	static uint8_t buf[RECORD_MAX];
	static struct cipher_ctx ctx;
	const struct cipher_engine *e = reference(k->suite);
	struct use *u = &uses[use_count];
	uint32_t len;
	size_t size;

	if (use_count == USES_MAX)
		die("too many records");
	nonce_of(e, k, records, *blocks, seq, u);
	if (left < 4 || e->init(e, &ctx, k->key, u->nonce, k->mac) != 0)
		die("no engine");
	len = e->length(&ctx, seq, p);
	size = 4 + (size_t)len + e->tag_len;
	if (len > SSH_PACKET_MAX || size > left)
		die("no length: another nonce than the one that is its turn");
	memcpy(buf, p, size);
	if (e->open(&ctx, seq, buf, len) != 0)
		die("no record: another nonce than the one that is its turn");
	e->fini(&ctx);
	if (e->iv_len == 16) {
		u->count = (len + (e->length_clear ? 0 : 4)) / 16;
		*blocks += u->count;
	}
	use_count++;
	*msg = buf[5];
	return size;
}

static void
walk(unsigned way)
{
	const uint8_t *p = stream[way], *end = p + stream_len[way];
	const uint8_t *line = memchr(p, '\n', stream_len[way]);
	uint64_t records = 0, blocks = 0;
	unsigned epoch = 0;
	uint32_t seq = 0;
	uint8_t msg;

	if (line == NULL)
		die("no identification line");
	for (p = line + 1; p < end;) {
		if (epoch == 0)
			p += clear_record(p, (size_t)(end - p), &msg);
		else
			p += sealed_record(&epochs[way][epoch - 1], p, (size_t)(end - p), records, &blocks, seq, &msg);
		seq++;
		records++;
		if (msg != SSH_MSG_NEWKEYS)
			continue;
		if (epoch++ == epoch_count[way])
			die("an exchange without keys");
		records = blocks = 0;
		if (strict)
			seq = 0;
	}
	if (epoch != epoch_count[way])
		die("keys without an exchange");
	printf("%s: %u exchanges, %zu bytes\n", way == 0 ? "to the server" : "from it", epoch, stream_len[way]);
}

/* ---- all of them ---- */

static int
by_nonce(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int r = memcmp(x->key, y->key, sizeof(x->key));

	return r != 0 ? r : memcmp(x->nonce, y->nonce, sizeof(x->nonce));
}

static void
compare(void)
{
	qsort(uses, use_count, sizeof(*uses), by_nonce);
	for (size_t i = 1; i < use_count; i++) {
		uint8_t behind[16];

		if (memcmp(uses[i - 1].key, uses[i].key, sizeof(uses[i].key)) != 0)
			continue;
		/* A counter that has gone around is behind all others of its key. */
		advance(behind, uses[i - 1].nonce, 16, 16, uses[i - 1].count > 1 ? uses[i - 1].count : 0);
		if (memcmp(uses[i - 1].nonce, uses[i].nonce, 16) == 0 ||
		    (memcmp(behind, uses[i - 1].nonce, 16) > 0 && memcmp(behind, uses[i].nonce, 16) > 0))
			die("a nonce came twice");
	}
	printf("%zu records, each with nonces of its own\n", use_count);
}

int
main(int argc, char **argv)
{
	const char *why;

	if (argc != 4 || cipher_start(NULL, &why) != 0) {
		fprintf(stderr, "usage: nonces PCAP KEYS PORT\n");
		return 2;
	}
	uses = calloc(USES_MAX, sizeof(*uses));
	for (unsigned i = 0; i < 2; i++)
		stream[i] = calloc(1, STREAM_MAX);
	if (uses == NULL || stream[0] == NULL || stream[1] == NULL)
		die("no memory");
	read_capture(argv[1], (uint16_t)atoi(argv[3]));
	read_keys(argv[2]);
	walk(0);
	walk(1);
	if (epoch_count[0] != epoch_count[1] || use_count == 0)
		die("nothing was sealed");
	compare();
	return 0;
}
