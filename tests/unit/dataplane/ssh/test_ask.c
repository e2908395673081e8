/* What hosts ask for of the peer: channels and global requests, and their answers. */
#include <stdlib.h>

#include "tests/lib/suite.h"
#include "tests/unit/dataplane/ssh/duo.h"
#include "tests/unit/dataplane/ssh/toy.h"

#define WINDOW 65536u
#define PACKET 32768u

static struct duo *
logged_in(void)
{
	struct duo *d = duo_new(TOY_CLEAR);

	duo_login(d);
	d->s[CLI].passive = d->s[SRV].passive = true;
	return d;
}

static int
ask(struct duo *d, uint32_t link, uint32_t id, uint32_t ours)
{
	const struct ssh_ask from = { link, id };
	const struct ssh_ask_chan q = { ours, WINDOW, PACKET, view_str("x11"), view_str("body") };

	return ssh_ask_open(&d->s[SRV].c, from, &q);
}

/* The peer's 91: our number, its own, window and packet. */
static void
confirm(struct duo *d, uint32_t ours, uint32_t peers, uint32_t window, uint32_t packet)
{
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	put_u32(&w, peers);
	put_u32(&w, window);
	put_u32(&w, packet);
	duo_forge_chan(d, CLI, SSH_MSG_CHANNEL_OPEN_CONFIRMATION, ours, buf, put_len(&w));
}

static void
refuse(struct duo *d, uint32_t ours, uint32_t code, const char *text)
{
	uint8_t buf[1200];
	struct put w = put_of(buf, sizeof(buf));

	put_u32(&w, code);
	put_cstr(&w, text);
	put_cstr(&w, "");
	duo_forge_chan(d, CLI, SSH_MSG_CHANNEL_OPEN_FAILURE, ours, buf, put_len(&w));
}

/* What the client was sent last as its control record. */
static struct cur
client_got(struct duo *d, uint8_t msg)
{
	struct duo_side *s = &d->s[CLI];
	struct cur r;

	CU_ASSERT_FATAL(s->up_count > 0);
	r = cur_of(s->up[s->up_count - 1].data, s->up[s->up_count - 1].len);
	CU_ASSERT_EQUAL(cur_u8(&r), msg);
	return r;
}

static void
test_open(void)
{
	struct duo *d = logged_in();
	struct duo_side *s = &d->s[SRV];
	struct cur r;

	CU_ASSERT_EQUAL(ask(d, 5, 9, 4), 0);
	CU_ASSERT_EQUAL(ask(d, 5, 10, 4), -R_LINK_STATE);
	duo_run(d);
	r = client_got(d, SSH_MSG_CHANNEL_OPEN);
	CU_ASSERT(view_is(cur_string(&r), "x11"));
	CU_ASSERT_EQUAL(cur_u32(&r), 4);
	CU_ASSERT_EQUAL(cur_u32(&r), WINDOW);
	CU_ASSERT_EQUAL(cur_u32(&r), PACKET);
	CU_ASSERT(view_is(cur_take(&r, cur_left(&r)), "body"));
	/* Right behind it, in one burst: data, EOF and CLOSE. Nothing of it is lost. */
	confirm(d, 4, 77, 5000, 1000);
	duo_forge_data(d, CLI, 4, 0);
	duo_forge_chan(d, CLI, 96, 4, NULL, 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_STRING_EQUAL(s->host[4].log, "Oe");
	CU_ASSERT_EQUAL(s->host[4].credit, 5000);
	CU_ASSERT_EQUAL(ssh_chan_at(&s->c, 4)->packet_out_max, 1000);
	CU_ASSERT_EQUAL(ssh_chan_at(&s->c, 4)->peers, 77);
	CU_ASSERT_STRING_EQUAL(s->told, "");
	/* Twice: the connection ends. */
	confirm(d, 4, 78, 5000, 1000);
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, -R_CHAN_UNKNOWN);
	duo_free(d);
}

/* The host has no room when the answer comes: it waits, and what follows behind it. */
static void
test_open_full(void)
{
	struct duo *d = logged_in();
	struct duo_side *s = &d->s[SRV];

	CU_ASSERT_EQUAL(ask(d, DUO_LINK, 1, 0), 0);
	duo_run(d);
	s->host_full = true;
	confirm(d, 0, 1, 100, 100);
	duo_forge_chan(d, CLI, 96, 0, NULL, 0);
	duo_run(d);
	CU_ASSERT_STRING_EQUAL(s->host[0].log, "");
	s->host_full = false;
	ssh_host_ready(&s->c, DUO_LINK);
	CU_ASSERT_STRING_EQUAL(s->host[0].log, "Oe");
	CU_ASSERT_EQUAL(s->fatal, 0);
	duo_free(d);
}

