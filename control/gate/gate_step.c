#include "control/gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
gate_env_init(struct gate_env *env, struct rng *rng)
{
	memset(env, 0, sizeof(*env));
	exchange_env_init(&env->exchange, rng);
	env->limits.tries = GATE_TRIES_MAX;
	env->limits.queries = GATE_QUERIES_MAX;
	env->limits.requests = GATE_REQUESTS_MAX;
	snprintf(env->ident, sizeof(env->ident), "%s", SSH_IDENT_OURS);
}

void
gate_env_conf(struct gate_env *env, const struct conf *c)
{
	uint32_t gates = c->gates == 0 ? 1 : c->gates < COST_GATES_MAX ? c->gates : COST_GATES_MAX;
	const struct cost_limits share = { COST_GATE_BURST / gates, COST_GATE_RATE / gates,
		COST_GATE_SOURCE_BURST, COST_GATE_SOURCE_RATE };

	exchange_env_conf(&env->exchange, c);
	cost_limit(&env->exchange.cost, &share);
	env->limits.tries = c->max_auth_tries > 0 ? c->max_auth_tries : 1;
	snprintf(env->ident, sizeof(env->ident), "%s%s%s", SSH_IDENT_OURS,
	    c->version_addendum[0] != '\0' ? " " : "", c->version_addendum);
}

/* Our identification line enters the note with the object: every exchange hash
 * needs it, also when a later gate has another configuration. */
static int
take_ident(struct gate_env *env, struct gate_conn *c, const struct adopt *a)
{
	uint8_t *image;
	struct note n;
	struct put w;
	int r;

	if (note_decode(&n, view_of(c->p.note, c->p.note_len)) != 0)
		return -R_LINK_NOTE;
	if (n.ident_ours.len > 0)
		return 0;
	n.ident_ours = a->ident.len > 0 ? a->ident : view_str(env->ident);
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

int
gate_adopt(struct gate_env *env, uint32_t conn, uint32_t gen, struct view image, struct gate_conn **out)
{
	struct adopt a;
	struct gate_conn *c;
	int r;

	if ((r = adopt_decode(&a, image)) != 0)
		return r;
	if (a.phase > SSH_PHASE_AUTH)
		return -R_LINK_STATE;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -R_NOMEM;
	r = conobj_init(&c->p, conn, gen, &a);
	if (r == 0)
		r = take_ident(env, c, &a);
	if (r != 0) {
		gate_free(env, c);
		return r;
	}
	*out = c;
	return 0;
}

void
gate_free(struct gate_env *env, struct gate_conn *c)
{
	exchange_drop(&c->p, &env->exchange);
	gate_auth_drop(c);
	conobj_fini(&c->p);
	free(c);
}

bool
gate_idle(const struct gate_conn *c)
{
	return c->p.exchange == NULL && c->p.group == NULL && c->wait == NULL;
}

/* ---- records: phase and message to handler ---- */

typedef int gate_fn(struct gate_env *env, struct gate_conn *c, struct turn *t);

static int
on_disconnect(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	(void)env;
	(void)c;
	turn_close(t, R_SSH_DISCONNECT_IN);
	gate_log_disconnect(t);
	return 0;
}

/* IGNORE, UNIMPLEMENTED, DEBUG. Strict key exchange forbids them before the first
 * NEWKEYS; those that came before the KEXINIT which says so are found by its
 * sequence number. */
static int
on_noise(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	(void)env;
	(void)c;
	return (t->note.flags & NOTE_F_STRICT) != 0 ? -R_KEX_STRICT : turn_done(t);
}

static int
on_kexinit(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	(void)c;
	if ((t->note.flags & NOTE_F_FIRST_DONE) != 0)
		return -R_KEX_STATE;
	return exchange_kexinit(t, &env->exchange);
}

static int
on_kex(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	(void)c;
	return exchange_init(t, &env->exchange);
}

/* The client's extensions count right behind its first NEWKEYS (RFC 8308 section 2.4);
 * elsewhere they are read, and change nothing. */
static int
on_ext_info(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	struct kex_ext_info e;
	int r = kex_ext_info_parse(&e, t->payload);

	if (r != 0)
		return r;
	if (c->p.phase == SSH_PHASE_SERVICE && t->note.auth_requests == 0 && e.in_auth &&
	    (t->note.flags & NOTE_F_EXT_INFO) != 0)
		t->note.flags |= NOTE_F_EXT_INFO_AUTH;
	if (++t->note.auth_requests > env->limits.requests)
		return -R_AUTH_PACKETS;
	return turn_commit(t);
}

struct gate_row {
	uint8_t phase;
	uint8_t first;
	uint8_t last;
	gate_fn *fn;
};

static const struct gate_row rows[] = {
	{ SSH_PHASE_KEX, SSH_MSG_DISCONNECT, SSH_MSG_DISCONNECT, on_disconnect },
	{ SSH_PHASE_KEX, SSH_MSG_IGNORE, SSH_MSG_DEBUG, on_noise },
	{ SSH_PHASE_KEX, SSH_MSG_KEXINIT, SSH_MSG_KEXINIT, on_kexinit },
	{ SSH_PHASE_KEX, SSH_MSG_KEX_FIRST, SSH_MSG_KEX_LAST, on_kex },
	{ SSH_PHASE_SERVICE, SSH_MSG_DISCONNECT, SSH_MSG_DISCONNECT, on_disconnect },
	{ SSH_PHASE_SERVICE, SSH_MSG_SERVICE_REQUEST, SSH_MSG_SERVICE_REQUEST, gate_service_request },
	{ SSH_PHASE_SERVICE, SSH_MSG_EXT_INFO, SSH_MSG_EXT_INFO, on_ext_info },
	{ SSH_PHASE_AUTH, SSH_MSG_DISCONNECT, SSH_MSG_DISCONNECT, on_disconnect },
	{ SSH_PHASE_AUTH, SSH_MSG_SERVICE_REQUEST, SSH_MSG_SERVICE_REQUEST, gate_service_request },
	{ SSH_PHASE_AUTH, SSH_MSG_EXT_INFO, SSH_MSG_EXT_INFO, on_ext_info },
	{ SSH_PHASE_AUTH, SSH_MSG_USERAUTH_REQUEST, SSH_MSG_USERAUTH_REQUEST, gate_auth_request },
	{ SSH_PHASE_AUTH, SSH_MSG_USERAUTH_INFO_RESPONSE, SSH_MSG_USERAUTH_INFO_RESPONSE, gate_auth_response },
};

static int
on_record(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	uint8_t msg;

	if (t->payload.len == 0)
		return -R_SSH_EMPTY;
	msg = t->payload.data[0];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].phase == c->p.phase && msg >= rows[i].first && msg <= rows[i].last)
			return rows[i].fn(env, c, t);
	if (c->p.phase == SSH_PHASE_KEX && (t->note.flags & NOTE_F_STRICT) != 0)
		return -R_KEX_STRICT;
	return -R_SSH_PHASE;
}

