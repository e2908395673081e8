#include <stdlib.h>

#include "dataplane/ssh/demux.h"
#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

/* The life of a connection before and beside its channels. */

static void
test_login(void)
{
	static const size_t steps[] = { 0, 1, 7, 100 };

	for (unsigned suite = TOY_CLEAR; suite <= TOY_HIDDEN; suite++) {
		for (unsigned i = 0; i < 8; i++) {
			struct duo *d = duo_new((uint16_t)suite);

			d->step = steps[i % 4];
			d->strict = i < 4;
			duo_login(d);
			CU_ASSERT(d->s[SRV].c.in.seq == d->s[CLI].c.out.seq);
			CU_ASSERT(d->s[SRV].c.out.seq == d->s[CLI].c.in.seq);
			CU_ASSERT(d->s[SRV].c.kex_us == 0);
			duo_free(d);
		}
	}
}

/* A server connection alone with forged input in the clear, control passive. */
static struct duo *
bare(void)
{
	struct duo *d = duo_new(TOY_CLEAR);

	d->s[SRV].passive = true;
	d->s[CLI].passive = true;
	ssh_start(&d->s[SRV].c, NULL);
	ssh_start(&d->s[CLI].c, NULL);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].c.phase, SSH_PHASE_KEX);
	return d;
}

/* The identification line goes up first, then every record of the exchange with
 * its number, 1-4 included. */
static void
test_kex_goes_up(void)
{
	static const uint8_t msgs[] = { 2, 20, 4, 30, 3, 1, 49 };
	struct duo *d = bare();
	struct duo_side *s = &d->s[SRV];

	for (size_t i = 0; i < sizeof(msgs); i++)
		duo_forge(d, CLI, &msgs[i], 1);
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL_FATAL(s->up_count, 1 + sizeof(msgs));
	CU_ASSERT_EQUAL(s->up[0].kind, SSH_UP_IDENT);
	CU_ASSERT(view_is(view_of(s->up[0].data, s->up[0].len), SSH_IDENT_OURS));
	for (size_t i = 0; i < sizeof(msgs); i++) {
		CU_ASSERT_EQUAL(s->up[1 + i].kind, SSH_UP_RECORD);
		CU_ASSERT_EQUAL(s->up[1 + i].seq, i);
		CU_ASSERT_EQUAL(s->up[1 + i].data[0], msgs[i]);
		CU_ASSERT_EQUAL(s->up[1 + i].chan, UINT32_MAX);
	}
	CU_ASSERT(s->c.kex_in);
	duo_free(d);
}

static void
test_newkeys_unasked(void)
{
	static const uint8_t msg = 21;
	struct duo *d = bare();

	duo_forge(d, CLI, &msg, 1);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_NEWKEYS);
	duo_free(d);
}

/* Every number that does not belong into the first exchange ends it. */
static void
test_wrong_phase(void)
{
	for (unsigned m = 0; m < 256; m++) {
		bool fine = (m >= 1 && m <= 4) || m == 20 || (m >= 30 && m <= 49);
		uint8_t msg[64] = { (uint8_t)m };
		struct duo *d;

		if (m == 21)
			continue;
		d = bare();
		duo_forge(d, CLI, msg, sizeof(msg));
		duo_run(d);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, fine ? 0 : -R_SSH_PHASE);
		CU_ASSERT_EQUAL(d->s[SRV].up_count, fine ? 2u : 1u);
		duo_free(d);
	}
}

/* The server at the start of a phase, the client silent from here on. */
static struct duo *
at_phase(enum ssh_phase phase)
{
	struct duo *d = duo_new(TOY_CLEAR);

	ssh_start(&d->s[SRV].c, NULL);
	ssh_start(&d->s[CLI].c, NULL);
	while (d->s[SRV].c.phase != phase && duo_turn(d))
		;
	d->s[CLI].fatal = -R_KILLED;
	d->s[SRV].passive = true;
	duo_run(d); /* what is under way arrives */
	CU_ASSERT_EQUAL_FATAL(d->s[SRV].c.phase, phase);
	for (unsigned i = 0; i < d->s[SRV].up_count; i++)
		free(d->s[SRV].up[i].data);
	d->s[SRV].up_count = d->s[SRV].up_done = 0;
	return d;
}

