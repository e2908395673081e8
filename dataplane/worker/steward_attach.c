#include "dataplane/worker/steward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/link/layout.h"
#include "abi/wire/reason.h"

#define INPUT_BUDGET 64

static void
close_all(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void
out_drop_first(struct steward *s)
{
	struct out_packet *o = s->out;

	s->out = o->next;
	if (s->out == NULL)
		s->out_end = &s->out;
	s->out_count--;
	close_all(o->fds, o->fd_count);
	free(o);
}

void
attach_drop(struct steward *s)
{
	while (s->out != NULL)
		out_drop_first(s);
	if (s->supervisor >= 0) {
		close(s->supervisor);
		captures_end(s);
	}
	s->supervisor = -1;
	s->hello = false;
	s->attached = false;
	s->snapshot++;
	s->out_watched = false;
}

void
attach_begin(struct put *w, uint16_t type)
{
	put_u16(w, type);
	put_u16(w, 0);
}

/* Room in the socket is waited for only while something is queued. */
static void
watch_out(struct steward *s, bool on)
{
	struct epoll_event e = { .events = EPOLLIN | (on ? (uint32_t)EPOLLOUT : 0u),
	    .data.u64 = (uint64_t)WATCH_SUPERVISOR << 32 | (uint32_t)s->supervisor };

	if (on == s->out_watched)
		return;
	s->out_watched = on;
	(void)epoll_ctl(s->epfd, EPOLL_CTL_MOD, s->supervisor, &e);
}

void
attach_flush(struct steward *s)
{
	while (s->supervisor >= 0 && s->out != NULL) {
		struct out_packet *o = s->out;
		int r = packet_send(s->supervisor, view_of(o->data, o->len), o->fds, o->fd_count);

		if (r == -EAGAIN)
			break;
		if (r != 0) {
			attach_drop(s);
			return;
		}
		out_drop_first(s);
	}
	if (s->supervisor >= 0)
		watch_out(s, s->out != NULL);
}

void
attach_send(struct steward *s, struct put *w, const int *fds, int fd_count)
{
	struct out_packet *o;
	size_t len = put_len(w);

	if (s->supervisor < 0 || !s->hello || w->bad ||
	    (o = malloc(sizeof(*o) + len)) == NULL) {
		close_all(fds, fd_count);
		return;
	}
	o->next = NULL;
	o->len = len;
	o->fd_count = fd_count;
	if (fd_count > 0)
		memcpy(o->fds, fds, (size_t)fd_count * sizeof(int));
	memcpy(o->data, w->start, len);
	*s->out_end = o;
	s->out_end = &o->next;
	s->out_count++;
	attach_flush(s);
}

/* The newer replaces the older. */
void
attach_accept(struct steward *s)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 || who.uid != s->owner) {
		close(fd);
		return;
	}
	attach_drop(s);
	s->supervisor = fd;
	if (steward_watch(s, fd, EPOLLIN, WATCH_SUPERVISOR) != 0)
		attach_drop(s);
}

/* ---- messages of the supervisor ---- */

static void
send_hello(struct steward *s)
{
	uint8_t buf[32];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, ATTACH_HELLO);
	put_u16(&w, LINK_MAJOR);
	put_u16(&w, LINK_MINOR);
	put_u16(&w, NOTE_VERSION);
	put_u32(&w, (uint32_t)getpid());
	attach_send(s, &w, NULL, 0);
}

/* It learns our versions in any case; with another major it ends there. */
static bool
on_hello(struct steward *s, struct cur *c)
{
	uint16_t major = cur_u16(c);
	uint16_t minor = cur_u16(c);

	(void)cur_u16(c);
	(void)cur_u32(c);
	if (c->bad)
		return false;
	s->hello = true;
	s->minor = minor;
	send_hello(s);
	return major == LINK_MAJOR;
}

static void
send_meter(struct steward *s, uint32_t worker)
{
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));
	int fd = dup(s->worker[worker].meter_fd);

	attach_begin(&w, ATTACH_METER);
	put_u32(&w, worker);
	if (fd >= 0)
		attach_send(s, &w, &fd, 1);
}

static void
command(struct steward *s, uint32_t worker, uint32_t type, uint32_t conn, uint32_t gen, struct view data)
{
	struct cmd *c = steward_cmd(s, worker, type);

	if (c == NULL || data.len > sizeof(c->data))
		return;
	c->conn = conn;
	c->gen = gen;
	c->len = (uint32_t)data.len;
	if (data.len > 0)
		memcpy(c->data, data.data, data.len);
	steward_push(s, worker);
}

/* The first one after HELLO is answered with the snapshot. */
static void
on_conf(struct steward *s, struct cur *c)
{
	struct view fields;
	struct cmd *k;

	(void)cur_u32(c);
	if (c->bad)
		return;
	fields = cur_take(c, cur_left(c));
	for (uint32_t i = 0; i < s->worker_count; i++)
		command(s, i, CMD_CONF, 0, 0, fields);
	if (s->attached)
		return;
	s->snapshot++;
	for (uint32_t i = 0; i < s->worker_count; i++) {
		send_meter(s, i);
		s->worker[i].told = false;
		if ((k = steward_cmd(s, i, CMD_SNAPSHOT)) == NULL)
			continue;
		k->tag = s->snapshot;
		steward_push(s, i);
	}
}

/* No worker has this number: said as of a connection that is gone. */
static void
answer_gone(struct steward *s, uint16_t type, uint32_t conn, uint32_t gen)
{
	uint8_t buf[32];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, type);
	put_u32(&w, conn);
	put_u32(&w, gen);
	put_u32(&w, R_LINK_CONN);
	attach_send(s, &w, NULL, 0);
}

