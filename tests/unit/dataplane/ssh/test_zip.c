/* Compression of a connection: where it begins, where it begins anew, what it refuses,
 * what it may cost. */
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#include <stdlib.h>

#define WINDOW (1u << 20)
#define PACKET 32768u

static struct duo *
zipped(uint32_t in_max, uint32_t out_max)
{
	struct duo *d = duo_new(TOY_CLEAR);

	duo_zip(d, &zip_zlib, in_max, out_max);
	duo_login(d);
	duo_channel(d, 0, WINDOW, PACKET);
	return d;
}

static void
move(struct duo *d, uint64_t bytes)
{
	for (int i = 0; i < 2; i++)
		d->s[i].host[0].goal += bytes;
	for (unsigned i = 0; i < 1000000; i++)
		if (!duo_turn(d) && !duo_write(d, SRV) && !duo_write(d, CLI))
			break;
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(d->s[i].fatal, 0);
		CU_ASSERT_EQUAL(d->s[i].host[0].got, d->s[!i].host[0].goal);
		CU_ASSERT_FALSE(d->s[i].host[0].bad);
	}
}

static void
test_both_ways(void)
{
	struct duo *d = zipped(8, 8);

	move(d, 300000);
	for (int i = 0; i < 2; i++) {
		const struct zip_stats *st = &d->s[i].zip.stats;

		CU_ASSERT(d->s[i].c.zip.in.on && d->s[i].c.zip.out.on);
		CU_ASSERT(st->in_plain > 300000 && st->in_wire < st->in_plain / 2);
		CU_ASSERT_EQUAL(st->in_plain, d->s[!i].zip.stats.out_plain);
		CU_ASSERT_EQUAL(st->in_wire, d->s[!i].zip.stats.out_wire);
	}
	duo_free(d);
}


/* Each direction is agreed on for itself. */
static void
test_one_way(void)
{
	for (int way = 0; way < 2; way++) {
		struct duo *d = duo_new(TOY_CLEAR);

		duo_zip(d, &zip_zlib, 8, 8);
		d->s[way].zip_in = d->s[!way].zip_out = false;
		duo_login(d);
		duo_channel(d, 0, WINDOW, PACKET);
		move(d, 100000);
		CU_ASSERT(!d->s[way].c.zip.in.on && d->s[way].c.zip.out.on);
		CU_ASSERT_EQUAL(d->s[way].zip.stats.in_wire, 0);
		CU_ASSERT(d->s[!way].zip.stats.in_wire > 0);
		duo_free(d);
	}
}

/* Message 52 is sent as it is, what stands behind it is compressed; nothing before the
 * login is. The client's own stream begins with its first record afterwards. */
static void
test_exact_record(void)
{
	static const uint8_t debug[] = { SSH_MSG_DEBUG, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV], *c = &d->s[CLI];
	uint64_t records = 0;

	duo_zip(d, &zip_zlib, 8, 8);
	CU_ASSERT_EQUAL(ssh_start(&s->c, ""), 0);
	CU_ASSERT_EQUAL(ssh_start(&c->c, "client"), 0);
	while (s->c.phase != SSH_PHASE_OPEN) {
		CU_ASSERT_EQUAL(s->zip.stats.out_plain + c->zip.stats.out_plain, 0);
		CU_ASSERT(!s->c.zip.in.on && !s->c.zip.out.on && !c->c.zip.in.on && !c->c.zip.out.on);
		records = s->c.out.records;
		duo_turn(d);
	}
	CU_ASSERT_EQUAL(s->c.out.records, records + 1); /* 52 */
	CU_ASSERT_EQUAL(s->zip.stats.out_plain, 0);
	CU_ASSERT(s->c.zip.out.on && s->c.zip.in.awaited && !s->c.zip.in.on);
	CU_ASSERT(c->c.zip.out.on && c->c.zip.in.on);
	CU_ASSERT_EQUAL(duo_record(d, SRV, debug, sizeof(debug)), 0);
	CU_ASSERT_EQUAL(duo_record(d, CLI, debug, sizeof(debug)), 0);
	duo_run(d);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(d->s[i].fatal, 0);
		CU_ASSERT_EQUAL(d->s[i].zip.stats.in_plain, sizeof(debug));
		CU_ASSERT_EQUAL(d->s[i].zip.stats.out_plain, sizeof(debug));
	}
	CU_ASSERT(s->c.zip.in.on && !s->c.zip.in.awaited);
	duo_free(d);
}

