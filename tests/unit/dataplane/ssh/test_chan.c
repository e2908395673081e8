#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define WINDOW 65536u
#define PACKET 32768u

static void
write_run(struct duo *d)
{
	bool more = true;

	while (more) {
		more = duo_write(d, SRV);
		more |= duo_write(d, CLI);
		more |= duo_turn(d);
	}
}

static int
server_after(struct duo *d)
{
	duo_run(d);
	return d->s[SRV].fatal;
}

/* Both hosts write, take, end and close: every byte, in order, then the ends. */
static void
test_transfer(void)
{
	static const uint32_t windows[] = { 1, 100, 4096, 32768, 65536, 2097152 };

	for (size_t i = 0; i < 6; i++) {
		struct duo *d = duo_opened(windows[i], i == 1 ? 7 : PACKET);

		for (int s = 0; s < 2; s++) {
			d->s[s].host[0].goal = windows[i] < 4096 ? 2000 : 600000;
			d->s[s].host[0].eof_at_goal = true;
			d->s[s].room_each = 40000 + 1000 * i;
		}
		write_run(d);
		for (int s = 0; s < 2; s++) {
			struct duo_host *h = &d->s[s].host[0];

			CU_ASSERT_EQUAL(d->s[s].fatal, 0);
			CU_ASSERT_EQUAL(h->got, d->s[!s].host[0].goal);
			CU_ASSERT(!h->bad);
			CU_ASSERT_STRING_EQUAL(h->log, "Ode");
			CU_ASSERT_EQUAL(ssh_host_close(&d->s[s].c, duo_chan(d, s, 0)), 0);
		}
		duo_run(d);
		for (int s = 0; s < 2; s++) {
			CU_ASSERT_STRING_EQUAL(d->s[s].host[0].log, "OdeX");
			CU_ASSERT_EQUAL(d->s[s].freed.w[0], 1);
			CU_ASSERT_EQUAL(d->s[s].c.chan_count, 0);
			CU_ASSERT_EQUAL(ssh_charge(&d->s[s].c), 0);
		}
		duo_free(d);
	}
}

/* The window is re-opened by what the host took, and by nothing else. */
static void
test_consumption(void)
{
	struct duo *d = duo_opened(WINDOW, 8192);
	struct duo_host *h = &d->s[SRV].host[0];
	struct ssh_chan *ch = duo_chan(d, SRV, 0), *peer = duo_chan(d, CLI, 0);

	h->hold_back = true;
	d->s[CLI].host[0].goal = 1000000;
	write_run(d);
	CU_ASSERT_EQUAL(h->got, WINDOW);
	CU_ASSERT_EQUAL(ch->window_in, 0);
	CU_ASSERT_EQUAL(peer->window_out, 0);
	CU_ASSERT_EQUAL(ssh_host_took(&d->s[SRV].c, ch, WINDOW + 1), -R_LINK_CREDIT);
	CU_ASSERT_EQUAL(ssh_host_took(&d->s[SRV].c, ch, 100), 0);
	h->unread -= 100;
	write_run(d);
	CU_ASSERT_EQUAL(h->got, WINDOW + 100);
	CU_ASSERT_EQUAL(ch->window_in, 0);
	h->hold_back = false;
	write_run(d);
	CU_ASSERT_EQUAL(h->got, 1000000);
	CU_ASSERT(!h->bad);
	/* Every byte is somewhere: window, or taken and not yet given back. */
	CU_ASSERT_EQUAL(ch->window_in + ch->took, WINDOW);
	CU_ASSERT_EQUAL(ch->window_in, peer->window_out);
	duo_free(d);
}

