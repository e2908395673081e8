/* A channel before its host, with its host, and after it. */
#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define WINDOW 65536u
#define PACKET 32768u

static void
string_of(uint8_t *buf, const void *data, uint32_t len)
{
	struct put w = put_of(buf, 4 + (size_t)len);

	put_string(&w, data, len);
}

static int
server_after(struct duo *d)
{
	duo_run(d);
	return d->s[SRV].fatal;
}

/* Until the start everything is held within the window, then comes in order. */
static void
test_held_before_start(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	static uint8_t rest[4 + 32768];

	duo_login(d);
	duo_channel_bare(d, 3, 100000, PACKET);
	for (uint64_t at = 0, len; at < 100000; at += len) {
		len = 100000 - at < 1000 ? 100000 - at : 1 + duo_random(d) % 3000;
		len = len > 100000 - at ? 100000 - at : len;
		for (uint64_t i = 0; i < len; i++)
			rest[4 + i] = duo_byte(CLI, 3, at + i);
		string_of(rest, rest + 4, (uint32_t)len);
		duo_forge_chan(d, CLI, 94, 3, rest, 4 + len);
	}
	duo_forge_chan(d, CLI, 96, 3, NULL, 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT(ssh_charge(&s->c) >= 100000);
	CU_ASSERT(ssh_charge(&s->c) < 120000);
	CU_ASSERT_STRING_EQUAL(s->host[3].log, "");
	s->host_full = true;
	CU_ASSERT_EQUAL(ssh_do_chan_start(&s->c, 3, DUO_LINK, true, view_str("start")), 0);
	CU_ASSERT_STRING_EQUAL(s->host[3].log, "");
	s->host_full = false;
	ssh_host_ready(&s->c, DUO_LINK + 1);
	CU_ASSERT_STRING_EQUAL(s->host[3].log, "");
	ssh_host_ready(&s->c, DUO_LINK);
	CU_ASSERT_STRING_EQUAL(s->host[3].log, "Ode");
	CU_ASSERT_EQUAL(s->host[3].got, 100000);
	CU_ASSERT(!s->host[3].bad);
	CU_ASSERT_EQUAL(ssh_charge(&s->c), POOL_BLOCK); /* where the channel is */
	CU_ASSERT_EQUAL(ssh_host_reply(&s->c, duo_chan(d, SRV, 3), true), 0);
	CU_ASSERT_EQUAL(ssh_host_reply(&s->c, duo_chan(d, SRV, 3), true), -R_LINK_STATE);
	duo_free(d);
}

/* Closed by the peer before any start: answered here, nobody is told of it. */
static void
test_close_before_start(void)
{
	struct duo *d = duo_new(TOY_CLEAR);

	duo_login(d);
	duo_channel_bare(d, 3, 1000, 1000);
	duo_forge_data(d, CLI, 3, 500);
	CU_ASSERT_EQUAL(ssh_do_chan_close(&d->s[CLI].c, 3), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 8);
	CU_ASSERT_EQUAL(ssh_do_chan_start(&d->s[SRV].c, 3, 1, false, view_str("x")), -R_LINK_CHAN);
	/* And by us. */
	duo_channel_bare(d, 4, 1000, 1000);
	CU_ASSERT_EQUAL(ssh_do_chan_close(&d->s[SRV].c, 4), 0);
	CU_ASSERT_EQUAL(ssh_do_chan_close(&d->s[SRV].c, 4), -R_LINK_CHAN);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 8 | 16);
	CU_ASSERT_EQUAL(d->s[CLI].freed.w[0], 8 | 16);
	duo_free(d);
}

static void
forge_request(struct duo *d, uint32_t chan, const char *name, bool want_reply, const char *more)
{
	uint8_t buf[200];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, name);
	put_bool(&w, want_reply);
	put_bytes(&w, more, strlen(more));
	duo_forge_chan(d, CLI, 98, chan, buf, put_len(&w));
}

static void
reply(struct duo *d, uint8_t msg, uint32_t chan)
{
	uint8_t buf[5];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, msg);
	put_u32(&w, chan);
	CU_ASSERT_EQUAL(duo_record(d, SRV, buf, sizeof(buf)), 0);
}

