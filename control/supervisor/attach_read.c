/*
 * What the dataplane says: one row per message.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

/* What came with a message; a handler that keeps a descriptor sets it to -1. */
struct from_dp {
	struct sup *sup;
	struct cur *c;
	int *fds;
	int n;
};

static int
take_fd(struct from_dp *m, int i)
{
	int fd = i < m->n ? m->fds[i] : -1;

	if (fd >= 0)
		m->fds[i] = -1;
	return fd;
}

static void
send_meter(struct sup *s, uint32_t worker)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_METER_FD, .fds = { s->attach.meter_fd[worker] }, .fd_count = 1 };

	put_u32(&w, worker);
	m.body = put_view(&w);
	if (s->attach.meter_fd[worker] >= 0 && proc_up(&s->console.proc))
		proc_send(&s->console.proc, &m);
}

void
attach_meters(struct sup *s)
{
	uint32_t i;

	for (i = 0; i < SUP_WORKERS_MAX; i++)
		send_meter(s, i);
}

static bool
take_meter(struct from_dp *m)
{
	uint32_t worker = cur_u32(m->c);
	int *at;

	if (!cur_done(m->c) || worker >= SUP_WORKERS_MAX || m->n < 1)
		return false;
	at = &m->sup->attach.meter_fd[worker];
	if (*at >= 0)
		close(*at);
	*at = take_fd(m, 0);
	if (m->sup->attach.workers <= worker)
		m->sup->attach.workers = worker + 1;
	send_meter(m->sup, worker);
	return true;
}

/* ---- connections ---- */

static void
copy_text(char *to, size_t size, struct view text)
{
	size_t len = text.len < size - 1 ? text.len : size - 1;

	if (len > 0)
		memcpy(to, text.data, len);
	to[len] = '\0';
}

static void
restore_grant(struct conn *c, struct view grant)
{
	uint8_t *copy;

	if (grant.len == 0 || c->granted)
		return;
	copy = malloc(grant.len);
	if (copy == NULL)
		return;
	memcpy(copy, grant.data, grant.len);
	free(c->grant);
	c->grant = copy;
	c->grant_len = grant.len;
	c->granted = true;
}

static void
conn_facts(struct conn *c, uint8_t phase, uint64_t opened, struct view hash, struct view grant)
{
	c->seen = true;
	c->phase = phase;
	c->opened_ms = opened;
	if (hash.len > 0) {
		memcpy(c->hash, hash.data, hash.len);
		c->hash_len = (uint8_t)hash.len;
	}
	restore_grant(c, grant);
}

static void
conn_hash_tell(struct sup *s, const struct conn *c)
{
	uint8_t body[4 + SUP_HASH_MAX];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CONN_HASH, .conn = c->conn, .gen = c->gen };

	put_string(&w, c->hash, c->hash_len);
	m.body = put_view(&w);
	children_send(s, ROLE_BIT(ROLE_KEEPER) | ROLE_BIT(ROLE_WARDEN), &m);
}

static bool
take_conn(struct from_dp *m)
{
	uint32_t worker = cur_u32(m->c);
	uint32_t conn = cur_u32(m->c);
	uint32_t gen = cur_u32(m->c);
	struct view peer = cur_string(m->c);
	uint16_t peer_port = cur_u16(m->c);
	struct view local = cur_string(m->c);
	uint16_t local_port = cur_u16(m->c);
	uint8_t phase = cur_u8(m->c);
	struct view hash = cur_string(m->c);
	struct view grant = cur_string(m->c);
	uint64_t opened = cur_u64(m->c);
	struct conn *c;
	bool fresh;

	(void)worker;
	if (!cur_done(m->c) || hash.len > SUP_HASH_MAX || grant.len > GRANT_MAX)
		return false;
	c = conn_make(m->sup, conn, gen);
	if (c == NULL)
		return true;
	fresh = c->hash_len == 0 && hash.len > 0;
	copy_text(c->peer, sizeof(c->peer), peer);
	copy_text(c->local, sizeof(c->local), local);
	c->peer_port = peer_port;
	c->local_port = local_port;
	conn_facts(c, phase, opened, hash, grant);
	if (fresh)
		conn_hash_tell(m->sup, c);
	return true;
}

/* What the dataplane says of a connection with a reason; one that is gone here
 * is not told. */
static bool
told(struct from_dp *m, void (*fn)(struct sup *s, struct conn *c, uint32_t reason))
{
	uint32_t conn = cur_u32(m->c);
	uint32_t gen = cur_u32(m->c);
	uint32_t reason = cur_u32(m->c);
	struct conn *c;

	if (!cur_done(m->c))
		return false;
	c = conn_find(m->sup, conn, gen);
	if (c != NULL)
		fn(m->sup, c, reason);
	return true;
}

static bool
take_conn_closed(struct from_dp *m)
{
	return told(m, conn_gone);
}

static bool
take_hash_stored(struct from_dp *m)
{
	return told(m, hash_stored);
}

static bool
take_grant_stored(struct from_dp *m)
{
	return told(m, grant_stored);
}