/* Not a message per byte taken: three packets, or below half with a packet. */
static void
test_adjust_batched(void)
{
	struct duo *d = duo_opened(1000000, 10000);
	struct ssh_chan *ch = duo_chan(d, SRV, 0);
	uint64_t before;

	d->s[SRV].host[0].hold_back = true;
	d->s[CLI].host[0].goal = 60000;
	write_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].host[0].got, 60000);
	before = d->s[SRV].wire_bytes;
	for (int i = 0; i < 29999; i++)
		CU_ASSERT_EQUAL(ssh_host_took(&d->s[SRV].c, ch, 1), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].wire_bytes, before);
	CU_ASSERT_EQUAL(ssh_host_took(&d->s[SRV].c, ch, 1), 0);
	duo_run(d);
	CU_ASSERT(d->s[SRV].wire_bytes > before);
	CU_ASSERT_EQUAL(ch->took, 0);
	CU_ASSERT_EQUAL(ch->window_in, 1000000 - 30000);
	d->s[SRV].host[0].unread -= 30000;
	duo_free(d);
}

/* A window that the host lets grow, and consumption that it wants told at once. */
static void
test_growth(void)
{
	struct duo *d = duo_opened(100000, 10000);
	struct ssh_chan *ch = duo_chan(d, SRV, 0), *peer = duo_chan(d, CLI, 0);
	uint64_t before;

	d->s[SRV].host[0].hold_back = true;
	d->s[CLI].host[0].goal = 1000;
	write_run(d);
	before = d->s[SRV].wire_bytes;
	CU_ASSERT_EQUAL(ssh_host_took(&d->s[SRV].c, ch, 10), 0);
	d->s[SRV].host[0].unread -= 10;
	ssh_host_grow(&d->s[SRV].c, ch, 5, false);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].wire_bytes, before);
	ssh_host_grow(&d->s[SRV].c, ch, 0, true);
	duo_run(d);
	CU_ASSERT_EQUAL(ch->took, 0);
	CU_ASSERT_EQUAL(ch->window_in, 100000 - 1000 + 10 + 5);
	CU_ASSERT_EQUAL(peer->window_out, ch->window_in);
	CU_ASSERT_EQUAL(ch->window_in_max, 100005);
	/* It is over with that: small adjusts wait again. */
	before = d->s[SRV].wire_bytes;
	CU_ASSERT_EQUAL(ssh_host_took(&d->s[SRV].c, ch, 10), 0);
	d->s[SRV].host[0].unread -= 10;
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].wire_bytes, before);
	ssh_host_grow(&d->s[SRV].c, ch, UINT64_MAX, true);
	CU_ASSERT_EQUAL(ch->window_in_max, SSH_CHAN_WINDOW_MAX);
	duo_run(d);
	CU_ASSERT_EQUAL(peer->window_out, SSH_CHAN_WINDOW_MAX - 1000 + 20);
	duo_free(d);
}

/* Behind a window that stays shut a close waits; an abort does not, and what was said
 * of the end leaves. */
static void
test_abort(void)
{
	uint8_t status[19];
	struct put w = put_of(status, sizeof(status));
	struct duo *d = duo_opened(100, PACKET);
	struct ssh_conn *c = &d->s[SRV].c;
	struct ssh_chan *ch = duo_chan(d, SRV, 0);

	put_cstr(&w, "exit-status");
	put_u32(&w, 3);
	d->s[CLI].host[0].hold_back = true;
	d->s[SRV].host[0].goal = 100;
	write_run(d);
	ch->credit = 50; /* granted before the window shut */
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 0, view_str("never read")), 0);
	CU_ASSERT_EQUAL(ssh_host_request(c, ch, put_view(&w)), 0);
	CU_ASSERT_EQUAL(ssh_host_close(c, ch), 0);
	duo_run(d);
	CU_ASSERT_FALSE(ch->flags & CHAN_CLOSE_SENT);
	CU_ASSERT_EQUAL(ssh_host_abort(c, ch), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].host[0].got, 100);
	CU_ASSERT_PTR_NOT_NULL(strstr(d->s[CLI].host[0].log, "(exit-status)X"));
	duo_free(d);
}

struct wrong {
	const char *what;
	uint8_t msg;
	uint32_t chan;
	uint8_t rest[12];
	size_t len;
	int reason;
};