static void
up_is(struct duo *d, unsigned i, const char *name)
{
	struct duo_side *s = &d->s[SRV];
	struct cur r;

	CU_ASSERT_FATAL(i < s->up_count);
	r = cur_of(s->up[i].data, s->up[i].len);
	CU_ASSERT_EQUAL(cur_u8(&r), 98);
	CU_ASSERT_EQUAL(cur_u32(&r), 2);
	CU_ASSERT_EQUAL(s->up[i].chan, 2);
	CU_ASSERT(view_is(cur_string(&r), name));
}

/* Requests go to clerk up to a start. What comes while it decides waits for the
 * decision: to the host after a start, to clerk after a refusal. */
static void
test_requests_around_start(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];

	duo_login(d);
	duo_channel_bare(d, 2, WINDOW, PACKET);
	d->s[CLI].passive = s->passive = true;
	forge_request(d, 2, "pty-req", true, "xterm");
	forge_request(d, 2, "env", false, "LANG");
	forge_request(d, 2, "exec", true, "true");
	forge_request(d, 2, "window-change", false, "1234");
	duo_forge_data(d, CLI, 2, 10);
	forge_request(d, 2, "shell", true, "");
	forge_request(d, 2, "signal", false, "INT");
	duo_run(d);
	CU_ASSERT_EQUAL_FATAL(s->up_count, 3);
	up_is(d, 0, "pty-req");
	up_is(d, 1, "env");
	up_is(d, 2, "exec");
	reply(d, 99, 2);
	duo_run(d);
	CU_ASSERT_EQUAL(s->up_count, 3);
	reply(d, 100, 2); /* no exec here */
	duo_run(d);
	CU_ASSERT_EQUAL_FATAL(s->up_count, 5);
	up_is(d, 3, "window-change");
	up_is(d, 4, "shell");
	CU_ASSERT_EQUAL(s->up[4].len, 5 + 4 + 5 + 1);
	CU_ASSERT_EQUAL(ssh_do_chan_start(&s->c, 2, DUO_LINK, true, view_str("shell")), 0);
	CU_ASSERT_STRING_EQUAL(s->host[2].log, "Odr(signal)");
	forge_request(d, 2, "break", true, "");
	duo_run(d);
	CU_ASSERT_EQUAL(s->up_count, 5);
	CU_ASSERT_STRING_EQUAL(s->host[2].log, "Odr(signal)R(break)");
	/* The start's own reply and that of break. */
	CU_ASSERT_EQUAL(ssh_host_reply(&s->c, duo_chan(d, SRV, 2), true), 0);
	CU_ASSERT_EQUAL(ssh_host_reply(&s->c, duo_chan(d, SRV, 2), false), 0);
	CU_ASSERT_EQUAL(ssh_host_reply(&s->c, duo_chan(d, SRV, 2), false), -R_LINK_STATE);
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	/* pty-req 99, exec 100, shell 99, break 100: in order at the client. */
	CU_ASSERT_EQUAL_FATAL(d->s[CLI].up_count, 4);
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(d->s[CLI].up[i].data[0], 99 + i % 2);
	duo_free(d);
}

/* A request that is held by a busy host arrives unchanged. */
static void
test_held_request(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);
	struct duo_side *s = &d->s[SRV];

	s->host_full = true;
	forge_request(d, 0, "signal", true, "KILL");
	duo_forge_data(d, CLI, 0, 0);
	duo_run(d);
	CU_ASSERT_STRING_EQUAL(s->host[0].log, "O");
	s->host_full = false;
	ssh_host_ready(&s->c, DUO_LINK);
	CU_ASSERT_STRING_EQUAL(s->host[0].log, "OR(signal)");
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->replies_owed, 1);
	duo_free(d);
}

/* Requests without end toward a host that does not listen, and requests whose
 * answers nobody reads: both bounded. */
