/*
 * Threads for a plugin's tasks. They are made when there is work for them, up to a
 * limit, and end when there has been none for a while; so a host whose plugin has no
 * tasks has one thread.
 *
 * Everything but the work itself happens on the plugin's thread.
 */
#ifndef POSTERN_CONTROL_HOST_TASKS_H
#define POSTERN_CONTROL_HOST_TASKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define TASKS_STACK (256u << 10)  /* bytes */
#define TASKS_IDLE_MS 10000u      /* a thread without work ends */
#define TASKS_STOP_MS 5000u       /* how long a stop waits for what runs */

struct task {
	struct task *next;
	uint64_t id;
	void (*work)(void *context);
	void (*done)(void *context);
	void *context;
};

/* In order; `last` points at the end of the list. */
struct task_list {
	struct task *first;
	struct task **last;
};

struct tasks {
	pthread_mutex_t lock;
	pthread_cond_t more;      /* work, or the stop */
	pthread_cond_t fewer;     /* a thread has ended */
	uint32_t thread_max;      /* limits: of threads, */
	uint32_t queue_max;       /* and of tasks that are not done */
	uint64_t last_id;         /* the plugin thread's own */
	uint32_t count;           /* not done; the plugin thread's own */
	int bell;                 /* eventfd: something ended. -1 before the first task */
	uint32_t idle_ms;         /* TASKS_IDLE_MS */
	/* under the lock */
	struct task_list waiting;
	struct task_list ended;
	uint32_t waiting_count;
	uint32_t threads;
	uint32_t idle;
	bool stopping;
};

void tasks_init(struct tasks *t);

/*
 * tasks_add(t, task): 0: it runs as soon as a thread is free. -1: a limit or memory
 * is exhausted, or no thread could be made and there is none; the caller keeps it.
 * With the first task t->bell is there: the caller watches it for reading.
 */
int tasks_add(struct tasks *t, struct task *task);

/* tasks_cancel(t, id): the task, no longer this side's; NULL: it has begun. */
struct task *tasks_cancel(struct tasks *t, uint64_t id);

/* tasks_take(t): the next one that ended, the caller's; NULL: none. tasks_hush(t):
 * before taking: what ended until now does not ring again. */
struct task *tasks_take(struct tasks *t);
void tasks_hush(struct tasks *t);

/* tasks_stop(t, ms): nothing begins any more, what waits is dropped, and what runs may
 * end, for at most so long. How many threads still run. */
uint32_t tasks_stop(struct tasks *t, uint32_t ms);

/* After tasks_stop has answered 0. */
void tasks_fini(struct tasks *t);

#endif
