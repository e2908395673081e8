#include "tests/unit/control/desk/deskproc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/conf.h"
#include "control/log.h"
#include "control/sandbox.h"

/* No sandbox here: it needs root, and has tests of its own. */
int
sandbox_enter(enum role_id role)
{
	(void)role;
	return 0;
}

const struct role roles[ROLE_COUNT] = {
	[ROLE_SUPERVISOR] = { .name = "supervisor" },
	[ROLE_KEEPER] = { .name = "keeper" },
	[ROLE_WARDEN] = { .name = "warden" },
};

void
deskproc_init(struct deskproc *d, int (*main_fn)(uint32_t index), struct bench *b)
{
	memset(d, 0, sizeof(*d));
	d->main = main_fn;
	d->bench = b;
	d->supervisor = d->keeper = d->warden = -1;
}

static void
child(struct deskproc *d, int sock)
{
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sock = fcntl(sock, F_DUPFD_CLOEXEC, 20);
	quiet = fcntl(quiet, F_DUPFD_CLOEXEC, 20);
	dup2(sock, ROLE_SUPERVISOR_FD);
	dup2(quiet, ROLE_LOG_FD);
	dup2(quiet, 2);
	for (int fd = ROLE_LOG_FD + 1; fd < 256; fd++)
		close(fd);
	log_start("desk", ROLE_LOG_FD);
	_exit(d->main(0));
}

static int
send_conf(struct deskproc *d)
{
	struct conf *c = malloc(sizeof(*c));
	char *text;
	uint8_t generation[4] = { 0, 0, 0, 1 };
	struct msg m = { .type = MSG_CONF, .body = view_of(generation, 4), .fd_count = 1 };
	int r = -1;

	if (c == NULL)
		return -1;
	conf_default(c);
	text = conf_dump(c);
	free(c);
	m.fds[0] = memfd_create("conf", MFD_CLOEXEC);
	if (text != NULL && m.fds[0] >= 0 && write(m.fds[0], text, strlen(text)) == (ssize_t)strlen(text))
		r = msg_send(d->supervisor, &m);
	close(m.fds[0]);
	free(text);
	return r;
}

int
deskproc_introduce(struct deskproc *d, enum role_id role)
{
	uint8_t body[5] = { (uint8_t)role };
	struct msg m = { .type = MSG_PEER, .body = view_of(body, 5), .fd_count = 1 };
	int *end = role == ROLE_KEEPER ? &d->keeper : &d->warden;
	int pair[2], r;

	if (msg_pair(pair) != 0)
		return -1;
	m.fds[0] = pair[1];
	r = msg_send(d->supervisor, &m);
	close(pair[1]);
	if (*end >= 0)
		close(*end);
	*end = pair[0];
	return r;
}

int
deskproc_expect(struct deskproc *d, int fd, uint16_t type, struct msg *m)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, DESKPROC_WAIT_MS) != 1 || msg_recv(fd, m, d->buf) != 1)
		return -1;
	if (m->type != type)
		fprintf(stderr, "%s instead of %s\n", msg_name(m->type), msg_name(type));
	return m->type == type ? 0 : -1;
}

int
deskproc_say(struct deskproc *d, int fd, uint16_t type, struct view body)
{
	struct msg m = { .type = type, .conn = d->bench->conn, .gen = d->bench->gen, .body = body };

	return msg_send(fd, &m);
}

int
deskproc_keys(struct deskproc *d)
{
	uint8_t body[512];
	struct put w = put_of(body, sizeof(body));
	struct msg m;

	if (deskproc_expect(d, d->keeper, MSG_KEYS, &m) != 0)
		return -1;
	bench_keys(d->bench, &w);
	return deskproc_say(d, d->keeper, MSG_KEYS_ARE, put_view(&w));
}

int
deskproc_link(struct deskproc *d)
{
	struct msg m;
	int r;

	if (deskproc_expect(d, d->supervisor, MSG_LINK, &m) != 0)
		return -1;
	r = workend_take(&d->w, &m);
	msg_drop_fds(&m);
	if (r != 0 || workend_answer(&d->w, d->supervisor, 0) != 0)
		return -1;
	d->bench->slots = d->w.slots;
	return 0;
}

int
deskproc_start(struct deskproc *d)
{
	struct msg m;
	int pair[2];

	if (msg_pair(pair) != 0)
		return -1;
	d->supervisor = pair[0];
	d->pid = fork();
	if (d->pid == 0)
		child(d, pair[1]);
	close(pair[1]);
	d->starts++;
	if (d->pid < 0 || send_conf(d) != 0 || deskproc_introduce(d, ROLE_KEEPER) != 0 ||
	    deskproc_introduce(d, ROLE_WARDEN) != 0 || deskproc_expect(d, d->supervisor, MSG_READY, &m) != 0)
		return -1;
	return deskproc_keys(d) == 0 && deskproc_link(d) == 0 ? 0 : -1;
}

