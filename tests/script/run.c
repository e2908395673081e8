/*
 * Runs packet scripts against one TCP stack in virtual time.
 *
 *   tcp_script               every tests/script/.../x.tcp
 *   tcp_script FILE...       those
 *
 * A script is lines; `#` starts a comment. Numbers in segments are relative: to
 * the peer's first sequence number (1000000) in what it sends, to the stack's
 * in what it answers. Time stands still but for `wait`.
 *
 *   set KEY N            a field of struct tcp_config, before all else; cc by name
 *   ip4, ip6             this family alone, before all else; otherwise the script
 *                        runs with either
 *   own KEY N            a field of struct tcp_own: of the connection, or of what is
 *                        opened or accepted next; congestion by name
 *   hold on|off          more is to come
 *   listen               accept connections; refuse: the owner will not take them
 *   connect              active open
 *   < FLAGS SEQ[+LEN] [ack N] [win N] [mss N] [ws N] [sackok] [ts VAL ECR]
 *     [sacked A-B]...    the peer sends; port N: from another port; ECR eN: what
 *                        the stack said N ms after its SYN; `ect`, `ce`: the IP
 *                        header's ECN field, else not-ECT; flags E, W: ECE, CWR
 *   > FLAGS SEQ[+LEN] [ack N] [win N] [mss N] [ws N] [sackok] [ts [ECR]] [nots]
 *     [ect] [sack A-B]... [hop N] [traffic N]
 *                        the stack has sent this, in this order; `*` for any SEQ
 *                        `mss own`: of 1500 bytes
 *   burst ... arrive [N] what the peer sends between them comes together; N of it
 *                        was taken in one pass with the one before
 *   none                 nothing else was sent
 *   wait MS              time passes, timers fire
 *   write N, read N      put; take, and check the bytes
 *   buffer receive|send N  a size of its own; room N: what could be written now
 *   shutdown, close, abort
 *   event NAME [REASON]  connected readable eof writable closed doubt: told since the
 *                        last `event`
 *   state NAME           of the connection; drop REASON: counted since the last
 *   icmp KIND SEQ        an ICMP error that quotes our sequence number; hard: port,
 *                        proto; soft: net, host, denied, time, header
 *   icmp toobig MTU SEQ [SIZE]   a packet too big for the path, of SIZE bytes
 *   pmtu N               the path's MTU as the connection knows it
 *   conns N, timewait N  what the stack holds
 *   others N             others hold N of the pool's 2048 blocks; taken N: blocks in
 *                        use by this stack
 *   packets N            N of 64 packet buffers are left in the owner's reserve
 *   level NAME           normal, pressure or shedding
 *   guest                the connection is one before login
 */
#include <CUnit/Basic.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/tcp/tcp_fsm.h"
#include "dataplane/tcp/tcp_wire.h"
#include "tests/script/run.h"

#define WORDS 32
#define TOP_GLOB "tests/script/*/*.tcp"

struct run run;

void
fail(const char *format, ...)
{
	va_list args;

	if (run.failed)
		return;
	run.failed = true;
	va_start(args, format);
	printf("\n%s:%d: ", run.file, run.line);
	vprintf(format, args);
	printf(" (IPv%d)", run.v6 ? 6 : 4);
	va_end(args);
}

uint8_t
byte_at(uint32_t off)
{
	return (uint8_t)(off * 7 + off / 256);
}

/* ---- the stack's side ---- */

static void
check_bytes(const struct tcp_seg_out *o)
{
	struct fifo_pos at = o->at;
	uint32_t off = 0;

	while (off < o->len) {
		size_t n = o->len - off;
		const uint8_t *piece = fifo_read(o->from, &at, &n);

		for (size_t i = 0; i < n; i++, off++)
			if (piece[i] != byte_at(o->seq - run.iss - 1 + off))
				fail("wrong byte sent at %u", o->seq - run.iss + off);
	}
}

static int
on_emit(void *owner, const struct tcp_seg_out *o)
{
	uint32_t off = 0;

	(void)owner;
	do {
		struct sent *s = &run.queue[run.tail % QUEUE];

		if (run.tail - run.head == QUEUE) {
			fail("more segments than the queue holds");
			return 0;
		}
		off = tcp_cut(o, off, &s->o);
		if (o->flags & TCP_SYN)
			run.iss = o->seq;
		tcp_opt_read(&s->opts, o->options, o->options_len, true);
		check_bytes(&s->o);
		if (o->flags & TCP_SYN)
			run.iss_ts = s->opts.ts_val;
		run.tail++;
	} while (off != 0);
	return 0;
}