/* Each phase after the first exchange, each message number: what becomes of it. */
static void
test_sweep(void)
{
	static const enum ssh_phase phases[] = { SSH_PHASE_SERVICE, SSH_PHASE_AUTH, SSH_PHASE_OPEN };

	for (unsigned i = 0; i < 3; i++) {
		for (unsigned m = 0; m < 256; m++) {
			uint8_t msg[64] = { (uint8_t)m };
			struct duo *d = at_phase(phases[i]);
			struct duo_side *s = &d->s[SRV];
			int want = 0;
			unsigned ups = 0;

			duo_forge(d, CLI, msg, m == 21 ? 1 : sizeof(msg));
			duo_run(d);
			switch (demux_in(false, phases[i], (uint8_t)m)) {
			case DEMUX_REFUSE:
				want = -R_SSH_PHASE;
				break;
			case DEMUX_CONTROL:
				ups = m != 81 && m != 82;
				if (m >= 30 && m <= 49) {
					want = -R_SSH_PHASE; /* no exchange runs */
					ups = 0;
				}
				break;
			case DEMUX_SELF:
				want = m == 1 ? -R_SSH_DISCONNECT_IN : 0;
				break;
			case DEMUX_NEWKEYS:
				want = -R_SSH_NEWKEYS;
				break;
			case DEMUX_CHANNEL:
				want = -R_CHAN_UNKNOWN;
				break;
			default:
				break;
			}
			CU_ASSERT_EQUAL(s->fatal, want);
			CU_ASSERT_EQUAL(s->up_count, ups);
			duo_free(d);
		}
	}
}

static void
test_ident_bad(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct ssh_conn *c = &d->s[SRV].c;

	ssh_start(c, NULL);
	d->s[CLI].fatal = -R_KILLED; /* it only collects */
	d->s[SRV].rx = malloc(64);
	d->s[SRV].rx_size = 64;
	memcpy(d->s[SRV].rx, "HELO\r\n", d->s[SRV].rx_len = 6);
	d->s[CLI].visible = 0;
	while (duo_turn(d))
		;
	CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_IDENT_BAD);
	ssh_end(c, d->s[SRV].fatal, NULL);
	CU_ASSERT(!ssh_drained(c));
	d->s[SRV].fatal = 0;
	duo_run(d);
	CU_ASSERT(ssh_drained(c));
	/* Our line and the reason, both as text. */
	CU_ASSERT(memcmp(d->s[CLI].rx, SSH_IDENT_OURS, strlen(SSH_IDENT_OURS)) == 0);
	CU_ASSERT(memmem(d->s[CLI].rx, d->s[CLI].rx_len, "identification line\r\n", 21) != NULL);
	duo_free(d);
}

/* One record at a time from SERVICE on, judged in the phase of its turn: what
 * follows success in the same burst never reaches gate. */
static void
test_one_at_a_time(void)
{
	static const uint8_t auth[10] = { 50 }, global[] = { 80, 0, 0, 0, 1, 'g', 0 };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];

	ssh_start(&s->c, NULL);
	ssh_start(&d->s[CLI].c, NULL);
	while (s->c.phase != SSH_PHASE_AUTH && duo_turn(d))
		;
	CU_ASSERT_FATAL(s->c.phase == SSH_PHASE_AUTH);
	s->passive = true;
	for (int i = 0; i < 200 && s->up_count == 0; i++)
		duo_turn(d);
	CU_ASSERT_FATAL(s->up_count == 1);
	/* The client's request is with gate; three more records wait behind it. */
	duo_forge(d, CLI, auth, sizeof(auth));
	duo_forge(d, CLI, global, sizeof(global));
	duo_forge(d, CLI, auth, sizeof(auth));
	for (int i = 0; i < 50; i++)
		duo_turn(d);
	CU_ASSERT_EQUAL(s->up_count, 1);
	s->passive = false;
	duo_run(d);
	CU_ASSERT_EQUAL(s->c.phase, SSH_PHASE_OPEN);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL(s->drops[R_SSH_LATE_AUTH], 2);
	duo_free(d);
}