/* Single messages that end the connection. */
static void
test_wrong_messages(void)
{
	static const struct wrong rows[] = {
		{ "unknown channel", 94, 1, { 0 }, 4, R_CHAN_UNKNOWN },
		{ "far channel", 96, 32, { 0 }, 0, R_CHAN_UNKNOWN },
		{ "farther channel", 97, 0xffffffff, { 0 }, 0, R_CHAN_UNKNOWN },
		{ "confirmation unasked", 91, 0, { 0 }, 12, R_CHAN_UNKNOWN },
		{ "refusal unasked", 92, 0, { 0 }, 12, R_CHAN_UNKNOWN },
		{ "adjust overflow", 93, 0, { 0xff, 0xff, 0xff, 0xff }, 4, R_CHAN_ADJUST },
		{ "adjust overflow by one", 93, 0, { 0xff, 0xff, 0, 0 }, 4, R_CHAN_ADJUST },
		{ "adjust short", 93, 0, { 0 }, 3, R_SHORT },
		{ "adjust long", 93, 0, { 0 }, 5, R_SHORT },
		{ "data short", 94, 0, { 0, 0, 0, 9 }, 8, R_SHORT },
		{ "data with a huge length", 94, 0, { 0xff, 0xff, 0xff, 0xff }, 8, R_SHORT },
		{ "data with more behind", 94, 0, { 0, 0, 0, 1 }, 8, R_SHORT },
		{ "extended data of type 0", 95, 0, { 0, 0, 0, 0, 0, 0, 0, 1, 1 }, 9, R_PROTOCOL },
		{ "extended data short", 95, 0, { 0, 0, 0, 1 }, 6, R_SHORT },
		{ "EOF long", 96, 0, { 0 }, 1, R_SHORT },
		{ "CLOSE long", 97, 0, { 0 }, 1, R_SHORT },
		{ "request short", 98, 0, { 0, 0, 0, 3, 'x' }, 5, R_SHORT },
		{ "request without a name", 98, 0, { 0, 0, 0, 0, 0 }, 5, R_SHORT },
		{ "request without want-reply", 98, 0, { 0, 0, 0, 1, 'x' }, 5, R_SHORT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct duo *d = duo_opened(WINDOW, PACKET);

		duo_forge_chan(d, CLI, rows[i].msg, rows[i].chan, rows[i].rest, rows[i].len);
		CU_ASSERT_EQUAL(server_after(d), -rows[i].reason);
		if (d->s[SRV].fatal != -rows[i].reason)
			printf("\n%s: %d\n", rows[i].what, d->s[SRV].fatal);
		CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "O");
		duo_free(d);
	}
}

/* Every channel message cut to every length: no crash, an error or its effect. */
static void
test_cut_messages(void)
{
	for (unsigned msg = 91; msg <= 100; msg++) {
		for (size_t len = 0; len < 5; len++) {
			uint8_t buf[5] = { (uint8_t)msg };
			struct duo *d = duo_opened(WINDOW, PACKET);

			duo_forge(d, CLI, buf, len + 1 > 5 ? 5 : len + 1);
			CU_ASSERT(len >= 4 || server_after(d) == -R_SHORT);
			duo_free(d);
		}
	}
}

static void
test_window_exact(void)
{
	struct duo *d = duo_opened(1000, 600);

	d->s[SRV].host[0].hold_back = true;
	duo_forge_data(d, CLI, 0, 600);
	duo_forge_data(d, CLI, 0, 400);
	duo_forge_data(d, CLI, 0, 0);
	CU_ASSERT_EQUAL(server_after(d), 0);
	duo_forge_data(d, CLI, 0, 1);
	CU_ASSERT_EQUAL(server_after(d), -R_CHAN_WINDOW);
	duo_free(d);

	d = duo_opened(1000, 600);
	duo_forge_data(d, CLI, 0, 601);
	CU_ASSERT_EQUAL(server_after(d), -R_CHAN_PACKET);
	duo_free(d);
}

