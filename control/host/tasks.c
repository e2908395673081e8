#include "control/host/tasks.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void
list_init(struct task_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void
list_put(struct task_list *l, struct task *task)
{
	task->next = NULL;
	*l->last = task;
	l->last = &task->next;
}

static struct task *
list_take(struct task_list *l, struct task **at)
{
	struct task *task = *at;

	if (task == NULL)
		return NULL;
	*at = task->next;
	if (l->last == &task->next)
		l->last = at;
	return task;
}

static struct timespec
after_ms(uint32_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

void
tasks_init(struct tasks *t)
{
	pthread_condattr_t monotonic;

	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->more, &monotonic);
	pthread_cond_init(&t->fewer, &monotonic);
	pthread_condattr_destroy(&monotonic);
	list_init(&t->waiting);
	list_init(&t->ended);
	t->bell = -1;
	t->idle_ms = TASKS_IDLE_MS;
}

/* ---- a thread ---- */

static void
ring(int bell)
{
	uint64_t one = 1;

	/* Full is as good as rung. */
	(void)!write(bell, &one, sizeof(one));
}

/* Wait for work, under the lock. False: none came, or none shall. */
static bool
await(struct tasks *t)
{
	struct timespec until = after_ms(t->idle_ms);
	int r = 0;

	t->idle++;
	while (t->waiting.first == NULL && !t->stopping && r == 0)
		r = pthread_cond_timedwait(&t->more, &t->lock, &until);
	t->idle--;
	return t->waiting.first != NULL;
}

static void *
thread(void *arg)
{
	struct tasks *t = arg;
	struct task *task;

	pthread_mutex_lock(&t->lock);
	while (await(t)) {
		task = list_take(&t->waiting, &t->waiting.first);
		t->waiting_count--;
		pthread_mutex_unlock(&t->lock);
		task->work(task->context);
		pthread_mutex_lock(&t->lock);
		list_put(&t->ended, task);
		ring(t->bell);
	}
	t->threads--;
	pthread_cond_broadcast(&t->fewer);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* Signals are the plugin thread's. */
static bool
make_thread(struct tasks *t)
{
	pthread_attr_t attr;
	pthread_t made;
	sigset_t all, before;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, TASKS_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&made, &attr, thread, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (r == 0)
		t->threads++;
	return r == 0;
}

/* ---- the plugin thread ---- */

int
tasks_add(struct tasks *t, struct task *task)
{
	bool there;

	if (t->count >= t->queue_max)
		return -1;
	if (t->bell < 0 && (t->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		return -1;
	pthread_mutex_lock(&t->lock);
	there = !t->stopping;
	/* Fewer threads than wanted do the same work later. */
	if (there && t->waiting_count >= t->idle && t->threads < t->thread_max)
		there = make_thread(t) || t->threads > 0;
	if (there) {
		task->id = ++t->last_id;
		list_put(&t->waiting, task);
		t->waiting_count++;
		t->count++;
		pthread_cond_signal(&t->more);
	}
	pthread_mutex_unlock(&t->lock);
	return there ? 0 : -1;
}

struct task *
tasks_cancel(struct tasks *t, uint64_t id)
{
	struct task **at, *task;

	pthread_mutex_lock(&t->lock);
	at = &t->waiting.first;
	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	task = list_take(&t->waiting, at);
	if (task != NULL) {
		t->waiting_count--;
		t->count--;
	}
	pthread_mutex_unlock(&t->lock);
	return task;
}

struct task *
tasks_take(struct tasks *t)
{
	struct task *task;

	pthread_mutex_lock(&t->lock);
	task = list_take(&t->ended, &t->ended.first);
	pthread_mutex_unlock(&t->lock);
	if (task != NULL)
		t->count--;
	return task;
}

void
tasks_hush(struct tasks *t)
{
	uint64_t n;

	(void)!read(t->bell, &n, sizeof(n));
}

static void
drop(struct tasks *t, struct task_list *l)
{
	struct task *task;

	while ((task = list_take(l, &l->first)) != NULL) {
		t->count--;
		free(task);
	}
}

uint32_t
tasks_stop(struct tasks *t, uint32_t ms)
{
	struct timespec until = after_ms(ms);
	uint32_t left;
	int r = 0;

	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	drop(t, &t->waiting);
	t->waiting_count = 0;
	pthread_cond_broadcast(&t->more);
	while (t->threads > 0 && r == 0)
		r = pthread_cond_timedwait(&t->fewer, &t->lock, &until);
	left = t->threads;
	pthread_mutex_unlock(&t->lock);
	return left;
}

void
tasks_fini(struct tasks *t)
{
	drop(t, &t->ended);
	if (t->bell >= 0)
		close(t->bell);
	t->bell = -1;
	pthread_cond_destroy(&t->more);
	pthread_cond_destroy(&t->fewer);
	pthread_mutex_destroy(&t->lock);
}