static int
on_accept(void *owner, struct tcp *t, uint64_t now)
{
	(void)owner;
	(void)now;
	if (run.refuse)
		return -1;
	run.t = t;
	run.events |= TCP_EV_CONNECTED;
	return 0;
}

static void
on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now)
{
	(void)owner;
	(void)now;
	run.events |= events;
	if (t == run.t && (events & TCP_EV_CLOSED)) {
		run.reason = reason;
		run.t = NULL;
	}
}

static void
on_drop(void *owner, int reason)
{
	(void)owner;
	run.drops[reason]++;
}

void
poll_stack(void)
{
	for (int i = 0; i < 64 && tcp_next(run.stack, run.now) <= run.now; i++)
		tcp_poll(run.stack, run.now);
}

struct tcp_tuple
tuple(uint16_t port)
{
	struct tcp_tuple t = { .local_port = 22, .remote_port = port };

	if (run.v6) {
		t.local.b[0] = t.remote.b[0] = 0xfd;
	} else {
		memset(t.local.b + 10, 0xff, 2);
		memset(t.remote.b + 10, 0xff, 2);
	}
	t.local.b[15] = 1;
	t.remote.b[15] = 2;
	return t;
}

static void
start(void)
{
	static const struct tcp_ops ops = { on_emit, on_accept, on_event, on_drop };
	uint8_t secret[32] = { 3, 1, 4, 1, 5 };

	if (run.stack != NULL)
		return;
	run.mem = aligned_alloc(64, tcp_stack_size(&run.cfg));
	memset(run.mem, 0, tcp_stack_size(&run.cfg));
	pool_init(&run.pool, run.pool_mem, BLOCKS);
	run.stack = tcp_stack_init(run.mem, &run.cfg, &ops, &run.pool, NULL, secret);
	if (run.stack == NULL)
		fail("configuration refused");
}

/* ---- the other commands ---- */

static void
do_set(char **w)
{
	static const char *const names[] = { "cubic", "newreno" };
	static const struct {
		const char *name;
		size_t off;
	} keys[] = {
#define KEY(name) { #name, offsetof(struct tcp_config, name) }
		KEY(rcv_buf), KEY(snd_buf), KEY(reasm_max), KEY(rto_min_us), KEY(retries),
		KEY(syn_retries), KEY(timewait_us), KEY(finwait2_us), KEY(half_open_max),
		KEY(conn_max), KEY(timewait_max), KEY(quick_acks), KEY(run_segs), KEY(rack), KEY(clock_us),
		KEY(path_timeouts), KEY(path_probes), KEY(path_age_us), KEY(path_min4),
		KEY(challenge_max), KEY(half_open_source), KEY(cookie_at), KEY(connect_retries),
		KEY(keepalive), KEY(keep_idle_ms), KEY(keep_interval_ms), KEY(keep_count),
		KEY(user_timeout_ms), KEY(persist_ms), KEY(persist_low_ms), KEY(orphan_max), KEY(nagle),
		KEY(doubt_retries), KEY(ecn), KEY(pacing), KEY(rcv_buf_init),
		KEY(snd_buf_init), KEY(growth_max), KEY(shed_idle_us),
#undef KEY
	};

	if (w[0] != NULL && w[1] != NULL && strcmp(w[0], "cc") == 0) {
		for (size_t i = 0; i < 2; i++)
			if (strcmp(w[1], names[i]) == 0)
				run.cfg.cc = names[i];
		if (strcmp(w[1], run.cfg.cc) != 0)
			fail("no such algorithm");
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint32_t v;

		if (w[0] == NULL || strcmp(w[0], keys[i].name) != 0)
			continue;
		v = number(w[1]);
		memcpy((uint8_t *)&run.cfg + keys[i].off, &v, sizeof(v));
		return;
	}
	fail("no such key");
}

/* A script about one family alone. */
static void
do_ip6(char **w)
{
	(void)w;
	run.skip = !run.v6;
}

static void
do_ip4(char **w)
{
	(void)w;
	run.skip = run.v6;
}

static void
do_listen(char **w)
{
	(void)w;
	tcp_listen(run.stack, 22);
	run.listens = true;
	if (tcp_listen_own(run.stack, 22, &run.own) != 0)
		fail("settings refused");
}