static void
test_refused(void)
{
	struct duo *d = logged_in();
	struct duo_side *s = &d->s[SRV];
	char text[1100];

	CU_ASSERT_EQUAL(ask(d, 5, 9, 4), 0);
	CU_ASSERT_EQUAL(ask(d, 6, 1, 2), 0);
	duo_run(d);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	s->host_full = true;
	refuse(d, 4, 2, "no");
	refuse(d, 2, 1, text);
	duo_run(d);
	CU_ASSERT_EQUAL(s->freed.w[0], 1u << 4 | 1u << 2);
	CU_ASSERT_EQUAL(s->c.chan_count, 0);
	CU_ASSERT(ssh_charge(&s->c) > 0);
	s->host_full = false;
	ssh_host_ready(&s->c, 5);
	CU_ASSERT_NSTRING_EQUAL(s->told, "5.9:R2(no) 6.1:R1(aaaa", 22);
	CU_ASSERT_EQUAL(strlen(s->told), strlen("5.9:R2(no) 6.1:R1() ") + SSH_REFUSED_MAX);
	CU_ASSERT_EQUAL(ssh_charge(&s->c), 0);
	CU_ASSERT_EQUAL(s->fatal, 0);
	/* Of one that nobody opened. */
	refuse(d, 4, 1, "no");
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, -R_CHAN_UNKNOWN);
	duo_free(d);
}

/* The host died while the peer was asked: what it opens is closed, and nobody told. */
static void
test_host_gone(void)
{
	struct duo *d = logged_in();
	struct duo_side *s = &d->s[SRV];
	struct ssh_chan *ch;

	CU_ASSERT_EQUAL(ask(d, 5, 9, 4), 0);
	CU_ASSERT_EQUAL(ask(d, 5, 10, 3), 0);
	duo_run(d);
	ssh_host_gone(&s->c, 5);
	confirm(d, 4, 77, 5000, 1000);
	refuse(d, 3, 2, "no");
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_STRING_EQUAL(s->told, "");
	CU_ASSERT_STRING_EQUAL(s->host[4].log, "");
	ch = ssh_chan_at(&s->c, 4);
	CU_ASSERT(ch->flags & CHAN_CLOSE_SENT);
	duo_forge_chan(d, CLI, 97, 4, NULL, 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->freed.w[0], 1u << 4 | 1u << 3);
	CU_ASSERT_EQUAL(s->fatal, 0);
	duo_free(d);
}

/* Before its answer a channel is nothing to the peer. */
static void
test_too_early(void)
{
	struct duo *d = logged_in();

	CU_ASSERT_EQUAL(ask(d, 5, 9, 4), 0);
	duo_run(d);
	duo_forge_data(d, CLI, 4, 10);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_CHAN_UNKNOWN);
	duo_free(d);
}

/* A maximum packet of 0 is no channel (RFC 4254 section 5.1 tells the peer's limit). */
static void
test_packet_none(void)
{
	struct duo *d = logged_in();

	CU_ASSERT_EQUAL(ask(d, 5, 9, 4), 0);
	duo_run(d);
	confirm(d, 4, 77, 5000, 0);
	duo_run(d);
	CU_ASSERT_EQUAL(d->s[SRV].fatal, -R_CHAN_PACKET);
	duo_free(d);
}

static int
global(struct duo *d, uint32_t link, uint32_t id, bool want)
{
	const struct ssh_ask from = { link, id };

	return ssh_ask_global(&d->s[SRV].c, from, want, view_str("ping@example.org"), view_str("x"));
}

static void
global_reply(struct duo *d, uint8_t msg, const void *body, size_t len)
{
	static uint8_t buf[4096];

	buf[0] = msg;
	if (len > 0)
		memcpy(buf + 1, body, len);
	duo_forge(d, CLI, buf, 1 + len);
}