/* 52 and what is queued behind it leave in one go: the border is between the records. */
static void
test_same_burst(void)
{
	static const uint8_t debug[] = { SSH_MSG_DEBUG, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t success[] = { SSH_MSG_USERAUTH_SUCCESS };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];

	duo_zip(d, &zip_zlib, 8, 8);
	s->passive = true;
	CU_ASSERT_EQUAL(ssh_start(&s->c, ""), 0);
	duo_run(d);
	s->c.phase = SSH_PHASE_AUTH;
	s->c.granted = true;
	s->c.zip.in.agreed = s->c.zip.out.agreed = true;
	CU_ASSERT_EQUAL(duo_record(d, SRV, debug, sizeof(debug)), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, success, sizeof(success)), 0);
	CU_ASSERT_EQUAL(ssh_do_phase(&s->c, SSH_PHASE_OPEN), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, debug, sizeof(debug)), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, debug, sizeof(debug)), 0);
	s->room = 4096;
	CU_ASSERT_EQUAL(ssh_output(&s->c, d->now), 4);
	CU_ASSERT_EQUAL(s->zip.stats.out_plain, 2 * sizeof(debug));
	duo_free(d);
}

/* What the client sent before it saw message 52 is as it was; nothing else is. */
static void
test_crossing(void)
{
	static const uint8_t ignore[] = { SSH_MSG_IGNORE, 0, 0, 0, 1, 'x' };
	static const uint8_t late[] = { SSH_MSG_USERAUTH_REQUEST, 0 };
	struct duo *d = zipped(8, 8);
	struct duo_side *s = &d->s[SRV];

	CU_ASSERT(s->c.zip.in.awaited && !s->c.zip.in.on);
	duo_forge(d, CLI, ignore, sizeof(ignore));
	duo_forge(d, CLI, late, sizeof(late));
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL(s->drops[R_SSH_LATE_AUTH], 1);
	CU_ASSERT(s->c.zip.in.awaited);
	move(d, 1000);
	CU_ASSERT(s->c.zip.in.on && !s->c.zip.in.awaited);
	duo_forge(d, CLI, ignore, sizeof(ignore));
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, -R_SSH_INFLATE);
	duo_free(d);

	d = zipped(8, 8);
	duo_forge_data(d, CLI, 0, 10);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_INFLATE);
	duo_free(d);
}

/* No message number of before the login begins a stream. */
static void
test_heads(void)
{
	unsigned heads = 0;

	for (unsigned i = 0; i < 65536; i++) {
		uint8_t b[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		if (!zip_head(view_of(b, 2)))
			continue;
		heads++;
		CU_ASSERT_EQUAL(b[0] & 15, 8);
		CU_ASSERT(b[0] > 4 && b[0] != 7 && b[0] != 50 && b[0] != 61 && b[0] != 192);
	}
	CU_ASSERT_EQUAL(heads, 8 * 4); /* sizes of window, levels */
	CU_ASSERT_FALSE(zip_head(view_of((const uint8_t *)"x", 1)));
}

/* Streams begin anew at each NEWKEYS, also when one side has stopped in between. */
static void
test_rekeys(void)
{
	struct duo *d = zipped(8, 8);

	for (int round = 0; round < 12; round++) {
		move(d, 20000);
		d->s[SRV].zip_in = d->s[CLI].zip_out = round % 3 != 1;
		d->s[SRV].zip_out = d->s[CLI].zip_in = round % 4 != 2;
		duo_rekey(d, round & 1);
		move(d, 20000);
		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].kex_count, (unsigned)round + 2);
		for (int i = 0; i < 2; i++) {
			CU_ASSERT_EQUAL(d->s[i].c.zip.in.on, d->s[i].zip_in);
			CU_ASSERT_EQUAL(d->s[i].c.zip.out.on, d->s[i].zip_out);
			CU_ASSERT_EQUAL(d->s[i].c.zip.place != ZIP_PLACE_NONE, d->s[i].zip_in || d->s[i].zip_out);
		}
	}
	duo_free(d);
}

