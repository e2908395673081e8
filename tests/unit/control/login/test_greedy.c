/*
 * A leader and a host that asks for too much: the test speaks on the host's own
 * socket, the host itself is stopped. Root only.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi/link/grant.h"
#include "control/log.h"
#include "control/role.h"
#include "control/spawnmsg.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/login/loginbench.h"

#define USER "nobody"
#define SERVED_MAX 64 /* before the supervisor is heard */
#define END_MS 5000

static struct world w;

/* The host's end of its socket to the leader. */
static int
host_socket(void)
{
	CU_ASSERT_EQUAL_FATAL(syscall(SYS_pidfd_send_signal, w.host_pidfd, SIGSTOP, NULL, 0), 0);
	return (int)syscall(SYS_pidfd_getfd, w.host_pidfd, ROLE_LEADER_FD, 0);
}

static int
ask_for_program(int fd)
{
	uint8_t body[128];
	struct put p = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_SPAWN };

	put_u32(&p, SPAWN_F_NULL | SPAWN_F_NULL << 1 | SPAWN_F_NULL << 2);
	put_u32(&p, 0);
	put_cstr(&p, "/bin/true");
	put_u32(&p, 1);
	put_cstr(&p, "true");
	put_u32(&p, 0);
	put_cstr(&p, "/");
	m.body = put_view(&p);
	return msg_send(fd, &m);
}

static int
answers(int fd)
{
	static uint8_t buf[MSG_MAX];
	struct msg m;
	int n = 0;

	while (msg_recv(fd, &m, buf) == 1) {
		n += m.type == MSG_SPAWNED;
		msg_drop_fds(&m);
	}
	return n;
}

/* As many requests as the socket holds, and then the supervisor's: it does not
 * wait until the last of them is served. */
static void
test_flood(void)
{
	struct msg end = { .type = MSG_LOGIN_END, .conn = BENCH_CONN, .gen = BENCH_GEN };
	int fd, asked = 0;

	CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
	fd = host_socket();
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	kill(w.leader_pid, SIGSTOP);
	while (ask_for_program(fd) == 0)
		asked++;
	CU_ASSERT(asked > 2 * SERVED_MAX);
	CU_ASSERT_EQUAL(msg_send(w.leader, &end), 0);
	kill(w.leader_pid, SIGCONT);
	CU_ASSERT_TRUE(bench_ended(w.leader_pidfd, END_MS));
	CU_ASSERT(answers(fd) <= SERVED_MAX);
	close(fd);
	world_close(&w);
}

/* A key line's no-pty holds whatever host or clerk let through. */
static void
test_no_pty(void)
{
	static uint8_t buf[MSG_MAX];
	struct msg m = { .type = MSG_TERMINAL, .tag = 7 };
	struct pollfd answer;
	struct cur c;
	int fd;

	w_restrictions = GRANT_NO_PTY;
	CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
	w_restrictions = 0;
	fd = host_socket();
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(msg_send(fd, &m), 0);
	answer = (struct pollfd){ fd, POLLIN, 0 };
	CU_ASSERT_EQUAL_FATAL(poll(&answer, 1, END_MS), 1);
	CU_ASSERT_EQUAL_FATAL(msg_recv(fd, &m, buf), 1);
	CU_ASSERT_EQUAL(m.type, MSG_TERMINAL_IS);
	CU_ASSERT_EQUAL(m.fd_count, 0);
	c = cur_view(m.body);
	CU_ASSERT_EQUAL(cur_u32(&c), 0);
	CU_ASSERT_EQUAL(cur_u32(&c), EACCES);
	msg_drop_fds(&m);
	close(fd);
	world_close(&w);
}

/* The command of a key line runs whatever host or clerk ask for; for files only, none. */
static void
test_forced(void)
{
	static const struct {
		const char *command, *says;
		int reply;
	} cases[] = { { "echo forced; exit 3", "forced\n", 1 }, { GRANT_COMMAND_SFTP, "", 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o;

		w_command = cases[i].command;
		CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
		w_command = "";
		outcome_init(&o);
		world_start(&w, 0, i == 0 ? LINK_START_EXEC : LINK_START_SHELL, i == 0 ? "echo asked" : "", view_of(NULL, 0),
		    BENCH_OUT_MAX);
		world_collect(&w, 0, &o, END_MS);
		CU_ASSERT_EQUAL(o.reply, cases[i].reply);
		CU_ASSERT_EQUAL(o.data_len, strlen(cases[i].says));
		CU_ASSERT_EQUAL(memcmp(o.data, cases[i].says, o.data_len), 0);
		CU_ASSERT_EQUAL(o.status, i == 0 ? 3 : -1);
		outcome_free(&o);
		world_close(&w);
	}
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "a host floods its leader", test_flood },
		{ "no terminal where the grant has none", test_no_pty },
		{ "a forced command", test_forced },
		CU_TEST_INFO_NULL,
	};
	static const CU_TestInfo none[] = { CU_TEST_INFO_NULL };

	bench_role(argc, argv);
	log_start("test", -1);
	if (geteuid() != 0) {
		printf("skipped: a leader needs root\n");
		return suite_run("greedy host", none);
	}
	return suite_run("greedy host", tests);
}
