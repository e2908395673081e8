/* A step, as the worker takes it. */
#include "tests/unit/control/desk/bench_inner.h"

#include <stdlib.h>
#include <string.h>

static void
out(struct bench *b, enum bench_out_kind kind, struct view body, uint32_t reason)
{
	struct bench_out *o = &b->out[b->out_count];

	if (b->out_count == BENCH_OUT_MAX)
		abort();
	b->out_count++;
	o->kind = kind;
	o->bytes = bench_copy(body);
	o->len = body.len;
	o->reason = reason;
}

static void
item_record(struct bench *b, struct view body)
{
	if (body.len == 0 || !link_record_allowed(body.data[0], b->side->role, b->phase))
		bench_fault(b, "record not allowed now");
	if (body.len > 0 && body.data[0] == SSH_MSG_USERAUTH_SUCCESS && !b->granted)
		bench_fault(b, "success without a grant");
	out(b, OUT_RECORD, body, 0);
}

static void
item_newkeys(struct bench *b, struct view body)
{
	struct cur c = cur_view(body);

	if (slot_take(b->slots, cur_u32(&c), b->conn, b->gen, &b->keys) != 0 || !cur_done(&c))
		bench_fault(b, "slot not filled");
	if (!b->hold)
		bench_fault(b, "NEWKEYS without HOLD");
	b->hold = false;
	b->keys_pending = true;
	out(b, OUT_NEWKEYS, body, 0);
}

static void
item_phase(struct bench *b, struct view body)
{
	uint8_t to = body.len == 1 ? body.data[0] : 255;
	bool ok = (b->phase == SSH_PHASE_SERVICE && to == SSH_PHASE_AUTH) ||
		  (b->phase == SSH_PHASE_AUTH && to == SSH_PHASE_OPEN && b->granted);

	if (!ok)
		bench_fault(b, "phase not allowed");
	b->phase = to;
	out(b, OUT_PHASE, body, 0);
}

static void
item_chan_new(struct bench *b, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t ours = cur_u32(&c);

	if (body.len != 24 || ours >= BENCH_CHAN_MAX || b->chan[ours].used) {
		bench_fault(b, "channel number in use");
		return;
	}
	b->chan[ours] = (struct bench_chan){ .used = true, .peers = cur_u32(&c) };
	out(b, OUT_CHAN_NEW, body, 0);
}

static void
item_chan_start(struct bench *b, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t ours = cur_u32(&c);
	uint32_t pairs;

	cur_u32(&c);
	cur_u8(&c);
	cur_u8(&c);
	cur_string(&c);
	cur_string(&c);
	for (pairs = cur_u32(&c); pairs > 0 && !c.bad; pairs--) {
		cur_string(&c);
		cur_string(&c);
	}
	if (!cur_done(&c) || ours >= BENCH_CHAN_MAX || !b->chan[ours].used || b->chan[ours].started) {
		bench_fault(b, "start malformed, or of a channel that cannot start");
		return;
	}
	b->chan[ours].started = true;
	out(b, OUT_CHAN_START, body, 0);
}

/* Who asked, and for what, the worker knows by the record that is done. */
static void
item_chan_asked(struct bench *b, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t ours = cur_u32(&c);

	if (body.len != 12 || ours >= BENCH_CHAN_MAX || b->chan[ours].used || b->asked_op != LINK_UP_ASKED_OPEN) {
		bench_fault(b, "an open that nobody asked for, or its number in use");
		return;
	}
	b->asked_op = 0;
	b->chan[ours] = (struct bench_chan){ .used = true, .started = true };
	out(b, OUT_CHAN_ASKED, body, 0);
}

static void
item_answer(struct bench *b, enum bench_out_kind kind, bool fits, struct view body)
{
	if (!fits)
		bench_fault(b, "an answer to nothing that was asked");
	b->asked_op = 0;
	out(b, kind, body, 0);
}