/* Keys with compression that nobody has a place for. */
static void
test_no_place(void)
{
	struct duo *d = zipped(8, 8);
	const uint8_t key[64] = { 0 };
	struct ssh_new_keys k = { .suite_in = TOY_CLEAR, .suite_out = TOY_CLEAR, .zip_in = true, .key_in = key,
		.iv_in = key, .mac_in = key, .key_out = key, .iv_out = key, .mac_out = key };
	struct ssh_conn *c = &d->s[SRV].c;

	d->s[SRV].passive = true;
	zip_leave(&d->s[SRV].zip, &c->zip);
	c->hold = c->kex_in = true;
	CU_ASSERT_EQUAL(ssh_do_newkeys(c, &k, d->now), -R_LINK_SLOT);
	c->hold = c->kex_in = false;
	duo_free(d);
}

/* ---- what no honest peer sends ---- */

struct bits {
	uint8_t bytes[SSH_PAYLOAD_MAX];
	size_t count;
};

static void
bits_put(struct bits *b, uint32_t value, unsigned count)
{
	for (unsigned i = 0; i < count; i++, b->count++)
		if (value >> i & 1)
			b->bytes[b->count / 8] |= (uint8_t)(1u << b->count % 8);
}

static int
fed(const void *payload, size_t len)
{
	struct duo *d = zipped(8, 8);
	int fatal;

	duo_forge(d, CLI, payload, len);
	duo_run(d);
	fatal = d->s[SRV].fatal;
	CU_ASSERT_FALSE(d->s[SRV].host[0].got > 0);
	duo_free(d);
	return fatal;
}

static void
test_malformed(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		int reason;
	} rows[] = {
#define ROW(text, why) { text, sizeof(text) - 1, why }
		ROW("\x78\x01", -R_SSH_EMPTY),
		ROW("\x78\x9c\x00\x00\x00\xff\xff", -R_SSH_EMPTY),            /* a flush alone */
		ROW("\x78\x9d\x00\x00\x00\xff\xff", -R_SSH_INFLATE),          /* FCHECK */
		ROW("\x78\xbb\x00\x00\x00\x00\x02\x0c", -R_SSH_INFLATE),      /* a dictionary */
		ROW("\x88\x1c\x02\x0c\x00", -R_SSH_INFLATE),                  /* a window of 64 KiB */
		ROW("\x78\x01\x06\x00", -R_SSH_INFLATE),                      /* block type 3 */
		ROW("\x78\x01\x00\x05\x00\x00\x00", -R_SSH_INFLATE),          /* LEN is not NLEN */
		ROW("\x78\x01\x01\x01\x00\xfe\xff\x02", -R_SSH_INFLATE),      /* the last block */
		ROW("\x78\x01\x03\x00", -R_SSH_INFLATE),                      /* an empty last block */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got = fed(rows[i].bytes, rows[i].len);

		if (got != rows[i].reason)
			fprintf(stderr, "row %zu: %d\n", i, got);
		CU_ASSERT_EQUAL(got, rows[i].reason);
	}
}

/* A distance that leads in front of the first byte. */
static void
test_too_far(void)
{
	static struct bits b;

	bits_put(&b, 0x0178, 16);
	bits_put(&b, 2, 3);
	bits_put(&b, 0x40, 7); /* length 3: 257, 0000001 */
	bits_put(&b, 0, 5);    /* distance 1 */
	bits_put(&b, 0, 32);
	CU_ASSERT_EQUAL(fed(b.bytes, b.count / 8), -R_SSH_INFLATE);
}

