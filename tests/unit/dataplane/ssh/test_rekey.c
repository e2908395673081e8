#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define WINDOW (1u << 21)
#define PACKET 32768u

/* Exchanges started by `who` (bit per side) every so often under bulk traffic
 * both ways on several channels. */
static void
bulk(uint16_t suite, bool strict, unsigned who, size_t step, size_t room, uint64_t seed)
{
	struct duo *d = duo_new(suite);
	const uint64_t goal = step == 0 ? 1500000 : step == 1 ? 30000 : 60000;
	const unsigned every = step == 0 ? 8 : step == 1 ? 4000 : 60;
	unsigned turns = 0, asked = 0;
	bool more = true;

	d->strict = strict;
	d->seed = seed;
	duo_login(d);
	d->step = step;
	for (uint32_t n = 0; n < 3; n++) {
		duo_channel(d, n, n == 2 ? 5000 : WINDOW, step == 0 ? PACKET : 1000);
		for (int s = 0; s < 2; s++) {
			d->s[s].host[n].goal = goal / (n + 1);
			d->s[s].host[n].eof_at_goal = true;
		}
	}
	for (int s = 0; s < 2; s++)
		d->s[s].room_each = room;
	while (more) {
		more = duo_write(d, SRV);
		more |= duo_write(d, CLI);
		if (turns++ % every == 0 && d->s[CLI].host[0].got < goal) {
			for (int s = 0; s < 2; s++)
				if (who & (1u << s))
					duo_rekey(d, s);
			asked++;
			more = true;
		}
		more |= duo_turn(d);
	}
	for (int s = 0; s < 2; s++) {
		CU_ASSERT_EQUAL(d->s[s].fatal, 0);
		CU_ASSERT(d->s[s].kex_count > 2);
		CU_ASSERT(!d->s[s].c.hold && !d->s[s].c.kex_in);
		CU_ASSERT_EQUAL(d->s[s].c.in.seq, d->s[!s].c.out.seq);
		for (uint32_t n = 0; n < 3; n++) {
			CU_ASSERT_EQUAL(d->s[s].host[n].got, goal / (n + 1));
			CU_ASSERT(!d->s[s].host[n].bad);
			CU_ASSERT_STRING_EQUAL(d->s[s].host[n].log, "Ode");
		}
	}
	CU_ASSERT(asked > 2);
	CU_ASSERT_EQUAL(d->s[SRV].kex_count, d->s[CLI].kex_count);
	duo_free(d);
}

static void
test_bulk(void)
{
	for (unsigned who = 1; who <= 3; who++) {
		for (unsigned i = 0; i < 4; i++)
			bulk(i < 2 ? TOY_CLEAR : TOY_HIDDEN, i & 1, who, 0, 50000 + 10000 * i, who * 10 + i);
		bulk(TOY_CLEAR, true, who, 211, 3000, who);
		bulk(TOY_HIDDEN, false, who, 1, 3000, who);
	}
}

/* The same from the connection's own limit: each time the bytes are used up. */
static void
test_limit(void)
{
	for (int side = 0; side < 2; side++) {
		struct duo *d = duo_new(TOY_CLEAR);
		bool more = true;

		d->s[side].env.rekey_bytes = 200000;
		duo_login(d);
		duo_channel(d, 0, WINDOW, PACKET);
		for (int s = 0; s < 2; s++) {
			d->s[s].host[0].goal = 2000000;
			d->s[s].room_each = 60000;
		}
		while (more) {
			more = duo_write(d, SRV);
			more |= duo_write(d, CLI);
			more |= duo_turn(d);
		}
		CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
		CU_ASSERT_EQUAL(d->s[SRV].host[0].got, 2000000);
		CU_ASSERT_EQUAL(d->s[CLI].host[0].got, 2000000);
		CU_ASSERT(d->s[side].rekey_ups >= 4);
		CU_ASSERT_EQUAL(d->s[!side].rekey_ups, 0);
		/* Asked once for each exchange. */
		CU_ASSERT_EQUAL(d->s[side].rekey_ups, d->s[side].kex_count - 1);
		duo_free(d);
	}
}

static void
test_record_limit(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];

	duo_login(d);
	s->c.out.records = (1ull << 31) - 2;
	CU_ASSERT_EQUAL(duo_record(d, SRV, "\x02\0\0\0", 5), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->rekey_ups, 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, "\x02\0\0\0", 5), 0);
	duo_run(d);
	duo_forge(d, CLI, "\x02\0\0\0", 5);
	duo_run(d);
	CU_ASSERT_EQUAL(s->rekey_ups, 1);
	CU_ASSERT_EQUAL(s->kex_count, 2);
	CU_ASSERT(s->c.out.records < 10);
	duo_free(d);
}

