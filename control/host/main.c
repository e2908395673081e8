#include "control/host/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/host/limits.h"
#include "control/log.h"
#include "control/msg.h"
#include "control/plugconf.h"
#include "control/role.h"
#include "control/sandbox.h"

struct conf {
	char file[512];
	uint32_t uid;
	uint32_t gid;
	uint32_t workers;      /* of the dataplane; a service's host serves all */
	uint32_t conn;         /* a user's host: its connection */
	bool trial;            /* load the plugin, and end */
};

/* ---- the supervisor ---- */

/* Why there is nothing to serve: to the log, and for whoever asks the supervisor.
 * The exit status. */
static int __attribute__((format(printf, 2, 3)))
fails(struct host *h, const char *format, ...)
{
	uint8_t body[512];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_FAILS };
	char why[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	log_error("plugin %s: %s", h->name, why);
	put_cstr(&w, why);
	m.body = put_view(&w);
	(void)msg_send(ROLE_SUPERVISOR_FD, &m);
	return 1;
}

/* Wait for the one message that may come now; anything else ends the host. So
 * does LOG_FD: another supervisor took over, and the answer that was awaited went
 * with the first. */
static int
expect(uint16_t type, struct msg *m, uint8_t *buf)
{
	struct pollfd p = { ROLE_SUPERVISOR_FD, POLLIN, 0 };
	int r;

	while ((r = msg_recv(ROLE_SUPERVISOR_FD, m, buf)) == 0)
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -1;
	if (r < 0)
		return -1;
	if (m->type == MSG_CONF) {
		msg_drop_fds(m);
		return expect(type, m, buf);
	}
	if (m->type == type)
		return 0;
	if (m->type != MSG_STOP && m->type != MSG_LOG_FD)
		log_error("host: %s while waiting for %s", msg_name(m->type), msg_name(type));
	msg_drop_fds(m);
	return -1;
}

static bool
keep_text(char *to, size_t size, struct view v)
{
	if (v.len == 0 || v.len >= size || memchr(v.data, 0, v.len) != NULL)
		return false;
	memcpy(to, v.data, v.len);
	to[v.len] = '\0';
	return true;
}

static int
get_conf(struct host *h, struct conf *conf, uint8_t *buf)
{
	struct msg m;
	struct cur c;
	struct view name, file, config;

	if (expect(MSG_HOST_CONF, &m, buf) != 0)
		return -1;
	msg_drop_fds(&m);
	c = cur_view(m.body);
	name = cur_string(&c);
	file = cur_string(&c);
	config = cur_string(&c);
	conf->uid = cur_u32(&c);
	conf->gid = cur_u32(&c);
	conf->conn = m.conn;
	/* Only a service is told how many workers there are. */
	conf->workers = !c.bad && cur_left(&c) > 0 ? cur_u32(&c) : 1;
	conf->trial = !c.bad && conf->workers == 0;
	if (!cur_done(&c) || conf->workers > HOST_LINKS_MAX || !keep_text(h->name, sizeof(h->name), name) ||
	    !keep_text(conf->file, sizeof(conf->file), file)) {
		log_error("host: malformed HOST_CONF");
		return -1;
	}
	h->config = malloc(config.len + 1);
	if (h->config == NULL)
		return -1;
	if (config.len > 0)
		memcpy(h->config, config.data, config.len);
	h->config_len = config.len;
	return 0;
}

/* After registration the supervisor may die, be replaced, and speak again over
 * the same socket: a new log descriptor, which is answered with the counters, and the
 * end are of interest. */
static void
on_supervisor(void *ctx, int fd, unsigned events)
{
	static uint8_t buf[MSG_MAX];
	struct msg pong = { .type = MSG_PONG };
	struct host *h = ctx;
	struct msg m;
	int r, log_fd;

	(void)events;
	while ((r = msg_recv(fd, &m, buf)) == 1) {
		if (m.type == MSG_LOG_FD && (log_fd = msg_take_fd(&m, 0)) >= 0) {
			if (dup3(log_fd, ROLE_LOG_FD, O_CLOEXEC) >= 0)
				log_set_fd(ROLE_LOG_FD);
			close(log_fd);
			face_counter_tell(h);
		} else if (m.type == MSG_STOP) {
			h->ending = true;
		} else if (m.type == MSG_PING) {
			(void)msg_send(fd, &pong);
		}
		msg_drop_fds(&m);
	}
	if (r < 0)
		loop_unwatch(h->loop, fd);
}

