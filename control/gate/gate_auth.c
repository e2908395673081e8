#include "control/gate/gate.h"

#include <stdlib.h>
#include <string.h>

void
gate_auth_drop(struct gate_conn *c)
{
	if (c->wait == NULL)
		return;
	explicit_bzero(c->wait, sizeof(*c->wait) + c->wait->body_len);
	free(c->wait);
	c->wait = NULL;
}

/* RFC 4253 section 10. Clients exist that ask before every attempt: the answer
 * is the same, the phase stays. */
int
gate_service_request(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	struct cur msg = cur_view(t->payload);
	struct view name;
	size_t mark;

	cur_u8(&msg);
	name = cur_string(&msg);
	if (!cur_done(&msg))
		return -R_SHORT;
	if (!view_is(name, "ssh-userauth"))
		return -R_AUTH_SERVICE;
	mark = step_record_open(&t->act->step, SSH_MSG_SERVICE_ACCEPT);
	put_sview(&t->act->step.w, name);
	step_record_close(&t->act->step, mark);
	if (++t->note.auth_requests > env->limits.requests)
		return -R_AUTH_PACKETS;
	if (c->p.phase == SSH_PHASE_SERVICE)
		step_phase(&t->act->step, SSH_PHASE_AUTH);
	c->p.phase = SSH_PHASE_AUTH;
	return turn_commit(t);
}

/* ---- USERAUTH_REQUEST, RFC 4252 sections 5, 7 and 8 ---- */

#define HOST_BOUND "publickey-hostbound-v00@openssh.com"

static int
parse_publickey(struct gate_request *q, struct cur *c, bool host_bound)
{
	bool proof = cur_bool(c);

	q->algorithm = cur_string(c);
	q->blob = cur_string(c);
	if (host_bound)
		q->host_key = cur_string(c);
	if (proof)
		q->signature = cur_string(c);
	q->ask = proof ? GATE_ASK_PROOF : GATE_ASK_QUERY;
	return cur_done(c) && q->algorithm.len > 0 && q->blob.len > 0 && (!host_bound || q->host_key.len > 0)
		   ? 0
		   : -R_AUTH_FORM;
}

static bool
has_nul(struct view v)
{
	return v.len > 0 && memchr(v.data, 0, v.len) != NULL;
}

static int
parse(struct gate_request *q, struct view payload)
{
	struct cur c = cur_view(payload);

	memset(q, 0, sizeof(*q));
	cur_u8(&c);
	q->user = cur_string(&c);
	q->service = cur_string(&c);
	q->method = cur_string(&c);
	if (c.bad || q->user.len > GATE_USER_MAX || has_nul(q->user) || q->method.len == 0 ||
	    q->method.len > GATE_METHOD_MAX)
		return -R_AUTH_FORM;
	if (!view_is(q->service, "ssh-connection"))
		return -R_AUTH_SERVICE;
	q->ask = GATE_ASK_LIST;
	if (view_is(q->method, "publickey") || view_is(q->method, HOST_BOUND))
		return parse_publickey(q, &c, view_is(q->method, HOST_BOUND));
	if (view_is(q->method, "password"))
		return gate_password_parse(q, &c);
	if (view_is(q->method, "keyboard-interactive"))
		return gate_kbdint_parse(q, &c);
	if (view_is(q->method, "none"))
		return cur_done(&c) ? 0 : -R_AUTH_FORM;
	return 0;
}

static void
put_form(struct put *w, struct gate_wait *wait, const struct gate_request *q)
{
	wait->key_off = (uint32_t)put_len(w);
	switch (q->ask) {
	case GATE_ASK_PASSWORD:
		put_u8(w, q->flags);
		put_sview(w, q->password);
		break;
	case GATE_ASK_KBDINT:
		put_sview(w, q->submethods);
		break;
	case GATE_ASK_LIST:
		put_sview(w, q->method);
		break;
	default:
		put_sview(w, q->algorithm);
		put_sview(w, q->blob);
		wait->key_len = (uint32_t)put_len(w) - wait->key_off;
	}
	if (q->ask == GATE_ASK_PROOF) {
		put_sview(w, q->signature);
		put_sview(w, q->host_key);
	}
}

