#include "control/clerk/clerk.h"

#include <stdlib.h>
#include <string.h>

#include "abi/link/grant.h"

void
clerk_env_init(struct clerk_env *env, struct rng *rng)
{
	const struct cost_limits limits = { COST_CLERK_BURST, COST_CLERK_RATE, COST_CLERK_SOURCE_BURST,
		COST_CLERK_SOURCE_RATE };

	memset(env, 0, sizeof(*env));
	exchange_env_init(&env->exchange, rng);
	cost_init(&env->exchange.cost, &limits, env->exchange.cost.seed);
	env->conf.max_sessions = CLERK_SESSIONS_MAX;
	env->conf.max_channels = CLERK_CHAN_MAX;
	env->conf.permit_tty = true;
}

void
clerk_env_conf(struct clerk_env *env, const struct conf *c)
{
	env->conf = *c;
	exchange_env_conf(&env->exchange, c);
}

/* ---- adoption ---- */

static bool
worker_has(const struct adopt *a, uint32_t ours)
{
	for (uint32_t i = 0; i < a->chan_count; i++)
		if (a->chan[i] == ours)
			return true;
	return false;
}

/* A channel may have gone since the note was written: the worker knows. */
static int
reconcile(struct clerk_conn *c, const struct adopt *a)
{
	uint8_t *image;
	struct note n;
	struct put w;
	int r;

	if (note_decode(&n, view_of(c->p.note, c->p.note_len)) != 0)
		return -R_LINK_NOTE;
	for (uint32_t i = n.chan_count; i-- > 0;)
		if (!worker_has(a, n.chan[i].ours))
			clerk_chan_remove(&n, i);
	image = malloc(NOTE_MAX);
	if (image == NULL)
		return -R_NOMEM;
	w = put_of(image, NOTE_MAX);
	r = note_encode(&n, &w);
	if (r == 0)
		r = conobj_store(&c->p, put_view(&w));
	free(image);
	return r;
}

static int
take_grant(struct clerk_conn *c, struct view image)
{
	struct grant *g = malloc(sizeof(*g));
	int r;

	if (g == NULL)
		return -R_NOMEM;
	r = grant_decode(g, image);
	c->restrictions = g->restrictions;
	if (r == 0 && g->command[0] != '\0' && (c->command = strdup(g->command)) == NULL)
		r = -R_NOMEM;
	free(g);
	return r;
}

int
clerk_adopt(struct clerk_env *env, uint32_t conn, uint32_t gen, struct view image, struct clerk_conn **out)
{
	struct adopt a;
	struct clerk_conn *c;
	int r;

	if ((r = adopt_decode(&a, image)) != 0)
		return r;
	if (a.phase != SSH_PHASE_OPEN || a.grant.len == 0)
		return -R_LINK_STATE;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -R_NOMEM;
	c->kex_left = CLERK_KEX_BURST;
	c->prove_left = CLERK_PROVE_MAX;
	r = conobj_init(&c->p, conn, gen, &a);
	if (r == 0)
		r = take_grant(c, a.grant);
	if (r == 0)
		r = reconcile(c, &a);
	if (r != 0) {
		clerk_free(env, c);
		return r;
	}
	*out = c;
	return 0;
}

static void
drop_waits(struct clerk_conn *c)
{
	while (c->waits != NULL)
		clerk_wait_drop(c, c->waits);
}

void
clerk_free(struct clerk_env *env, struct clerk_conn *c)
{
	exchange_drop(&c->p, &env->exchange);
	drop_waits(c);
	conobj_fini(&c->p);
	free(c->command);
	free(c);
}

/* ---- records ---- */

typedef int clerk_fn(struct clerk_env *env, struct clerk_conn *c, struct turn *t);

static bool
kex_allowed(const struct clerk_env *env, struct clerk_conn *c)
{
	uint64_t now = env->exchange.now_ms != NULL ? env->exchange.now_ms() : 0;
	uint64_t more = (now - c->kex_ms) * CLERK_KEX_RATE / 1000;

	if (more > 0) {
		c->kex_left =
		    more > CLERK_KEX_BURST - c->kex_left ? CLERK_KEX_BURST : c->kex_left + (uint32_t)more;
		c->kex_ms = now;
	}
	if (c->kex_left == 0)
		return false;
	c->kex_left--;
	return true;
}

static int
on_kexinit(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	if (!kex_allowed(env, c))
		return -R_KEX_RATE;
	return exchange_kexinit(t, &env->exchange);
}

static int
on_kex(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	(void)c;
	return exchange_init(t, &env->exchange);
}

static int
on_disconnect(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	(void)env;
	(void)c;
	return turn_close(t, R_SSH_DISCONNECT_IN);
}

/* Nothing is to be done: EXT_INFO, a stray reply to a request, EOF before there
 * is a program. */
