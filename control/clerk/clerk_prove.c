/*
 * hostkeys-prove-00@openssh.com (draft-miller-sshm-hostkey-update section 3.2): the
 * client asks for a signature by each host key that it does not know yet. Keeper makes
 * them; here they are only passed on.
 */
#include "control/clerk/clerk.h"

static int
reply(struct turn *t, bool want, const struct view *signatures)
{
	size_t mark;

	if (!want)
		return turn_done(t);
	mark = step_record_open(
	    &t->act->step, signatures != NULL ? SSH_MSG_REQUEST_SUCCESS : SSH_MSG_REQUEST_FAILURE);
	if (signatures != NULL)
		put_bytes(&t->act->step.w, signatures->data, signatures->len);
	step_record_close(&t->act->step, mark);
	return turn_done(t);
}

void
clerk_prove_ask(struct turn *t, const struct clerk_wait *w)
{
	struct put *p = turn_ask(t, ASK_KEEPER, MSG_PROVE, w->serial);
	struct cur c = cur_of(w->bytes, w->len);
	uint32_t count = 0;

	while (cur_left(&c) > 0) {
		cur_string(&c);
		count++;
	}
	put_sview(p, exchange_host_key(&t->note));
	put_u32(p, count);
	put_bytes(p, w->bytes, w->len);
}

/* Strings to the end, of keys that we may have: at least one and not too many. */
static bool
list_good(struct view list)
{
	struct cur c = cur_view(list);
	uint32_t count = 0;

	while (cur_left(&c) > 0) {
		struct view blob = cur_string(&c);

		if (c.bad || blob.len == 0 || blob.len > SIGN_KEY_MAX || ++count > HOSTKEYS_ALL_MAX)
			return false;
	}
	return !c.bad && count > 0;
}

int
clerk_prove(struct clerk_conn *c, struct turn *t, struct cur *body, bool want)
{
	struct view list = cur_take(body, cur_left(body));
	struct clerk_wait *w;

	if (!want || c->prove_left == 0 || !list_good(list))
		return reply(t, want, NULL);
	w = clerk_wait_add(c, t->serial, CLERK_GLOBAL, list);
	if (w == NULL)
		return -R_LIMIT;
	c->prove_left--;
	w->prove = true;
	w->want_reply = true;
	clerk_prove_ask(t, w);
	return 0;
}

int
clerk_proved(struct clerk_conn *c, struct turn *t, uint32_t tag, struct view body)
{
	struct clerk_wait *w = c->waits;
	struct cur b = cur_view(body);
	uint32_t reason = cur_u32(&b);
	struct view signatures = cur_take(&b, cur_left(&b));
	int r;

	while (w != NULL && !(w->prove && w->serial == tag))
		w = w->next;
	if (w == NULL)
		return 0;
	t->serial = w->serial;
	r = reply(t, w->want_reply, !b.bad && reason == 0 ? &signatures : NULL);
	clerk_wait_drop(c, w);
	return r;
}
