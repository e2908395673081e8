#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "control/confmsg.h"
#include "control/console/console.h"
#include "control/sandbox.h"

static void
take_log_file(struct console *c, struct msg *m)
{
	int fd = msg_take_fd(m, 0);

	if (fd < 0)
		return;
	if (c->log_out != STDERR_FILENO)
		close(c->log_out);
	c->log_out = fd;
}

/* False: it is time to go. */
static bool
take(struct console *c, struct msg *m)
{
	switch (m->type) {
	case MSG_CONF:
		(void)confmsg_read(&c->conf, m);
		break;
	case MSG_LOG_FILE:
		take_log_file(c, m);
		break;
	case MSG_METER_FD:
		meters_take(c, m);
		break;
	case MSG_STATUS_IS:
		request_status_is(c, m);
		break;
	case MSG_ACTION_DONE:
		request_action_done(c, m);
		break;
	case MSG_CAPTURE_IS:
		capture_is(c, m);
		break;
	case MSG_STOP:
		return false;
	default:
		break;
	}
	return true;
}

static void
on_supervisor(void *ctx, int fd, unsigned events)
{
	static uint8_t buf[MSG_MAX];
	struct console *c = ctx;
	struct msg m;
	int r;

	(void)events;
	while ((r = msg_recv(fd, &m, buf)) > 0) {
		bool on = take(c, &m);

		msg_drop_fds(&m);
		if (!on) {
			loop_stop(c->loop);
			return;
		}
	}
	if (r < 0)
		loop_stop(c->loop);
}

/* The log file comes second, so that no line goes anywhere else. */
static int
open_all(struct console *c)
{
	c->log_in = ROLE_LOG_FD;
	c->log_out = STDERR_FILENO;
	c->loop = loop_new();
	if (c->loop == NULL || confmsg_wait(&c->conf, ROLE_SUPERVISOR_FD) != 0)
		return -1;
	on_supervisor(c, ROLE_SUPERVISOR_FD, LOOP_IN);
	logline_names_load(&c->names);
	/* Zone data is a file. */
	tzset();
	return clients_listen(c);
}

int
console_main(uint32_t index)
{
	struct console *c = calloc(1, sizeof(*c));
	struct msg ready = { .type = MSG_READY };
	int r;

	(void)index;
	if (c == NULL || open_all(c) != 0 || sandbox_enter(ROLE_CONSOLE) != 0)
		return 1;
	if (loop_watch(c->loop, ROLE_SUPERVISOR_FD, LOOP_IN, on_supervisor, c) != 0 || logs_start(c) != 0 ||
	    clients_start(c) != 0 || meters_watch(c) != 0 || msg_send(ROLE_SUPERVISOR_FD, &ready) != 0)
		return 1;
	r = loop_run(c->loop, NULL, NULL);
	logs_drain(c);
	return r == 0 ? 0 : 1;
}