static int
on_nothing(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	(void)env;
	(void)c;
	return turn_done(t);
}

/* CLOSE before a start: nobody else answers it. */
static int
on_close(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	struct cur m = cur_view(t->payload);
	struct clerk_chan ch;
	uint32_t ours, at = 0;
	int r;

	(void)env;
	(void)c;
	cur_u8(&m);
	ours = cur_u32(&m);
	if (!cur_done(&m))
		return -R_SHORT;
	if ((r = clerk_chan_find(&t->note, ours, &ch, &at)) != 0)
		return r;
	if (!ch.started)
		step_chan_close(&t->act->step, ours);
	return turn_done(t);
}

struct clerk_row {
	uint8_t first;
	uint8_t last;
	clerk_fn *fn;
};

static const struct clerk_row rows[] = {
	{ SSH_MSG_DISCONNECT, SSH_MSG_DISCONNECT, on_disconnect },
	{ SSH_MSG_EXT_INFO, SSH_MSG_EXT_INFO, on_nothing },
	{ SSH_MSG_KEXINIT, SSH_MSG_KEXINIT, on_kexinit },
	{ SSH_MSG_KEX_FIRST, SSH_MSG_KEX_LAST, on_kex },
	{ SSH_MSG_GLOBAL_REQUEST, SSH_MSG_GLOBAL_REQUEST, clerk_global },
	{ SSH_MSG_REQUEST_SUCCESS, SSH_MSG_REQUEST_FAILURE, on_nothing },
	{ SSH_MSG_CHANNEL_OPEN, SSH_MSG_CHANNEL_OPEN, clerk_open },
	{ SSH_MSG_CHANNEL_EOF, SSH_MSG_CHANNEL_EOF, on_nothing },
	{ SSH_MSG_CHANNEL_CLOSE, SSH_MSG_CHANNEL_CLOSE, on_close },
	{ SSH_MSG_CHANNEL_REQUEST, SSH_MSG_CHANNEL_REQUEST, clerk_request },
	{ SSH_MSG_CHANNEL_SUCCESS, SSH_MSG_CHANNEL_FAILURE, on_nothing },
};

static int
on_record(struct clerk_env *env, struct clerk_conn *c, struct turn *t)
{
	uint8_t msg;

	if (t->payload.len == 0)
		return -R_SSH_EMPTY;
	msg = t->payload.data[0];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (msg >= rows[i].first && msg <= rows[i].last)
			return rows[i].fn(env, c, t);
	return -R_SSH_PHASE;
}

/* ---- other up entries ---- */

static int
on_rekey(struct clerk_env *env, struct turn *t)
{
	int r;

	if (t->note.kex_state != EXCHANGE_NONE)
		return turn_done(t);
	if ((r = exchange_offer(t, &env->exchange)) != 0)
		return r;
	return turn_commit(t);
}

/* The number is free. What waited for the channel has nobody to be told. */
static int
on_chan_free(struct clerk_conn *c, struct turn *t, uint32_t ours)
{
	struct put w = put_of(t->act->note, sizeof(t->act->note));
	struct clerk_chan ch;
	uint32_t at = 0;

	(void)c;
	if (clerk_chan_find(&t->note, ours, &ch, &at) != 0)
		return 0;
	clerk_chan_remove(&t->note, at);
	if (note_encode(&t->note, &w) != 0)
		return -R_LIMIT;
	return conobj_store(t->peer, put_view(&w));
}

static int
dispatch(struct clerk_env *env, struct clerk_conn *c, struct turn *t, const struct link_entry *e)
{
	switch (e->op) {
	case LINK_UP_RECORD:
		return on_record(env, c, t);
	case LINK_UP_NEWKEYS:
		return exchange_newkeys(t);
	case LINK_UP_REKEY:
		return on_rekey(env, t);
	case LINK_UP_ANSWER:
		return clerk_answered(env, t, e->chan);
	case LINK_UP_CHAN_FREE:
		return on_chan_free(c, t, e->chan);
	case LINK_UP_ASKED_OPEN:
		return clerk_asked(env, c, t, SERVES_OPENS);
	case LINK_UP_ASKED_GLOBAL:
		return clerk_asked(env, c, t, SERVES_REQUESTS);
	case LINK_UP_DEADLINE:
		return e->arg[0] == LINK_DEADLINE_REKEY ? -R_SSH_REKEY_TIME : turn_done(t);
	default:
		return turn_done(t); /* of a later link version */
	}
}

static void
settle(struct clerk_env *env, struct clerk_conn *c, struct turn *t, int r)
{
	if (r < 0)
		turn_refuse(t, r);
	if (!t->act->refused)
		return;
	exchange_drop(&c->p, &env->exchange);
	drop_waits(c);
	if (t->act->log[0] == '\0')
		turn_log(
		    t, "Disconnecting %s port %u: %s", c->p.address, c->p.port, reason_text(t->act->reason));
}