static void
do_refuse(char **w)
{
	(void)w;
	run.refuse = true;
}

static void
do_connect(char **w)
{
	struct tcp_tuple t = tuple(40000);

	(void)w;
	run.t = tcp_connect_own(run.stack, &t, &run.own, NULL, run.now);
	if (run.t == NULL)
		fail("refused");
	poll_stack();
}

static void
do_burst(char **w)
{
	(void)w;
	run.gathers = true;
}

static void
do_arrive(char **w)
{
	uint64_t before = run.together;
	struct tcp_stats st;

	if (run.burst_count > 0)
		arrive();
	run.gathers = false;
	tcp_get_stats(run.stack, &st);
	run.together = st.together;
	if (w[0] != NULL && st.together - before != number(w[0]))
		fail("%u taken with the one before, not %s", (unsigned)(st.together - before), w[0]);
}

static void
do_none(char **w)
{
	const struct sent *s = &run.queue[run.head % QUEUE];

	(void)w;
	if (run.head != run.tail)
		fail("sent: flags %02x seq %u+%u ack %u", s->o.flags, s->o.seq - run.iss, s->o.len,
		    s->o.ack - PEER_ISS);
}

static void
do_wait(char **w)
{
	uint64_t end = run.now + 1000ull * number(w[0]);

	for (;;) {
		uint64_t next = tcp_next(run.stack, run.now);

		if (next > end)
			break;
		run.now = next > run.now ? next : run.now;
		poll_stack();
	}
	run.now = end;
}

static void
do_write(char **w)
{
	uint32_t n = number(w[0]);

	if (run.t == NULL || n > DATA_MAX) {
		fail("no connection to write to");
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		run.data[i] = byte_at(run.wrote + i);
	if (tcp_put(run.t, run.data, n) != 0)
		fail("put refused");
	run.wrote += n;
	poll_stack();
}

static void
do_read(char **w)
{
	uint32_t n = number(w[0]);

	if (run.t == NULL || tcp_readable(run.t) < n || n > DATA_MAX) {
		fail("%zu readable", run.t != NULL ? tcp_readable(run.t) : 0);
		return;
	}
	tcp_peek(run.t, run.data, n);
	for (uint32_t i = 0; i < n; i++)
		if (run.data[i] != byte_at(run.read + i))
			fail("wrong byte at %u", run.read + i);
	tcp_take(run.t, n);
	run.read += n;
	poll_stack();
}

static void
do_buffer(char **w)
{
	uint32_t n = number(w[1]);
	int r = -1;

	if (run.t != NULL && strcmp(w[0], "receive") == 0)
		r = tcp_set_rcv_buf(run.t, n);
	else if (run.t != NULL && strcmp(w[0], "send") == 0)
		r = tcp_set_snd_buf(run.t, n);
	if (r != 0)
		fail("buffer refused");
	poll_stack();
}

static void
do_room(char **w)
{
	if (run.t == NULL || tcp_room(run.t) != number(w[0]))
		fail("room %zu", run.t != NULL ? tcp_room(run.t) : 0);
}

static void
do_shutdown(char **w)
{
	(void)w;
	if (run.t != NULL)
		tcp_shutdown(run.t, run.now);
	poll_stack();
}

static void
do_close(char **w)
{
	(void)w;
	if (run.t != NULL)
		tcp_close(run.t, run.now);
	poll_stack();
}

static void
do_abort(char **w)
{
	(void)w;
	if (run.t != NULL)
		tcp_abort(run.t, 0, run.now);
	run.t = NULL;
	poll_stack();
}

static void
do_event(char **w)
{
	static const char *const names[] = { "connected", "readable", "eof", "writable", "closed",
		"doubt" };
	const char *reason = run.reason != 0 ? reason_name(run.reason) : NULL;

	for (unsigned i = 0; i < 6 && w[0] != NULL; i++) {
		if (strcmp(w[0], names[i]) != 0)
			continue;
		if (!(run.events & 1u << i))
			fail("not told: %s (but %x)", w[0], run.events);
		if (i == 4 && (w[1] == NULL) != (reason == NULL))
			fail("reason %s", reason != NULL ? reason : "none");
		else if (i == 4 && reason != NULL && strcmp(reason, w[1]) != 0)
			fail("reason %s", reason);
		run.events = 0;
		return;
	}
	if (w[0] == NULL || strcmp(w[0], "none") != 0)
		fail("no such event");
	else if (run.events != 0)
		fail("events %x", run.events);
}

static void
do_state(char **w)
{
	struct tcp_info info = { 0 };

	if (run.t != NULL)
		tcp_get_info(run.t, run.now, &info);
	if (w[0] == NULL || strcmp(tcp_fsm_name(info.state), w[0]) != 0)
		fail("state %s", tcp_fsm_name(info.state));
}

static void
do_drop(char **w)
{
	for (int r = 0; r < REASON_MAX && w[0] != NULL; r++) {
		if (strcmp(reason_name(r), w[0]) != 0)
			continue;
		if (run.drops[r] == 0)
			fail("not counted");
		run.drops[r] = 0;
		return;
	}
	fail("no such reason");
}

/* A packet too big quotes one of the size that the stack sends now, or SIZE. */
static void
too_big(struct tcp_icmp *e, char **w)
{
	struct tcp_info info = { 0 };

	if (run.t != NULL)
		tcp_get_info(run.t, run.now, &info);
	e->mtu = (uint16_t)number(w[0]);
	e->seq = run.iss + number(w[1]);
	e->size = (uint16_t)(w[2] != NULL ? number(w[2]) : info.pmtu);
	tcp_icmp_too_big(run.stack, e, run.now);
	poll_stack();
}

static void
do_icmp(char **w)
{
	static const struct {
		const char *name;
		int reason;
		bool hard;
	} kinds[] = { { "net", R_TCP_ICMP_NET, false }, { "host", R_TCP_ICMP_HOST, false },
		{ "denied", R_TCP_ICMP_DENIED, false }, { "time", R_TCP_ICMP_TIME, false },
		{ "header", R_TCP_ICMP_HEADER, false }, { "proto", R_TCP_ICMP_PROTO, true },
		{ "port", R_TCP_ICMP_PORT, true } };
	struct tcp_icmp e = { .tuple = tuple(40000) };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && w[0] != NULL; i++) {
		if (strcmp(w[0], kinds[i].name) != 0)
			continue;
		e.reason = kinds[i].reason;
		e.hard = kinds[i].hard;
	}
	if (w[0] != NULL && strcmp(w[0], "toobig") == 0) {
		too_big(&e, w + 1);
		return;
	}
	if (e.reason == 0) {
		fail("no such ICMP error");
		return;
	}
	e.seq = run.iss + number(w[1]);
	tcp_icmp_error(run.stack, &e, run.now);
	poll_stack();
}

