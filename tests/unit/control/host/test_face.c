/*
 * The interfaces beside the channel: loop, session, config, log, and who gets
 * which.
 */

#include <stdlib.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

static struct bench *b;
static int fired, readied;
static uint32_t events_seen;

static const void *
ask(const char *id)
{
	return b->host.face.query(&b->host.face, postern_text(id));
}

static int
set_up(void)
{
	b = bench_new();
	fired = readied = 0;
	return 0;
}

static void
test_query(void)
{
	set_up();
	CU_ASSERT_PTR_NOT_NULL(ask(POSTERN_IF_CHANNEL));
	CU_ASSERT_PTR_NOT_NULL(ask(POSTERN_IF_LOOP));
	CU_ASSERT_PTR_NOT_NULL(ask(POSTERN_IF_SESSION));
	CU_ASSERT_PTR_NOT_NULL(ask(POSTERN_IF_LOG));
	CU_ASSERT_PTR_NOT_NULL(ask(POSTERN_IF_CONFIG));
	/* Only where there is a login's leader. */
	CU_ASSERT_PTR_NULL(ask(POSTERN_IF_SPAWN));
	CU_ASSERT_PTR_NULL(ask("postern.channel/2"));
	CU_ASSERT_PTR_NULL(ask("postern.channel/"));
	CU_ASSERT_PTR_NULL(ask(""));
	bench_free(b);
}

static void
stop(void *context)
{
	fired++;
	loop_stop(context);
}

static void
count(void *context)
{
	(void)context;
	fired += 100;
}