/* Extended data takes from the same window. */
static void
test_extended_shares(void)
{
	uint8_t rest[8 + 600] = { 0, 0, 0, 1, 0, 0, 2, 0x58 };
	struct duo *d = duo_opened(1000, 600);

	d->s[SRV].host[0].hold_back = true;
	duo_forge_chan(d, CLI, 95, 0, rest, sizeof(rest));
	duo_forge_data(d, CLI, 0, 400);
	CU_ASSERT_EQUAL(server_after(d), 0);
	CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "Osd");
	CU_ASSERT_EQUAL(duo_chan(d, SRV, 0)->window_in, 0);
	duo_forge_data(d, CLI, 0, 1);
	CU_ASSERT_EQUAL(server_after(d), -R_CHAN_WINDOW);
	duo_free(d);
}

static void
test_after_eof(void)
{
	static const uint8_t after[] = { 94, 96, 97 };

	for (size_t i = 0; i < 3; i++) {
		struct duo *d = duo_opened(WINDOW, PACKET);

		d->s[CLI].fatal = -R_KILLED; /* it does not know what was forged */
		duo_forge_chan(d, CLI, 96, 0, NULL, 0);
		if (after[i] == 94)
			duo_forge_data(d, CLI, 0, 1);
		else
			duo_forge_chan(d, CLI, after[i], 0, NULL, 0);
		CU_ASSERT_EQUAL(server_after(d), after[i] == 97 ? 0 : -R_CHAN_EOF);
		CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, after[i] == 97 ? "OeX" : "Oe");
		duo_free(d);
	}
}

/* The peer's number is free only after both CLOSE; before that it may not use
 * it, after that it does not exist. */
static void
test_after_close(void)
{
	static const uint8_t msgs[] = { 93, 94, 95, 96, 97, 98 };

	for (size_t i = 0; i < sizeof(msgs); i++) {
		for (int answered = 0; answered < 2; answered++) {
			uint8_t rest[9] = { 0, 0, 0, 1, 0, 0, 0, 1, 1 };
			struct duo *d = duo_opened(WINDOW, PACKET);

			d->s[SRV].passive = true;
			duo_forge_chan(d, CLI, 97, 0, NULL, 0);
			if (!answered)
				CU_ASSERT_EQUAL(duo_kexinit(d, SRV), 0); /* our CLOSE waits */
			d->s[SRV].visible = d->s[SRV].rx_len;
			CU_ASSERT_EQUAL(ssh_input(&d->s[SRV].c, d->now), 1);
			duo_hosts_close(&d->s[SRV]);
			d->s[SRV].room = 1 << 20;
			ssh_output(&d->s[SRV].c, d->now);
			CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], answered ? 1u : 0u);
			duo_forge_chan(d, CLI, msgs[i], 0, rest, msgs[i] == 93 ? 4 : sizeof(rest));
			d->s[SRV].visible = d->s[SRV].rx_len;
			CU_ASSERT_EQUAL(ssh_input(&d->s[SRV].c, d->now),
			    answered ? -R_CHAN_UNKNOWN : -R_CHAN_EOF);
			duo_free(d);
		}
	}
}

/* Data that crosses our CLOSE is dropped and counted, and frees nothing early. */
static void
test_close_crosses(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);

	CU_ASSERT_EQUAL(ssh_host_close(&d->s[SRV].c, duo_chan(d, SRV, 0)), 0);
	duo_forge_data(d, CLI, 0, 100);
	d->s[SRV].visible = d->s[SRV].rx_len;
	d->s[SRV].room = 1 << 20;
	ssh_output(&d->s[SRV].c, d->now);
	CU_ASSERT_EQUAL(ssh_input(&d->s[SRV].c, d->now), 1);
	CU_ASSERT_EQUAL(d->s[SRV].drops[R_CHAN_AFTER_CLOSE], 1);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 0);
	CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "O");
	CU_ASSERT_EQUAL(ssh_do_chan_new(&d->s[SRV].c, 0, 0, 0, 1, 0, 1), -R_LINK_STATE);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].freed.w[0], 1);
	CU_ASSERT_STRING_EQUAL(d->s[SRV].host[0].log, "OX");
	CU_ASSERT_STRING_EQUAL(d->s[CLI].host[0].log, "OX");
	/* Both at once. */
	duo_channel(d, 0, WINDOW, PACKET);
	for (int s = 0; s < 2; s++)
		CU_ASSERT_EQUAL(ssh_host_close(&d->s[s].c, duo_chan(d, s, 0)), 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, 0);
	CU_ASSERT_EQUAL(d->s[CLI].fatal, 0);
	CU_ASSERT_EQUAL(d->s[SRV].c.chan_count + d->s[CLI].c.chan_count, 0);
	duo_free(d);
}