static void
do_pmtu(char **w)
{
	struct tcp_info info = { 0 };

	if (run.t != NULL)
		tcp_get_info(run.t, run.now, &info);
	if (info.pmtu != number(w[0]))
		fail("path MTU %u", info.pmtu);
}

static void
do_conns(char **w)
{
	struct tcp_stats st;

	tcp_get_stats(run.stack, &st);
	if (st.conn_open != number(w[0]))
		fail("%u connections", st.conn_open);
}

static void
do_timewait(char **w)
{
	struct tcp_stats st;

	tcp_get_stats(run.stack, &st);
	if (st.timewait != number(w[0]))
		fail("%u in TIME-WAIT", st.timewait);
}

static void
do_others(char **w)
{
	uint32_t n = number(w[0]);

	for (; run.held < n && run.held < BLOCKS; run.held++)
		run.others[run.held] = pool_get(&run.pool);
	while (run.held > n)
		pool_put(&run.pool, run.others[--run.held]);
	if (n > 0 && run.others[n - 1] == NULL)
		fail("the pool is empty");
	tcp_poll(run.stack, run.now);
	poll_stack();
}

static void
do_taken(char **w)
{
	uint32_t n = BLOCKS - run.pool.free_count - run.held;

	if (n != number(w[0]))
		fail("%u blocks", n);
}

static void
do_packets(char **w)
{
	tcp_set_packets(run.stack, number(w[0]), 64);
	tcp_poll(run.stack, run.now);
}

static void
do_level(char **w)
{
	static const char *const names[] = { "normal", "pressure", "shedding" };
	const char *is;

	tcp_poll(run.stack, run.now);
	is = names[tcp_level(run.stack)];

	if (w[0] == NULL || strcmp(is, w[0]) != 0)
		fail("level %s", is);
}