static void
test_request_floods(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);

	d->s[SRV].host_full = true;
	for (int i = 0; i < 6000; i++)
		forge_request(d, 0, "window-change", false, "0123456789abcdef");
	CU_ASSERT_EQUAL(server_after(d), -R_SSH_QUEUE);
	CU_ASSERT(ssh_charge(&d->s[SRV].c) <= 2 * WINDOW + 4096);
	duo_free(d);

	d = duo_opened(WINDOW, PACKET);
	d->s[SRV].room_each = 0;
	for (int i = 0; i < 8000; i++)
		forge_request(d, 0, "x", true, "");
	while (d->s[SRV].fatal == 0 && duo_turn(d))
		while (ssh_host_reply(&d->s[SRV].c, duo_chan(d, SRV, 0), true) == 0)
			;
	CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_SSH_QUEUE);
	CU_ASSERT(ssh_charge(&d->s[SRV].c) <= 80 * 1024);
	duo_free(d);
}

/* One byte of each stream in turn must not cost ten times its window. */
static void
test_tiny_alternating(void)
{
	uint8_t plain[5] = { 0, 0, 0, 1, 0 }, extended[9] = { 0, 0, 0, 1, 0, 0, 0, 1, 0 };
	struct duo *d = duo_opened(WINDOW, PACKET);

	d->s[SRV].host_full = true;
	for (uint32_t i = 0; i < WINDOW / 2; i++) {
		duo_forge_chan(d, CLI, 94, 0, plain, sizeof(plain));
		duo_forge_chan(d, CLI, 95, 0, extended, sizeof(extended));
		if (i % 1000 == 0)
			duo_run(d);
		if (d->s[SRV].fatal != 0)
			break;
	}
	CU_ASSERT_EQUAL(server_after(d), -R_SSH_QUEUE);
	CU_ASSERT(ssh_charge(&d->s[SRV].c) <= 2 * WINDOW + 4096);
	duo_free(d);
}

static void
test_host_gone(void)
{
	for (int said = 0; said < 2; said++) {
		uint8_t status[19];
		struct put w = put_of(status, sizeof(status));
		struct duo *d = duo_opened(WINDOW, PACKET);
		struct ssh_conn *c = &d->s[SRV].c;
		uint8_t first = duo_byte(SRV, 0, 0);

		duo_channel(d, 1, WINDOW, PACKET);
		CU_ASSERT_EQUAL(ssh_do_chan_new(c, 2, 2, WINDOW, PACKET, WINDOW, PACKET), 0);
		CU_ASSERT_EQUAL(ssh_do_chan_new(&d->s[CLI].c, 2, 2, WINDOW, PACKET, WINDOW, PACKET), 0);
		CU_ASSERT_EQUAL(ssh_do_chan_start(c, 2, DUO_LINK + 1, false, view_str("other")), 0);
		put_cstr(&w, "exit-status");
		put_u32(&w, 0);
		CU_ASSERT_EQUAL(ssh_host_data(c, duo_chan(d, SRV, 0), 0, view_of(&first, 1)), 0);
		if (said)
			CU_ASSERT_EQUAL(ssh_host_request(c, duo_chan(d, SRV, 0), put_view(&w)), 0);
		ssh_host_gone(c, DUO_LINK);
		CU_ASSERT_PTR_NULL(duo_chan(d, SRV, 0));
		duo_run(d);
		CU_ASSERT_STRING_EQUAL(d->s[CLI].host[0].log,
		    said ? "Odr(exit-status)X" : "Odr(exit-signal)X");
		CU_ASSERT_STRING_EQUAL(d->s[CLI].host[1].log, "Or(exit-signal)X");
		CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "O");
		CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 3);
		CU_ASSERT_EQUAL(c->chan_count, 1);
		CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
		CU_ASSERT_EQUAL(d->s[CLI].fatal, 0);
		duo_free(d);
	}
}