/* Open the next record that `side` was sent, 0 when there is none. */
static uint8_t
next_msg(struct duo *d, int side)
{
	static uint8_t buf[RECORD_MAX];
	struct duo_side *s = &d->s[side];
	struct view got;
	int need = record_need(&s->c.in, s->rx, s->rx_len);

	if (need <= 0 || (size_t)need > s->rx_len)
		return 0;
	memcpy(buf, s->rx, (size_t)need);
	memmove(s->rx, s->rx + need, s->rx_len -= (size_t)need);
	CU_ASSERT_EQUAL_FATAL(record_open(&s->c.in, buf, &got), 0);
	return got.data[0];
}

static void
out(struct duo *d, int side)
{
	d->s[side].room = 1 << 20;
	CU_ASSERT(ssh_output(&d->s[side].c, d->now) >= 0);
}

static struct ssh_new_keys
some_keys(bool strict)
{
	static const uint8_t key[16] = "k", iv[12] = "i";
	struct ssh_new_keys k = { .suite_in = TOY_CLEAR, .suite_out = TOY_HIDDEN, .reset_seq = strict,
		.key_in = key, .iv_in = iv, .key_out = key, .iv_out = iv };

	return k;
}

/* HOLD to the letter: what leaves, what waits, where the keys switch. */
static void
test_hold(void)
{
	static const uint8_t global[] = { 80, 0, 0, 0, 1, 'g', 0 }, ext[] = { 7, 0, 0, 0, 0 };
	static const uint8_t key[16] = "k", iv[12] = "i";
	struct ssh_new_keys k = some_keys(true);
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint8_t buf[40] = { 0 };

	duo_login(d);
	duo_channel(d, 0, 1000, 600);
	d->s[CLI].host[0].goal = 700;
	duo_write(d, CLI);
	while (d->s[CLI].host[0].sent < 700)
		duo_write(d, CLI);
	s->host[0].hold_back = true;
	duo_run(d);
	d->s[CLI].fatal = -R_KILLED;
	s->passive = true;
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, global, sizeof(global)), 0);
	CU_ASSERT_EQUAL(ssh_host_data(&s->c, duo_chan(d, SRV, 0), 0, view_str("data")), 0);
	CU_ASSERT_EQUAL(ssh_host_took(&s->c, duo_chan(d, SRV, 0), 700), 0);
	buf[0] = 2;
	CU_ASSERT_EQUAL(duo_record(d, SRV, buf, 5), 0);
	out(d, SRV);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 20);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 2);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 0);
	/* The peer goes on under old keys until its KEXINIT: delivered. */
	duo_forge_chan(d, CLI, 94, 0, "\0\0\0\1\0", 5);
	buf[0] = 20;
	duo_forge(d, CLI, buf, 30);
	s->visible = s->rx_len;
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), 2);
	CU_ASSERT_EQUAL(s->host[0].got, 701);
	buf[0] = 31;
	CU_ASSERT_EQUAL(duo_record(d, SRV, buf, 40), 0);
	CU_ASSERT_EQUAL(ssh_do_newkeys(&s->c, &k, d->now), 0);
	CU_ASSERT_EQUAL(ssh_do_newkeys(&s->c, &k, d->now), -R_LINK_STATE);
	CU_ASSERT_EQUAL(duo_record(d, SRV, ext, sizeof(ext)), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, global, sizeof(global)), 0);
	/* Without room nothing moves and nothing is lost. */
	s->room = 0;
	CU_ASSERT_EQUAL(ssh_output(&s->c, d->now), 0);
	CU_ASSERT(s->c.out_pending);
	out(d, SRV);
	CU_ASSERT(!s->c.out_pending);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 31);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 21);
	record_dir_keys(&d->s[CLI].c.in, toy_engine(TOY_HIDDEN), key, iv, NULL, true);
	/* What HOLD kept, in its order; ext was queued behind it. */
	CU_ASSERT_EQUAL(next_msg(d, CLI), 80);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 7);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 80);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 93);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 94);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 0);
	/* Incoming still under the old keys, until the peer's NEWKEYS. */
	buf[0] = 21;
	duo_forge(d, CLI, buf, 1);
	s->visible = s->rx_len;
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), 1);
	CU_ASSERT_EQUAL(s->c.in.seq, 0);
	CU_ASSERT_EQUAL(s->up[s->up_count - 1].kind, SSH_UP_NEWKEYS);
	CU_ASSERT_EQUAL(s->c.kex_us, 0);
	record_dir_keys(&d->s[CLI].c.out, toy_engine(TOY_CLEAR), key, iv, NULL, true);
	duo_forge_chan(d, CLI, 94, 0, "\0\0\0\1\0", 5);
	s->visible = s->rx_len;
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), 1);
	CU_ASSERT_EQUAL(s->host[0].got, 702);
	duo_free(d);
}