/* The message to warden. What else a request of a method holds that is not served
 * goes no further than here. */
static int
wait_begin(struct gate_conn *c, struct turn *t, const struct gate_request *q)
{
	size_t size = 256 + q->user.len + q->service.len + q->method.len + q->algorithm.len + q->blob.len +
		      q->signature.len + q->host_key.len + q->password.len + q->submethods.len;
	struct gate_wait *wait = calloc(1, sizeof(*wait) + size);
	struct put w;

	if (wait == NULL)
		return -R_NOMEM;
	w = put_of(wait->body, size);
	put_sview(&w, q->user);
	put_sview(&w, q->service);
	put_form(&w, wait, q);
	put_cstr(&w, c->p.address);
	put_u16(&w, c->p.port);
	put_cstr(&w, c->p.local);
	put_u16(&w, c->p.local_port);
	wait->ask = q->ask;
	wait->none = view_is(q->method, "none");
	wait->serial = t->serial;
	wait->body_len = (uint32_t)put_len(&w);
	c->wait = wait;
	return 0;
}

int
gate_auth_request(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	struct gate_request q;
	int r;

	if (c->wait != NULL)
		return -R_SSH_PHASE; /* the worker hands up one at a time */
	if (t->note.auth_requests >= env->limits.requests)
		return -R_AUTH_PACKETS;
	if ((r = parse(&q, t->payload)) != 0)
		return r;
	/* A key that is not ours was shown by somebody else: no proof for this host. */
	if (q.host_key.len > 0 && !hostkeys_have(&env->exchange.keys, q.host_key))
		q.ask = GATE_ASK_LIST;
	if (q.ask == GATE_ASK_QUERY && t->note.auth_queries >= env->limits.queries)
		return -R_AUTH_PACKETS;
	if ((r = wait_begin(c, t, &q)) != 0)
		return r;
	gate_auth_ask(c, t);
	return 0;
}

void
gate_auth_ask(struct gate_conn *c, struct turn *t)
{
	static const uint16_t types[] = {
		[GATE_ASK_LIST] = MSG_AUTH_NONE,
		[GATE_ASK_QUERY] = MSG_AUTH_QUERY,
		[GATE_ASK_PROOF] = MSG_AUTH_PROOF,
		[GATE_ASK_PASSWORD] = MSG_AUTH_PASSWORD,
		[GATE_ASK_KBDINT] = MSG_AUTH_KBDINT,
		[GATE_ASK_RESPONSE] = MSG_AUTH_RESPONSE,
	};
	struct put *w;

	if (c->wait == NULL)
		return;
	w = turn_ask(t, ASK_WARDEN, types[c->wait->ask], c->wait->serial);
	put_bytes(w, c->wait->body, c->wait->body_len);
}

/* ---- answers ---- */

/* The request is over: count it, and remember whose it was. A change of user or
 * service name leaves nothing of earlier steps behind: what was reached so far is
 * kept by nobody but warden, per request. */
static void
account(struct turn *t, const struct gate_wait *wait)
{
	struct cur c = cur_of(wait->body, wait->body_len);

	t->note.auth_requests++;
	if (wait->ask == GATE_ASK_RESPONSE)
		return;
	t->note.auth_user = cur_string(&c);
	t->note.auth_service = cur_string(&c);
	if (wait->ask == GATE_ASK_QUERY)
		t->note.auth_queries++;
}

static int
on_no(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body)
{
	struct cur m = cur_view(body);
	struct view methods = cur_string(&m);
	bool partial = cur_bool(&m);
	bool counts = cur_bool(&m);
	size_t mark;

	if (!cur_done(&m) || methods.len > 512)
		return -R_AUTH_WARDEN;
	/* Warden saw a question for the list; that the peer tried a method which
	 * is not served is a failure all the same (RFC 4252 section 5.2 exempts
	 * "none"). */
	if (c->wait->ask == GATE_ASK_LIST)
		counts = !c->wait->none;
	if (counts && !partial)
		t->note.auth_failures++;
	if (t->note.auth_failures >= env->limits.tries)
		return turn_close(t, R_AUTH_TRIES);
	mark = step_record_open(&t->act->step, SSH_MSG_USERAUTH_FAILURE);
	put_sview(&t->act->step.w, methods);
	put_bool(&t->act->step.w, partial);
	step_record_close(&t->act->step, mark);
	return turn_commit(t);
}