static void
test_grant(void)
{
	static const uint8_t success[] = { 52 }, failure[10] = { 51 };
	struct duo *d = duo_new(TOY_CLEAR);
	struct ssh_conn *c = &d->s[SRV].c;

	ssh_start(c, NULL);
	ssh_start(&d->s[CLI].c, NULL);
	CU_ASSERT_EQUAL(duo_record(d, SRV, success, 1), -R_LINK_DENIED);
	CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_AUTH), -R_LINK_STATE);
	while (c->phase != SSH_PHASE_AUTH && duo_turn(d))
		;
	d->s[SRV].passive = true;
	CU_ASSERT_EQUAL(duo_record(d, SRV, success, 1), -R_NO_GRANT);
	CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_OPEN), -R_NO_GRANT);
	c->granted = true;
	CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_OPEN), -R_LINK_STATE);
	CU_ASSERT_EQUAL(duo_record(d, SRV, failure, sizeof(failure)), 0);
	CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_OPEN), -R_LINK_STATE);
	CU_ASSERT_EQUAL(duo_record(d, SRV, success, 1), 0);
	CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_KEX), -R_LINK_STATE);
	CU_ASSERT_EQUAL(duo_record(d, SRV, success, 1), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, failure, sizeof(failure)), -R_LINK_STATE);
	CU_ASSERT_EQUAL(duo_record(d, SRV, success, 1), 0);
	CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_OPEN), 0);
	CU_ASSERT_EQUAL(c->phase, SSH_PHASE_OPEN);
	CU_ASSERT_EQUAL(ssh_do_phase(c, SSH_PHASE_AUTH), -R_LINK_STATE);
	duo_free(d);
}

/* What a control process may not send, whatever its table says. */
static void
test_hostile_control(void)
{
	static const uint8_t bad[] = { 21, 93, 94, 95, 96, 97, 30, 49, 5, 6, 50, 52, 53, 0 };
	static const uint8_t big[SSH_PAYLOAD_MAX + 1] = { 80 };
	struct ssh_new_keys keys = { .suite_in = TOY_CLEAR, .suite_out = TOY_CLEAR };
	struct duo *d = duo_new(TOY_CLEAR);
	struct ssh_conn *c = &d->s[SRV].c;

	duo_login(d);
	for (size_t i = 0; i < sizeof(bad); i++) {
		uint8_t msg[40] = { bad[i] };

		CU_ASSERT_EQUAL(duo_record(d, SRV, msg, sizeof(msg)), -R_LINK_DENIED);
	}
	CU_ASSERT_EQUAL(duo_record(d, SRV, big, sizeof(big)), -R_LINK_ITEM);
	CU_ASSERT_EQUAL(duo_record(d, SRV, big, 0), -R_LINK_ITEM);
	CU_ASSERT_EQUAL(ssh_do_hold(c, d->now), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_newkeys(c, &keys, d->now), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, SSH_CHAN_MAX, 0, 0, 1, 0, 1), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, UINT32_MAX, 0, 0, 1, 0, 1), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, 0, 0, 0, 0, 0, 1), -R_LINK_ITEM);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, 0, 0, 0, 1, 0, 0), -R_LINK_ITEM);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, 0, 0, 0, 1, 0, 32769), -R_LINK_ITEM);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, 0, 0, 0, 1, 0, 32768), 0);
	CU_ASSERT_EQUAL(ssh_do_chan_new(c, 0, 0, 0, 1, 0, 32768), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_chan_start(c, 1, 1, false, view_str("x")), -R_LINK_CHAN);
	CU_ASSERT_EQUAL(ssh_do_chan_start(c, 0, 1, false, view_of(big, SSH_START_MAX + 1)), -R_LINK_ITEM);
	CU_ASSERT_EQUAL(ssh_do_chan_start(c, 0, 1, false, view_str("x")), 0);
	CU_ASSERT_EQUAL(ssh_do_chan_start(c, 0, 1, false, view_str("x")), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_chan_close(c, 0), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_chan_close(c, 9), -R_LINK_CHAN);
	/* Keys before the peer's KEXINIT, keys of no suite. */
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), -R_LINK_DENIED);
	CU_ASSERT_EQUAL(ssh_do_newkeys(c, &keys, d->now), -R_LINK_STATE);
	c->kex_in = true;
	keys.suite_in = 77;
	CU_ASSERT_EQUAL(ssh_do_newkeys(c, &keys, d->now), -R_LINK_SLOT);
	c->kex_in = false;
	duo_free(d);
}