/* Replies have no name: each goes to who asked, in order, clerk's to clerk. */
static void
test_global_order(void)
{
	static const uint8_t hostkeys[] = "\x50\0\0\0\4test\1";
	struct duo *d = logged_in();
	struct duo_side *s = &d->s[SRV];
	unsigned ups = s->up_count;
	struct cur r;

	CU_ASSERT_EQUAL(global(d, 5, 1, true), 0);
	CU_ASSERT_EQUAL(duo_record(d, SRV, hostkeys, sizeof(hostkeys) - 1), 0);
	CU_ASSERT_EQUAL(global(d, 6, 1, true), 0);
	CU_ASSERT_EQUAL(global(d, 6, 2, false), 0);
	CU_ASSERT_STRING_EQUAL(s->told, "6.2:A1() ");
	duo_run(d);
	r = client_got(d, SSH_MSG_GLOBAL_REQUEST);
	CU_ASSERT(view_is(cur_string(&r), "ping@example.org"));
	CU_ASSERT_FALSE(cur_bool(&r));
	CU_ASSERT(view_is(cur_take(&r, cur_left(&r)), "x"));
	global_reply(d, SSH_MSG_REQUEST_SUCCESS, "port", 4);
	global_reply(d, SSH_MSG_REQUEST_FAILURE, NULL, 0);
	global_reply(d, SSH_MSG_REQUEST_FAILURE, "lost", 4);
	duo_run(d);
	CU_ASSERT_STRING_EQUAL(s->told, "6.2:A1() 5.1:A1(port) 6.1:A0() ");
	CU_ASSERT_EQUAL(s->up_count, ups + 1);
	CU_ASSERT_EQUAL(s->c.global_count, 0);
	CU_ASSERT_EQUAL(s->c.asked_count, 0);
	/* One too many is dropped. */
	global_reply(d, SSH_MSG_REQUEST_SUCCESS, NULL, 0);
	duo_run(d);
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL(s->up_count, ups + 1);
	duo_free(d);
}

static void
test_global_bounds(void)
{
	static uint8_t long_one[SSH_ANSWER_MAX + 1];
	struct duo *d = logged_in();
	struct duo_side *s = &d->s[SRV];

	for (uint32_t i = 0; i < SSH_ASKED_MAX; i++)
		CU_ASSERT_EQUAL(global(d, 5, i + 1, true), 0);
	CU_ASSERT_STRING_EQUAL(s->told, "");
	CU_ASSERT_EQUAL(global(d, 5, 99, true), 0);
	CU_ASSERT_STRING_EQUAL(s->told, "5.99:A0() ");
	duo_run(d);
	s->told[0] = '\0';
	global_reply(d, SSH_MSG_REQUEST_SUCCESS, long_one, sizeof(long_one));
	duo_run(d);
	CU_ASSERT_STRING_EQUAL(s->told, "5.1:A0() ");
	CU_ASSERT_EQUAL(s->fatal, 0);
	CU_ASSERT_EQUAL(s->c.asked_count, SSH_ASKED_MAX - 1);
	duo_free(d);
}

/* A probe of our own among them. */
static void
test_global_keepalive(void)
{
	struct duo *d = logged_in();
	struct duo_side *s = &d->s[SRV];
	int fatal;

	s->env.alive_us = 1000000;
	s->env.alive_max = 3;
	CU_ASSERT_EQUAL(global(d, 5, 1, true), 0);
	duo_run(d);
	(void)ssh_tick(&s->c, d->now + 2000000, &fatal);
	CU_ASSERT_EQUAL(global(d, 5, 2, true), 0);
	CU_ASSERT_EQUAL(s->c.global_count, 3);
	global_reply(d, SSH_MSG_REQUEST_FAILURE, NULL, 0);
	global_reply(d, SSH_MSG_REQUEST_FAILURE, NULL, 0);
	global_reply(d, SSH_MSG_REQUEST_SUCCESS, NULL, 0);
	duo_run(d);
	CU_ASSERT_STRING_EQUAL(s->told, "5.1:A0() 5.2:A1() ");
	duo_free(d);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a channel toward the peer", test_open },
		{ "the answer waits for room", test_open_full },
		{ "refused", test_refused },
		{ "its host died", test_host_gone },
		{ "data before the answer", test_too_early },
		{ "maximum packet of 0", test_packet_none },
		{ "global requests in order", test_global_order },
		{ "global requests, bounds", test_global_bounds },
		{ "a keepalive between them", test_global_keepalive },
		CU_TEST_INFO_NULL,
	};

	return suite_run("ssh ask", tests);
}
