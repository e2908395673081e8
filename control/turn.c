#include "control/turn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
actions_init(struct actions *a)
{
	memset(a, 0, sizeof(*a));
	step_init(&a->step);
	a->ask.w = put_of(a->ask.buf, sizeof(a->ask.buf));
}

int
turn_begin(struct turn *t, struct conobj *p, struct actions *a)
{
	explicit_bzero(a->ask.buf, put_len(&a->ask.w));
	a->ask.w = put_of(a->ask.buf, sizeof(a->ask.buf));
	a->ask.to = ASK_NOBODY;
	a->forget = false;
	a->refused = false;
	a->reason = 0;
	a->log[0] = '\0';
	step_begin(&a->step, p->node.conn, p->node.gen);
	t->peer = p;
	t->act = a;
	t->serial = 0;
	t->seq = 0;
	t->may_zip = false;
	t->payload = view_of(NULL, 0);
	return note_decode(&t->note, view_of(p->note, p->note_len));
}

int
turn_done(struct turn *t)
{
	step_done(&t->act->step, t->serial);
	return step_bad(&t->act->step) ? -R_LIMIT : 0;
}

int
turn_commit(struct turn *t)
{
	struct put w = put_of(t->act->note, sizeof(t->act->note));
	int r;

	if (note_encode(&t->note, &w) != 0)
		return -R_LIMIT;
	step_note(&t->act->step, put_view(&w));
	if ((r = turn_done(t)) != 0)
		return r;
	return conobj_store(t->peer, put_view(&w));
}

int
turn_close(struct turn *t, int reason)
{
	int r = reason < 0 ? -reason : reason;

	step_close(&t->act->step, r, reason_text(r));
	step_done(&t->act->step, t->serial);
	t->act->ask.to = ASK_NOBODY;
	t->act->refused = true;
	t->act->reason = r;
	t->peer->closing = true;
	return 0;
}

int
turn_refuse(struct turn *t, int reason)
{
	step_begin(&t->act->step, t->peer->node.conn, t->peer->node.gen);
	return turn_close(t, reason);
}

struct put *
turn_ask(struct turn *t, enum ask_to to, uint16_t type, uint32_t tag)
{
	struct ask *q = &t->act->ask;

	q->to = to;
	q->type = type;
	q->tag = tag;
	q->w = put_of(q->buf, sizeof(q->buf));
	return &q->w;
}

void
turn_log(struct turn *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->act->log, sizeof(t->act->log), format, ap);
	va_end(ap);
}