static void
shut(struct deskproc *d)
{
	int *fds[] = { &d->supervisor, &d->keeper, &d->warden };

	for (size_t i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	workend_end(&d->w);
	d->bench->slots = d->bench->own_slots;
}

void
deskproc_kill(struct deskproc *d)
{
	if (d->pid <= 0)
		return;
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	d->pid = 0;
	shut(d);
}

int
deskproc_wait(struct deskproc *d)
{
	int fd = pidfd_open(d->pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int status = -1;
	bool ended = poll(&p, 1, DESKPROC_WAIT_MS) == 1;

	close(fd);
	if (!ended) {
		deskproc_kill(d);
		return -1;
	}
	waitpid(d->pid, &status, 0);
	d->pid = 0;
	shut(d);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- behind the bench ---- */

static bool
take_step(struct deskproc *d, struct actions *act)
{
	struct link_entry e;
	struct view payload;

	if (ring_peek(&d->w.in, &e, &payload) != 1)
		return false;
	step_begin(&act->step, e.conn, e.gen);
	put_bytes(&act->step.w, payload.data, payload.len);
	act->step.used = true;
	act->step.done = (e.flags & LINK_F_DONE) != 0;
	act->step.serial = e.serial;
	ring_take(&d->w.in);
	return true;
}

static bool
take_ask(struct deskproc *d, int fd, enum ask_to to, struct actions *act)
{
	struct msg m;

	if (fd < 0 || msg_recv(fd, &m, d->buf) != 1)
		return false;
	act->ask.to = to;
	act->ask.type = m.type;
	act->ask.tag = m.tag;
	act->ask.w = put_of(act->ask.buf, sizeof(act->ask.buf));
	put_bytes(&act->ask.w, m.body.data, m.body.len);
	return true;
}

void
deskproc_collect(struct deskproc *d, struct actions *act)
{
	struct pollfd p[] = { { .fd = d->w.wait_fd, .events = POLLIN }, { .fd = d->keeper, .events = POLLIN },
		{ .fd = d->warden, .events = POLLIN }, { .fd = d->supervisor, .events = POLLIN } };

	for (;;) {
		ring_disarm(&d->w.own);
		ring_reclaim(&d->w.out);
		if (take_step(d, act) || take_ask(d, d->keeper, ASK_KEEPER, act) ||
		    take_ask(d, d->warden, ASK_WARDEN, act) ||
		    take_ask(d, d->supervisor, ASK_SUPERVISOR, act))
			return;
		ring_arm(&d->w.own);
		if (ring_pending(&d->w.in))
			continue;
		if (poll(p, 4, DESKPROC_WAIT_MS) == 0) {
			fprintf(stderr, "no answer\n");
			d->bench->faults++;
			return;
		}
		bell_hush(d->w.wait_fd);
	}
}

static void
nothing(struct bench *b, struct actions *act)
{
	step_begin(&act->step, b->conn, b->gen);
	act->ask.to = ASK_NOBODY;
	act->ask.w = put_of(act->ask.buf, sizeof(act->ask.buf));
	act->forget = false;
}

static void *
adopt(void *env, uint32_t conn, uint32_t gen, struct view image)
{
	struct deskproc *d = env;
	struct link_entry e = { .op = LINK_UP_ADOPT, .conn = conn, .gen = gen };

	if (deskproc_start(d) != 0 || !workend_send(&d->w, &e, image))
		return NULL;
	return d;
}

static void
release(void *env, void *obj)
{
	(void)obj;
	deskproc_kill(env);
}

static void
up(void *env, void *obj, const struct link_entry *e, struct view payload, struct actions *act)
{
	struct deskproc *d = env;
	struct link_entry copy = *e;

	(void)obj;
	nothing(d->bench, act);
	if (!workend_send(&d->w, &copy, payload))
		d->bench->faults++;
	if (e->serial != 0)
		deskproc_collect(d, act);
}

static void
answer(void *env, void *obj, enum ask_to from, const struct msg *m, struct actions *act)
{
	struct deskproc *d = env;

	(void)obj;
	nothing(d->bench, act);
	if (msg_send(from == ASK_KEEPER ? d->keeper : from == ASK_WARDEN ? d->warden : d->supervisor, m) != 0)
		d->bench->faults++;
	deskproc_collect(d, act);
}

const struct bench_side deskproc_gate = {
	.role = LINK_GATE, .adopt = adopt, .free = release, .up = up, .answer = answer
};
const struct bench_side deskproc_clerk = {
	.role = LINK_CLERK, .adopt = adopt, .free = release, .up = up, .answer = answer
};