static void
on_bytes(struct steward *s, struct cur *c, uint32_t type, uint16_t answer)
{
	uint32_t conn = cur_u32(c);
	uint32_t gen = cur_u32(c);
	struct view data = cur_string(c);

	if (!cur_done(c))
		return;
	if (conn >> LINK_WORKER_SHIFT < s->worker_count)
		command(s, conn >> LINK_WORKER_SHIFT, type, conn, gen, data);
	else
		answer_gone(s, answer, conn, gen);
}

static void
on_kill(struct steward *s, struct cur *c)
{
	uint32_t conn = cur_u32(c);
	uint32_t gen = cur_u32(c);
	uint32_t reason = cur_u32(c);
	uint32_t worker = conn >> LINK_WORKER_SHIFT;
	struct cmd *k;

	if (!cur_done(c) || worker >= s->worker_count || (k = steward_cmd(s, worker, CMD_KILL)) == NULL)
		return;
	k->conn = conn;
	k->gen = gen;
	k->reason = reason;
	steward_push(s, worker);
}

static void
on_rekey(struct steward *s, struct cur *c)
{
	uint32_t conn = cur_u32(c);
	uint32_t gen = cur_u32(c);
	uint32_t worker = conn >> LINK_WORKER_SHIFT;
	struct cmd *k;

	if (!cur_done(c) || worker >= s->worker_count || (k = steward_cmd(s, worker, CMD_REKEY)) == NULL)
		return;
	k->conn = conn;
	k->gen = gen;
	steward_push(s, worker);
}

static void
on_link_end(struct steward *s, struct cur *c)
{
	uint32_t id = cur_u32(c);
	uint32_t worker = id >> LINK_WORKER_SHIFT;
	struct cmd *k;

	if (!cur_done(c) || worker >= s->worker_count || (k = steward_cmd(s, worker, CMD_LINK_END)) == NULL)
		return;
	k->link = id;
	steward_push(s, worker);
	for (struct peer *p = s->peers; p != NULL; p = p->next)
		p->retired |= p->link.id == id;
}

static void
on_list(struct steward *s, struct cur *c)
{
	uint32_t tag = cur_u32(c);
	struct cmd *k;

	for (uint32_t i = 0; cur_done(c) && i < s->worker_count; i++) {
		if ((k = steward_cmd(s, i, CMD_LIST)) == NULL)
			continue;
		k->tag = tag;
		steward_push(s, i);
	}
}

/* The page's first field says which worker's it is. */
static void
on_list_tcp(struct steward *s, struct cur *c)
{
	uint32_t tag = cur_u32(c);
	struct view page = cur_take(c, cur_left(c));
	struct cur first = cur_view(page);
	uint32_t worker = cur_u32(&first) >> LINK_WORKER_SHIFT;
	struct cmd *k;

	if (c->bad || first.bad || worker >= s->worker_count || page.len > sizeof(k->data) ||
	    (k = steward_cmd(s, worker, CMD_LIST_TCP)) == NULL)
		return;
	k->tag = tag;
	k->len = (uint32_t)page.len;
	memcpy(k->data, page.data, page.len);
	steward_push(s, worker);
}

static bool
message(struct steward *s, struct view data, int *fds, int fd_count)
{
	struct cur c = cur_view(data);
	uint16_t type = cur_u16(&c);

	(void)cur_u16(&c);
	if (c.bad || (!s->hello && type != ATTACH_HELLO))
		return false;
	switch (type) {
	case ATTACH_HELLO:
		return on_hello(s, &c);
	case ATTACH_CONF:
		on_conf(s, &c);
		break;
	case ATTACH_LINK_NEW:
		peer_new(s, &c, fds, fd_count);
		break;
	case ATTACH_LEADER_NEW:
		leader_new(s, &c, fds, fd_count);
		break;
	case ATTACH_FIRST_HASH:
		on_bytes(s, &c, CMD_FIRST_HASH, ATTACH_FIRST_HASH_STORED);
		break;
	case ATTACH_GRANT:
		on_bytes(s, &c, CMD_GRANT, ATTACH_GRANT_STORED);
		break;
	case ATTACH_KILL:
		on_kill(s, &c);
		break;
	case ATTACH_REKEY:
		on_rekey(s, &c);
		break;
	case ATTACH_LINK_END:
		on_link_end(s, &c);
		break;
	case ATTACH_LIST:
		on_list(s, &c);
		break;
	case ATTACH_CAPTURE:
		capture_new(s, &c, fds, fd_count);
		break;
	case ATTACH_CAPTURE_STOP:
		capture_end(s, &c);
		break;
	case ATTACH_LIST_TCP:
		on_list_tcp(s, &c);
		break;
	default: /* of a newer minor version */
		break;
	}
	return true;
}

/* One message may need two commands, to every worker: it is read only when all
 * fit. */
static bool
commands_fit(struct steward *s)
{
	for (uint32_t i = 0; i < s->worker_count; i++) {
		const struct cmd_queue *q = s->worker[i].commands;

		if (q->head - __atomic_load_n(&q->tail, __ATOMIC_ACQUIRE) + 2 > CMD_COUNT) {
			s->blocked = true;
			return false;
		}
	}
	return true;
}

void
attach_input(struct steward *s)
{
	uint8_t buf[ATTACH_MESSAGE_MAX];
	int fds[PACKET_FDS_MAX];
	int fd_count, r;
	size_t len;

	for (int i = 0; i < INPUT_BUDGET && s->supervisor >= 0 && commands_fit(s); i++) {
		r = packet_recv(s->supervisor, buf, sizeof(buf), &len, fds, &fd_count);
		if (r == 0)
			return;
		if (r < 0 || !message(s, view_of(buf, len), fds, fd_count))
			attach_drop(s);
		if (r > 0)
			close_all(fds, fd_count); /* those kept were replaced by -1 */
	}
}
