#include "dataplane/worker/step.h"

#include <string.h>

/* Two messages bind what follows: our KEXINIT the HOLD, and 52 the new phase. */
static int
check_pair(const struct step_plan *p, uint8_t item)
{
	if (p->item != LINK_ITEM_RECORD)
		return 0;
	if (p->msg == SSH_MSG_KEXINIT && item != LINK_ITEM_HOLD)
		return -R_LINK_ITEM;
	if (p->msg == SSH_MSG_USERAUTH_SUCCESS && item != LINK_ITEM_PHASE)
		return -R_LINK_ITEM;
	return 0;
}

static int
check_all(struct worker *w, struct step_plan *p)
{
	struct cur c = cur_view(p->items);
	int r = 0;

	while (r == 0 && !c.bad && cur_left(&c) > 0) {
		uint8_t item = cur_u8(&c);
		struct view body = cur_string(&c);
		const struct step_item *row = step_item_find(item);

		if (c.bad)
			break;
		if (row == NULL || !link_item_allowed(item, p->link->role))
			return -R_LINK_DENIED;
		r = check_pair(p, item);
		if (r == 0)
			r = row->check(w, p, body);
		p->item = item;
		p->msg = item == LINK_ITEM_RECORD ? step_first_byte(body) : 0;
	}
	if (r == 0 && c.bad)
		r = -R_LINK_ITEM;
	return r == 0 ? check_pair(p, 0) : r;
}

static int
apply_all(struct worker *w, struct step_plan *p)
{
	struct cur c = cur_view(p->items);
	int r = 0;

	while (r == 0 && cur_left(&c) > 0) {
		uint8_t item = cur_u8(&c);

		r = step_item_find(item)->apply(w, p, cur_string(&c));
	}
	return r;
}

/* A step that is not acted on still gives its key slot back. */
static void
discard_keys(struct link *l, const struct link_entry *e, struct view items)
{
	struct cur c = cur_view(items);

	while (!c.bad && cur_left(&c) > 0) {
		uint8_t item = cur_u8(&c);
		struct view body = cur_string(&c);
		struct cur at = cur_view(body);
		struct link_slot keys;
		uint32_t slot;

		if (c.bad || item != LINK_ITEM_NEWKEYS)
			continue;
		slot = cur_u32(&at);
		if (cur_done(&at) && slot_take(l->slots, slot, e->conn, e->gen, &keys) == 0)
			explicit_bzero(&keys, sizeof(keys));
	}
}

/*
 * May this link speak for the connection now? Not when it is gone, belongs to
 * another room meanwhile (a gate after the login), or answers a record that is
 * not outstanding.
 */
static int
may_act(struct worker *w, const struct link *l, struct conn *c, const struct link_entry *e)
{
	if (c == NULL || c->close_us != 0)
		return -R_LINK_CONN;
	if (c->owner != l->id || (l->role == LINK_CLERK) != c->login)
		return -R_LINK_DENIED;
	if ((e->flags & LINK_F_DONE) != 0 && !up_has(w, c, e->serial))
		return -R_LINK_STALE_DONE;
	return 0;
}

/* A host is told in any case: whoever is done with what it asked for and says nothing
 * does not know of such things. */
static int
refuse_rest(struct step_plan *p)
{
	if (!p->asked || p->answered)
		return 0;
	return ask_refuse(p, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, view_str("not served"));
}

int
step_run(struct worker *w, struct link *l, const struct link_entry *e, struct view payload)
{
	struct step_plan p = { .link = l, .entry = e, .items = payload };
	int r;

	p.conn = conn_find(w, e->conn, e->gen);
	r = may_act(w, l, p.conn, e);
	if (r != 0) {
		meter_drop(w->meter, r);
		discard_keys(l, e, payload);
		return 0;
	}
	p.phase = p.conn->ssh.phase;
	p.asked = (e->flags & LINK_F_DONE) != 0 && up_asked(p.conn, e->serial, &p.ask);
	r = check_all(w, &p);
	if (r == 0) {
		int end = p.no_grant ? -R_NO_GRANT : apply_all(w, &p);

		if (end == 0)
			end = refuse_rest(&p);
		if (end != 0)
			conn_end(w, p.conn, end, NULL);
		else if ((e->flags & LINK_F_DONE) != 0)
			up_done(w, p.conn, e->serial);
		conn_touch(w, p.conn);
	}
	explicit_bzero(&p.keys, sizeof(p.keys));
	return r;
}
