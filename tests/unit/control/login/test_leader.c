/*
 * A login's leader: whom it outlives, how it ends, and its PAM session.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/login/play.h"

/* The supervisor dies; somebody keeps its end. Then nobody does. */
static void
test_without_supervisor(void)
{
	int kept = fcntl(w.leader, F_DUPFD_CLOEXEC, 10);
	struct outcome o;

	close(w.leader);
	close(w.host);
	w.leader = kept;
	w.host = -1;
	run(&o, "echo still here", none());
	CU_ASSERT_STRING_EQUAL(o.data, "still here\n");
	outcome_free(&o);
	close(w.leader);
	w.leader = -1;
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	CU_ASSERT_TRUE(bench_ended(w.leader_pidfd, QUIET_MS));
}

static void
test_dataplane_dies(void)
{
	world_close(&w);
	CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
	close(w.bell_host);
	w.bell_host = -1;
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	CU_ASSERT_FALSE(bench_ended(w.leader_pidfd, 0));
}

static void
test_login_end(void)
{
	struct msg end = { .type = MSG_LOGIN_END, .conn = BENCH_CONN, .gen = BENCH_GEN };

	world_close(&w);
	CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
	CU_ASSERT_EQUAL(msg_send(w.leader, &end), 0);
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	CU_ASSERT_TRUE(bench_ended(w.leader_pidfd, QUIET_MS));
}

/* As the supervisor ends one that is late: in order, session closed. */
static void
test_terminated(void)
{
	world_close(&w);
	CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
	CU_ASSERT_EQUAL(kill(w.leader_pid, SIGTERM), 0);
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	CU_ASSERT_TRUE(bench_ended(w.leader_pidfd, QUIET_MS));
	CU_ASSERT_EQUAL(world_status(&w), 0);
}

/* A leader that is killed takes its hosts with it. */
static void
test_leader_killed(void)
{
	world_close(&w);
	CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
	CU_ASSERT_EQUAL(kill(w.leader_pid, SIGKILL), 0);
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		return;
	fputs(text, f);
	fclose(f);
}

/* A stack of its own, in this mount namespace only. */
static bool
pam_stack(void)
{
	if (mount("tmpfs", "/etc/pam.d", "tmpfs", 0, "mode=755") != 0)
		return false;
	write_file("/etc/pam.d/greeting", "the greeting of PAM\n");
	write_file("/etc/pam.d/limits", "nobody - nofile 77\n");
	write_file("/etc/pam.d/variables", "FROM_PAM=yes\nSSH_TTY=forged\n");
	write_file("/etc/pam.d/postern-test",
	    "auth required pam_permit.so\naccount required pam_permit.so\n"
	    "session required pam_permit.so\n"
	    "session required pam_limits.so conf=/etc/pam.d/limits\n"
	    "session required pam_env.so readenv=1 envfile=/etc/pam.d/variables user_readenv=0\n"
	    "session optional pam_motd.so motd=/etc/pam.d/greeting noupdate\n");
	return true;
}

static void
test_pam(void)
{
	struct outcome o;

	world_close(&w);
	CU_ASSERT_TRUE_FATAL(pam_stack());
	w_conf = "UsePAM yes\nPAMServiceName postern-test\nPrintMotd no\n";
	CU_ASSERT_EQUAL_FATAL(world_open(&w, USER, "/bin/sh"), 0);
	run(&o, "ulimit -n; echo $FROM_PAM; echo tty=$SSH_TTY.", none());
	CU_ASSERT_STRING_EQUAL(o.data, "77\nyes\ntty=.\n");
	outcome_free(&o);
	outcome_init(&o);
	world_start(&w, 0, LINK_START_SHELL, "", pty_request("xterm", 80, 24), 65536);
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("who; exit\n"));
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)o.data, "the greeting of PAM\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)o.data, "192.0.2.1"));
	outcome_free(&o);
	/* The second login is told of the first. */
	outcome_init(&o);
	world_start(&w, 0, LINK_START_SHELL, "", pty_request("xterm", 80, 24), 65536);
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("exit\n"));
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)o.data, "Last login: "));
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)o.data, "from 192.0.2.1\r\n"));
	outcome_free(&o);
	/* A command is not greeted. */
	run(&o, "echo only", pty_request("xterm", 80, 24));
	CU_ASSERT_STRING_EQUAL(o.data, "only\r\n");
	outcome_free(&o);
}

static void
test_pam_refuses(void)
{
	world_close(&w);
	write_file("/etc/pam.d/postern-test", "auth required pam_permit.so\nsession required pam_deny.so\n");
	CU_ASSERT_EQUAL(world_open(&w, USER, "/bin/sh"), -1);
	CU_ASSERT_TRUE(bench_ended(w.leader_pidfd, QUIET_MS));
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo root[] = {
		{ "without supervisor", test_without_supervisor },
		{ "dataplane dies", test_dataplane_dies },
		{ "login ends", test_login_end },
		{ "leader terminated", test_terminated },
		{ "leader killed", test_leader_killed },
		{ "PAM session", test_pam },
		{ "PAM refuses", test_pam_refuses },
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{ "leader, root", open_login, close_login, NULL, NULL, (CU_TestInfo *)root },
		CU_SUITE_INFO_NULL,
	};

	bench_role(argc, argv);
	if (geteuid() != 0) {
		printf("skipped: a leader needs root\n");
		suites[0] = (CU_SuiteInfo)CU_SUITE_INFO_NULL;
	}
	log_start("test", -1);
	return suites_run(suites);
}
