#include "control/host/host.h"

#include <stdlib.h>

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
	h->bell_wait = -1;
	h->bell_other = -1;
	h->own.fd = -1;
	h->other.fd = -1;
	h->leader = -1;
#ifdef __SANITIZE_ADDRESS__
	h->debug = true;
#endif
}

void
host_fini(struct host *h)
{
	load_drop(h);
	face_loop_fini(h);
	leader_fini(h);
	if (h->room_timer > 0)
		loop_cancel(h->loop, h->room_timer);
	chans_fini(&h->chans);
	region_close(&h->own);
	region_close(&h->other);
	free(h->config);
	h->config = NULL;
}
