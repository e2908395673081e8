/*
 * postern.task/1: what runs where and when, its limits, and how it ends.
 */

#include <unistd.h>

#include "control/log.h"
#include "tests/lib/suite.h"
#include "tests/unit/control/host/hostbench.h"

static struct bench *b;
static const struct postern_if_task *tasks;

struct job {
	int gate[2];            /* work waits for a byte of it, where there is one */
	int begun[2];           /* and says here that it waits */
	pthread_t where;
	pthread_t told;
	int works;
	int dones;
	int again;              /* done gives it once more, so often */
	int32_t write_result;
	int32_t run_result;
	int32_t cancel_result;
	int32_t timer_result;
	int32_t text_result;
};

static void
set_up(void)
{
	b = bench_new();
	tasks = b->host.face.query(&b->host.face, postern_text(POSTERN_IF_TASK));
	CU_ASSERT_PTR_NOT_NULL_FATAL(tasks);
}

/* What is tagged [plugin-thread] refuses to serve any other. */
static void
work_wrong(void *context)
{
	struct job *j = context;
	const struct postern_host *f = &b->host.face;
	const struct postern_if_loop *loop = f->query(f, postern_text(POSTERN_IF_LOOP));
	const struct postern_if_session *session = f->query(f, postern_text(POSTERN_IF_SESSION));
	struct postern_view v;
	uint64_t n;

	j->write_result = bench_channels(b)->write(f, b->guest.channel, 0, postern_text("x"), &n);
	j->run_result = tasks->run(f, NULL, NULL, NULL, NULL);
	j->cancel_result = tasks->cancel(f, 1);
	j->timer_result = loop->timer(f, 1, NULL, NULL, NULL);
	j->text_result = session->text(f, b->guest.channel, POSTERN_SESSION_USER, &v);
}

static void
work(void *context)
{
	struct job *j = context;
	char c;

	j->where = pthread_self();
	j->works++;
	if (j->gate[1] > 0 && (write(j->begun[1], "b", 1) != 1 || read(j->gate[0], &c, 1) != 1))
		j->works = 1000;
}

static void
done(void *context)
{
	struct job *j = context;

	j->told = pthread_self();
	j->dones++;
	if (j->again-- > 0) {
		CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, j, NULL), 0);
	} else {
		loop_stop(b->loop);
	}
}

static void
gate_up(struct job *j)
{
	CU_ASSERT_EQUAL_FATAL(pipe(j->gate), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(j->begun), 0);
}

static void
await_begin(struct job *j)
{
	char c;

	CU_ASSERT_EQUAL(read(j->begun[0], &c, 1), 1);
}

static void
gate_open(struct job *j)
{
	CU_ASSERT_EQUAL(write(j->gate[1], "g", 1), 1);
}

static void
gate_down(struct job *j)
{
	for (int i = 0; i < 2; i++) {
		close(j->gate[i]);
		close(j->begun[i]);
	}
}

static void
ready(void *context, int32_t fd, uint32_t events)
{
	(void)context;
	(void)fd;
	(void)events;
}

static void
test_run(void)
{
	struct job j = { .again = 3 };
	const struct postern_if_loop *loop;
	uint64_t id = 0;

	set_up();
	loop = b->host.face.query(&b->host.face, postern_text(POSTERN_IF_LOOP));
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, NULL, done, &j, &id), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, NULL, &j, &id), POSTERN_E_INVAL);
	CU_ASSERT_EQUAL(tasks->cancel(&b->host.face, 1), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(b->host.tasks.threads, 0);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &j, &id), 0);
	CU_ASSERT_EQUAL(j.dones, 0);
	loop_run(b->loop, NULL, NULL);
	CU_ASSERT_EQUAL(j.works, 4);
	CU_ASSERT_EQUAL(j.dones, 4);
	CU_ASSERT_FALSE(pthread_equal(j.where, pthread_self()));
	CU_ASSERT_TRUE(pthread_equal(j.told, pthread_self()));
	/* It is over. */
	CU_ASSERT_EQUAL(tasks->cancel(&b->host.face, id), POSTERN_E_NOSUCH);
	/* The bell is the host's. */
	CU_ASSERT_EQUAL(loop->watch(&b->host.face, b->host.tasks.bell, POSTERN_READABLE, ready, NULL),
	    POSTERN_E_DENIED);
	bench_free(b);
}