/* Find in what the client was sent up to now: the payload of its next record. */
static int
next_in(struct duo *d, int side, uint8_t *buf, struct view *payload)
{
	struct duo_side *s = &d->s[side];
	int need = record_need(&s->c.in, s->rx, s->rx_len);

	if (need <= 0 || (size_t)need > s->rx_len)
		return -1;
	memcpy(buf, s->rx, (size_t)need);
	memmove(s->rx, s->rx + need, s->rx_len -= (size_t)need);
	return record_open(&s->c.in, buf, payload);
}

/* After login: 2-4 vanish, unknown numbers are named, PING is answered. */
static void
test_transport_messages(void)
{
	static const uint8_t ping[] = { 192, 0, 0, 0, 2, 'h', 'i' };
	uint8_t buf[RECORD_MAX], msg[40] = { 0 };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	struct view got;
	uint32_t seq;

	duo_login(d);
	for (msg[0] = 2; msg[0] <= 4; msg[0]++)
		duo_forge(d, CLI, msg, sizeof(msg));
	msg[0] = 193;
	duo_forge(d, CLI, msg, sizeof(msg));
	duo_forge(d, CLI, ping, sizeof(ping));
	seq = s->c.in.seq + 5;
	msg[0] = 150;
	duo_forge(d, CLI, msg, sizeof(msg));
	s->visible = s->rx_len;
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), 6);
	ssh_output(&s->c, d->now);
	CU_ASSERT_EQUAL_FATAL(next_in(d, CLI, buf, &got), 0);
	CU_ASSERT(got.len == 7 && got.data[0] == 193 && memcmp(got.data + 1, ping + 1, 6) == 0);
	CU_ASSERT_EQUAL_FATAL(next_in(d, CLI, buf, &got), 0);
	CU_ASSERT(got.len == 5 && got.data[0] == 3 && got.data[4] == (uint8_t)seq);
	CU_ASSERT_EQUAL(s->up_count, 0);
	/* Not while keys are exchanged. */
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	duo_forge(d, CLI, ping, sizeof(ping));
	s->visible = s->rx_len;
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), 1);
	ssh_output(&s->c, d->now);
	CU_ASSERT_EQUAL_FATAL(next_in(d, CLI, buf, &got), 0);
	CU_ASSERT_EQUAL(got.data[0], 20);
	CU_ASSERT_EQUAL(d->s[CLI].rx_len, 0);
	msg[0] = 1;
	duo_forge(d, CLI, msg, sizeof(msg));
	s->visible = s->rx_len;
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), -R_SSH_DISCONNECT_IN);
	duo_free(d);
}

/* A flipped bit anywhere after login: nothing of the record is acted on. */
static void
test_flip(void)
{
	static const uint8_t global[] = { 80, 0, 0, 0, 1, 'g', 0 };

	for (unsigned i = 0; i < 44; i++) {
		struct duo *d = duo_new(TOY_CLEAR);
		struct duo_side *s = &d->s[SRV];

		duo_login(d);
		s->passive = true;
		duo_forge(d, CLI, global, sizeof(global));
		if (i < s->rx_len - 8) {
			s->rx[i] ^= 0x10;
			duo_run(d);
			CU_ASSERT(s->fatal == -R_SSH_MAC || s->fatal == -R_SSH_LENGTH ||
			    (s->fatal == 0 && i < 4)); /* a longer record is waited for */
			CU_ASSERT_EQUAL(s->up_count, 0);
		}
		duo_free(d);
	}
}

