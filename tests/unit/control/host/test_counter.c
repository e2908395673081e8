/*
 * What a plugin counts: names of NAME.conf, postern.counter/1 from any thread, and the
 * page on its way to a supervisor that believes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/counters.h"
#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

#define THREADS 4
#define ROUNDS 20000u

static struct bench *b;
static const struct postern_if_counter *counter;

static int
lines(struct counters *c, const char *text)
{
	const char *why = NULL;
	int r = counters_lines(c, text, strlen(text), &why);

	CU_ASSERT(r == 0 || why != NULL);
	return r;
}

static void
set_up(const char *text)
{
	const char *why;

	b = bench_new();
	b->host.config = strdup(text);
	b->host.config_len = strlen(text);
	CU_ASSERT_EQUAL_FATAL(face_counter_make(&b->host, &why), 0);
	counter = b->host.face.query(&b->host.face, postern_text(POSTERN_IF_COUNTER));
	CU_ASSERT_PTR_NOT_NULL_FATAL(counter);
}

/* As the supervisor sums it up. */
static uint64_t
seen(const char *name)
{
	const struct counters *page = counters_attach(b->host.counters_fd);
	struct counters sum;
	uint32_t at;

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	CU_ASSERT_EQUAL(lines(&sum, "Counters one two"), 0);
	counters_sum(&sum, page);
	counters_detach(page);
	at = counters_find(&sum, view_str(name));
	CU_ASSERT_FATAL(at < COUNTERS_MAX);
	return sum.row[at].value;
}

/* ---- names ---- */

static void
test_names(void)
{
	struct counters c;

	CU_ASSERT(lines(&c, "") == 0 && c.count == 0);
	CU_ASSERT(lines(&c, "RunAs user\ncounters one two # three\n\tCounters  two A-b_c.9\r\nOther x") == 0);
	CU_ASSERT_EQUAL(c.count, 3);
	CU_ASSERT_STRING_EQUAL(c.row[2].name, "A-b_c.9");
	CU_ASSERT_EQUAL(counters_find(&c, view_str("two")), 1);
	CU_ASSERT_EQUAL(counters_find(&c, view_str("tw")), COUNTERS_MAX);
	CU_ASSERT_EQUAL(counters_find(&c, view_str("")), COUNTERS_MAX);
	CU_ASSERT(lines(&c, "Countersone\n#Counters two") == 0 && c.count == 0);
	CU_ASSERT_EQUAL(lines(&c, "Counters"), -1);
	CU_ASSERT_EQUAL(lines(&c, "Counters # one"), -1);
	CU_ASSERT_EQUAL(lines(&c, "Counters on\x1b[1me"), -1);
	CU_ASSERT_EQUAL(lines(&c, "Counters \xc3\xa9"), -1);
	CU_ASSERT_EQUAL(counters_lines(&c, "Counters a\0b", 12, &(const char *){ NULL }), -1);
	CU_ASSERT_EQUAL(lines(&c, "Counters 1234567890123456789012345678901"), 0);
	CU_ASSERT_EQUAL(lines(&c, "Counters 12345678901234567890123456789012"), -1);
}

static void
test_most_names(void)
{
	static char text[4096];
	struct counters c;
	int n = snprintf(text, sizeof(text), "Counters");

	for (unsigned i = 0; i < COUNTERS_MAX; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " n%u", i);
	CU_ASSERT(lines(&c, text) == 0 && c.count == COUNTERS_MAX);
	snprintf(text + n, sizeof(text) - (size_t)n, " n1 n2");
	CU_ASSERT(lines(&c, text) == 0 && c.count == COUNTERS_MAX);
	snprintf(text + n, sizeof(text) - (size_t)n, " m");
	CU_ASSERT_EQUAL(lines(&c, text), -1);
}

/* ---- the interface ---- */