/* In the first exchange EXT_INFO stands right behind NEWKEYS, under the new keys. */
static void
test_ext_info(void)
{
	static const uint8_t ext[] = { 7, 0, 0, 0, 0 }, key[16] = "k", iv[12] = "i";
	struct ssh_new_keys k = some_keys(true);
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint8_t buf[40] = { 20 };

	s->passive = d->s[CLI].passive = true;
	ssh_start(&s->c, NULL);
	ssh_start(&d->s[CLI].c, NULL);
	duo_run(d);
	d->s[CLI].fatal = -R_KILLED;
	CU_ASSERT_EQUAL(duo_record(d, SRV, ext, sizeof(ext)), -R_LINK_DENIED);
	duo_forge(d, CLI, buf, 30);
	duo_run(d);
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	buf[0] = 31;
	CU_ASSERT_EQUAL(duo_record(d, SRV, buf, 40), 0);
	CU_ASSERT_EQUAL(ssh_do_newkeys(&s->c, &k, d->now), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, ext, sizeof(ext)), 0);
	out(d, SRV);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 20);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 31);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 21);
	record_dir_keys(&d->s[CLI].c.in, toy_engine(TOY_HIDDEN), key, iv, NULL, true);
	CU_ASSERT_EQUAL(next_msg(d, CLI), 7);
	CU_ASSERT_EQUAL(s->c.out.seq, 1);
	CU_ASSERT_EQUAL(s->c.phase, SSH_PHASE_KEX);
	buf[0] = 21;
	duo_forge(d, CLI, buf, 1);
	duo_run(d);
	CU_ASSERT_EQUAL(s->c.phase, SSH_PHASE_SERVICE);
	/* No trace of the pending sets. */
	for (size_t i = 0; i < sizeof(s->c.pending_in); i++)
		CU_ASSERT(((uint8_t *)&s->c.pending_in)[i] == 0 && ((uint8_t *)&s->c.pending_out)[i] == 0);
	duo_free(d);
}

/* Held control records have a cap; channel data waits in its own queue. */
static void
test_hold_cap(void)
{
	uint8_t global[1000] = { 80, 0, 0, 0, 1, 'g', 0 };
	struct duo *d = duo_new(TOY_CLEAR);
	int rc = 0, count = 0;

	duo_login(d);
	d->s[SRV].passive = true;
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	while (rc == 0 && count < 1000) {
		rc = duo_record(d, SRV, global, sizeof(global));
		count++;
	}
	CU_ASSERT_EQUAL(rc, -R_SSH_QUEUE);
	CU_ASSERT(count == 66);
	duo_free(d);
}

/* Between the peer's KEXINIT and its NEWKEYS only 1-4, 21 and 30-49. */
static void
test_kexing(void)
{
	for (unsigned m = 1; m < 256; m++) {
		struct duo *d = duo_new(TOY_CLEAR);
		struct duo_side *s = &d->s[SRV];
		uint8_t msg[40] = { 20 };
		bool refused = m == 5 || m == 6 || (m >= 51 && m <= 53) || m == 60 || m == 61;
		int want = 0, got;

		duo_login(d);
		s->passive = true;
		duo_forge(d, CLI, msg, sizeof(msg));
		msg[0] = (uint8_t)m;
		duo_forge(d, CLI, msg, sizeof(msg));
		s->visible = s->rx_len;
		got = ssh_input(&s->c, d->now);
		if (m == 1)
			want = -R_SSH_DISCONNECT_IN;
		else if (m == 20)
			want = -R_KEX_TWICE;
		else if (m == 21)
			want = -R_SSH_NEWKEYS;
		else if (refused)
			want = -R_SSH_PHASE;
		else if (m >= 5 && !(m >= 30 && m <= 49))
			want = -R_SSH_KEXING;
		CU_ASSERT_EQUAL(got, want == 0 ? 2 : want);
		duo_free(d);
	}
}

/* A method's message without an exchange. */
static void
test_method_alone(void)
{
	uint8_t msg[40] = { 30 };
	struct duo *d = duo_new(TOY_CLEAR);

	duo_login(d);
	duo_forge(d, CLI, msg, sizeof(msg));
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_PHASE);
	duo_free(d);
}