/* The host of the client logs what it gets, in wire order. */
static void
test_write_order(void)
{
	uint8_t status[19];
	struct put w = put_of(status, sizeof(status));
	struct duo *d = duo_opened(WINDOW, PACKET);
	struct ssh_conn *c = &d->s[SRV].c;
	struct ssh_chan *ch = duo_chan(d, SRV, 0);
	uint8_t data[2] = { duo_byte(SRV, 0, 0), duo_byte(SRV, 0, 1) };

	put_cstr(&w, "exit-status");
	put_u32(&w, 3);
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 0, view_of(data, 1)), 0);
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 1, view_str("error")), 0);
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 0, view_of(data + 1, 1)), 0);
	CU_ASSERT_EQUAL(ssh_host_eof(c, ch), 0);
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 0, view_str("x")), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_eof(c, ch), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_request(c, ch, put_view(&w)), 0);
	CU_ASSERT_EQUAL(ssh_host_close(c, ch), 0);
	CU_ASSERT_EQUAL(ssh_host_close(c, ch), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_request(c, ch, put_view(&w)), -R_LINK_STATE);
	duo_run(d);
	CU_ASSERT_STRING_EQUAL(d->s[CLI].host[0].log, "Odsder(exit-status)X");
	CU_ASSERT(!d->s[CLI].host[0].bad);
	CU_ASSERT_EQUAL(d->s[CLI].host[0].got, 2);
	duo_free(d);
}

static void
test_hostile_host(void)
{
	static uint8_t big[SSH_CHAN_OUT_MAX + 1];
	struct duo *d = duo_opened(WINDOW, PACKET);
	struct ssh_conn *c = &d->s[SRV].c;
	struct ssh_chan *ch = duo_chan(d, SRV, 0);
	uint8_t eow[26] = { 0, 0, 0, 15 };
	int i, rc = 0;

	CU_ASSERT_PTR_NULL(ssh_chan_of(c, 0, DUO_LINK + 1));
	CU_ASSERT_PTR_NULL(ssh_chan_of(c, 1, DUO_LINK));
	CU_ASSERT_PTR_NULL(ssh_chan_of(c, 32, DUO_LINK));
	CU_ASSERT_EQUAL(ch->credit, WINDOW);
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 0, view_of(big, WINDOW + 1)), -R_LINK_CREDIT);
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 0, view_of(big, WINDOW)), 0);
	CU_ASSERT_EQUAL(ssh_host_data(c, ch, 0, view_of(big, 1)), -R_LINK_CREDIT);
	CU_ASSERT_EQUAL(ssh_host_took(c, ch, 1), -R_LINK_CREDIT);
	CU_ASSERT_EQUAL(ssh_host_took(c, ch, UINT64_MAX), -R_LINK_CREDIT);
	CU_ASSERT_EQUAL(ssh_host_reply(c, ch, true), -R_LINK_STATE);
	CU_ASSERT_EQUAL(ssh_host_request(c, ch, view_str("")), -R_LINK_DENIED);
	CU_ASSERT_EQUAL(ssh_host_request(c, ch, view_of("\xff\xff\xff\xffxxxx", 8)), -R_LINK_DENIED);
	CU_ASSERT_EQUAL(ssh_host_request(c, ch, view_of("\0\0\0\5shell", 9)), -R_LINK_DENIED);
	memcpy(eow + 4, "eow@openssh.com", 15);
	for (i = 0; i < 100000 && rc == 0; i++)
		rc = ssh_host_request(c, ch, view_of(eow, 19));
	CU_ASSERT_EQUAL(rc, -R_LINK_CREDIT);
	CU_ASSERT(ssh_charge(c) < 400 * 1024);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].fatal, 0);
	CU_ASSERT_EQUAL(ch->requests_queued, 0);
	duo_free(d);
}