/* Its host answers at once: a record of the worker's. */
static void
item_query(struct bench *b, struct view body)
{
	struct cur c = cur_view(body);
	uint8_t answer[LINK_ANSWER_MAX];
	struct put w = put_of(answer, sizeof(answer));
	uint32_t chan;

	cur_u32(&c);
	put_u32(&w, cur_u32(&c));
	chan = cur_u32(&c);
	cur_bool(&c);
	cur_string(&c);
	cur_string(&c);
	if (!cur_done(&c) || (chan != LINK_CHAN_NONE && (chan >= BENCH_CHAN_MAX || !b->chan[chan].used)))
		bench_fault(b, "query malformed, or of a channel that is not there");
	put_bool(&w, !b->host_no);
	put_sview(&w, b->host_bytes);
	out(b, OUT_QUERY, body, 0);
	bench_answer(b, chan, put_view(&w));
}

static void
item_close(struct bench *b, struct view body)
{
	struct cur c = cur_view(body);

	b->close_reason = cur_u32(&c);
	cur_string(&c);
	if (!cur_done(&c) || b->close_reason == 0 || b->close_reason >= REASON_MAX)
		bench_fault(b, "close malformed");
	b->closed = true;
	b->phase = SSH_PHASE_CLOSING;
	out(b, OUT_CLOSE, body, b->close_reason);
}

static void
item(struct bench *b, uint8_t number, struct view body, bool after_kexinit)
{
	if (!link_item_allowed(number, b->side->role))
		bench_fault(b, "item not allowed to this role");
	if (after_kexinit && number != LINK_ITEM_HOLD)
		bench_fault(b, "KEXINIT without HOLD");
	switch (number) {
	case LINK_ITEM_RECORD:
		item_record(b, body);
		break;
	case LINK_ITEM_HOLD:
		if (!after_kexinit || b->hold)
			bench_fault(b, "misplaced HOLD");
		b->hold = true;
		out(b, OUT_HOLD, body, 0);
		break;
	case LINK_ITEM_NEWKEYS:
		item_newkeys(b, body);
		break;
	case LINK_ITEM_NOTE:
		if (body.len > sizeof(b->note))
			bench_fault(b, "note too long");
		memcpy(b->note, body.data, body.len);
		b->note_len = body.len;
		break;
	case LINK_ITEM_PHASE:
		item_phase(b, body);
		break;
	case LINK_ITEM_CLOSE:
		item_close(b, body);
		break;
	case LINK_ITEM_CHAN_NEW:
		item_chan_new(b, body);
		break;
	case LINK_ITEM_CHAN_START:
		item_chan_start(b, body);
		break;
	case LINK_ITEM_CHAN_ASKED:
		item_chan_asked(b, body);
		break;
	case LINK_ITEM_GLOBAL_ASKED:
		item_answer(b, OUT_GLOBAL_ASKED, b->asked_op == LINK_UP_ASKED_GLOBAL && body.len == 0, body);
		break;
	case LINK_ITEM_REFUSE:
		item_answer(b, OUT_REFUSE, b->asked_op != 0 && body.len >= 8, body);
		break;
	case LINK_ITEM_QUERY:
		item_query(b, body);
		break;
	default:
		out(b, OUT_CHAN_CLOSE, body, 0);
	}
}

void
bench_apply(struct bench *b, const struct step *s)
{
	struct cur c = cur_of(s->w.start, put_len(&s->w));
	struct bench_up *u = NULL;
	bool after_kexinit = false;

	if (!s->used || b->closed)
		return;
	if (step_bad(s) || s->conn != b->conn || s->gen != b->gen)
		bench_fault(b, "bad step");
	for (uint32_t i = 0; s->done && i < b->up_count; i++)
		if (b->up[i].e.serial == s->serial && !b->up[i].done)
			u = &b->up[i];
	if (s->done && u == NULL)
		bench_fault(b, "done names nothing outstanding");
	b->asked_op = u != NULL && (u->e.op == LINK_UP_ASKED_OPEN || u->e.op == LINK_UP_ASKED_GLOBAL) ? u->e.op : 0;
	while (cur_left(&c) > 0) {
		uint8_t number = cur_u8(&c);
		struct view body = cur_string(&c);

		item(b, number, body, after_kexinit);
		after_kexinit = number == LINK_ITEM_RECORD && body.len > 0 && body.data[0] == SSH_MSG_KEXINIT;
	}
	if (c.bad || after_kexinit)
		bench_fault(b, "step malformed");
	if (u != NULL)
		u->done = true;
}