/* EOF and CLOSE of both sides in the middle of an exchange. */
static void
test_close_while_kexing(void)
{
	for (int who = 0; who < 2; who++) {
		for (int when = 0; when < 8; when++) {
			struct duo *d = duo_new(TOY_HIDDEN);

			duo_login(d);
			duo_channel(d, 0, WINDOW, PACKET);
			duo_rekey(d, who);
			for (int i = 0; i < when; i++)
				duo_turn(d);
			CU_ASSERT_EQUAL(ssh_host_eof(&d->s[CLI].c, duo_chan(d, CLI, 0)), 0);
			CU_ASSERT_EQUAL(ssh_host_close(&d->s[CLI].c, duo_chan(d, CLI, 0)), 0);
			CU_ASSERT_EQUAL(ssh_host_eof(&d->s[SRV].c, duo_chan(d, SRV, 0)), 0);
			duo_run(d);
			for (int s = 0; s < 2; s++) {
				CU_ASSERT_EQUAL(d->s[s].fatal, 0);
				CU_ASSERT_EQUAL(d->s[s].kex_count, 2);
				CU_ASSERT_EQUAL(d->s[s].freed.w[0], 1);
			}
			CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "OeX");
			duo_free(d);
		}
	}
}

/* An operator and a plugin ask: at once, or when control is ready; not while keys are
 * exchanged; a plugin not again at once. */
static void
test_wanted(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	int fatal;

	CU_ASSERT_EQUAL(ssh_rekey(&s->c, d->now), -R_LINK_STATE);
	duo_login(d);
	CU_ASSERT_EQUAL(ssh_rekey(&s->c, d->now), 0);
	CU_ASSERT_EQUAL(ssh_rekey(&s->c, d->now), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->rekey_ups, 1);
	CU_ASSERT_EQUAL(s->kex_count, 2);
	CU_ASSERT_EQUAL(ssh_tick(&s->c, d->now, &fatal), UINT64_MAX);
	s->control_deaf = true;
	CU_ASSERT_EQUAL(ssh_rekey(&s->c, d->now), 0);
	CU_ASSERT(ssh_tick(&s->c, d->now, &fatal) <= d->now + SSH_KEXINIT_HOLD_US);
	CU_ASSERT_EQUAL(s->up_count, s->up_done);
	s->control_deaf = false;
	ssh_tick(&s->c, d->now, &fatal);
	duo_run(d);
	CU_ASSERT_EQUAL(s->rekey_ups, 2);
	CU_ASSERT_EQUAL(s->kex_count, 3);
	d->now = s->c.keyed_us + SSH_REKEY_APART_US - 1;
	CU_ASSERT_EQUAL(ssh_host_rekey(&s->c, d->now), 0);
	CU_ASSERT_EQUAL(s->drops[R_SSH_REKEY_SOON], 1);
	duo_run(d);
	CU_ASSERT_EQUAL(s->kex_count, 3);
	d->now++;
	CU_ASSERT_EQUAL(ssh_host_rekey(&s->c, d->now), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->kex_count, 4);
	s->passive = true;
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	CU_ASSERT_EQUAL(ssh_rekey(&s->c, d->now), -R_LINK_STATE);
	duo_free(d);
}

/* Before the login there is no rekey: keys that are used up end the connection, by the
 * suite's own limit, whatever is configured. */
static void
test_worn_before_login(void)
{
	for (int what = 0; what < 3; what++) {
		struct duo *d = duo_new(TOY_CLEAR);
		struct duo_side *s = &d->s[SRV];

		duo_login(d);
		s->c.phase = SSH_PHASE_AUTH;
		s->env.rekey_bytes = 64;
		duo_forge(d, CLI, "\x02\0\0\0\0", 5);
		duo_run(d);
		CU_ASSERT_EQUAL(s->fatal, 0);
		if (what == 0)
			s->c.in.bytes = s->c.in.engine->rekey_bytes - 1;
		else if (what == 1)
			s->c.out.bytes = s->c.out.engine->rekey_bytes;
		else
			s->c.in.records = (1ull << 31) - 1;
		duo_forge(d, CLI, "\x02\0\0\0\0", 5);
		duo_run(d);
		CU_ASSERT_EQUAL(s->fatal, -R_SSH_WORN);
		duo_free(d);
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "rekeys under bulk traffic both ways", test_bulk },
		{ "rekeys by bytes", test_limit },
		{ "rekey by records", test_record_limit },
		{ "rekeys that somebody asks for", test_wanted },
		{ "keys used up before login", test_worn_before_login },
		{ "HOLD", test_hold },
		{ "EXT_INFO behind NEWKEYS", test_ext_info },
		{ "what HOLD keeps is bounded", test_hold_cap },
		{ "between KEXINIT and NEWKEYS", test_kexing },
		{ "a method's message alone", test_method_alone },
		{ "closing during an exchange", test_close_while_kexing },
		CU_TEST_INFO_NULL,
	};

	return suite_run("rekey", tests);
}