/* ---- the link ---- */

/* Memory that a process in its sandbox may not make any more. */
static int
links_make(struct host *h, const struct conf *conf)
{
	h->link_count = conf->workers;
	if (conf->conn != LINK_CONN_NONE)
		linkend_init(&h->link[0], LINK_HOST, conf->conn >> LINK_WORKER_SHIFT);
	for (uint32_t i = 0; i < h->link_count; i++)
		if (linkend_make(&h->link[i]) != 0)
			return -1;
	return 0;
}

/* One after the other: the dataplane knows the second by the first. */
static int
links_up(struct host *h, uint8_t *buf)
{
	for (uint32_t i = 0; i < h->link_count; i++) {
		struct msg m;
		int r;

		if (linkend_request(&h->link[i], ROLE_SUPERVISOR_FD) != 0 || expect(MSG_LINK_UP, &m, buf) != 0)
			return -1;
		r = linkend_up(&h->link[i], &m);
		msg_drop_fds(&m);
		if (r != 0) {
			log_error("host %s: link: %s", h->name, reason_text(-r));
			return -1;
		}
	}
	return 0;
}

static void
on_bell(void *ctx, int fd, unsigned events)
{
	struct host *h = ctx;
	bool there = true;

	(void)events;
	for (uint32_t i = 0; i < h->link_count; i++)
		if (h->link[i].wait_fd == fd)
			there = linkend_hush(&h->link[i]) == 0;
	if (there)
		return;
	log_info("host %s: the dataplane is gone", h->name);
	h->unlinked = true;
	loop_stop(h->loop);
}

/* ---- SIGTERM: the leader's or the supervisor's: the plugin is stopped before the end ---- */

static int term_pipe[2];

static void
on_sigterm(int number)
{
	int error = errno;

	(void)number;
	(void)!write(term_pipe[1], "", 1);
	errno = error;
}

static void
on_term(void *ctx, int fd, unsigned events)
{
	struct host *h = ctx;

	(void)fd;
	(void)events;
	loop_stop(h->loop);
}

static int
catch_term(struct host *h)
{
	struct sigaction sa = { .sa_handler = on_sigterm, .sa_flags = SA_RESTART };

	if (pipe2(term_pipe, O_CLOEXEC | O_NONBLOCK) != 0 || sigaction(SIGTERM, &sa, NULL) != 0)
		return -1;
	return loop_watch(h->loop, term_pipe[0], LOOP_IN, on_term, h);
}

/* ---- the loop ---- */

static void
quiet(void *ctx)
{
	struct host *h = ctx;

	h->quiet_timer = 0;
	h->quiet = true;
}

/* A host that is replaced waits for what was given to it before: a clerk that has its
 * link may start a channel yet. True: not now. */
static bool
retiring(struct host *h)
{
	if (!h->retired || h->quiet)
		return false;
	if (h->quiet_timer <= 0)
		h->quiet_timer = loop_after(h->loop, HOST_QUIET_MS, quiet, h);
	return h->quiet_timer > 0;
}

static int
before_wait(void *ctx)
{
	struct host *h = ctx;
	int r;

	host_wake(h);
	r = host_poll(h);
	/* Mostly that was all: seen here, it costs no look at the descriptors in between. */
	if (r > 0)
		r = host_poll(h);
	if (r < 0) {
		log_error("host %s: %s", h->name, reason_text(-r));
		h->faulty = true;
		loop_stop(h->loop);
		return 1;
	}
	if (h->ending && h->chans.count == 0 && !retiring(h)) {
		loop_stop(h->loop);
		return 1;
	}
	return r > 0 ? 1 : host_sleep(h);
}