static void
test_end(void)
{
	uint8_t buf[RECORD_MAX];
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	struct view got;
	struct cur r;

	duo_login(d);
	ssh_end(&s->c, R_KILLED, "maintenance");
	ssh_end(&s->c, R_INTERNAL, NULL);
	CU_ASSERT(!ssh_drained(&s->c));
	ssh_output(&s->c, d->now);
	CU_ASSERT(ssh_drained(&s->c));
	CU_ASSERT_EQUAL_FATAL(next_in(d, CLI, buf, &got), 0);
	r = cur_view(got);
	CU_ASSERT_EQUAL(cur_u8(&r), 1);
	CU_ASSERT_EQUAL(cur_u32(&r), 11);
	CU_ASSERT(view_is(cur_string(&r), "maintenance"));
	cur_string(&r);
	CU_ASSERT(cur_done(&r));
	CU_ASSERT_EQUAL(d->s[CLI].rx_len, 0);
	duo_forge(d, CLI, "\x02", 1);
	s->visible = s->rx_len;
	CU_ASSERT_EQUAL(ssh_input(&s->c, d->now), 0);
	duo_free(d);

	d = duo_new(TOY_CLEAR);
	duo_login(d);
	ssh_end(&d->s[SRV].c, -R_SSH_DISCONNECT_IN, NULL);
	CU_ASSERT(ssh_drained(&d->s[SRV].c));
	duo_free(d);
}

/* A client skips lines in front of the identification, but not for ever. */
static void
test_banner_lines(void)
{
	for (int endless = 0; endless < 2; endless++) {
		struct duo *d = duo_new(TOY_CLEAR);
		struct duo_side *s = &d->s[CLI];

		s->passive = true;
		s->rx_size = 4096;
		s->rx = malloc(s->rx_size);
		for (int i = 0; i < (endless ? 200 : 5); i++) {
			memcpy(s->rx + s->rx_len, "hello\r\n", 7);
			s->rx_len += 7;
		}
		memcpy(s->rx + s->rx_len, "SSH-2.0-s\r\n", 11);
		s->rx_len += 11;
		d->step = 3;
		duo_run(d);
		CU_ASSERT_EQUAL(s->fatal, endless ? -R_SSH_IDENT_BAD : 0);
		CU_ASSERT_EQUAL(s->up_count, endless ? 0u : 1u);
		if (!endless)
			CU_ASSERT(view_is(view_of(s->up[0].data, s->up[0].len), "SSH-2.0-s"));
		duo_free(d);
	}
}

/* A peer that asks without reading is not read any more; nothing grows. */
static void
test_no_reader(void)
{
	uint8_t ping[1005] = { 192, 0, 0, 3, 0xe8 };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];

	duo_login(d);
	s->room_each = 0;
	for (int i = 0; i < 500; i++)
		duo_forge(d, CLI, ping, sizeof(ping));
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT(ssh_charge(&s->c) < 60 * 1024);
	CU_ASSERT(s->rx_len > 400 * 1000);
	duo_free(d);
}

/* Without blocks the peer waits; with blocks again it goes on. */
static void
test_pool_empty(void)
{
	static const uint8_t ping[] = { 192, 0, 0, 0, 2, 'h', 'i' };
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	struct block *taken = NULL, *b;

	duo_login(d);
	while ((b = pool_get(&s->pool)) != NULL) {
		b->next = taken;
		taken = b;
	}
	duo_forge(d, CLI, ping, sizeof(ping));
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT(s->rx_len > 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, "\x02", 1), -R_NOMEM);
	while (taken != NULL) {
		b = taken->next;
		pool_put(&s->pool, taken);
		taken = b;
	}
	duo_run(d);
	CU_ASSERT_EQUAL(s->rx_len, 0);
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "login in pieces of every size", test_login },
		{ "the first exchange goes up whole", test_kex_goes_up },
		{ "NEWKEYS without keys", test_newkeys_unasked },
		{ "every other message in the first exchange", test_wrong_phase },
		{ "every message in every later phase", test_sweep },
		{ "a bad identification is answered in text", test_ident_bad },
		{ "one record at a time until login", test_one_at_a_time },
		{ "no success without a grant", test_grant },
		{ "hostile items", test_hostile_control },
		{ "1-4, PING and unknown numbers", test_transport_messages },
		{ "flipped bits", test_flip },
		{ "the end", test_end },
		{ "lines in front of a server's identification", test_banner_lines },
		{ "a peer that does not read", test_no_reader },
		{ "an empty pool", test_pool_empty },
		CU_TEST_INFO_NULL,
	};

	return suite_run("conn", tests);
}
