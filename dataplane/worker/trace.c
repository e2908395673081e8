/*
 * Traces: what the records of chosen connections are, into a leg of a capture. Whoever
 * traces sees numbers, sizes and phases, and nothing that stands in a record.
 */
#include "abi/link/op.h"
#include "dataplane/worker/worker.h"
#include "drivers/clock/clock.h"

static bool
wants(const struct worker *w, const struct capture *t, const struct conn *c)
{
	return t->ask.kind == CAPTURE_RECORDS && !t->over &&
	    filter_conn(&t->ask.filter, conn_id(w, c), c->gen) &&
	    filter_peer(&t->ask.filter, c->at.remote, c->at.remote_port);
}

void
trace_mark(struct worker *w, struct conn *c)
{
	bool wanted = false;

	for (uint32_t i = 0; i < w->capture_count && !wanted; i++)
		wanted = wants(w, w->capture[i], c);
	c->ssh.traced = wanted;
}

void
trace_mark_all(struct worker *w)
{
	for (uint32_t i = 0; i < w->used_slots; i++)
		if (w->conns[i].state == CONN_LIVE)
			trace_mark(w, &w->conns[i]);
}

/* The length of a request or response of authentication tells that of a password. */
static bool
secret(const struct conn *c, uint8_t msg)
{
	return c->ssh.phase < SSH_PHASE_OPEN && msg >= SSH_MSG_USERAUTH_REQUEST && msg < SSH_MSG_GLOBAL_REQUEST;
}

static uint32_t
recipient(struct view payload)
{
	struct cur r = cur_view(payload);
	uint8_t msg = cur_u8(&r);
	uint32_t chan = cur_u32(&r);

	if (r.bad || msg < SSH_MSG_CHANNEL_OPEN_CONFIRMATION || msg > SSH_MSG_CHANNEL_FAILURE)
		return LINK_CHAN_NONE;
	return chan;
}

static void
put_entry(struct worker *w, struct capture *t, struct link_entry *e)
{
	t->seen++;
	if (!ring_room(&t->out, 0)) {
		t->missed++;
		meter_add(w->meter, METER_CAPTURE_MISSED, 1);
		return;
	}
	e->arg[2] = t->seen;
	e->arg[3] = t->missed;
	ring_publish(&t->out, e, 0);
	t->published = true;
	if (t->seen - t->missed >= t->ask.packets)
		capture_over(w, t, R_LIMIT);
}

void
trace_record(struct worker *w, struct conn *c, bool out, struct view payload, uint32_t seq, size_t wire)
{
	uint8_t msg = payload.data[0];
	struct link_entry e = {
		.op = LINK_UP_TRACE,
		.conn = conn_id(w, c),
		.gen = c->gen,
		.msg = msg,
		.seq = seq,
		.chan = recipient(payload),
		.serial = TRACE_SERIAL(c->ssh.phase, secret(c, msg) ? 0 : payload.len),
	};

	e.arg[0] = clock_unix_ns();
	e.arg[1] = wire | (out ? CAPTURE_OUT : 0);
	for (uint32_t i = 0; i < w->capture_count; i++)
		if (wants(w, w->capture[i], c))
			put_entry(w, w->capture[i], &e);
}