static int
serve(struct host *h)
{
	struct msg ready = { .type = MSG_READY };

	for (uint32_t i = 0; i < h->link_count; i++)
		if (loop_watch(h->loop, h->link[i].wait_fd, LOOP_IN, on_bell, h) != 0)
			return -1;
	if (loop_watch(h->loop, ROLE_SUPERVISOR_FD, LOOP_IN, on_supervisor, h) != 0 || catch_term(h) != 0)
		return -1;
	face_counter_tell(h);
	(void)msg_send(ROLE_SUPERVISOR_FD, &ready);
	return loop_run(h->loop, before_wait, h);
}

/* Would it serve? As a service's account, without a link; of a leader there is only a
 * socket, so that it finds what it will find. */
static int
try_out(struct host *h, const struct conf *conf, const struct plugconf *plugin)
{
	char why[256];
	int pair[2];
	int r = limits_set(plugin, 0);

	if (r != 0)
		return fails(h, "limits: %s", strerror(-r));
	if (plugin->user && (msg_pair(pair) != 0 || leader_init(h, pair[0]) != 0))
		return fails(h, "no sockets");
	if (sandbox_host(conf->uid, conf->gid, true, plugin->sandbox) != 0)
		return fails(h, "no sandbox");
	if (load_plugin(h, conf->file, 0, why) != 0)
		return fails(h, "%s: %s", conf->file, why);
	load_drop(h);
	_exit(ROLE_HOST_DONE);
}

static int
run(struct host *h, uint8_t *buf)
{
	struct conf conf;
	struct plugconf plugin;
	const char *wrong;
	char why[256];
	bool user_host;
	int r;

	if (get_conf(h, &conf, buf) != 0)
		return 1;
	if (plugconf_parse(&plugin, h->config, h->config_len, &wrong) != 0)
		return fails(h, "%s", wrong);
	h->tasks.thread_max = plugin.task_threads;
	h->tasks.queue_max = plugin.task_queue;
	h->open_max = plugin.open_queue;
	h->open_ms = plugin.open_timeout * 1000;
	/* What it may not, others check too: a row that cannot be read allows nothing. */
	(void)serves_lines(&h->serves, h->name, h->config, h->config_len, &wrong);
	if (conf.trial)
		return try_out(h, &conf, &plugin);
	if (face_counter_make(h, &wrong) != 0)
		return fails(h, "%s", wrong);
	user_host = conf.uid == 0 && conf.gid == 0;
	if (links_make(h, &conf) != 0)
		return fails(h, "no memory for its links");
	r = limits_set(&plugin, h->link_count);
	if (r != 0)
		return fails(h, "limits: %s", strerror(-r));
	if (sandbox_host(conf.uid, conf.gid, !user_host, plugin.sandbox) != 0)
		return fails(h, "no sandbox");
	if (user_host && leader_init(h, ROLE_LEADER_FD) != 0)
		return fails(h, "no leader");
	if (load_plugin(h, conf.file, 0, why) != 0)
		return fails(h, "%s: %s", conf.file, why);
	if (load_start(h) != POSTERN_OK)
		return fails(h, "it does not start");
	if (links_up(h, buf) != 0 || serve(h) != 0)
		return 1;
	chan_end_all(h);
	query_end_all(h);
	/* A thread of the plugin's must not see what leaving takes down. */
	if (load_stop(h) != 0)
		_exit(1);
	if (h->faulty)
		return 1;
	return h->unlinked ? ROLE_HOST_UNLINKED : ROLE_HOST_DONE;
}

int
host_main(uint32_t index)
{
	static struct host h;
	static uint8_t buf[MSG_MAX];
	struct loop *loop;
	int status;

	(void)index;
	log_start("host", ROLE_LOG_FD);
	signal(SIGPIPE, SIG_IGN);
	loop = loop_new();
	if (loop == NULL)
		return 1;
	host_init(&h, loop);
	status = run(&h, buf);
	/* The process ends here; what it holds goes with it. */
	return status;
}
