/* The supervisor: links, leaders and hosts, and who of them survives whom. */
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "abi/link/op.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/supervisor/cast.h"

static void
test_link(void)
{
	uint32_t tag;

	up(false);
	tag = ask_link(gate[1], 3, LINK_GATE);
	CU_ASSERT(cur_u32(&dp.c) == 1);
	CU_ASSERT(cur_u32(&dp.c) == LINK_CONN_NONE);
	CU_ASSERT(dp.n == 3);
	dp_drop_fds(&dp);
	link_made(tag, 900, 0);
	CU_ASSERT_FATAL(puppet_find(gate[1], MSG_LINK_UP, &m));
	CU_ASSERT(m.tag == 77 && m.fd_count == 2 && m.body.len == 8);
	drop();
	/* A refused role is started anew. */
	tag = ask_link(clerk, 3, LINK_CLERK);
	dp_drop_fds(&dp);
	link_made(tag, 0, R_LINK_SEALS);
	CU_ASSERT(puppet_gone(clerk));
	puppet_free(clerk);
	clerk = puppet_wait(&st, ROLE_CLERK, 0);
	CU_ASSERT(clerk != NULL);
	down();
}

static void
test_user_host(void)
{
	static struct user_host u;
	uint32_t id, tag;

	up(false);
	shell_plugin();
	want_host(1, "shell");
	CU_ASSERT(host_ready(1, &id) == R_NO_GRANT);
	log_in();
	want_host(2, "absent");
	CU_ASSERT(host_ready(2, &id) == R_CHAN_HOST_GONE);
	want_host(2, "../shell");
	CU_ASSERT(host_ready(2, &id) == R_CHAN_HOST_GONE);
	want_host(3, "shell");
	leader_starts(&u);
	/* Asked again while it starts: one host, two answers. */
	want_host(4, "shell");
	host_starts(&u, true, 41);
	/* In any order: which came first is a race of two sockets. */
	CU_ASSERT_FATAL(puppet_find(clerk, MSG_HOST_READY, &m));
	tag = m.tag;
	CU_ASSERT(tag == 3 || tag == 4);
	CU_ASSERT(host_ready(7 - tag, &id) == 0 && id == 41);
	want_host(5, "shell");
	CU_ASSERT(host_ready(5, &id) == 0 && id == 41);
	/* Its end is noticed; the next one is a new one, by the same leader. */
	kill(u.pid, SIGKILL);
	waitpid(u.pid, NULL, 0);
	close(u.host_sock);
	CU_ASSERT(fd_gone(u.host_fd));
	close(u.host_fd);
	close(u.host_pidfd);
	want_host(6, "shell");
	host_starts(&u, false, 42);
	CU_ASSERT(host_ready(6, &id) == 0 && id == 42);
	user_host_free(&u);
	down();
}

static void
test_conn_closed(void)
{
	static struct user_host u;
	uint8_t say[64];
	struct put w;
	uint32_t id;

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	dp_begin(&w, say, sizeof(say), ATTACH_CONN_CLOSED);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_u32(&w, R_SSH_DISCONNECT_IN);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_find(u.leader, MSG_LOGIN_END, &m));
	CU_ASSERT(puppet_find(keeper, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(warden, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(clerk, MSG_CONN_GONE, &m));
	want_host(2, "shell");
	CU_ASSERT(host_ready(2, &id) == R_NO_GRANT);
	user_host_free(&u);
	down();
}

static void
test_leader_dies(void)
{
	static struct user_host u;
	uint32_t id;
	int status;

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	kill(u.leader->pid, SIGKILL);
	/* The login ends with it, and so does its host. */
	CU_ASSERT(dp_find(&st, ATTACH_KILL, &dp));
	CU_ASSERT(waitpid(u.pid, &status, 0) == u.pid && WIFSIGNALED(status));
	u.pid = idle_process();
	user_host_free(&u);
	down();
}

/* Everything of the control side dies; hosts and leaders are given back. */
static void
test_supervisor_dies(void)
{
	static struct user_host u;
	uint8_t say[GRANT_MAX + 256];
	uint8_t image[GRANT_MAX];
	struct put w, g;
	uint32_t id;
	int fds[2];

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	kill(st.supervisor, SIGKILL);
	waitpid(st.supervisor, NULL, 0);
	CU_ASSERT(puppet_gone(gate[0]));
	CU_ASSERT(puppet_gone(keeper));
	free_all();
	stage_start(&st);
	take_all();
	make_grant(&g, "alice");
	memcpy(image, room + 4, put_len(&g) - 5);
	CU_ASSERT_FATAL(dp_accept(&st) && dp_find(&st, ATTACH_HELLO, &dp));
	dp_hello(&st);
	dp_begin(&w, say, sizeof(say), ATTACH_CONN);
	put_u32(&w, 0);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_cstr(&w, "192.0.2.9");
	put_u16(&w, 1000);
	put_cstr(&w, "192.0.2.2");
	put_u16(&w, 22);
	put_u8(&w, 3);
	put_cstr(&w, "first-hash");
	put_string(&w, image, put_len(&g) - 5);
	put_u64(&w, 1700000000000ull);
	dp_say(&st, &w, NULL, 0);
	dp_begin(&w, say, sizeof(say), ATTACH_HOST);
	put_u32(&w, 41);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	put_cstr(&w, "shell");
	fds[0] = u.host_pidfd;
	fds[1] = u.host_sock;
	dp_say(&st, &w, fds, 2);
	dp_begin(&w, say, sizeof(say), ATTACH_LEADER);
	put_u32(&w, CONN);
	put_u32(&w, GEN);
	fds[0] = u.leader_pidfd;
	fds[1] = u.leader_sock;
	dp_say(&st, &w, fds, 2);
	dp_begin(&w, say, sizeof(say), ATTACH_SNAPSHOT_END);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_find(u.leader, MSG_LOG_FD, &m));
	drop();
	CU_ASSERT(puppet_find(warden, MSG_CONN_HASH, &m));
	CU_ASSERT(m.conn == CONN);
	want_host(9, "shell");
	CU_ASSERT(host_ready(9, &id) == 0 && id == 41);
	user_host_free(&u);
	down();
}

