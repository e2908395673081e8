#include "control/login/login.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/confmsg.h"
#include "control/log.h"
#include "control/role.h"
#include "control/sandbox.h"
#include "control/spawn.h"

static void
finish(struct login *l)
{
	if (l->ending)
		return;
	l->ending = true;
	hosts_stop(l);
}

static void
say_login_started(const struct msg *m, uint32_t reason, const char *text)
{
	struct msg out = { .type = MSG_LOGIN_STARTED, .conn = m->conn, .gen = m->gen, .tag = m->tag };
	uint8_t body[PAMWRAP_TEXT_MAX + 64];
	struct put w = put_of(body, sizeof(body));

	put_u32(&w, reason);
	put_cstr(&w, text);
	out.body = put_view(&w);
	if (msg_send(ROLE_SUPERVISOR_FD, &out) != 0)
		log_error("login: its start was not told");
}

/* Asked again by a new supervisor, it is there already. */
static int
on_login_start(struct login *l, struct msg *m)
{
	char text[PAMWRAP_TEXT_MAX] = "";
	struct cur c = cur_view(m->body);
	struct view image = cur_string(&c);
	int r = 0;

	if (!l->started) {
		if (!cur_done(&c) || grant_decode(&l->grant, image) != 0)
			return -1;
		r = session_open(l, text);
		l->started = r == 0;
	}
	say_login_started(m, (uint32_t)r, text);
	if (r != 0) {
		log_error("login %s: %s", l->grant.user, text);
		finish(l);
	}
	return 0;
}

static int
on_host_start(struct login *l, struct msg *m)
{
	if (!l->started)
		return -1;
	hosts_start(l, m);
	return 0;
}

static int
on_login_end(struct login *l, struct msg *m)
{
	(void)m;
	finish(l);
	return 0;
}

static int
on_log_fd(struct login *l, struct msg *m)
{
	int fd = msg_take_fd(m, 0);

	(void)l;
	if (fd < 0)
		return -1;
	if (dup3(fd, ROLE_LOG_FD, O_CLOEXEC) >= 0)
		log_set_fd(ROLE_LOG_FD);
	close(fd);
	return 0;
}

static int
on_conf(struct login *l, struct msg *m)
{
	return confmsg_read(&l->conf, m);
}

struct request_row {
	uint16_t type;
	int (*fn)(struct login *l, struct msg *m);
};

static const struct request_row rows[] = {
	{ MSG_CONF, on_conf },
	{ MSG_LOGIN_START, on_login_start },
	{ MSG_HOST_START, on_host_start },
	{ MSG_LOGIN_END, on_login_end },
	{ MSG_STOP, on_login_end },
	{ MSG_LOG_FD, on_log_fd },
};

static int
dispatch(struct login *l, struct msg *m)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == m->type)
			return rows[i].fn(l, m);
	return -1;
}

static void
on_supervisor(void *ctx, int fd, unsigned events)
{
	struct login *l = ctx;
	struct msg m;
	int r = 0;

	(void)events;
	while (!l->ending && (r = msg_recv(fd, &m, l->buf)) == 1) {
		/* Not this supervisor's end: the next one may know better. */
		if (dispatch(l, &m) != 0)
			log_error("login: unexpected or malformed %s", msg_name(m.type));
		msg_drop_fds(&m);
	}
	if (r < 0 || l->ending) {
		loop_unwatch(l->loop, fd);
		finish(l);
	}
}

/* ---- SIGTERM: the session is closed before the end ---- */

static int term_pipe[2];

static void
term_signal(int sig)
{
	(void)sig;
	if (write(term_pipe[1], "", 1) < 0)
		_exit(1);
}

static void
on_term(void *ctx, int fd, unsigned events)
{
	char c;

	(void)events;
	if (read(fd, &c, 1) == 1)
		finish(ctx);
}

/* A handler, not a blocked signal: what PAM's modules start inherits no mask. */
static int
watch_term(struct login *l)
{
	struct sigaction sa = { .sa_handler = term_signal, .sa_flags = SA_RESTART };

	if (pipe2(term_pipe, O_CLOEXEC | O_NONBLOCK) != 0 || sigaction(SIGTERM, &sa, NULL) != 0)
		return -1;
	return loop_watch(l->loop, term_pipe[0], LOOP_IN, on_term, l);
}

static int
run(struct login *l)
{
	struct msg ready = { .type = MSG_READY };

	if (spawn_init() != 0 || sandbox_enter(ROLE_LOGIN) != 0 || watch_term(l) != 0 ||
	    loop_watch(l->loop, ROLE_SUPERVISOR_FD, LOOP_IN, on_supervisor, l) != 0)
		return 1;
	(void)msg_send(ROLE_SUPERVISOR_FD, &ready);
	loop_run(l->loop, NULL, NULL);
	program_fini(l);
	session_close(l);
	return 0;
}

int
login_main(uint32_t index)
{
	static struct login l;
	static uint8_t buf[MSG_MAX];

	(void)index;
	log_start("login", ROLE_LOG_FD);
	signal(SIGPIPE, SIG_IGN);
	conf_default(&l.conf);
	l.buf = buf;
	l.loop = loop_new();
	if (l.loop == NULL)
		return 1;
	return run(&l);
}
