#include "control/host/host.h"

/* RFC 4335 section 3: what is shorter or longer than this is not asked of the
 * line; 0 leaves the choice to the server. */
#define BREAK_MIN 500u
#define BREAK_MAX 3000u

int
chan_resolve(struct host *h, struct chan *c, uint64_t token, bool success)
{
	bool silent = (c->flags & CHAN_F_SILENT) && token == c->start_token;

	if (token == 0 || (!silent && owed_answer(&c->owed, token, success ? OWED_SUCCESS : OWED_FAILURE) != 0))
		return -1;
	if (token == c->start_token) {
		c->start_token = 0;
		chan_waited(h, c);
	}
	chan_touch(h, c);
	return 0;
}

void
chan_answer(struct host *h, struct chan *c, uint64_t token, int32_t result)
{
	if (result != POSTERN_E_AGAIN)
		(void)chan_resolve(h, c, token, result == POSTERN_OK);
}

static int32_t
on_window(struct host *h, struct chan *c, uint64_t token, struct cur *body)
{
	struct postern_window w;

	(void)token;
	w.columns = cur_u32(body);
	w.rows = cur_u32(body);
	w.width = cur_u32(body);
	w.height = cur_u32(body);
	if (!cur_done(body) || h->subsystem->window_change == NULL)
		return POSTERN_E_FAIL;
	h->subsystem->window_change(c->context, &w);
	return POSTERN_OK;
}

static int32_t
on_signal(struct host *h, struct chan *c, uint64_t token, struct cur *body)
{
	struct view name = cur_string(body);

	(void)token;
	if (!cur_done(body) || h->subsystem->signal == NULL)
		return POSTERN_E_FAIL;
	h->subsystem->signal(c->context, view_out(name));
	return POSTERN_OK;
}

static int32_t
on_break(struct host *h, struct chan *c, uint64_t token, struct cur *body)
{
	uint32_t ms = cur_u32(body);

	if (!cur_done(body) || h->subsystem->send_break == NULL)
		return POSTERN_E_FAIL;
	if (ms < BREAK_MIN)
		ms = BREAK_MIN;
	if (ms > BREAK_MAX)
		ms = BREAK_MAX;
	return h->subsystem->send_break(c->context, token, ms);
}

struct request_row {
	const char *name;
	int32_t (*fn)(struct host *h, struct chan *c, uint64_t token, struct cur *body);
};

/* Requests with a callback of their own. */
static const struct request_row rows[] = {
	{ "window-change", on_window },  /* RFC 4254 6.7 */
	{ "signal", on_signal },         /* RFC 4254 6.9 */
	{ "break", on_break },           /* RFC 4335 */
};

static int32_t
dispatch(struct host *h, struct chan *c, uint64_t token, struct view name, struct cur *body)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (view_is(name, rows[i].name))
			return rows[i].fn(h, c, token, body);
	if (h->subsystem->request == NULL)
		return POSTERN_E_NOSUCH;
	return h->subsystem->request(c->context, token, view_out(name),
	    view_out(view_of(body->p, cur_left(body))));
}

void
chan_request(struct host *h, struct chan *c, bool want_reply, struct view payload)
{
	struct cur body = cur_view(payload);
	struct view name = cur_string(&body);
	uint64_t token = 0;
	int32_t r;
	bool lost;

	if (c->flags & (CHAN_F_CLOSING | CHAN_F_GONE))
		return;
	if (want_reply) {
		token = ++h->token;
		if (owed_add(&c->owed, token, &lost) != 0) {
			/* Answered with failure by being beyond the limit. */
			if (lost)
				chan_fault(h, c, "out of memory for replies");
			chan_touch(h, c);
			return;
		}
	}
	r = body.bad || !(c->flags & CHAN_F_OPEN) ? POSTERN_E_INVAL : dispatch(h, c, token, name, &body);
	/* A plugin may not put off what the peer did not ask for. */
	chan_answer(h, c, token, r);
}