static void
test_timers(void)
{
	const struct postern_if_loop *l;
	const struct postern_host *f;
	uint64_t id, other;

	set_up();
	l = ask(POSTERN_IF_LOOP);
	f = &b->host.face;
	CU_ASSERT_EQUAL(l->timer(f, 1, NULL, NULL, &id), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(l->timer(f, 1ull << 40, stop, NULL, &id), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(l->timer(f, 1, stop, b->loop, &id), 0);
	CU_ASSERT_EQUAL(l->timer(f, 0, count, NULL, &other), 0);
	CU_ASSERT_EQUAL(l->cancel(f, other), 0);
	CU_ASSERT_EQUAL(l->cancel(f, other), POSTERN_E_NOSUCH);
	loop_run(b->loop, NULL, NULL);
	CU_ASSERT_EQUAL(fired, 1);
	CU_ASSERT_EQUAL(l->cancel(f, id), POSTERN_E_NOSUCH);
	CU_ASSERT_TRUE(l->now(f) > 0);
	/* Left behind: the host takes it with it. */
	CU_ASSERT_EQUAL(l->timer(f, 100000, count, NULL, NULL), 0);
	bench_free(b);
}

static void
on_ready(void *context, int32_t fd, uint32_t events)
{
	const struct postern_if_loop *l = ask(POSTERN_IF_LOOP);
	char c;

	readied++;
	events_seen |= events;
	if ((events & POSTERN_READABLE) && read(fd, &c, 1) == 1)
		return;
	CU_ASSERT_EQUAL(l->unwatch(&b->host.face, fd), 0);
	loop_stop(context);
}

static void
test_watch(void)
{
	const struct postern_if_loop *l;
	const struct postern_host *f;
	int p[2], q[2];

	set_up();
	l = ask(POSTERN_IF_LOOP);
	f = &b->host.face;
	CU_ASSERT_EQUAL_FATAL(pipe(p), 0);
	CU_ASSERT_EQUAL(l->watch(f, -1, POSTERN_READABLE, on_ready, NULL), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(l->watch(f, p[0], POSTERN_READABLE, NULL, NULL), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(l->watch(f, p[0], 0x80, on_ready, NULL), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(l->watch(f, b->host.link[0].peer_ring_fd, POSTERN_READABLE, on_ready, NULL), POSTERN_E_DENIED);
	CU_ASSERT_EQUAL(l->watch(f, 3, POSTERN_READABLE, on_ready, NULL), POSTERN_E_DENIED);
	CU_ASSERT_EQUAL(l->unwatch(f, p[0]), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(l->watch(f, p[0], POSTERN_READABLE, on_ready, b->loop), 0);
	CU_ASSERT_EQUAL(write(p[1], "ab", 2), 2);
	close(p[1]);
	loop_run(b->loop, NULL, NULL);
	CU_ASSERT_EQUAL(readied, 3);
	CU_ASSERT_EQUAL(events_seen & (POSTERN_READABLE | POSTERN_HANGUP), POSTERN_READABLE | POSTERN_HANGUP);
	CU_ASSERT_EQUAL(l->unwatch(f, p[0]), POSTERN_E_NOSUCH);
	/* A number that was closed while watched, and is another file's now. */
	CU_ASSERT_EQUAL(l->watch(f, p[0], POSTERN_READABLE, on_ready, b->loop), 0);
	close(p[0]);
	CU_ASSERT_EQUAL_FATAL(pipe(q), 0);
	CU_ASSERT_EQUAL(q[0], p[0]);
	CU_ASSERT_EQUAL(l->watch(f, q[0], POSTERN_READABLE, on_ready, b->loop), 0);
	close(q[1]);
	loop_run(b->loop, NULL, NULL);
	CU_ASSERT_EQUAL(readied, 4);
	close(q[0]);
	bench_free(b);
}

static void
start_with_facts(struct view facts)
{
	struct link_entry e = { .op = LINK_UP_CHAN_OPEN, .conn = BENCH_CONN, .gen = BENCH_GEN, .seq = BENCH_USE };
	uint8_t buf[2048];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, LINK_START_SHELL);
	put_cstr(&w, "");
	put_cstr(&w, "");
	put_u32(&w, 0);
	put_sview(&w, facts);
	CU_ASSERT_TRUE(ring_send(&b->out, &e, put_view(&w)));
	bench_run(b);
}

static bool
text_is(uint32_t what, const char *want)
{
	const struct postern_if_session *s = ask(POSTERN_IF_SESSION);
	struct postern_view v = { NULL, 99 };

	return s->text(&b->host.face, b->guest.channel, what, &v) == 0 && postern_view_is(v, want);
}

static bool
number_is(uint32_t what, uint64_t want)
{
	const struct postern_if_session *s = ask(POSTERN_IF_SESSION);
	uint64_t v = ~want;

	return s->number(&b->host.face, b->guest.channel, what, &v) == 0 && v == want;
}

static void
test_session(void)
{
	static const struct grant g = { .user = "somebody", .home = "/home/s", .shell = "/bin/zsh",
		.methods = "publickey", .key = "ssh-ed25519 SHA256:x", .peer = "2001:db8::1", .local = "2001:db8::2",
		.peer_port = 4711, .local_port = 22, .uid = 1000, .gid = 100, .restrictions = GRANT_NO_PTY };
	const struct postern_if_session *s;
	struct postern_view v;
	uint8_t image[GRANT_MAX];
	struct put w = put_of(image, sizeof(image));
	uint64_t n;

	set_up();
	s = ask(POSTERN_IF_SESSION);
	CU_ASSERT_EQUAL_FATAL(grant_encode(&g, &w), 0);
	start_with_facts(put_view(&w));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_USER, "somebody"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_HOME, "/home/s"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_SHELL, "/bin/zsh"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_METHODS, "publickey"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_KEY, "ssh-ed25519 SHA256:x"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_PEER, "2001:db8::1"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_LOCAL, "2001:db8::2"));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_UID, 1000));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_GID, 100));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_PEER_PORT, 4711));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_LOCAL_PORT, 22));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_RESTRICTIONS, POSTERN_NO_PTY));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_CONNECTION, (uint64_t)BENCH_CONN << 32 | BENCH_GEN));
	CU_ASSERT_EQUAL(s->text(&b->host.face, b->guest.channel, 99, &v), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(s->text(&b->host.face, b->guest.channel, 0, &v), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(s->number(&b->host.face, b->guest.channel, 99, &n), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(s->number(&b->host.face, b->guest.channel, POSTERN_SESSION_UID, NULL), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(s->text(&b->host.face, (struct postern_channel){ 77 }, POSTERN_SESSION_USER, &v),
	    POSTERN_E_CLOSED);
	bench_free(b);
}

/* What stands behind the grant, by the worker's word, and what of the grant came later. */
static void
test_session_more(void)
{
	static const char *const names[] = { "mlkem768x25519-sha256", "ssh-ed25519", "aes128-ctr", "none",
		"hmac-sha2-256", "", "none", "zlib@openssh.com" };
	static const struct grant g = { .user = "somebody", .uid = 1000, .gid = 100, .group_count = 2,
		.groups = { 27, 70000 }, .cert_id = "somebody's laptop", .cert_serial = 1ull << 40,
		.cert_ca = "ssh-ed25519 SHA256:ca" };
	const struct postern_if_session *s;
	uint8_t image[FACTS_MAX], list[256];
	struct put w = put_of(image, sizeof(image)), l = put_of(list, sizeof(list));
	uint64_t n;

	set_up();
	s = ask(POSTERN_IF_SESSION);
	for (uint32_t i = 0; i < 8; i++)
		put_cstr(&l, names[i]);
	CU_ASSERT_EQUAL_FATAL(grant_encode(&g, &w), 0);
	note_put(&w, FACT_SESSION_ID, view_str("0123456789abcdef0123456789abcdef"));
	note_put(&w, FACT_NAMES, put_view(&l));
	note_put(&w, FACT_IDENT_PEER, view_str("SSH-2.0-test"));
	note_put(&w, 200, view_str("of a later version"));
	start_with_facts(put_view(&w));
	for (uint32_t i = 0; i < 8; i++)
		CU_ASSERT_TRUE(text_is(POSTERN_SESSION_KEX + i, names[i]));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_ID, "0123456789abcdef0123456789abcdef"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_IDENT, "SSH-2.0-test"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_CERT_ID, "somebody's laptop"));
	CU_ASSERT_TRUE(text_is(POSTERN_SESSION_CERT_CA, "ssh-ed25519 SHA256:ca"));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_CERT_SERIAL, 1ull << 40));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_ENCRYPTED, POSTERN_DIRECTION_IN));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_VERIFIED, POSTERN_DIRECTION_IN));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_GROUP_COUNT, 2));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_GROUP_0, 27));
	CU_ASSERT_TRUE(number_is(POSTERN_SESSION_GROUP_0 + 1, 70000));
	CU_ASSERT_EQUAL(s->number(&b->host.face, b->guest.channel, POSTERN_SESSION_GROUP_0 + 2, &n),
	    POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(s->number(&b->host.face, b->guest.channel, UINT32_MAX, &n), POSTERN_E_NOSUCH);
	bench_free(b);
}

