/*
 * Captures: one leg per worker, between console, which reads the frames, and the
 * dataplane, which copies them. Whether the caller may is decided here, and who looked
 * at whose frames is in the log. No frame passes the supervisor.
 */
#include <string.h>

#include "abi/link/capture.h"
#include "abi/link/layout.h"
#include "abi/wire/reason.h"
#include "control/supervisor/supervisor.h"

static void
tell(struct sup *s, uint32_t tag, uint32_t leg, uint32_t reason, int fd)
{
	uint8_t body[8];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_CAPTURE_IS, .tag = tag, .fds = { fd }, .fd_count = fd >= 0 };

	put_u32(&w, leg);
	put_u32(&w, reason);
	m.body = put_view(&w);
	if (proc_up(&s->console.proc))
		proc_send(&s->console.proc, &m);
}

static struct capture_leg *
leg_of(struct sup *s, uint32_t id)
{
	int i;

	for (i = 0; i < CAPTURE_LEGS_MAX; i++)
		if (s->legs[i].id == id)
			return &s->legs[i];
	return NULL;
}

static void
say_begun(const struct capture_ask *a, uint32_t worker, uint32_t uid)
{
	bool trace = a->kind == CAPTURE_RECORDS;

	log_info("%s begun by the operator (uid %u): worker %u, %s, at most %u seconds, %llu bytes, %u %s",
	    trace ? "trace" : "capture", uid, worker,
	    a->filter.conn != LINK_CONN_NONE               ? "one connection" :
		a->filter.prefix != 0 || a->filter.port != 0 ? "some peers" :
		trace					 ? "all records" :
							       "all frames",
	    a->seconds, (unsigned long long)a->bytes, a->packets, trace ? "records" : "frames");
}

static void
send_start(struct sup *s, const struct capture_leg *l, const struct capture_ask *a, const struct msg *m)
{
	uint8_t room[128];
	struct put w = put_of(room, sizeof(room));

	attach_begin(&w, ATTACH_CAPTURE);
	put_u32(&w, l->id);
	put_u32(&w, l->worker);
	capture_ask_put(&w, a);
	attach_packet(s, &w, m->fds, 2);
}

/* 0, or why not. */
static uint32_t
begin(struct sup *s, struct msg *m, struct cur *b, bool allowed, uint32_t uid)
{
	uint32_t worker = cur_u32(b);
	struct capture_leg *l = leg_of(s, 0);
	struct capture_ask a;

	if (capture_ask_get(b, &a) != 0 || !cur_done(b) || m->fd_count != 2)
		return R_LINK_ITEM;
	if (!allowed)
		return R_LINK_DENIED;
	if (!attach_on(s) || worker >= SUP_WORKERS_MAX || s->attach.meter_fd[worker] < 0)
		return R_PEER_GONE;
	if (s->attach.minor < (a.kind == CAPTURE_FRAMES ? 2 : 3))
		return R_LINK_VERSION;
	if (l == NULL)
		return R_LIMIT;
	*l = (struct capture_leg){ .id = sup_tag(s), .tag = m->tag, .worker = worker };
	say_begun(&a, worker, uid);
	send_start(s, l, &a, m);
	return R_NONE;
}

void
on_capture(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	uint32_t uid, reason;
	bool allowed = caller_may(s, &b, &uid);

	if (b.bad) {
		proc_refuse(p, m);
		return;
	}
	reason = begin(s, m, &b, allowed, uid);
	if (reason == R_LINK_ITEM)
		proc_refuse(p, m);
	else if (reason != R_NONE)
		tell(s, m->tag, 0, reason, -1);
}

static void
leg_stop(struct sup *s, struct capture_leg *l)
{
	uint8_t room[16];
	struct put w = put_of(room, sizeof(room));

	attach_begin(&w, ATTACH_CAPTURE_STOP);
	put_u32(&w, l->id);
	if (attach_on(s))
		attach_packet(s, &w, NULL, 0);
	memset(l, 0, sizeof(*l));
}

void
on_capture_stop(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	uint32_t id = cur_u32(&b);
	struct capture_leg *l;

	if (!cur_done(&b)) {
		proc_refuse(p, m);
		return;
	}
	l = id != 0 ? leg_of(s, id) : NULL;
	if (l != NULL)
		leg_stop(s, l);
}

void
capture_ready(struct sup *s, uint32_t id, uint32_t reason, int fd)
{
	struct capture_leg *l = id != 0 ? leg_of(s, id) : NULL;

	if (l == NULL)
		return;
	tell(s, l->tag, l->id, reason, fd);
	if (reason != R_NONE)
		memset(l, 0, sizeof(*l));
}

void
captures_stop(struct sup *s)
{
	int i;

	for (i = 0; i < CAPTURE_LEGS_MAX; i++)
		if (s->legs[i].id != 0)
			leg_stop(s, &s->legs[i]);
}

void
captures_lost(struct sup *s)
{
	int i;

	for (i = 0; i < CAPTURE_LEGS_MAX; i++) {
		struct capture_leg *l = &s->legs[i];

		if (l->id == 0)
			continue;
		tell(s, l->tag, l->id, R_PEER_GONE, -1);
		memset(l, 0, sizeof(*l));
	}
}