/* sshd's wording. */
static void
log_closed(struct turn *t, bool said)
{
	struct view user = t->note.auth_user;
	int len = user.len > GRANT_NAME_MAX ? (int)GRANT_NAME_MAX : (int)user.len;

	turn_log(t, "%s user %.*s %s port %u", said ? "Disconnected from" : "Connection closed by", len,
	    len > 0 ? (const char *)user.data : "", t->peer->address, t->peer->port);
}

void
clerk_up(struct clerk_env *env, struct clerk_conn *c, const struct link_entry *e, struct view payload,
    struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (e->op == LINK_UP_CLOSED) {
		act->forget = true;
		/* Reason 0: another owner has it now. */
		if (!c->p.closing && e->arg[0] != 0)
			log_closed(&t, e->arg[0] == R_SSH_DISCONNECT_IN);
		return;
	}
	if (c->p.closing)
		return;
	t.serial = e->serial;
	t.seq = e->seq;
	t.may_zip = (e->arg[1] & LINK_MAY_ZIP) != 0;
	t.payload = payload;
	settle(env, c, &t, r != 0 ? r : dispatch(env, c, &t, e));
}

void
clerk_answer(
    struct clerk_env *env, struct clerk_conn *c, enum ask_to from, const struct msg *m, struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (c->p.closing)
		return;
	if (r == 0 && from == ASK_KEEPER && m->type == MSG_SIGNED)
		r = exchange_signed(&t, &env->exchange, m->tag, m->body);
	else if (r == 0 && from == ASK_KEEPER && m->type == MSG_PROVED)
		r = clerk_proved(c, &t, m->tag, m->body);
	else if (r == 0 && from == ASK_SUPERVISOR && m->type == MSG_HOST_READY)
		r = clerk_host_ready(c, &t, m);
	settle(env, c, &t, r);
}

/* The oldest waiting record that waits for nothing any more. */
static struct clerk_wait *
ready(struct clerk_conn *c, const struct note *n)
{
	for (struct clerk_wait *w = c->waits; w != NULL; w = w->next) {
		if (w->full && clerk_query_room(c, n))
			return w;
		if (!w->start && !w->prove && !clerk_starting(c, w->chan) && !clerk_query_owed(n, w->chan))
			return w;
	}
	return NULL;
}

/* A channel that is gone: its records are done, with no effect. */
static struct clerk_wait *
orphan(struct clerk_conn *c, const struct note *n)
{
	struct clerk_chan ch;
	uint32_t at;

	for (struct clerk_wait *w = c->waits; w != NULL; w = w->next)
		if (w->chan != CLERK_GLOBAL && w->chan != CLERK_OPENING && clerk_chan_find(n, w->chan, &ch, &at) != 0)
			return w;
	return NULL;
}

bool
clerk_next(struct clerk_env *env, struct clerk_conn *c, struct actions *act)
{
	struct turn t;
	struct clerk_wait *w;
	int r;

	if (c->waits == NULL || c->p.closing)
		return false;
	r = turn_begin(&t, &c->p, act);
	if (r == 0 && (w = orphan(c, &t.note)) != NULL) {
		t.serial = w->serial;
		r = turn_done(&t);
		clerk_wait_drop(c, w);
	} else if (r == 0 && (w = ready(c, &t.note)) != NULL) {
		/* Out of the list first: the handler may queue it again. */
		struct clerk_wait **at = &c->waits;

		while (*at != w)
			at = &(*at)->next;
		*at = w->next;
		c->wait_count--;
		t.serial = w->serial;
		t.payload = view_of(w->bytes, w->len);
		r = on_record(env, c, &t);
		settle(env, c, &t, r);
		free(w);
		return true;
	} else if (r == 0) {
		return false;
	}
	settle(env, c, &t, r);
	return true;
}

bool
clerk_again(struct clerk_env *env, struct clerk_conn *c, enum ask_to to, uint32_t n, struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (c->p.closing)
		return false;
	if (to == ASK_KEEPER && c->p.exchange != NULL && n-- == 0) {
		settle(env, c, &t, r != 0 ? r : exchange_again(&t, &env->exchange));
		return true;
	}
	for (struct clerk_wait *w = c->waits; w != NULL; w = w->next) {
		bool waits = to == ASK_KEEPER ? w->prove : to == ASK_SUPERVISOR && w->start;

		if (!waits || n-- > 0)
			continue;
		(w->prove ? clerk_prove_ask : clerk_wait_ask)(&t, w);
		return true;
	}
	return false;
}

void
clerk_slots(struct clerk_env *env, struct clerk_conn *c, struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (c->p.closing)
		return;
	settle(env, c, &t, r != 0 ? r : exchange_go(&t, &env->exchange));
}