/* ---- hosts, leaders, links ---- */

static bool
take_host(struct from_dp *m)
{
	struct host_link l = { .id = cur_u32(m->c) };
	int pidfd, sock;

	l.conn = cur_u32(m->c);
	l.gen = cur_u32(m->c);
	l.plugin = cur_string(m->c);
	l.first = !m->c->bad && cur_left(m->c) > 0 ? cur_u32(m->c) : l.id;
	l.retired = !m->c->bad && cur_left(m->c) > 0 && cur_u8(m->c) == 1;
	if (!cur_done(m->c) || m->n < 2)
		return false;
	pidfd = take_fd(m, 0);
	sock = take_fd(m, 1);
	host_restore(m->sup, &l, pidfd, sock);
	return true;
}

static bool
take_leader(struct from_dp *m)
{
	uint32_t conn = cur_u32(m->c);
	uint32_t gen = cur_u32(m->c);
	int pidfd, sock;

	if (!cur_done(m->c) || m->n < 2)
		return false;
	pidfd = take_fd(m, 0);
	sock = take_fd(m, 1);
	leader_restore(m->sup, conn, gen, pidfd, sock);
	return true;
}

static bool
take_link_ready(struct from_dp *m)
{
	uint32_t tag = cur_u32(m->c);
	uint32_t link_id = cur_u32(m->c);
	uint32_t reason = cur_u32(m->c);

	if (!cur_done(m->c) || (reason == R_NONE && m->n < 2))
		return false;
	link_ready(m->sup, tag, link_id, reason, m->fds);
	return true;
}

static bool
take_link_gone(struct from_dp *m)
{
	uint32_t link_id = cur_u32(m->c);
	uint32_t reason = cur_u32(m->c);

	if (!cur_done(m->c))
		return false;
	host_link_gone(m->sup, link_id, reason);
	return true;
}

/* ---- lists ---- */

static bool
take_rows(struct from_dp *m)
{
	uint32_t tag = cur_u32(m->c);
	uint32_t worker = cur_u32(m->c);
	uint8_t last = cur_u8(m->c);

	if (m->c->bad)
		return false;
	list_rows(m->sup, tag, worker, last == 1, cur_take(m->c, cur_left(m->c)));
	return true;
}

static bool
take_capture_ready(struct from_dp *m)
{
	uint32_t id = cur_u32(m->c);
	uint32_t reason = cur_u32(m->c);

	if (!cur_done(m->c) || (reason == R_NONE && m->n < 1))
		return false;
	capture_ready(m->sup, id, reason, reason == R_NONE ? m->fds[0] : -1);
	return true;
}

/* ---- snapshot ---- */

static void
unsee(struct sup *s, struct conn *c, void *ctx)
{
	(void)s;
	(void)ctx;
	c->seen = false;
}

void
attach_snapshot_begin(struct sup *s)
{
	conns_each(s, unsee, NULL);
}

/* What was stored and is not named went while nobody was attached; what was
 * asked and not answered is asked again. */
static void
settle(struct sup *s, struct conn *c, void *ctx)
{
	(void)ctx;
	if (!c->seen && (c->hash_len > 0 || c->granted)) {
		conn_gone(s, c, R_PEER_GONE);
		return;
	}
	hash_again(s, c);
	grant_again(s, c);
}

static bool
take_end(struct from_dp *m)
{
	struct sup *s = m->sup;

	s->attach.state = ATTACH_ON;
	s->attach.attaches++;
	if (s->attach.workers == 0)
		s->attach.workers = 1;
	loop_cancel(s->loop, s->attach.timer);
	s->attach.timer = 0;
	log_info("attached to the dataplane (pid %u), %u connections known", s->attach.pid, s->conn_count);
	conns_each(s, settle, NULL);
	leaders_tell(s);
	hosts_settle(s);
	links_workers(s, NULL);
	links_send(s);
	return true;
}

static const struct {
	uint16_t type;
	bool (*fn)(struct from_dp *m);
} rows[] = {
	{ ATTACH_METER, take_meter },
	{ ATTACH_CONN, take_conn },
	{ ATTACH_HOST, take_host },
	{ ATTACH_LEADER, take_leader },
	{ ATTACH_SNAPSHOT_END, take_end },
	{ ATTACH_LINK_READY, take_link_ready },
	{ ATTACH_LINK_GONE, take_link_gone },
	{ ATTACH_FIRST_HASH_STORED, take_hash_stored },
	{ ATTACH_GRANT_STORED, take_grant_stored },
	{ ATTACH_CONN_CLOSED, take_conn_closed },
	{ ATTACH_ROWS, take_rows },
	{ ATTACH_CAPTURE_READY, take_capture_ready },
};

bool
attach_take(struct sup *s, uint16_t type, struct cur *c, int *fds, int n)
{
	struct from_dp m = { .sup = s, .c = c, .fds = fds, .n = n };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return rows[i].fn(&m);
	/* A newer minor version may say more than we know. */
	return true;
}
