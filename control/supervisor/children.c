/*
 * The pools: keeper, warden, reader, console, gates and clerks. Each is started
 * again at once when it ends, as long as it does not end all the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "control/supervisor/supervisor.h"

#define START_BURST 16u
#define START_MS 1000u

/* Who talks to whom directly. */
static const struct {
	enum role_id a;
	enum role_id b;
} peers[] = {
	{ ROLE_GATE, ROLE_KEEPER },
	{ ROLE_CLERK, ROLE_KEEPER },
	{ ROLE_GATE, ROLE_WARDEN },
	{ ROLE_WARDEN, ROLE_READER },
};

static void child_start(void *ctx);

static struct child *
child_at(struct sup *s, enum role_id role, uint32_t index)
{
	switch (role) {
	case ROLE_KEEPER:
		return index == 0 ? &s->keeper : NULL;
	case ROLE_WARDEN:
		return index == 0 ? &s->warden : NULL;
	case ROLE_READER:
		return index == 0 ? &s->reader : NULL;
	case ROLE_CONSOLE:
		return index == 0 ? &s->console : NULL;
	case ROLE_GATE:
		return index < s->gates ? &s->gate[index] : NULL;
	case ROLE_CLERK:
		return index < s->clerks ? &s->clerk[index] : NULL;
	default:
		return NULL;
	}
}

/* The order of the start: who is asked comes before who asks. */
static const enum role_id order[] = { ROLE_CONSOLE, ROLE_KEEPER, ROLE_READER, ROLE_WARDEN, ROLE_GATE,
	ROLE_CLERK };

void
children_each(struct sup *s, unsigned bits, child_fn *fn, void *ctx)
{
	struct child *c;
	uint32_t index;
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (index = 0; (bits & ROLE_BIT(order[i])) && (c = child_at(s, order[i], index)) != NULL;
		     index++)
			if (proc_up(&c->proc))
				fn(c, ctx);
}

static void
send_one(struct child *c, void *ctx)
{
	proc_send(&c->proc, ctx);
}

void
children_send(struct sup *s, unsigned bits, const struct msg *m)
{
	struct msg copy = *m;

	children_each(s, bits, send_one, &copy);
}

/* ---- what a child gets at its start ---- */

static void
send_conf(struct child *c, void *ctx)
{
	struct sup *s = ctx;
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CONF, .fds = { s->conf_fd }, .fd_count = 1 };

	put_u32(&w, s->generation);
	m.body = put_view(&w);
	proc_send(&c->proc, &m);
	if ((c->proc.role != ROLE_GATE && c->proc.role != ROLE_CLERK) || !s->moduli_there)
		return;
	m.type = MSG_MODULI;
	m.fds[0] = s->moduli_fd;
	m.fd_count = s->moduli_fd >= 0;
	proc_send(&c->proc, &m);
}

/* Opened here: console cannot open anything, and a rotated file is opened anew
 * with each generation. */
static void
children_log_file(struct sup *s)
{
	struct msg m = { .type = MSG_LOG_FILE, .fd_count = 1 };

	if (s->conf.log_file[0] == '\0' || !proc_up(&s->console.proc))
		return;
	m.fds[0] = open(s->conf.log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (m.fds[0] < 0) {
		log_error("%s: %s", s->conf.log_file, strerror(errno));
		return;
	}
	proc_send(&s->console.proc, &m);
	close(m.fds[0]);
}

static void
send_peer(struct proc *to, const struct proc *other, int fd)
{
	uint8_t body[5];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_PEER, .fds = { fd }, .fd_count = 1 };

	put_u8(&w, (uint8_t)other->role);
	put_u32(&w, other->index);
	m.body = put_view(&w);
	proc_send(to, &m);
}

static void
pair_with(struct child *other, void *ctx)
{
	struct child *c = ctx;
	int pair[2];

	if (msg_pair(pair) != 0) {
		log_error(
		    "no socket between %s and %s", roles[c->proc.role].name, roles[other->proc.role].name);
		return;
	}
	send_peer(&c->proc, &other->proc, pair[0]);
	send_peer(&other->proc, &c->proc, pair[1]);
	close(pair[0]);
	close(pair[1]);
}