/* A static block that repeats one byte `times` x 258 times (RFC 1951 section 3.2.6). */
static size_t
bomb(struct bits *b, unsigned times)
{
	memset(b, 0, sizeof(*b));
	bits_put(b, 0x0178, 16);
	bits_put(b, 2, 3); /* not the last, static codes */
	bits_put(b, 0x0c, 8); /* 0: 00110000 */
	for (unsigned i = 0; i < times; i++) {
		bits_put(b, 0xa3, 8); /* length 258: 285, 11000101, from the most significant bit */
		bits_put(b, 0, 5);    /* distance 1 */
	}
	bits_put(b, 0, 7);
	bits_put(b, 0, 3);
	b->count = (b->count + 7) & ~7ul;
	bits_put(b, 0xffff0000, 32);
	return b->count / 8;
}

static void
test_bomb(void)
{
	static struct bits b;
	size_t len = bomb(&b, 20000);

	CU_ASSERT(len < SSH_PAYLOAD_MAX);
	CU_ASSERT_EQUAL(fed(b.bytes, len), -R_SSH_INFLATE_SIZE);
	/* one byte, and 132 x 258: more than what is allowed; 131 x 258: less */
	CU_ASSERT(132 * 258 + 1 > ZIP_PLAIN_MAX && 131 * 258 + 1 <= ZIP_PLAIN_MAX);
	len = bomb(&b, 132);
	CU_ASSERT_EQUAL(fed(b.bytes, len), -R_SSH_INFLATE_SIZE);
	len = bomb(&b, 131);
	CU_ASSERT_EQUAL(fed(b.bytes, len), -R_SSH_PHASE); /* message 0 */
}

/* Blocks that cost and give nothing. */
static void
test_shreds(void)
{
	static struct bits b;

	memset(&b, 0, sizeof(b));
	bits_put(&b, 0x0178, 16);
	for (int i = 0; i < 1000; i++)
		bits_put(&b, 2, 10); /* static, at once its end */
	CU_ASSERT_EQUAL(fed(b.bytes, (b.count + 7) / 8), -R_SSH_INFLATE_BLOCKS);
}

/* ---- memory ---- */

static void
test_places(void)
{
	size_t size = zip_pool_size(&zip_zlib, 8, 2);
	void *mem = aligned_alloc(4096, size);
	struct zip_conn z[9];
	struct zip_pool p;

	memset(mem, 0, size);
	memset(z, 0, sizeof(z));
	zip_pool_init(&p, mem, &zip_zlib, 8, 2);
	CU_ASSERT(zip_place(&p, &z[0], true) && zip_place(&p, &z[1], true));
	CU_ASSERT_FALSE(zip_place(&p, &z[2], true)); /* a quarter */
	CU_ASSERT(zip_place(&p, &z[0], true));       /* it has one */
	CU_ASSERT_EQUAL(p.places, 2);
	zip_login(&p, &z[0]);
	CU_ASSERT(zip_place(&p, &z[2], true));
	for (int i = 3; i < 8; i++)
		CU_ASSERT(zip_place(&p, &z[i], false));
	CU_ASSERT_FALSE(zip_place(&p, &z[8], false));
	CU_ASSERT_EQUAL(p.stats.refused, 2);
	for (int i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(zip_begin_in(&p, &z[i]), 0);
	CU_ASSERT_EQUAL(p.busy_in, 8);
	for (int i = 0; i < 8; i++)
		zip_leave(&p, &z[i]);
	CU_ASSERT_EQUAL(p.places + p.guests + p.busy_in, 0);
	free(mem);
}

/* Without memory to compress records are stored, in the same stream; with some again it
 * goes on; who was silent gives its own. The other side notices nothing. */
static void
test_out_of_memory(void)
{
	size_t size = zip_pool_size(&zip_zlib, 3, 1);
	void *mem = aligned_alloc(4096, size);
	struct zip_conn z[3];
	struct view wire, plain;
	struct zip_pool p;
	uint8_t text[600];
	uint64_t now = 5;

	memset(mem, 0, size);
	memset(z, 0, sizeof(z));
	memset(text, 'y', sizeof(text));
	zip_pool_init(&p, mem, &zip_zlib, 3, 1);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT(zip_place(&p, &z[i], false));
		CU_ASSERT_EQUAL(zip_begin_in(&p, &z[i]), 0);
		zip_begin_out(&p, &z[i]);
	}
	for (int round = 0; round < 60; round++) {
		struct zip_conn *c = &z[round % 3];
		bool again;
		uint64_t before = p.stats.stored;

		/* in every tenth round all have been silent long enough */
		now += round % 10 == 9 ? ZIP_STALE_US : 1;
		zip_pool_poll(&p, now);
		text[0] = (uint8_t)round;
		CU_ASSERT_EQUAL(zip_seal(&p, c, view_of(text, sizeof(text)), &wire), 0);
		again = p.stats.stored == before;
		CU_ASSERT_EQUAL(again, wire.len < 100);
		CU_ASSERT_EQUAL(again, c->out.slot != NULL);
		CU_ASSERT(wire.len <= zip_wire(sizeof(text)));
		{
			uint8_t copy[1024];

			memcpy(copy, wire.data, wire.len);
			CU_ASSERT_EQUAL(zip_open(&p, c, view_of(copy, wire.len), &plain), 0);
		}
		CU_ASSERT(plain.len == sizeof(text) && memcmp(plain.data, text, sizeof(text)) == 0);
	}
	CU_ASSERT(p.stats.stored > 20 && p.stats.taken >= 4 && p.stats.stored < 50);
	for (int i = 0; i < 3; i++)
		zip_leave(&p, &z[i]);
	/* nothing of what went through is left */
	for (size_t i = 65536; i + 8 < size; i++)
		if (memcmp((uint8_t *)mem + i, "yyyyyyyy", 8) == 0) {
			CU_FAIL("plaintext left");
			break;
		}
	free(mem);
}