static void
test_wrong_thread(void)
{
	struct job j = { .again = 0 };

	set_up();
	bench_open(b, 0, 100);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work_wrong, done, &j, NULL), 0);
	loop_run(b->loop, NULL, NULL);
	CU_ASSERT_EQUAL(j.write_result, POSTERN_E_THREAD);
	CU_ASSERT_EQUAL(j.run_result, POSTERN_E_THREAD);
	CU_ASSERT_EQUAL(j.cancel_result, POSTERN_E_THREAD);
	CU_ASSERT_EQUAL(j.timer_result, POSTERN_E_THREAD);
	CU_ASSERT_EQUAL(j.text_result, POSTERN_E_THREAD);
	CU_ASSERT_TRUE(bench_silent(b));
	bench_free(b);
}

static void
test_limits_and_cancel(void)
{
	struct job j = { .again = 0 }, k = { .again = 0 };
	uint64_t first, second;

	set_up();
	b->host.tasks.thread_max = 1;
	b->host.tasks.queue_max = 2;
	gate_up(&j);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &j, &first), 0);
	await_begin(&j);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &k, &second), 0);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &k, NULL), POSTERN_E_NOMEM);
	CU_ASSERT_EQUAL(tasks->cancel(&b->host.face, first), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(tasks->cancel(&b->host.face, second), 0);
	CU_ASSERT_EQUAL(tasks->cancel(&b->host.face, second), POSTERN_E_NOSUCH);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &k, &second), 0);
	CU_ASSERT_EQUAL(b->host.tasks.threads, 1);
	gate_open(&j);
	while (k.dones == 0)
		loop_run(b->loop, NULL, NULL);
	CU_ASSERT_EQUAL(j.dones, 1);
	CU_ASSERT_EQUAL(k.works, 1);
	CU_ASSERT_EQUAL(b->host.tasks.count, 0);
	gate_down(&j);
	bench_free(b);
}

/* Several at once: each waits until the other runs too. */
static void
test_together(void)
{
	struct job j = { .again = 0 }, k = { .again = 0 };

	set_up();
	gate_up(&j);
	gate_up(&k);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &j, NULL), 0);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &k, NULL), 0);
	await_begin(&k);
	await_begin(&j);
	gate_open(&k);
	while (k.dones == 0)
		loop_run(b->loop, NULL, NULL);
	CU_ASSERT_EQUAL(j.dones, 0);
	gate_open(&j);
	while (j.dones == 0)
		loop_run(b->loop, NULL, NULL);
	gate_down(&j);
	gate_down(&k);
	bench_free(b);
}

static void
test_stop(void)
{
	struct job j = { .again = 0 }, k = { .again = 0 };

	set_up();
	b->host.tasks.thread_max = 1;
	gate_up(&j);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &j, NULL), 0);
	await_begin(&j);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &k, NULL), 0);
	/* It does not end by itself. */
	CU_ASSERT_EQUAL(tasks_stop(&b->host.tasks, 1), 1);
	CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &k, NULL), POSTERN_E_CLOSED);
	gate_open(&j);
	CU_ASSERT_EQUAL(load_stop(&b->host), 0);
	CU_ASSERT_EQUAL(j.dones, 1);
	CU_ASSERT_EQUAL(k.works + k.dones, 0);
	CU_ASSERT_EQUAL(b->host.tasks.count, 0);
	gate_down(&j);
	bench_free(b);
}

/* Without work for a while there is no thread, and with work there is one again. */
static void
test_idle(void)
{
	struct job j = { .again = 0 };

	set_up();
	b->host.tasks.idle_ms = 1;
	for (int i = 1; i <= 2; i++) {
		CU_ASSERT_EQUAL(tasks->run(&b->host.face, work, done, &j, NULL), 0);
		loop_run(b->loop, NULL, NULL);
		CU_ASSERT_EQUAL(j.dones, i);
		pthread_mutex_lock(&b->host.tasks.lock);
		while (b->host.tasks.threads > 0)
			pthread_cond_wait(&b->host.tasks.fewer, &b->host.tasks.lock);
		pthread_mutex_unlock(&b->host.tasks.lock);
	}
	bench_free(b);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "run", test_run },
		{ "wrong thread", test_wrong_thread },
		{ "limits and cancel", test_limits_and_cancel },
		{ "together", test_together },
		{ "stop", test_stop },
		{ "idle", test_idle },
		CU_TEST_INFO_NULL,
	};

	log_start("test", -1);
	return suite_run("tasks of a plugin", tests);
}
