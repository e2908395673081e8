#include "control/host/host.h"

#include <stdlib.h>

#include "control/plugconf.h"

void
host_init(struct host *h, struct loop *loop)
{
	memset(h, 0, sizeof(*h));
	h->face.size = sizeof(h->face);
	h->face.abi_minor = POSTERN_ABI_MINOR;
	h->face.impl = h;
	h->face.query = face_query;
	h->loop = loop;
	h->thread = pthread_self();
	h->link_count = 1;
	for (uint32_t i = 0; i < HOST_LINKS_MAX; i++)
		linkend_init(&h->link[i], LINK_HOST, i);
	h->leader = -1;
	tasks_init(&h->tasks);
	h->tasks.thread_max = PLUGCONF_TASK_THREADS;
	h->tasks.queue_max = PLUGCONF_TASK_QUEUE;
	h->open_max = PLUGCONF_OPEN_QUEUE;
	h->open_ms = PLUGCONF_OPEN_TIMEOUT * 1000;
#ifdef __SANITIZE_ADDRESS__
	h->debug = true;
#endif
}

void
host_fini(struct host *h)
{
	query_end_all(h);
	/* What still runs may use both. */
	if (face_task_stop(h) == 0) {
		load_drop(h);
		face_task_fini(h);
	}
	face_loop_fini(h);
	leader_fini(h);
	if (h->room_timer > 0)
		loop_cancel(h->loop, h->room_timer);
	ask_end_all(h);
	chans_fini(&h->chans);
	conns_fini(&h->conns);
	for (uint32_t i = 0; i < h->link_count; i++)
		linkend_down(&h->link[i]);
	face_counter_fini(h);
	free(h->config);
	h->config = NULL;
}