static void
do_guest(char **w)
{
	(void)w;
	if (run.t != NULL)
		tcp_set_guest(run.t, true);
}

static const struct {
	const char *name;
	void (*run)(char **words);
	bool early;          /* before the stack is made */
} commands[] = {
	{ "<", do_inject, false }, { ">", do_expect, false }, { "none", do_none, false },
	{ "burst", do_burst, false }, { "arrive", do_arrive, false },
	{ "wait", do_wait, false }, { "set", do_set, true }, { "ip6", do_ip6, true },
	{ "ip4", do_ip4, true },
	{ "listen", do_listen, false }, { "refuse", do_refuse, false },
	{ "connect", do_connect, false }, { "write", do_write, false }, { "read", do_read, false },
	{ "buffer", do_buffer, false }, { "room", do_room, false },
	{ "shutdown", do_shutdown, false }, { "close", do_close, false },
	{ "abort", do_abort, false }, { "event", do_event, false }, { "state", do_state, false },
	{ "drop", do_drop, false }, { "icmp", do_icmp, false }, { "conns", do_conns, false },
	{ "pmtu", do_pmtu, false },
	{ "timewait", do_timewait, false }, { "own", do_own, false }, { "hold", do_hold, false },
	{ "others", do_others, false }, { "taken", do_taken, false },
	{ "packets", do_packets, false }, { "level", do_level, false }, { "guest", do_guest, false },
};

static void
run_line(char *line)
{
	char *words[WORDS + 1] = { NULL };
	char *hash = strchr(line, '#');
	char *save = NULL;
	int n = 0;

	if (hash != NULL)
		*hash = '\0';
	for (char *w = strtok_r(line, " \t\n", &save); w != NULL && n < WORDS;
	     w = strtok_r(NULL, " \t\n", &save))
		words[n++] = w;
	if (n == 0)
		return;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(words[0], commands[i].name) != 0)
			continue;
		if (!commands[i].early)
			start();
		if (!run.failed)
			commands[i].run(words + 1);
		return;
	}
	fail("unknown command %s", words[0]);
}

/* Nothing may be left unsaid at the end. */
static bool
run_file(const char *path, bool v6)
{
	FILE *f = fopen(path, "r");
	void *pool_mem = run.pool_mem;
	uint8_t *data = run.data;
	char line[512];

	memset(&run, 0, sizeof(run));
	run.pool_mem = pool_mem != NULL ? pool_mem : aligned_alloc(64, pool_size(BLOCKS));
	run.data = data != NULL ? data : malloc(DATA_MAX);
	run.file = path;
	run.v6 = v6;
	run.now = 1000000000ull;
	tcp_own_init(&run.own);
	tcp_config_default(&run.cfg, 1500);
	run.cfg.conn_max = 16;
	run.cfg.quick_acks = 0;
	/* Windows stand still but in scripts about their growth. */
	run.cfg.rcv_buf = run.cfg.snd_buf = 1u << 20;
	run.cfg.rcv_buf_init = run.cfg.snd_buf_init = 1u << 20;
	run.cfg.timewait_max = 16;
	if (f == NULL) {
		fail("cannot read");
		return false;
	}
	while (!run.failed && !run.skip && fgets(line, sizeof(line), f) != NULL) {
		run.line++;
		run_line(line);
	}
	fclose(f);
	if (!run.failed && run.stack != NULL)
		do_none(NULL);
	free(run.mem);
	return !run.failed;
}

static void
test_file(void)
{
	const char *path = CU_get_current_test()->pName;

	CU_ASSERT(run_file(path, false));
	CU_ASSERT(run_file(path, true));
}

static int
run_all(char **paths, size_t count)
{
	CU_pSuite suite;
	unsigned failed;

	if (count == 0 || CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	suite = CU_add_suite("tcp_script", NULL, NULL);
	for (size_t i = 0; i < count; i++)
		CU_add_test(suite, paths[i], test_file);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	free(run.pool_mem);
	free(run.data);
	return failed != 0;
}

int
main(int argc, char **argv)
{
	glob_t g;
	int r;

	if (argc > 1)
		return run_all(argv + 1, (size_t)argc - 1);
	if (glob(TOP_GLOB, 0, NULL, &g) != 0) {
		fprintf(stderr, "no scripts; run from the top\n");
		return 1;
	}
	r = run_all(g.gl_pathv, g.gl_pathc);
	globfree(&g);
	return r;
}