/* The exit-signal that is sent for a dead host, byte for byte. */
static void
test_abort_form(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);
	struct duo_side *cli = &d->s[CLI];
	struct view got;
	struct cur r;

	ssh_host_gone(&d->s[SRV].c, DUO_LINK);
	d->s[SRV].room = 1 << 20;
	ssh_output(&d->s[SRV].c, d->now);
	CU_ASSERT_FATAL(record_need(&cli->c.in, cli->rx, cli->rx_len) > 0);
	CU_ASSERT_EQUAL_FATAL(record_open(&cli->c.in, cli->rx, &got), 0);
	r = cur_view(got);
	CU_ASSERT_EQUAL(cur_u8(&r), 98);
	CU_ASSERT_EQUAL(cur_u32(&r), 0);
	CU_ASSERT(view_is(cur_string(&r), "exit-signal"));
	CU_ASSERT(!cur_bool(&r));
	CU_ASSERT(view_is(cur_string(&r), "ABRT"));
	CU_ASSERT(!cur_bool(&r));
	CU_ASSERT(view_is(cur_string(&r), ""));
	CU_ASSERT(view_is(cur_string(&r), ""));
	CU_ASSERT(cur_done(&r));
	duo_free(d);
}

/* A host that closes with replies owing: they are answered before CLOSE. */
static void
test_close_owing(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);

	d->s[CLI].passive = true;
	forge_request(d, 0, "signal", true, "");
	forge_request(d, 0, "break", true, "");
	duo_run(d);
	CU_ASSERT_EQUAL(ssh_host_close(&d->s[SRV].c, duo_chan(d, SRV, 0)), 0);
	duo_run(d);
	CU_ASSERT_EQUAL_FATAL(d->s[CLI].up_count, 2);
	CU_ASSERT_EQUAL(d->s[CLI].up[0].data[0], 100);
	CU_ASSERT_EQUAL(d->s[CLI].up[1].data[0], 100);
	CU_ASSERT_STRING_EQUAL(d->s[CLI].host[0].log, "OX");
	duo_free(d);
}

/* CLOSED waits for a host without room; the number stays taken until then. */
static void
test_closed_waits(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);

	d->s[SRV].host_full = true;
	CU_ASSERT_EQUAL(ssh_host_close(&d->s[CLI].c, duo_chan(d, CLI, 0)), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].freed.w[0], 0);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 0);
	/* What the host still says meets a closed channel: dropped, no fault. */
	CU_ASSERT_EQUAL(ssh_host_data(&d->s[SRV].c, duo_chan(d, SRV, 0), 0, view_str("late")), 0);
	CU_ASSERT_EQUAL(ssh_host_eof(&d->s[SRV].c, duo_chan(d, SRV, 0)), 0);
	CU_ASSERT_EQUAL(ssh_host_close(&d->s[SRV].c, duo_chan(d, SRV, 0)), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].freed.w[0], 1);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 0);
	d->s[SRV].host_full = false;
	ssh_host_ready(&d->s[SRV].c, DUO_LINK);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 1);
	CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "OX");
	duo_free(d);
}

/* The peer closes while data is queued and the program still runs: the data goes
 * nowhere, the status leaves, then CLOSE. */
static void
test_status_after_peers_close(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	uint64_t records;

	d->s[SRV].host[0].linger = true;
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0); /* HOLD: what is written stays queued */
	CU_ASSERT_EQUAL(ssh_host_data(&d->s[SRV].c, duo_chan(d, SRV, 0), 0, view_str("unheard")), 0);
	CU_ASSERT_EQUAL(ssh_host_close(&d->s[CLI].c, duo_chan(d, CLI, 0)), 0);
	duo_run(d);
	CU_ASSERT_TRUE(d->s[SRV].host[0].shut);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 0);
	CU_ASSERT_EQUAL(d->s[CLI].freed.w[0], 0);
	CU_ASSERT_EQUAL(ssh_host_data(&d->s[SRV].c, duo_chan(d, SRV, 0), 0, view_str("late")), 0);
	put_cstr(&w, "exit-status");
	put_u32(&w, 3);
	CU_ASSERT_EQUAL(ssh_host_request(&d->s[SRV].c, duo_chan(d, SRV, 0), put_view(&w)), 0);
	records = d->s[CLI].c.in.records;
	CU_ASSERT_EQUAL(ssh_host_close(&d->s[SRV].c, duo_chan(d, SRV, 0)), 0);
	duo_run(d);
	CU_ASSERT_TRUE(d->s[CLI].c.in.records - records >= 2 || d->s[CLI].c.in.records < records);
	CU_ASSERT_EQUAL(d->s[CLI].host[0].got, 0);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 1);
	CU_ASSERT_EQUAL(d->s[CLI].freed.w[0], 1);
	duo_free(d);
}