/* No facts, or none that can be read: nobody, and never root by a missing uid. */
static void
test_session_without_facts(void)
{
	const struct postern_if_session *s;
	uint64_t n;
	int i;

	for (i = 0; i < 2; i++) {
		set_up();
		s = ask(POSTERN_IF_SESSION);
		start_with_facts(i == 0 ? view_of(NULL, 0) : view_of("\0\1\2\0\0\0\4\0", 8));
		CU_ASSERT_TRUE(text_is(POSTERN_SESSION_USER, ""));
		CU_ASSERT_TRUE(text_is(POSTERN_SESSION_PEER, ""));
		CU_ASSERT_EQUAL(s->number(&b->host.face, b->guest.channel, POSTERN_SESSION_UID, &n),
		    POSTERN_E_NOSUCH);
		CU_ASSERT_TRUE(number_is(POSTERN_SESSION_RESTRICTIONS, 0));
		CU_ASSERT_TRUE(number_is(POSTERN_SESSION_ENCRYPTED, 0));
		CU_ASSERT_TRUE(number_is(POSTERN_SESSION_GROUP_COUNT, 0));
		CU_ASSERT_TRUE(text_is(POSTERN_SESSION_CERT_ID, ""));
		CU_ASSERT_TRUE(text_is(POSTERN_SESSION_KEX, ""));
		CU_ASSERT_EQUAL(s->number(&b->host.face, b->guest.channel, POSTERN_SESSION_CERT_SERIAL, &n),
		    POSTERN_E_NOSUCH);
		bench_free(b);
	}
}

static void
test_session_rekey(void)
{
	const struct postern_if_session *s;

	set_up();
	s = ask(POSTERN_IF_SESSION);
	CU_ASSERT_EQUAL(s->rekey(&b->host.face, (struct postern_channel){ 99 }), POSTERN_E_CLOSED);
	bench_open(b, 0, 100);
	CU_ASSERT_EQUAL(s->rekey(&b->host.face, b->guest.channel), POSTERN_OK);
	CU_ASSERT_EQUAL(bench_expect(b, LINK_DOWN_CHAN_REKEY), 0);
	bench_free(b);
}

static void
test_config_and_log(void)
{
	const struct postern_if_config *c;
	const struct postern_if_log *l;

	set_up();
	c = ask(POSTERN_IF_CONFIG);
	l = ask(POSTERN_IF_LOG);
	CU_ASSERT_EQUAL(c->text(&b->host.face).len, 0);
	b->host.config = strdup("Keyword value\n");
	b->host.config_len = strlen(b->host.config);
	CU_ASSERT_TRUE(postern_view_is(c->text(&b->host.face), "Keyword value\n"));
	CU_ASSERT_TRUE(postern_view_is(c->name(&b->host.face), "bench"));
	l->line(&b->host.face, POSTERN_LOG_INFO, (struct postern_channel){ 0 }, postern_text("a line"));
	l->line(&b->host.face, 99, (struct postern_channel){ 5 }, postern_text(""));
	bench_free(b);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "query", test_query },
		{ "timers", test_timers },
		{ "watch", test_watch },
		{ "session", test_session },
		{ "session: keys, groups, names", test_session_more },
		{ "session without facts", test_session_without_facts },
		{ "a session's new keys", test_session_rekey },
		{ "config and log", test_config_and_log },
		CU_TEST_INFO_NULL,
	};

	log_start("test", -1);
	return suite_run("host interfaces", tests);
}
