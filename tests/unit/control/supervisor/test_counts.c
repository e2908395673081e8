/* The supervisor: what hosts count, while they run, when they have ended, and when they
 * hand over something else. */
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/counters.h"
#include "control/json.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/supervisor/cast.h"

static struct user_host u;
static uint32_t asked;

static void
host_up(uint32_t link_id)
{
	uint32_t id;

	want_host(link_id, "shell");
	if (u.leader == NULL)
		leader_starts(&u);
	host_starts(&u, true, link_id);
	CU_ASSERT(host_ready(link_id, &id) == 0 && id == link_id);
}

static void
begin(void)
{
	memset(&u, 0, sizeof(u));
	up(false);
	shell_plugin();
	stage_file(&st, "shell.conf", "RunAs user\nCounters one two\n", NULL);
	log_in();
	host_up(41);
}

static void
hand_over(int fd)
{
	struct msg say = { .type = MSG_COUNTERS, .fds = { fd }, .fd_count = fd >= 0 ? 1 : 0 };

	CU_ASSERT(msg_send(u.host_fd, &say) == 0);
}

/* A page with these values, as a host makes it. */
static struct counters *
page_of(const char *text, uint64_t one, uint64_t two)
{
	struct counters names, *page;
	const char *why;
	int fd;

	CU_ASSERT_FATAL(counters_lines(&names, text, strlen(text), &why) == 0);
	page = counters_make(&names, &fd);
	CU_ASSERT_FATAL(page != NULL);
	page->row[0].value = one;
	page->row[1].value = two;
	hand_over(fd);
	close(fd);
	return page;
}

/* The plugin's counters, as an operator gets them now. */
static void
look(uint64_t *one, uint64_t *two, size_t *others)
{
	struct msg ask = { .type = MSG_STATUS, .tag = ++asked };
	struct put w;
	struct stat file;
	struct js *all, *c;
	char *json;

	text(&w, "plugins");
	puppet_say(console, &ask, &w);
	do {
		CU_ASSERT_FATAL(puppet_find(console, MSG_STATUS_IS, &m));
	} while (m.tag != asked);
	CU_ASSERT_FATAL(m.fd_count >= 1 && fstat(m.fds[0], &file) == 0);
	json = malloc((size_t)file.st_size);
	CU_ASSERT_FATAL(json != NULL && pread(m.fds[0], json, (size_t)file.st_size, 0) == file.st_size);
	all = js_parse(json, (size_t)file.st_size);
	c = js_get(js_at(js_get(all, "plugins"), 0), "counters");
	*one = js_u64(c, "one");
	*two = js_u64(c, "two");
	*others = js_get(c, "three") != NULL;
	js_free(all);
	free(json);
	drop();
}

/* The host's socket and the console's are two: what was said comes to be known. */
static bool
comes(uint64_t want_one, uint64_t want_two)
{
	uint64_t one = 0, two = 0;
	size_t others = 0;

	for (int i = 0; i < 20000; i++) {
		look(&one, &two, &others);
		CU_ASSERT(others == 0);
		if (one == want_one && two == want_two)
			return true;
	}
	return false;
}

static void
host_down(void)
{
	kill(u.pid, SIGKILL);
	waitpid(u.pid, NULL, 0);
	close(u.host_sock);
	CU_ASSERT(fd_gone(u.host_fd));
	close(u.host_fd);
	close(u.host_pidfd);
}

static void
test_sums(void)
{
	struct counters *page;

	begin();
	CU_ASSERT(comes(0, 0));
	page = page_of("Counters one three two", 5, 99);
	page->row[2].value = 7;
	CU_ASSERT(comes(5, 7));
	page->row[0].value = 50;
	CU_ASSERT(comes(50, 7));
	host_down();
	CU_ASSERT(comes(50, 7));
	/* The next one begins at 0, and is added. */
	counters_detach(page);
	host_up(42);
	page = page_of("Counters two one", 1, 2);
	CU_ASSERT(comes(52, 8));
	counters_detach(page);
	user_host_free(&u);
	down();
}

static void
ended(void)
{
	int status = 0;

	CU_ASSERT(waitpid(u.pid, &status, 0) == u.pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	u.pid = idle_process();
}

/* The host has to be ended for it. */
static void
test_refused(int fd)
{
	CU_ASSERT(fd >= -1);
	hand_over(fd);
	if (fd >= 0)
		close(fd);
	ended();
	CU_ASSERT(comes(0, 0));
	user_host_free(&u);
	down();
}

static void
test_no_file(void)
{
	begin();
	test_refused(-1);
}

static void
test_unsealed(void)
{
	int fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CU_ASSERT(ftruncate(fd, sizeof(struct counters)) == 0);
	begin();
	test_refused(fd);
}

static void
test_pipe(void)
{
	int fds[2];

	CU_ASSERT_FATAL(pipe(fds) == 0);
	begin();
	test_refused(fds[0]);
	close(fds[1]);
}

static void
test_twice(void)
{
	struct counters *page;

	begin();
	page = page_of("Counters one two", 3, 4);
	CU_ASSERT(comes(3, 4));
	counters_detach(page);
	page = page_of("Counters one two", 1000, 1000);
	ended();
	CU_ASSERT(comes(3, 4));
	counters_detach(page);
	user_host_free(&u);
	down();
}

int
main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "sums", test_sums },
		{ "no file", test_no_file },
		{ "a file that is not sealed", test_unsealed },
		{ "a pipe", test_pipe },
		{ "twice", test_twice },
		CU_TEST_INFO_NULL,
	};

	if (argc > 1 && strcmp(argv[1], "role") == 0)
		return puppet_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	return suite_run("counts", tests);
}