static void
child_feed(struct sup *s, struct child *c)
{
	enum role_id role = c->proc.role;
	size_t i;

	send_conf(c, s);
	/* Session ids before the sockets over which they are asked for. */
	if (role == ROLE_KEEPER || role == ROLE_WARDEN)
		hashes_tell(s, &c->proc);
	for (i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		if (peers[i].a == role)
			children_each(s, ROLE_BIT(peers[i].b), pair_with, c);
		if (peers[i].b == role)
			children_each(s, ROLE_BIT(peers[i].a), pair_with, c);
	}
	if (role == ROLE_CLERK)
		served_tell(s, &c->proc);
	if (role == ROLE_GATE || role == ROLE_CLERK)
		links_workers(s, &c->proc);
	if (role == ROLE_CONSOLE) {
		children_log_file(s);
		attach_meters(s);
	}
}

/* ---- life ---- */

/* A start costs one of START_BURST, and one comes back each START_MS: a role that
 * was killed is back at once, one that cannot live is not tried all the time. */
static bool
may_start(struct child *c)
{
	uint64_t now = loop_now_ms();
	uint64_t back = (now - c->starts_ms) / START_MS;

	c->starts_left = back > START_BURST - c->starts_left ? START_BURST : c->starts_left + (uint32_t)back;
	c->starts_ms += back * START_MS;
	if (c->starts_left == 0)
		return false;
	c->starts_left--;
	return true;
}

static void
child_ended(struct proc *p)
{
	struct child *c = (struct child *)((char *)p - offsetof(struct child, proc));
	struct sup *s = p->sup;

	c->ready = false;
	links_forget(s, p, ~0u);
	if (p->role == ROLE_WARDEN)
		dialogues_end(s);
	if (p->role == ROLE_CONSOLE)
		captures_stop(s);
	if (s->stopping)
		return;
	/* A gate that has served its term exits by itself. */
	log_line(p->end == PROC_DONE ? LOG_L_INFO : LOG_L_WARN, "%s %u %s; starting it again",
	    roles[p->role].name, p->index, p->status);
	c->restarts++;
	child_start(c);
}

static void
child_start(void *ctx)
{
	struct child *c = ctx;
	struct sup *s = c->proc.sup;
	int r;

	c->timer = 0;
	if (s->stopping)
		return;
	if (!may_start(c)) {
		c->timer = loop_after(s->loop, START_MS, child_start, c);
		return;
	}
	c->started_ms = loop_now_ms();
	r = proc_start(s, &c->proc);
	if (r != 0) {
		log_error("%s %u cannot be started: error %d", roles[c->proc.role].name, c->proc.index, -r);
		c->timer = loop_after(s->loop, START_MS, child_start, c);
		return;
	}
	child_feed(s, c);
}

static void
child_init(struct sup *s, struct child *c, enum role_id role, uint32_t index)
{
	c->proc.sup = s;
	c->proc.role = role;
	c->proc.index = index;
	c->proc.pidfd = -1;
	c->proc.line.fd = -1;
	c->proc.ended = child_ended;
	c->starts_left = START_BURST;
	c->starts_ms = loop_now_ms();
}

/* All places exist before the first process is introduced to the others. */
void
children_start(struct sup *s)
{
	struct child *c;
	uint32_t index;
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (index = 0; (c = child_at(s, order[i], index)) != NULL; index++)
			child_init(s, c, order[i], index);
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (index = 0; (c = child_at(s, order[i], index)) != NULL; index++)
			child_start(c);
}

void
children_conf(struct sup *s)
{
	children_each(s, ROLES_POOLED, send_conf, s);
	children_log_file(s);
}

void
children_stop(struct sup *s, unsigned bits)
{
	struct msg m = { .type = MSG_STOP };

	children_send(s, bits, &m);
}

static void
count_unready(struct child *c, void *ctx)
{
	int *n = ctx;

	*n += !c->ready;
}

void
on_ready(struct sup *s, struct proc *p, struct msg *m)
{
	struct child *c = (struct child *)((char *)p - offsetof(struct child, proc));
	int unready = 0;

	/* Once: of all that a host may say, this costs it nothing. */
	if (p->said_ready) {
		proc_refuse(p, m);
		return;
	}
	p->said_ready = true;
	if ((ROLES_POOLED & ROLE_BIT(p->role)) == 0)
		return;
	c->ready = true;
	children_each(s, ROLES_POOLED, count_unready, &unready);
	if (unready == 0)
		sup_ready(s);
}