static void
test_face(void)
{
	const struct postern_host *f;
	uint32_t one = 9, two = 9, none = 9;

	set_up("Counters one two\n");
	f = &b->host.face;
	CU_ASSERT_EQUAL(counter->of(f, postern_text("one"), &one), POSTERN_OK);
	CU_ASSERT_EQUAL(counter->of(f, postern_text("two"), &two), POSTERN_OK);
	CU_ASSERT(one != 0 && two != 0 && one != two);
	CU_ASSERT_EQUAL(counter->of(f, postern_text("three"), &none), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(none, 0);
	CU_ASSERT_EQUAL(counter->of(f, postern_view_of("one", 0), &none), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(counter->of(f, postern_view_of(NULL, 3), &none), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(counter->of(f, postern_text("one"), NULL), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(counter->add(f, none, 1), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(counter->add(f, 3, 1), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(counter->set(f, COUNTERS_MAX + 1, 1), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(counter->set(f, UINT32_MAX, 1), POSTERN_E_NOSUCH);
	CU_ASSERT(seen("one") == 0 && seen("two") == 0);
	CU_ASSERT_EQUAL(counter->add(f, one, 5), POSTERN_OK);
	CU_ASSERT_EQUAL(counter->add(f, one, 2), POSTERN_OK);
	CU_ASSERT_EQUAL(counter->add(f, two, 9), POSTERN_OK);
	CU_ASSERT_EQUAL(counter->set(f, two, 3), POSTERN_OK);
	CU_ASSERT(seen("one") == 7 && seen("two") == 3);
	CU_ASSERT_EQUAL(counter->set(f, one, UINT64_MAX), POSTERN_OK);
	CU_ASSERT_EQUAL(seen("one"), COUNTERS_VALUE_MAX);
	CU_ASSERT_EQUAL(counter->add(f, one, 2), POSTERN_OK);
	CU_ASSERT_EQUAL(seen("one"), 1);
	bench_free(b);
}

static void
test_face_without(void)
{
	uint32_t one = 9;

	set_up("RunAs user\n");
	CU_ASSERT_PTR_NULL(b->host.counters);
	CU_ASSERT_EQUAL(counter->of(&b->host.face, postern_text("one"), &one), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(one, 0);
	CU_ASSERT_EQUAL(counter->add(&b->host.face, one, 1), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(counter->set(&b->host.face, 1, 1), POSTERN_E_NOSUCH);
	bench_free(b);
}

static void *
add_many(void *ctx)
{
	uint32_t one = 0;

	(void)ctx;
	(void)counter->of(&b->host.face, postern_text("one"), &one);
	for (unsigned i = 0; i < ROUNDS; i++)
		(void)counter->add(&b->host.face, one, 3);
	return NULL;
}

static void
test_threads(void)
{
	pthread_t t[THREADS];

	set_up("Counters one");
	for (int i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&t[i], NULL, add_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	CU_ASSERT_EQUAL(seen("one"), 3ull * THREADS * ROUNDS);
	bench_free(b);
}

/* The number of the page's file is the host's: not for the plugin's loop. */
static void
ready(void *context, int32_t fd, uint32_t events)
{
	(void)context, (void)fd, (void)events;
}

static void
test_descriptor(void)
{
	const struct postern_if_loop *loop;

	set_up("Counters one");
	loop = b->host.face.query(&b->host.face, postern_text(POSTERN_IF_LOOP));
	CU_ASSERT_EQUAL(loop->watch(&b->host.face, b->host.counters_fd, POSTERN_READABLE, ready, NULL), POSTERN_E_DENIED);
	bench_free(b);
}

/* ---- what a supervisor is given ---- */

static void
test_seals(void)
{
	struct counters names, *page;
	int fd, wide, bare, pipes[2];

	CU_ASSERT_EQUAL(lines(&names, "Counters one"), 0);
	page = counters_make(&names, &fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	CU_ASSERT(mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	CU_ASSERT(pwrite(fd, "x", 1, 0) == -1 && errno == EPERM);
	CU_ASSERT(ftruncate(fd, 0) == -1 && errno == EPERM);
	counters_detach(page);
	close(fd);
	/* Unsealed, of another size, no memory at all. */
	bare = memfd_create("bare", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CU_ASSERT_EQUAL(ftruncate(bare, sizeof(names)), 0);
	CU_ASSERT_PTR_NULL(counters_attach(bare));
	wide = memfd_create("wide", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CU_ASSERT_EQUAL(ftruncate(wide, sizeof(names) + 1), 0);
	CU_ASSERT_EQUAL(fcntl(wide, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | F_SEAL_WRITE), 0);
	CU_ASSERT_PTR_NULL(counters_attach(wide));
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	CU_ASSERT_PTR_NULL(counters_attach(pipes[0]));
	CU_ASSERT_PTR_NULL(counters_attach(-1));
	close(bare);
	close(wide);
	close(pipes[0]);
	close(pipes[1]);
}

/* Pages of hosts that lie, and what is left of them. */
static void
test_lies(void)
{
	struct counters sum, page;

	CU_ASSERT_EQUAL(lines(&sum, "Counters one two"), 0);
	page = sum;
	page.row[0].value = 4;
	page.magic++;
	counters_sum(&sum, &page);
	CU_ASSERT_EQUAL(sum.row[0].value, 0);
	page.magic--;
	page.count = COUNTERS_MAX + 1;
	counters_sum(&sum, &page);
	page.count = UINT32_MAX;
	counters_sum(&sum, &page);
	CU_ASSERT_EQUAL(sum.row[0].value, 0);
	/* Names that nobody knows, without an end, and one again and again. */
	page.count = COUNTERS_MAX;
	for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
		memset(page.row[i].name, i % 2 ? 'x' : 0xff, sizeof(page.row[i].name));
		page.row[i].value = UINT64_MAX;
	}
	for (uint32_t i = 10; i < 20; i++)
		page.row[i] = (struct counters_row){ 6, "two" };
	counters_sum(&sum, &page);
	CU_ASSERT(sum.count == 2 && sum.row[0].value == 0 && sum.row[1].value == 6);
	CU_ASSERT_STRING_EQUAL(sum.row[0].name, "one");
	/* It stops, and stays. */
	page.row[10].value = UINT64_MAX;
	counters_sum(&sum, &page);
	CU_ASSERT_EQUAL(sum.row[1].value, COUNTERS_VALUE_MAX);
	counters_sum(&sum, &page);
	CU_ASSERT_EQUAL(sum.row[1].value, COUNTERS_VALUE_MAX);
}

static void
test_rename(void)
{
	struct counters c, names;

	memset(&c, 0, sizeof(c));
	CU_ASSERT_EQUAL(lines(&names, "Counters one two"), 0);
	counters_rename(&c, &names);
	CU_ASSERT(c.count == 2 && c.row[0].value == 0);
	c.row[0].value = 3;
	c.row[1].value = 4;
	CU_ASSERT_EQUAL(lines(&names, "Counters zero two"), 0);
	counters_rename(&c, &names);
	CU_ASSERT(c.count == 2 && c.row[0].value == 0 && c.row[1].value == 4);
	memset(&names, 0, sizeof(names));
	counters_rename(&c, &names);
	CU_ASSERT_EQUAL(c.count, 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "names", test_names },
		{ "as many as there may be", test_most_names },
		{ "of, add, set", test_face },
		{ "without names", test_face_without },
		{ "threads", test_threads },
		{ "descriptor", test_descriptor },
		{ "seals", test_seals },
		{ "lies", test_lies },
		{ "other names", test_rename },
		CU_TEST_INFO_NULL,
	};

	log_start("test", 1000000);
	return suite_run("counter", tests);
}