/* Our own opens: the channel is there before its confirmation is handled. */
static void
test_own_open(void)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[CLI];
	uint8_t confirm[12] = { 0, 0, 0, 9, 0, 0, 1, 0, 0, 0, 0x10, 0 }, adjust[4] = { 0, 0, 0, 5 };
	uint8_t refuse[12] = { 0, 0, 0, 1 };

	duo_login(d);
	s->passive = true;
	d->s[SRV].passive = true;
	put_u8(&w, 90);
	put_cstr(&w, "session");
	put_u32(&w, 6);
	put_u32(&w, 1000);
	put_u32(&w, 500);
	CU_ASSERT_EQUAL(duo_record(d, CLI, buf, put_len(&w)), 0);
	CU_ASSERT_EQUAL(duo_record(d, CLI, buf, put_len(&w)), -R_LINK_CHAN);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].up_count, 1);
	duo_forge_chan(d, SRV, 91, 6, confirm, sizeof(confirm));
	duo_forge_chan(d, SRV, 93, 6, adjust, sizeof(adjust));
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL_FATAL(s->up_count, 1);
	CU_ASSERT_EQUAL(s->up[0].chan, 6);
	CU_ASSERT_EQUAL(ssh_chan_at(&s->c, 6)->peers, 9);
	CU_ASSERT_EQUAL(ssh_chan_at(&s->c, 6)->window_out, 261);
	CU_ASSERT_EQUAL(ssh_do_chan_start(&s->c, 6, DUO_LINK, false, view_str("")), 0);
	/* Another one, refused; a message to it before its answer is an error. */
	buf[15] = 7;
	CU_ASSERT_EQUAL(duo_record(d, CLI, buf, put_len(&w)), 0);
	duo_forge_chan(d, SRV, 92, 7, refuse, sizeof(refuse));
	duo_run(d);
	CU_ASSERT_EQUAL(s->up_count, 2);
	CU_ASSERT(s->c.chan_count == 1 && chanset_next(&s->c.used, 0) == 6);
	CU_ASSERT_EQUAL(duo_record(d, CLI, buf, put_len(&w)), 0);
	duo_forge_chan(d, SRV, 93, 7, adjust, sizeof(adjust));
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, -R_CHAN_UNKNOWN);
	duo_free(d);
}

/* A reply of clerk that meets a channel which is gone does not go out. */
static void
test_late_reply(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);
	uint64_t before;

	before = d->s[SRV].wire_bytes;
	reply(d, 99, 17);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].wire_bytes, before);
	CU_ASSERT_EQUAL(d->s[SRV].drops[R_CHAN_AFTER_CLOSE], 1);
	duo_free(d);
}

/* Without blocks a host is asked to come again, and nothing is half done. */
static void
test_pool_empty(void)
{
	static uint8_t big[WINDOW];
	struct duo *d = duo_opened(WINDOW, PACKET);
	struct duo_side *s = &d->s[SRV];
	struct ssh_chan *ch = duo_chan(d, SRV, 0);
	struct block *taken = NULL, *b;

	while (s->pool.free_count > 10) {
		b = pool_get(&s->pool);
		b->next = taken;
		taken = b;
	}
	CU_ASSERT_EQUAL(ssh_host_data(&s->c, ch, 0, view_of(big, WINDOW)), -R_NOMEM);
	CU_ASSERT_EQUAL(ch->credit, WINDOW);
	CU_ASSERT_EQUAL(ssh_charge(&s->c), 0);
	CU_ASSERT_EQUAL(ssh_host_data(&s->c, ch, 0, view_of(big, 10000)), 0);
	ssh_host_gone(&s->c, DUO_LINK); /* needs none */
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].host[0].got, 10000);
	CU_ASSERT_STRING_EQUAL(d->s[CLI].host[0].log, "Odr(exit-signal)X");
	while (taken != NULL) {
		b = taken->next;
		pool_put(&s->pool, taken);
		taken = b;
	}
	duo_free(d);
}