/* ---- other up entries ---- */

static int
on_ident(struct gate_conn *c, struct turn *t)
{
	if (t->payload.len == 0 || t->payload.len > SSH_IDENT_MAX)
		return -R_SSH_IDENT_BAD;
	c->p.phase = SSH_PHASE_KEX;
	t->note.ident_peer = t->payload;
	return turn_commit(t);
}

static int
on_deadline(struct gate_env *env, struct turn *t, uint64_t which)
{
	int r;

	switch (which) {
	case LINK_DEADLINE_KEXINIT:
		if (t->note.kex_state != EXCHANGE_NONE || (t->note.flags & NOTE_F_FIRST_DONE) != 0)
			return turn_done(t);
		if ((r = exchange_offer(t, &env->exchange)) != 0)
			return r;
		return turn_commit(t);
	case LINK_DEADLINE_REKEY:
		return -R_SSH_REKEY_TIME;
	default:
		return -R_SSH_GRACE;
	}
}

static int
on_newkeys(struct gate_conn *c, struct turn *t)
{
	if (c->p.phase == SSH_PHASE_KEX)
		c->p.phase = SSH_PHASE_SERVICE;
	return exchange_newkeys(t);
}

static int
dispatch(struct gate_env *env, struct gate_conn *c, struct turn *t, const struct link_entry *e)
{
	switch (e->op) {
	case LINK_UP_IDENT:
		return on_ident(c, t);
	case LINK_UP_RECORD:
		return on_record(env, c, t);
	case LINK_UP_NEWKEYS:
		return on_newkeys(c, t);
	case LINK_UP_DEADLINE:
		return on_deadline(env, t, e->arg[0]);
	default:
		return turn_done(t); /* of a later link version */
	}
}

/* A handler's fault closes the connection; what it waited for is void. */
static void
settle(struct gate_env *env, struct gate_conn *c, struct turn *t, int r)
{
	if (r < 0)
		turn_refuse(t, r);
	if (!t->act->refused)
		return;
	if (t->act->log[0] == '\0')
		gate_log_refused(t);
	exchange_drop(&c->p, &env->exchange);
	gate_auth_drop(c);
}

void
gate_up(struct gate_env *env, struct gate_conn *c, const struct link_entry *e, struct view payload,
    struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (e->op == LINK_UP_CLOSED) {
		act->forget = true;
		/* Reason 0: another owner has it now. */
		if (!c->p.closing && e->arg[0] != 0)
			gate_log_closed(&t, (int)(e->arg[0] % REASON_MAX));
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
gate_answer(
    struct gate_env *env, struct gate_conn *c, enum ask_to from, const struct msg *m, struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (c->p.closing)
		return;
	if (r == 0 && from == ASK_KEEPER)
		r = m->type == MSG_SIGNED ? exchange_signed(&t, &env->exchange, m->tag, m->body) : 0;
	else if (r == 0)
		r = gate_auth_answer(env, c, &t, from, m);
	settle(env, c, &t, r);
}

void
gate_again(struct gate_env *env, struct gate_conn *c, enum ask_to to, struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (c->p.closing)
		return;
	if (r == 0 && to == ASK_KEEPER)
		r = exchange_again(&t, &env->exchange);
	else if (r == 0 && to == ASK_WARDEN)
		gate_auth_ask(c, &t);
	settle(env, c, &t, r);
}

void
gate_slots(struct gate_env *env, struct gate_conn *c, struct actions *act)
{
	struct turn t;
	int r = turn_begin(&t, &c->p, act);

	if (c->p.closing)
		return;
	settle(env, c, &t, r != 0 ? r : exchange_go(&t, &env->exchange));
}
