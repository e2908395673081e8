/*
 * Warden's process: the configuration, the sandbox, then requests.
 */
#include <stdlib.h>

#include "control/confmsg.h"
#include "control/sandbox.h"
#include "control/warden/warden.h"
#include "drivers/pk/pk.h"

int
warden_main(uint32_t index)
{
	struct conf *conf = calloc(1, sizeof *conf);
	struct warden *w = calloc(1, sizeof *w);
	struct loop *loop = loop_new();
	struct msg ready = { .type = MSG_READY };
	int status = 1;

	(void)index;
	if (conf == NULL || w == NULL || loop == NULL || pk_start() != 0 ||
	    confmsg_wait(conf, ROLE_SUPERVISOR_FD) != 0)
		goto out;
	account_warm_up();
	if (warden_start(w, loop, ROLE_SUPERVISOR_FD, conf) != 0)
		goto out;
	if (sandbox_enter(ROLE_WARDEN) == 0) {
		peers_send(peers_find(&w->peers, ROLE_SUPERVISOR, 0), &ready);
		status = loop_run(loop, NULL, NULL) == 0 ? 0 : 1;
	}
	warden_end(w);
out:
	loop_free(loop);
	free(w);
	free(conf);
	return status;
}
