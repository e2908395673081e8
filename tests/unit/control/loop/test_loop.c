#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/loop.h"
#include "tests/lib/suite.h"

static struct loop *l;
static char order[64];
static int pair[2];

static void
mark(const char *c)
{
	strncat(order, c, sizeof(order) - strlen(order) - 1);
}

static void
timer_a(void *ctx)
{
	mark(ctx);
}

static void
timer_stop(void *ctx)
{
	mark(ctx);
	loop_stop(l);
}

static void
setup(void)
{
	order[0] = '\0';
	l = loop_new();
	CU_ASSERT_FATAL(l != NULL);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
}

static void
teardown(void)
{
	loop_free(l);
	close(pair[0]);
	close(pair[1]);
}

static void
test_order(void)
{
	int id;

	setup();
	CU_ASSERT(loop_after(l, 30, timer_stop, (void *)"3") > 0);
	CU_ASSERT(loop_after(l, 1, timer_a, (void *)"1") > 0);
	id = loop_after(l, 10, timer_a, (void *)"x");
	CU_ASSERT(loop_after(l, 15, timer_a, (void *)"2") > 0);
	loop_cancel(l, id);
	loop_cancel(l, id);
	loop_cancel(l, 0);
	loop_cancel(l, -5);
	CU_ASSERT(loop_run(l, NULL, NULL) == 0);
	CU_ASSERT_STRING_EQUAL(order, "123");
	teardown();
}

static void
timer_again(void *ctx)
{
	int *left = ctx;

	mark("t");
	if (--*left > 0)
		loop_after(l, 0, timer_again, left);
	else
		loop_stop(l);
}

static void
test_again(void)
{
	int left = 5;

	setup();
	loop_after(l, 0, timer_again, &left);
	loop_run(l, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(order, "ttttt");
	teardown();
}

/* An id of a timer that fired does not cancel the one that has its place now. */
static void
test_stale_id(void)
{
	int id, i;

	setup();
	for (i = 0; i < 3000; i++) {
		id = loop_after(l, 1000, timer_a, (void *)"x");
		loop_cancel(l, id);
	}
	id = loop_after(l, 0, timer_stop, (void *)"a");
	loop_run(l, NULL, NULL);
	CU_ASSERT(loop_after(l, 0, timer_stop, (void *)"b") != id);
	loop_cancel(l, id);
	loop_run(l, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(order, "ab");
	teardown();
}

/* Many timers come in order of their time. */
static uint64_t told[500];
static int told_count;

static void
timer_count(void *ctx)
{
	(void)ctx;
	told[told_count++] = loop_now_ms();
	if (told_count == 500)
		loop_stop(l);
}

static void
test_many(void)
{
	uint64_t start;
	int i;

	setup();
	told_count = 0;
	start = loop_now_ms();
	for (i = 0; i < 500; i++)
		CU_ASSERT(loop_after(l, (uint32_t)(i * 7919 % 50), timer_count, NULL) > 0);
	loop_run(l, NULL, NULL);
	CU_ASSERT(told_count == 500);
	CU_ASSERT(told[499] - start >= 49);
	for (i = 1; i < 500; i++)
		CU_ASSERT(told[i] >= told[i - 1]);
	teardown();
}

static unsigned last_events;

static void
on_fd(void *ctx, int fd, unsigned events)
{
	char b[8];

	(void)ctx;
	last_events = events;
	mark((events & LOOP_HUP) ? "h" : (events & LOOP_OUT) ? "o" : "i");
	if (events & LOOP_IN)
		(void)!recv(fd, b, sizeof(b), 0);
	loop_stop(l);
}

static void
test_fd(void)
{
	setup();
	CU_ASSERT(loop_watch(l, pair[0], LOOP_IN, on_fd, NULL) == 0);
	CU_ASSERT(send(pair[1], "x", 1, 0) == 1);
	loop_run(l, NULL, NULL);
	CU_ASSERT(loop_watch(l, pair[0], LOOP_OUT, on_fd, NULL) == 0);
	loop_run(l, NULL, NULL);
	/* The end is told always, with IN for what is left. */
	CU_ASSERT(loop_watch(l, pair[0], LOOP_IN, on_fd, NULL) == 0);
	CU_ASSERT(send(pair[1], "y", 1, 0) == 1);
	close(pair[1]);
	loop_run(l, NULL, NULL);
	CU_ASSERT((last_events & (LOOP_IN | LOOP_HUP)) == (LOOP_IN | LOOP_HUP));
	CU_ASSERT_STRING_EQUAL(order, "ioh");
	pair[1] = -1;
	CU_ASSERT(loop_watch(l, -1, LOOP_IN, on_fd, NULL) == -EBADF);
	teardown();
}

static int other[2];

static void
on_first(void *ctx, int fd, unsigned events)
{
	(void)ctx;
	(void)fd;
	(void)events;
	mark("1");
	/* Both were ready: the other one must not be told any more, not even when its
	 * number is in use again. */
	loop_unwatch(l, pair[0]);
	loop_unwatch(l, other[0]);
	close(other[0]);
	other[0] = dup(pair[1]);
	loop_watch(l, other[0], LOOP_IN, on_first, NULL);
	loop_after(l, 5, timer_stop, (void *)"s");
}

static void
test_unwatch_in_callback(void)
{
	setup();
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, other) == 0);
	CU_ASSERT(send(pair[1], "x", 1, 0) == 1);
	CU_ASSERT(send(other[1], "x", 1, 0) == 1);
	loop_watch(l, pair[0], LOOP_IN, on_first, NULL);
	loop_watch(l, other[0], LOOP_IN, on_first, NULL);
	loop_run(l, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(order, "1s");
	close(other[0]);
	close(other[1]);
	teardown();
}

static int
before(void *ctx)
{
	int *left = ctx;

	mark("b");
	if (--*left == 0)
		loop_stop(l);
	return 1;
}

static void
test_before(void)
{
	int left = 3;

	setup();
	CU_ASSERT(loop_run(l, before, &left) == 0);
	CU_ASSERT_STRING_EQUAL(order, "bbb");
	teardown();
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "timers in order, cancelled", test_order },
		{ "a timer sets itself", test_again },
		{ "a stale id", test_stale_id },
		{ "many timers", test_many },
		{ "descriptors", test_fd },
		{ "removed by another callback", test_unwatch_in_callback },
		{ "poll before waiting", test_before },
		CU_TEST_INFO_NULL,
	};

	return suite_run("loop", tests);
}