static void
test_dataplane_socket(void)
{
	uint8_t say[16];
	struct put w;

	up(false);
	log_in();
	/* The socket is lost, not the process: nothing is ended; what the new
	 * snapshot does not name is gone. */
	close(st.dp);
	st.dp = -1;
	CU_ASSERT_FATAL(dp_accept(&st) && dp_find(&st, ATTACH_HELLO, &dp));
	dp_hello(&st);
	CU_ASSERT(dp_find(&st, ATTACH_CONF, &dp));
	dp_begin(&w, say, sizeof(say), ATTACH_SNAPSHOT_END);
	dp_say(&st, &w, NULL, 0);
	CU_ASSERT(puppet_find(keeper, MSG_CONN_GONE, &m));
	CU_ASSERT(m.conn == CONN && m.gen == GEN);
	down();
}

static void
test_dataplane_dies(void)
{
	static struct user_host u;
	uint32_t id;
	int status;

	up(false);
	shell_plugin();
	log_in();
	want_host(1, "shell");
	leader_starts(&u);
	host_starts(&u, true, 41);
	CU_ASSERT(host_ready(1, &id) == 0);
	dp_kill(&st);
	CU_ASSERT(puppet_find(gate[0], MSG_LINK_DOWN, &m));
	CU_ASSERT(puppet_find(clerk, MSG_LINK_DOWN, &m));
	CU_ASSERT(puppet_find(keeper, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(warden, MSG_CONN_GONE, &m));
	CU_ASSERT(puppet_find(u.leader, MSG_LOGIN_END, &m));
	CU_ASSERT(waitpid(u.pid, &status, 0) == u.pid && WIFSIGNALED(status));
	/* A leader that does not go by itself is ended. */
	CU_ASSERT(puppet_gone(u.leader));
	/* What was connected before the new one listened names a dead process. */
	dp_process(&st);
	CU_ASSERT_FATAL(dp_attach(&st) || dp_attach(&st));
	ask_link(gate[0], 3, LINK_GATE);
	dp_drop_fds(&dp);
	u.pid = idle_process();
	user_host_free(&u);
	down();
}

/* ---- several workers ---- */

static void
say_meter(uint32_t worker)
{
	uint8_t say[16];
	struct put w;
	int fds[4];

	link_files(fds);
	dp_begin(&w, say, sizeof(say), ATTACH_METER);
	put_u32(&w, worker);
	dp_say(&st, &w, fds, 1);
	close_files(fds);
}

static void
say_conn(uint32_t worker)
{
	uint8_t say[GRANT_MAX + 256], image[GRANT_MAX];
	struct put w, g;

	make_grant(&g, "alice");
	memcpy(image, room + 4, put_len(&g) - 5);
	dp_begin(&w, say, sizeof(say), ATTACH_CONN);
	put_u32(&w, worker);
	put_u32(&w, worker << LINK_WORKER_SHIFT | CONN);
	put_u32(&w, GEN);
	put_cstr(&w, "192.0.2.9");
	put_u16(&w, 1000);
	put_cstr(&w, "192.0.2.2");
	put_u16(&w, 22);
	put_u8(&w, 3);
	put_cstr(&w, "first-hash");
	put_string(&w, image, put_len(&g) - 5);
	put_u64(&w, 1700000000000ull);
	dp_say(&st, &w, NULL, 0);
}

/* A link of a service's host, as the dataplane kept it. */
static void
say_service(uint32_t id, uint32_t first, pid_t pid, int sock)
{
	uint8_t say[64];
	struct put w;
	int fds[2] = { (int)syscall(SYS_pidfd_open, pid, 0), sock };

	dp_begin(&w, say, sizeof(say), ATTACH_HOST);
	put_u32(&w, id);
	put_u32(&w, LINK_CONN_NONE);
	put_u32(&w, 0);
	put_cstr(&w, "echo");
	put_u32(&w, first);
	dp_say(&st, &w, fds, 2);
	close(fds[0]);
}

static void
attach_two(pid_t pid, int sock, uint32_t links)
{
	uint8_t say[16];
	struct put w;

	CU_ASSERT_FATAL(dp_accept(&st) && dp_find(&st, ATTACH_HELLO, &dp));
	dp_hello(&st);
	CU_ASSERT(dp_find(&st, ATTACH_CONF, &dp));
	for (uint32_t i = 0; i < 2; i++)
		say_meter(i);
	for (uint32_t i = 0; i < 2; i++)
		say_conn(i);
	for (uint32_t i = 0; i < links; i++)
		say_service((1 - i) << LINK_WORKER_SHIFT | (41 + i), 42, pid, sock);
	dp_begin(&w, say, sizeof(say), ATTACH_SNAPSHOT_END);
	dp_say(&st, &w, NULL, 0);
}

static uint32_t
service_link(uint32_t worker)
{
	struct msg ask = { .type = MSG_HOST_WANTED, .conn = worker << LINK_WORKER_SHIFT | CONN, .gen = GEN,
		.tag = 5 };
	struct cur c;
	struct put w;
	uint32_t id;

	text(&w, "echo");
	puppet_say(clerk, &ask, &w);
	CU_ASSERT_FATAL(puppet_find(clerk, MSG_HOST_READY, &m));
	CU_ASSERT(m.conn == ask.conn);
	c = cur_view(m.body);
	(void)cur_string(&c);
	id = cur_u32(&c);
	CU_ASSERT(cur_u32(&c) == 0);
	return id;
}

static void
up_alone(void)
{
	stage_open(&st);
	stage_start(&st);
	take_all();
}

/* The dataplane has two: roles are told, a link names its worker, and a service's
 * host is named to each connection by the link of its worker. */
static void
test_two_workers(void)
{
	pid_t pid = idle_process();
	int pair[2];

	up_alone();
	CU_ASSERT_FATAL(msg_pair(pair) == 0);
	attach_two(pid, pair[0], 2);
	CU_ASSERT_FATAL(puppet_find(gate[1], MSG_WORKERS, &m));
	CU_ASSERT(m.body.len == 4 && m.body.data[3] == 2);
	CU_ASSERT_FATAL(puppet_find(clerk, MSG_WORKERS, &m));
	CU_ASSERT_EQUAL(service_link(0), 42);
	CU_ASSERT_EQUAL(service_link(1), 1u << LINK_WORKER_SHIFT | 41);
	for (uint32_t i = 0; i < 2; i++) {
		(void)ask_link_to(gate[0], 3, LINK_GATE, i);
		CU_ASSERT(cur_u32(&dp.c) == 0 && cur_u32(&dp.c) == LINK_CONN_NONE && cur_u32(&dp.c) == 0);
		CU_ASSERT(cur_string(&dp.c).len == 0);
		CU_ASSERT_EQUAL(cur_u32(&dp.c), i);
		CU_ASSERT_EQUAL(cur_u32(&dp.c), 0);
		CU_ASSERT(cur_done(&dp.c));
		dp_drop_fds(&dp);
	}
	/* One process behind both links: it is there. */
	CU_ASSERT(waitpid(pid, NULL, WNOHANG) == 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pair[0]);
	close(pair[1]);
	down();
}

/* A host that an earlier supervisor was still linking cannot serve everybody. */
static void
test_half_linked(void)
{
	pid_t pid = idle_process();
	int pair[2], status;

	up_alone();
	CU_ASSERT_FATAL(msg_pair(pair) == 0);
	attach_two(pid, pair[0], 1);
	CU_ASSERT(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	close(pair[0]);
	close(pair[1]);
	down();
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "links", test_link },
		{ "user host", test_user_host },
		{ "connection closed", test_conn_closed },
		{ "leader dies", test_leader_dies },
		{ "supervisor dies, hosts are restored", test_supervisor_dies },
		{ "the dataplane's socket is lost", test_dataplane_socket },
		{ "the dataplane dies", test_dataplane_dies },
		{ "two workers", test_two_workers },
		{ "a host that is linked by half", test_half_linked },
		CU_TEST_INFO_NULL,
	};

	if (argc > 1 && strcmp(argv[1], "role") == 0)
		return puppet_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	return suite_run("supervisor hosts", tests);
}
