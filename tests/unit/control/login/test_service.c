/*
 * A service's host as a process: identity and sandbox before its plugin, who it
 * lives and dies with, and echo with little room both ways.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/link/bell.h"
#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/login/loginbench.h"

#define UID 65534u
#define QUIET_MS 10000

static struct view
none(void)
{
	return view_of(NULL, 0);
}

static void
status_of(pid_t pid, char *text, size_t size)
{
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	n = f != NULL ? fread(text, 1, size - 1, f) : 0;
	text[n] = '\0';
	if (f != NULL)
		fclose(f);
}

static void
test_identity(void)
{
	struct world w;
	char text[4096];

	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "echo", UID, UID, true), 0);
	status_of(w.host_pid, text, sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Uid:\t65534\t65534\t65534\t65534\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Gid:\t65534\t65534\t65534\t65534\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Groups:\t \n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "NoNewPrivs:\t1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Seccomp:\t2\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapEff:\t0000000000000000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CapBnd:\t0000000000000000\n"));
	world_close(&w);
}

static void
test_echo(void)
{
	static uint8_t in[1 << 20];
	struct world w;
	struct outcome o;
	size_t sent = 0;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 2654435761u >> 11);
	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "echo", UID, UID, true), 0);
	outcome_init(&o);
	world_start(&w, 0, LINK_START_SUBSYSTEM, "echo", none(), 777);
	while (sent < sizeof(in)) {
		size_t n = sizeof(in) - sent < 32768 ? sizeof(in) - sent : 32768;

		while (sent + n - o.took > 100000)
			CU_ASSERT_TRUE_FATAL(world_take(&w, 0, &o, QUIET_MS));
		/* Only what was returned re-opens the window. */
		CU_ASSERT_FATAL(o.took <= o.data_len);
		world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_of(in + sent, n));
		sent += n;
	}
	world_send(&w, LINK_UP_CHAN_EOF, 0, 0, none());
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_FALSE(o.broken);
	CU_ASSERT_TRUE(o.eof);
	CU_ASSERT_EQUAL(o.status, 0);
	CU_ASSERT_EQUAL(o.data_len, sizeof(in));
	CU_ASSERT_EQUAL(memcmp(o.data, in, sizeof(in)), 0);
	outcome_free(&o);
	world_close(&w);
}

static void
test_skeleton(void)
{
	struct world w;
	struct outcome o;

	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "skeleton", UID, UID, true), 0);
	outcome_init(&o);
	/* Too little room at first. */
	world_start(&w, 0, LINK_START_SUBSYSTEM, "skeleton", none(), 5);
	CU_ASSERT_TRUE(world_take(&w, 0, &o, QUIET_MS));
	world_send(&w, LINK_UP_CHAN_CREDIT, 0, 100, none());
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_STRING_EQUAL(o.data, "skeleton says hello\n");
	CU_ASSERT_EQUAL(o.status, 0);
	CU_ASSERT_FALSE(o.broken);
	outcome_free(&o);
	world_close(&w);
}

/* Registered or not decides what its supervisor's death means. */
static void
test_supervisor_dies(void)
{
	struct world w;
	struct outcome o;

	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "echo", UID, UID, false), 0);
	close(w.host);
	w.host = -1;
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	world_close(&w);
	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "echo", UID, UID, true), 0);
	close(w.host);
	w.host = -1;
	outcome_init(&o);
	world_start(&w, 0, LINK_START_SUBSYSTEM, "echo", none(), 1000);
	world_send(&w, LINK_UP_CHAN_DATA, 0, 0, view_str("still here"));
	world_send(&w, LINK_UP_CHAN_EOF, 0, 0, none());
	world_collect(&w, 0, &o, QUIET_MS);
	CU_ASSERT_STRING_EQUAL(o.data, "still here");
	outcome_free(&o);
	world_send(&w, LINK_UP_HOST_END, LINK_CHAN_NONE, 0, none());
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	world_close(&w);
}

/* A worker that breaks the rules, and one that is gone. */
static void
test_worker_faults(void)
{
	struct world w;
	struct link_entry wild = { .op = LINK_UP_CHAN_DATA, .off = 0xffffff00u, .len = 4096 };

	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "echo", UID, UID, true), 0);
	region_entries(&w.own)[w.out.head & (LINK_HOST_RING - 1)] = wild;
	__atomic_store_n(&region_header(&w.own)->head, w.out.head + 1, __ATOMIC_RELEASE);
	bell_ring(w.bell_host);
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	world_close(&w);
	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "echo", UID, UID, true), 0);
	__atomic_store_n(&region_header(&w.own)->tail, 77777u, __ATOMIC_RELEASE);
	bell_ring(w.bell_host);
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	world_close(&w);
	CU_ASSERT_EQUAL_FATAL(world_open_service(&w, "echo", UID, UID, true), 0);
	close(w.bell_host);
	w.bell_host = -1;
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	world_close(&w);
}

static void
test_no_plugin(void)
{
	struct world w;

	CU_ASSERT_EQUAL(world_open_service(&w, "nothing", UID, UID, true), -1);
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	world_close(&w);
	/* exec without a leader. */
	CU_ASSERT_EQUAL(world_open_service(&w, "exec", UID, UID, true), -1);
	CU_ASSERT_TRUE(bench_ended(w.host_pidfd, QUIET_MS));
	world_close(&w);
}

static void
test_skip(void)
{
	CU_PASS("root only");
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo root[] = {
		{ "identity and sandbox", test_identity },
		{ "echo", test_echo },
		{ "skeleton", test_skeleton },
		{ "supervisor dies", test_supervisor_dies },
		{ "worker's faults", test_worker_faults },
		{ "no plugin", test_no_plugin },
		CU_TEST_INFO_NULL,
	};
	static const CU_TestInfo plain[] = {
		{ "skipped", test_skip },
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{ "service host", NULL, NULL, NULL, NULL, (CU_TestInfo *)root },
		CU_SUITE_INFO_NULL,
	};

	bench_role(argc, argv);
	if (geteuid() != 0) {
		printf("skipped: taking an identity needs root\n");
		suites[0].pTests = (CU_TestInfo *)plain;
	}
	log_start("test", -1);
	return suites_run(suites);
}