static int
on_pk_ok(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body)
{
	size_t mark;

	(void)env;
	if (body.len != 0)
		return -R_AUTH_WARDEN;
	mark = step_record_open(&t->act->step, SSH_MSG_USERAUTH_PK_OK);
	put_bytes(&t->act->step.w, c->wait->body + c->wait->key_off, c->wait->key_len);
	step_record_close(&t->act->step, mark);
	return turn_commit(t);
}

static int
on_granted(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body)
{
	size_t mark;
	int r;

	(void)body;
	/* RFC 8308 section 2.4: the server's second place for it. */
	if ((t->note.flags & NOTE_F_EXT_INFO_AUTH) != 0)
		exchange_ext_info(t, &env->exchange);
	mark = step_record_open(&t->act->step, SSH_MSG_USERAUTH_SUCCESS);
	step_record_close(&t->act->step, mark);
	step_phase(&t->act->step, SSH_PHASE_OPEN);
	gate_hostkeys(env, t);
	c->p.phase = SSH_PHASE_OPEN;
	r = turn_commit(t);
	if (r == 0)
		t->act->forget = true;
	return r;
}

struct answer_row {
	enum ask_to from;
	uint16_t type;
	unsigned asks; /* bit per enum gate_ask */
	int (*fn)(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body);
};

#define ASKED(what) (1u << GATE_ASK_##what)
#define ASKED_DIALOGUE (ASKED(KBDINT) | ASKED(RESPONSE))
#define ASKED_LOGIN (ASKED(PROOF) | ASKED(PASSWORD) | ASKED_DIALOGUE)

static const struct answer_row answers[] = {
	{ ASK_WARDEN, MSG_AUTH_NO, ASKED(LIST) | ASKED(QUERY) | ASKED_LOGIN, on_no },
	{ ASK_WARDEN, MSG_AUTH_PK_OK, ASKED(QUERY), on_pk_ok },
	{ ASK_WARDEN, MSG_AUTH_PROMPT, ASKED_DIALOGUE, gate_on_prompt },
	{ ASK_WARDEN, MSG_AUTH_GONE, ASKED(RESPONSE), gate_on_gone },
	{ ASK_SUPERVISOR, MSG_AUTH_NO, ASKED_LOGIN, on_no },
	{ ASK_SUPERVISOR, MSG_GRANTED, ASKED_LOGIN, on_granted },
};

/* Warden repeats the request's tag. The supervisor speaks to all gates and knows no
 * tag: what it says concerns a request that could log in, and when none is waited for,
 * an earlier one that a warden's restart has made it judge twice. */
static bool
is_ours(const struct gate_conn *c, enum ask_to from, const struct msg *m)
{
	if (c->wait == NULL || (m->tag != c->wait->serial && m->tag != 0))
		return false;
	return from == ASK_SUPERVISOR ? (ASKED_LOGIN & 1u << c->wait->ask) != 0 : m->tag != 0;
}

int
gate_auth_answer(
    struct gate_env *env, struct gate_conn *c, struct turn *t, enum ask_to from, const struct msg *m)
{
	int r = -R_AUTH_WARDEN;

	if (!is_ours(c, from, m))
		return 0;
	t->serial = c->wait->serial;
	account(t, c->wait);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_row *a = &answers[i];

		if (a->from == from && a->type == m->type && (a->asks & 1u << c->wait->ask) != 0)
			r = a->fn(env, c, t, m->body);
	}
	/* What is refused is logged with the user's name, then dropped. */
	if (r == 0 && !t->act->refused)
		gate_auth_drop(c);
	return r;
}
