#include "control/host/face.h"
#include "control/host/host.h"

#include <stdlib.h>

#include "control/log.h"

static void
tell_done(struct task *task)
{
	struct task was = *task;

	free(task);
	was.done(was.context);
}

static void
on_ended(void *ctx, int fd, unsigned events)
{
	struct host *h = ctx;
	struct task *task;

	(void)fd;
	(void)events;
	tasks_hush(&h->tasks);
	while ((task = tasks_take(&h->tasks)) != NULL)
		tell_done(task);
}

static int32_t
task_run(const struct postern_host *face, void (*work)(void *context), void (*done)(void *context),
    void *context, uint64_t *id)
{
	struct host *h = host_of(face);
	bool first = h->tasks.bell < 0;
	struct task *task;

	if (!face_thread(h))
		return POSTERN_E_THREAD;
	if (work == NULL || done == NULL)
		return POSTERN_E_INVAL;
	if (h->tasks.stopping)
		return POSTERN_E_CLOSED;
	task = malloc(sizeof(*task));
	if (task == NULL)
		return POSTERN_E_NOMEM;
	*task = (struct task){ .work = work, .done = done, .context = context };
	if (tasks_add(&h->tasks, task) != 0) {
		free(task);
		return POSTERN_E_NOMEM;
	}
	/* What ended before this is rung for still. */
	if (first && loop_watch(h->loop, h->tasks.bell, LOOP_IN, on_ended, h) != 0)
		log_error("plugin %s: what tasks have done is not seen", h->name);
	if (id != NULL)
		*id = h->tasks.last_id;
	return POSTERN_OK;
}

static int32_t
task_cancel(const struct postern_host *face, uint64_t id)
{
	struct host *h = host_of(face);
	struct task *task;

	if (!face_thread(h))
		return POSTERN_E_THREAD;
	task = tasks_cancel(&h->tasks, id);
	if (task == NULL)
		return POSTERN_E_NOSUCH;
	free(task);
	return POSTERN_OK;
}

int
face_task_stop(struct host *h)
{
	uint32_t left = tasks_stop(&h->tasks, TASKS_STOP_MS);
	struct task *task;

	while ((task = tasks_take(&h->tasks)) != NULL)
		tell_done(task);
	if (left > 0)
		log_error("plugin %s: stopped with %u tasks still running", h->name, (unsigned)left);
	return left > 0 ? -1 : 0;
}

void
face_task_fini(struct host *h)
{
	if (h->tasks.bell >= 0)
		loop_unwatch(h->loop, h->tasks.bell);
	tasks_fini(&h->tasks);
}

const struct postern_if_task face_task = { .run = task_run, .cancel = task_cancel };