/* A channel whose window is shut does not stop its neighbours. */
static void
test_no_blocking(void)
{
	struct duo *d = duo_opened(WINDOW, PACKET);

	duo_channel(d, 1, WINDOW, PACKET);
	duo_channel(d, 2, WINDOW, PACKET);
	d->s[CLI].host[1].hold_back = true;
	for (uint32_t n = 0; n < 3; n++)
		d->s[SRV].host[n].goal = 500000;
	d->s[SRV].room_each = 36000;
	write_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].host[0].got, 500000);
	CU_ASSERT_EQUAL(d->s[CLI].host[1].got, WINDOW);
	CU_ASSERT_EQUAL(d->s[CLI].host[2].got, 500000);
	duo_take(d, CLI, 1);
	d->s[CLI].host[1].hold_back = false;
	write_run(d);
	CU_ASSERT_EQUAL(d->s[CLI].host[1].got, 500000);
	duo_free(d);
}

/* Channels in turn: nobody is a turn ahead, but for what went first. */
static void
test_turns(void)
{
	static uint8_t big[SSH_CHAN_OUT_MAX];
	struct duo *d = duo_new(TOY_CLEAR);
	struct ssh_conn *c = &d->s[SRV].c;
	uint32_t shorts;

	duo_login(d);
	for (uint32_t n = 0; n < 5; n++) {
		duo_channel(d, n, 1 << 20, 1000);
		CU_ASSERT_EQUAL(ssh_host_data(c, duo_chan(d, SRV, n), 0, view_of(big, sizeof(big))), 0);
	}
	for (int i = 0; i < 80; i++) {
		uint64_t min = UINT64_MAX, max = 0;

		d->s[SRV].room = 2100;
		CU_ASSERT_EQUAL(ssh_output(c, d->now), 2);
		for (uint32_t n = 0; n < 5; n++) {
			uint64_t out = duo_chan(d, SRV, n)->bytes_out;

			min = out < min ? out : min;
			max = out > max ? out : max;
		}
		CU_ASSERT(max - min <= SSH_TURN_BYTES + SSH_FRESH_BYTES + 1000);
	}
	/* A control record goes first. */
	CU_ASSERT_EQUAL(duo_record(d, SRV, "\x02\0\0\0", 5), 0);
	d->s[SRV].room = 40;
	CU_ASSERT_EQUAL(ssh_output(c, d->now), 1);
	/* Who waits for more room says so: nobody else would call again. */
	shorts = d->s[SRV].room_short;
	CU_ASSERT_EQUAL(ssh_output(c, d->now), 0);
	CU_ASSERT_EQUAL(d->s[SRV].room_short, shorts + 1);
	CU_ASSERT_EQUAL(duo_record(d, SRV, "\x02\0\0\0", 5), 0);
	d->s[SRV].room = 10;
	CU_ASSERT_EQUAL(ssh_output(c, d->now), 0);
	CU_ASSERT_EQUAL(d->s[SRV].room_short, shorts + 2);
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "both ways, every window", test_transfer },
		{ "consumption is the only credit", test_consumption },
		{ "adjusts are batched", test_adjust_batched },
		{ "growth", test_growth },
		{ "abort", test_abort },
		{ "messages that end the connection", test_wrong_messages },
		{ "cut messages", test_cut_messages },
		{ "the window is exact", test_window_exact },
		{ "extended data shares it", test_extended_shares },
		{ "after EOF", test_after_eof },
		{ "after CLOSE", test_after_close },
		{ "CLOSE crosses data and CLOSE", test_close_crosses },
		{ "write order is wire order", test_write_order },
		{ "a hostile host", test_hostile_host },
		{ "a shut window blocks nobody else", test_no_blocking },
		{ "channels in turn", test_turns },
		CU_TEST_INFO_NULL,
	};

	return suite_run("chan", tests);
}