/* The connection ends under its channels: each host is told once, with the reason. */
static void
test_fini(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);
	struct ssh_conn *c = &d->s[SRV].c;

	duo_channel_bare(d, 1, WINDOW, PACKET);
	duo_forge_data(d, CLI, 1, 3000);
	duo_run(d);
	d->s[SRV].host[0].hold_back = true;
	duo_forge_data(d, CLI, 0, 100);
	duo_run(d);
	ssh_fini(c, R_KILLED);
	ssh_fini(c, R_KILLED);
	CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "OdX");
	CU_ASSERT_STRING_EQUAL(d->s[SRV].host[1].log, "");
	CU_ASSERT_EQUAL(d->s[SRV].pool.free_count, d->s[SRV].pool.count);
	duo_free(d);
}

/* What was held and what waits in control queues does not stay in freed blocks. */
static void
test_wiped(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);
	struct duo_side *s = &d->s[SRV];
	uint8_t rest[4 + 12];

	s->host_full = true;
	string_of(rest, "secretsecret", 12);
	duo_forge_chan(d, CLI, 94, 0, rest, sizeof(rest));
	duo_run(d);
	CU_ASSERT(memmem(s->pool_mem, pool_size(DUO_POOL), "secretsecret", 12) != NULL);
	CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, "\x50\0\0\0\x0fwhisperwhisper\0\0", 21), 0);
	CU_ASSERT(memmem(s->pool_mem, pool_size(DUO_POOL), "whisperwhisper", 14) != NULL);
	ssh_fini(&s->c, R_KILLED);
	CU_ASSERT(memmem(s->pool_mem, pool_size(DUO_POOL), "secretsecret", 12) == NULL);
	CU_ASSERT(memmem(s->pool_mem, pool_size(DUO_POOL), "whisperwhisper", 14) == NULL);
	duo_free(d);
}

/* The peer opens number 9 of its own, which is our 5; the host has it and has not
 * answered. */
