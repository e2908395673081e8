#include "dataplane/worker/steward.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "abi/link/bell.h"
#include "abi/wire/reason.h"

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Take a descriptor over: the list it came in closes what is left. */
static int
keep(int *fd)
{
	int kept = *fd;

	*fd = -1;
	return kept;
}

/* The supervisor has the same pidfd: closing ours does not end its watch, whose
 * event would name a descriptor that is somebody else's by then. */
static void
unwatch_pid(struct steward *s, const struct peer *p)
{
	if (p->pidfd >= 0)
		(void)epoll_ctl(s->epfd, EPOLL_CTL_DEL, p->pidfd, NULL);
}

static void
peer_free(struct steward *s, struct peer *p)
{
	unwatch_pid(s, p);
	slots_close(p->link.slots);
	region_close(&p->link.own);
	region_close(&p->link.peer);
	close_fd(&p->link.wait_fd);
	close_fd(&p->link.ring_fd);
	close_fd(&p->bell_fd);
	close_fd(&p->pidfd);
	close_fd(&p->request);
	free(p);
}

static void
unlink_peer(struct steward *s, struct peer *p)
{
	for (struct peer **at = &s->peers; *at != NULL; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			s->host_count -= p->link.role == LINK_HOST;
			return;
		}
}

static void
send_ready(struct steward *s, uint32_t tag, uint32_t id, int reason, int *fds, int fd_count)
{
	uint8_t buf[32];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, ATTACH_LINK_READY);
	put_u32(&w, tag);
	put_u32(&w, id);
	put_u32(&w, (uint32_t)(reason < 0 ? -reason : reason));
	attach_send(s, &w, fds, fd_count);
}

static bool
read_request(struct peer *p, struct cur *c)
{
	struct view plugin;

	p->tag = cur_u32(c);
	p->link.role = cur_u8(c);
	p->link.index = cur_u32(c);
	p->link.conn = cur_u32(c);
	p->link.gen = cur_u32(c);
	plugin = cur_string(c);
	/* A supervisor of minor version 0 knows one worker. */
	if (!c->bad && cur_left(c) > 0) {
		p->worker = cur_u32(c);
		p->first = cur_u32(c);
	}
	if (!cur_done(c) || plugin.len >= sizeof(p->plugin))
		return false;
	if (plugin.len > 0)
		memcpy(p->plugin, plugin.data, plugin.len);
	p->plugin_len = plugin.len;
	p->link.plugin = view_of(p->plugin, p->plugin_len);
	return true;
}

/* What the other side handed over: its region, its bell, then by role. */
static int
take_theirs(struct peer *p, int *fds, int fd_count)
{
	bool host = p->link.role == LINK_HOST;
	int r;

	if (!host && p->link.role != LINK_GATE && p->link.role != LINK_CLERK)
		return -R_LINK_OP;
	if (fd_count != (host ? 4 : 3))
		return -R_SHORT;
	r = region_attach(&p->link.peer, fds[0], host ? LINK_HOST_RING : LINK_CONTROL_RING,
	    host ? LINK_HOST_ARENA : LINK_CONTROL_ARENA);
	if (r != 0)
		return r;
	if ((r = bell_adopt(fds[1])) != 0)
		return r;
	p->link.ring_fd = keep(&fds[1]);
	if (!host)
		return slots_attach(&p->link.slots, fds[2]);
	p->pidfd = keep(&fds[2]);
	p->request = keep(&fds[3]);
	return 0;
}

static int
make_ours(struct peer *p)
{
	bool host = p->link.role == LINK_HOST;
	int r = region_create(&p->link.own, "postern-dp", host ? LINK_HOST_RING : LINK_CONTROL_RING,
	    host ? LINK_HOST_ARENA : LINK_CONTROL_ARENA);

	if (r != 0)
		return -R_NOMEM;
	if (bell_create(&p->link.wait_fd, &p->bell_fd) != 0)
		return -R_LIMIT;
	link_setup(&p->link);
	return 0;
}

static struct peer *
peer_alloc(void)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->link.own.fd = p->link.peer.fd = -1;
	p->link.wait_fd = p->link.ring_fd = -1;
	p->bell_fd = p->pidfd = p->request = -1;
	return p;
}

void
peer_new(struct steward *s, struct cur *c, int *fds, int fd_count)
{
	struct peer *p = peer_alloc();
	struct cmd *k;
	int r;

	if (p == NULL)
		return;
	if (!read_request(p, c)) {
		peer_free(s, p);
		return;
	}
	r = p->worker < s->worker_count ? take_theirs(p, fds, fd_count) : -R_LINK_CONN;
	if (r == 0 && p->link.conn != LINK_CONN_NONE && p->link.conn >> LINK_WORKER_SHIFT != p->worker)
		r = -R_LINK_CONN;
	/* Without a descriptor left, the next packet would be cut, and the supervisor. */
	if (r == 0 && p->link.role == LINK_HOST && s->host_count >= s->host_max)
		r = -R_LIMIT;
	if (r == 0)
		r = make_ours(p);
	if (r == 0 && p->pidfd >= 0 && steward_watch(s, p->pidfd, EPOLLIN, WATCH_PID) != 0)
		r = -R_LIMIT;
	if (r == 0 && (k = steward_cmd(s, p->worker, CMD_LINK_ADD)) != NULL) {
		k->tag = p->tag;
		k->l = &p->link;
		p->next = s->peers;
		s->peers = p;
		s->host_count += p->link.role == LINK_HOST;
		steward_push(s, p->worker);
		return;
	}
	send_ready(s, p->tag, 0, r != 0 ? r : -R_LIMIT, NULL, 0);
	peer_free(s, p);
}