/* ---- work ---- */

/* In one poll all together do a bounded work, one of them half of it at most, and those
 * who had to wait are told from those who had their share. */
static void
test_budget(void)
{
	struct duo *d = zipped(8, 8);
	struct duo_side *s = &d->s[SRV];
	uint64_t from;
	unsigned polls = 0;

	s->host[0].goal = 4u << 20;
	d->s[CLI].host[0].hold_back = true;
	while (s->host[0].sent < s->host[0].goal && polls < 5000) {
		if (!duo_write(d, SRV))
			break;
	}
	for (polls = 0; polls < 5; polls++) {
		zip_pool_poll(&s->zip, d->now);
		from = s->zip.spent;
		s->room = 1u << 20;
		CU_ASSERT(ssh_output(&s->c, d->now) > 0);
		CU_ASSERT(s->c.zip.stopped && !s->c.zip.waits);
		CU_ASSERT(s->zip.spent - from >= ZIP_SHARE);
		CU_ASSERT(s->zip.spent - from < ZIP_SHARE + ZIP_SLICE + 64);
		/* others have had this poll's work */
		s->zip.spent += ZIP_POLL;
		CU_ASSERT_EQUAL(ssh_output(&s->c, d->now), 0);
		CU_ASSERT(s->c.zip.waits);
		s->c.zip.waits = false;
	}
	CU_ASSERT_EQUAL(s->zip.stats.waited, 5);
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "both directions", test_both_ways },
		{ "one direction", test_one_way },
		{ "behind message 52", test_exact_record },
		{ "in one burst with it", test_same_burst },
		{ "what crossed with it", test_crossing },
		{ "headers", test_heads },
		{ "fresh streams at NEWKEYS", test_rekeys },
		{ "no place", test_no_place },
		{ "malformed", test_malformed },
		{ "a distance too far", test_too_far },
		{ "bomb", test_bomb },
		{ "shreds", test_shreds },
		{ "places", test_places },
		{ "stored for want of memory", test_out_of_memory },
		{ "work of a poll", test_budget },
		CU_TEST_INFO_NULL,
	};

	return suite_run("zip", tests);
}