static struct duo *
confirming(void)
{
	struct duo *d = duo_new(TOY_CLEAR);
	struct duo_side *s = &d->s[SRV];
	uint8_t open[64];
	struct put w = put_of(open, sizeof(open));

	duo_login(d);
	s->passive = d->s[CLI].passive = true;
	put_u8(&w, SSH_MSG_CHANNEL_OPEN);
	put_cstr(&w, "pipe");
	put_u32(&w, 9);
	put_u32(&w, WINDOW);
	put_u32(&w, PACKET);
	CU_ASSERT_EQUAL(duo_record(d, CLI, open, put_len(&w)), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(ssh_do_chan_open(&s->c, 5, DUO_LINK, view_str("pipe")), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_do_chan_new(&s->c, 5, 9, WINDOW, PACKET, WINDOW, PACKET), 0);
	CU_ASSERT_EQUAL(ssh_do_chan_open(&s->c, 5, DUO_LINK, view_str("pipe")), 0);
	CU_ASSERT_EQUAL(ssh_do_chan_open(&s->c, 5, DUO_LINK, view_str("pipe")), -R_LINK_STATE);
	duo_run(d);
	CU_ASSERT_STRING_EQUAL(s->host[5].log, "O");
	return d;
}

/* The last record that the client's control was given. */
static uint8_t
answer_of(const struct duo *d)
{
	const struct duo_side *s = &d->s[CLI];

	return s->up_count > 0 && s->up[s->up_count - 1].len > 0 ? s->up[s->up_count - 1].data[0] : 0;
}

static void
test_open_confirmed(void)
{
	struct duo *d = confirming();
	struct duo_side *s = &d->s[SRV];
	struct ssh_chan *ch = duo_chan(d, SRV, 5);

	/* For the peer it does not exist yet: a host cannot say anything on it. */
	CU_ASSERT_EQUAL(ssh_host_data(&s->c, ch, 0, view_str("early")), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_eof(&s->c, ch), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_request(&s->c, ch, view_str("\0\0\0\1x")), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_reply(&s->c, ch, true), 0);
	CU_ASSERT_EQUAL(ssh_host_reply(&s->c, ch, true), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_refuse(&s->c, ch, 1, view_str("late")), -R_LINK_STATE);
	duo_run(d);
	CU_ASSERT_EQUAL(answer_of(d), SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	CU_ASSERT_EQUAL(ssh_chan_at(&d->s[CLI].c, 9)->peers, 5);
	CU_ASSERT_EQUAL(ssh_host_data(&s->c, ch, 0, view_str("now")), 0);
	CU_ASSERT_EQUAL(ssh_host_close(&s->c, ch), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].fatal, 0);
	CU_ASSERT_EQUAL(s->fatal, 0);
	duo_free(d);
}

/* Refused by the host, closed by it without an answer, or the host is dead: message 92,
 * and the number is free at once. */
static void
refused(int how)
{
	struct duo *d = confirming();
	struct duo_side *s = &d->s[SRV];
	struct ssh_chan *ch = duo_chan(d, SRV, 5);

	if (how == 0) {
		CU_ASSERT_EQUAL(ssh_host_refuse(&s->c, ch, 0, view_str("x")), -R_LINK_ITEM);
		CU_ASSERT_EQUAL(ssh_host_refuse(&s->c, ch, 5, view_str("x")), -R_LINK_ITEM);
		CU_ASSERT_EQUAL(ssh_host_refuse(&s->c, ch, 4, view_str("none left")), 0);
	} else if (how == 1) {
		CU_ASSERT_EQUAL(ssh_host_close(&s->c, ch), 0);
	} else if (how == 2) {
		CU_ASSERT_EQUAL(ssh_host_reply(&s->c, ch, false), 0);
	} else if (how == 4) {
		CU_ASSERT_EQUAL(ssh_host_abort(&s->c, ch), 0);
		CU_ASSERT_EQUAL(chanset_next(&s->c.ready, 0), CHANSET_MAX);
	} else {
		ssh_host_gone(&s->c, DUO_LINK);
	}
	CU_ASSERT_PTR_NULL(duo_chan(d, SRV, 5));
	duo_run(d);
	CU_ASSERT_EQUAL(answer_of(d), SSH_MSG_CHANNEL_OPEN_FAILURE);
	CU_ASSERT_EQUAL(s->freed.w[0], 1u << 5);
	CU_ASSERT_EQUAL(s->c.chan_count, 0);
	CU_ASSERT_STRING_EQUAL(s->host[5].log, how == 3 ? "O" : "OX");
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL(d->s[CLI].fatal, 0);
	duo_free(d);
}

static void
test_open_refused(void)
{
	for (int how = 0; how < 5; how++)
		refused(how);
}

/* A peer that speaks on a channel which was not confirmed guesses. */
static void
test_open_guessed(void)
{
	struct duo *d = confirming();

	duo_forge_data(d, CLI, 5, 10);
	CU_ASSERT_EQUAL(server_after(d), -R_CHAN_UNKNOWN);
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "held before the start", test_held_before_start },
		{ "closed before the start", test_close_before_start },
		{ "requests around the start", test_requests_around_start },
		{ "a request waits for its host", test_held_request },
		{ "floods of requests", test_request_floods },
		{ "tiny data of two streams", test_tiny_alternating },
		{ "a host dies", test_host_gone },
		{ "what is said for it", test_abort_form },
		{ "closing with replies owing", test_close_owing },
		{ "CLOSED waits for room", test_closed_waits },
		{ "status after the peer's CLOSE", test_status_after_peers_close },
		{ "opens of ours", test_own_open },
		{ "the host confirms an open", test_open_confirmed },
		{ "the host refuses an open", test_open_refused },
		{ "a number that was not told", test_open_guessed },
		{ "a reply that comes too late", test_late_reply },
		{ "an empty pool", test_pool_empty },
		{ "the connection ends", test_fini },
		{ "plaintext is wiped", test_wiped },
		CU_TEST_INFO_NULL,
	};

	return suite_run("chan_life", tests);
}