static void
drop_link(struct steward *s, const struct peer *p)
{
	struct cmd *k = steward_cmd(s, p->worker, CMD_LINK_DROP);

	if (k == NULL)
		return; /* its bell's end says the same to the worker */
	k->link = p->link.id;
	steward_push(s, p->worker);
}

void
peer_added(struct steward *s, const struct cmd *e)
{
	struct peer *p = (struct peer *)(void *)e->l;
	int fds[2];

	if (e->reason != 0) {
		send_ready(s, p->tag, 0, (int)e->reason, NULL, 0);
		unlink_peer(s, p);
		peer_free(s, p);
		return;
	}
	p->added = true;
	fds[0] = dup(p->link.own.fd);
	fds[1] = keep(&p->bell_fd);
	send_ready(s, p->tag, e->link, 0, fds, 2);
	if (p->dead)
		drop_link(s, p);
}

void
peer_gone(struct steward *s, const struct cmd *e)
{
	struct peer *p = (struct peer *)(void *)e->l;
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	attach_begin(&w, ATTACH_LINK_GONE);
	put_u32(&w, e->link);
	put_u32(&w, e->reason);
	attach_send(s, &w, NULL, 0);
	unlink_peer(s, p);
	peer_free(s, p);
}

/* Two descriptors for the supervisor, copies of ours. */
static bool
copies(int pidfd, int request, int fds[2])
{
	fds[0] = dup(pidfd);
	fds[1] = dup(request);
	if (fds[0] >= 0 && fds[1] >= 0)
		return true;
	close_fd(&fds[0]);
	close_fd(&fds[1]);
	return false;
}

static void
send_host(struct steward *s, const struct peer *p)
{
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));
	int fds[2];

	if (!copies(p->pidfd, p->request, fds))
		return;
	attach_begin(&w, ATTACH_HOST);
	put_u32(&w, p->link.id);
	put_u32(&w, p->link.conn);
	put_u32(&w, p->link.gen);
	put_string(&w, p->plugin, p->plugin_len);
	if (s->minor >= 1)
		put_u32(&w, p->first != 0 ? p->first : p->link.id);
	if (s->minor >= LINK_MINOR_RETIRED)
		put_u8(&w, p->retired);
	attach_send(s, &w, fds, 2);
}

static void
send_leader(struct steward *s, const struct leader *l)
{
	uint8_t buf[32];
	struct put w = put_of(buf, sizeof(buf));
	int fds[2];

	if (!copies(l->pidfd, l->request, fds))
		return;
	attach_begin(&w, ATTACH_LEADER);
	put_u32(&w, l->conn);
	put_u32(&w, l->gen);
	attach_send(s, &w, fds, 2);
}

void
peer_snapshot(struct steward *s)
{
	for (const struct peer *p = s->peers; p != NULL; p = p->next)
		if (p->link.role == LINK_HOST && p->added && !p->dead)
			send_host(s, p);
	for (const struct leader *l = s->leaders; l != NULL; l = l->next)
		send_leader(s, l);
}

void
leader_new(struct steward *s, struct cur *c, int *fds, int fd_count)
{
	struct leader *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return;
	l->conn = cur_u32(c);
	l->gen = cur_u32(c);
	if (!cur_done(c) || fd_count != 2 || steward_watch(s, fds[0], EPOLLIN, WATCH_PID) != 0) {
		free(l);
		return;
	}
	l->pidfd = keep(&fds[0]);
	l->request = keep(&fds[1]);
	l->next = s->leaders;
	s->leaders = l;
}

static void
leader_ended(struct steward *s, struct leader **at)
{
	struct leader *l = *at;

	(void)epoll_ctl(s->epfd, EPOLL_CTL_DEL, l->pidfd, NULL);
	*at = l->next;
	close_fd(&l->pidfd);
	close_fd(&l->request);
	free(l);
}

void
pid_ended(struct steward *s, int pidfd)
{
	for (struct leader **at = &s->leaders; *at != NULL; at = &(*at)->next)
		if ((*at)->pidfd == pidfd) {
			leader_ended(s, at);
			return;
		}
	for (struct peer *p = s->peers; p != NULL; p = p->next) {
		if (p->pidfd != pidfd || p->dead)
			continue;
		unwatch_pid(s, p);
		p->dead = true;
		if (p->added)
			drop_link(s, p);
	}
}

void
peers_fini(struct steward *s)
{
	while (s->leaders != NULL)
		leader_ended(s, &s->leaders);
	while (s->peers != NULL) {
		struct peer *p = s->peers;

		s->peers = p->next;
		peer_free(s, p);
	}
}
