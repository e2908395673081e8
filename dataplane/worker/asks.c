/*
 * What a user's host asks for, of its connection and no channel of it: a channel
 * toward the peer, a global request. Clerk says yes or no (abi/link/op.def); the
 * worker remembers who asked, and for what, from here to the answer.
 */
#include <string.h>

#include "dataplane/worker/step.h"
#include "drivers/clock/clock.h"

/* RFC 4250 section 4.6.1: names are printable US-ASCII, without comma and white space. */
static bool
name_good(struct view name)
{
	if (name.len == 0 || name.len > LINK_ASK_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] >= 0x7f || name.data[i] == ',')
			return false;
	return true;
}

/* 0, or -R_LINK_*, -R_NOMEM as of host_run. */
int
ask_entry(struct worker *w, struct link *l, const struct link_entry *e, struct view payload)
{
	uint16_t op = e->op == LINK_DOWN_ASK_OPEN ? LINK_UP_ASKED_OPEN : LINK_UP_ASKED_GLOBAL;
	struct ssh_ask from = { l->id, (uint32_t)e->arg[0] };
	uint8_t body[UP_ASK_MAX];
	struct put out = put_of(body, sizeof(body));
	struct view name;
	struct conn *c;
	struct cur r;
	int rc;

	if (!link_op_allowed(e->op, l->role) || l->conn == LINK_CONN_NONE || e->conn != l->conn || e->gen != l->gen)
		return -R_LINK_DENIED;
	if (payload.len > LINK_ASK_NAME_MAX + LINK_ASK_BODY_MAX + 4 || e->arg[0] == 0 || e->arg[0] > UINT32_MAX ||
	    e->arg[1] > 1)
		return -R_LINK_ITEM;
	if (l->asks >= LINK_ASKS_MAX)
		return -R_LINK_CREDIT;
	c = conn_find(w, e->conn, e->gen);
	if (c == NULL || c->close_us != 0)
		return -R_LINK_CONN;
	/* Out of shared memory first, then looked at. */
	put_sview(&out, l->plugin);
	rc = (int)put_len(&out);
	put_bytes(&out, payload.data, payload.len);
	r = cur_of(body + rc, payload.len);
	name = cur_string(&r);
	if (out.bad || r.bad || !name_good(name) || cur_left(&r) > LINK_ASK_BODY_MAX)
		return -R_LINK_ITEM;
	rc = up_ask(w, c, op, put_view(&out), from, e->arg[1] == 1);
	if (rc != 0)
		return -R_NOMEM;
	l->asks++;
	conn_touch(w, c);
	return 0;
}

/* ---- what clerk says of it ---- */

static int
answers(struct step_plan *p, uint16_t op)
{
	if (!p->asked || p->answered || (op != 0 && p->ask.op != op))
		return -R_LINK_ITEM;
	p->answered = true;
	return 0;
}

int
ask_refuse(struct step_plan *p, uint32_t code, struct view text)
{
	if (p->ask.op == LINK_UP_ASKED_OPEN)
		return ssh_ask_refuse(&p->conn->ssh, p->ask.from, HOST_UP_REFUSED, code, text);
	return ssh_ask_refuse(&p->conn->ssh, p->ask.from, HOST_UP_ANSWER, 0, view_of(NULL, 0));
}

int
step_check_refuse(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);

	(void)w;
	(void)cur_u32(&c);
	(void)cur_string(&c);
	return cur_done(&c) ? answers(p, 0) : -R_LINK_ITEM;
}

int
step_apply_refuse(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);
	uint32_t code = cur_u32(&c);

	(void)w;
	return ask_refuse(p, code, cur_string(&c));
}

int
step_check_chan_asked(struct worker *w, struct step_plan *p, struct view body)
{
	(void)w;
	return body.len == 12 ? answers(p, LINK_UP_ASKED_OPEN) : -R_LINK_ITEM;
}

int
step_apply_chan_asked(struct worker *w, struct step_plan *p, struct view body)
{
	struct cur c = cur_view(body);
	struct ssh_ask_chan q = { .type = p->ask.name, .body = p->ask.body };
	int r;

	q.ours = cur_u32(&c);
	q.window = cur_u32(&c);
	q.packet = cur_u32(&c);
	/* It died meanwhile: the peer is not asked, and the number is free. */
	if (link_find(w, p->ask.from.link) == NULL)
		return up_tell(w, p->conn, LINK_UP_CHAN_FREE, q.ours);
	r = ssh_ask_open(&p->conn->ssh, p->ask.from, &q);
	if (r != 0)
		return r;
	meter_add(w->meter, METER_CHAN_TOTAL, 1);
	ssh_chan_at(&p->conn->ssh, q.ours)->opened_ms = clock_unix_ms();
	return 0;
}

int
step_check_global_asked(struct worker *w, struct step_plan *p, struct view body)
{
	(void)w;
	return body.len == 0 ? answers(p, LINK_UP_ASKED_GLOBAL) : -R_LINK_ITEM;
}

int
step_apply_global_asked(struct worker *w, struct step_plan *p, struct view body)
{
	(void)body;
	if (link_find(w, p->ask.from.link) == NULL)
		return 0;
	return ssh_ask_global(&p->conn->ssh, p->ask.from, p->ask.want, p->ask.name, p->ask.body);
}
