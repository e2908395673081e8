/*
 * Passwords (RFC 4252 section 8) and keyboard-interactive (RFC 4256). Gate keeps
 * nothing of a dialogue: whether a response belongs to one is warden's to know, so
 * the next gate goes on with it.
 */
#include "control/gate/gate.h"

#include <stdlib.h>

#include "control/pammsg.h"

#define SUBMETHODS_MAX 256u

/* PAM takes C strings. What cannot be one goes no further than here, nor does it
 * open anything. */
static bool
fits(struct view typed)
{
	return typed.len <= PAM_PASSWORD_MAX &&
	       (typed.len == 0 || memchr(typed.data, '\0', typed.len) == NULL);
}

int
gate_password_parse(struct gate_request *q, struct cur *c)
{
	bool change = cur_bool(c);
	struct view password = cur_string(c);

	if (change)
		cur_string(c); /* the new one */
	q->ask = GATE_ASK_PASSWORD;
	q->flags = change ? AUTH_F_CHANGE : 0;
	if (!fits(password))
		q->flags |= AUTH_F_UNFIT;
	if (q->flags == 0)
		q->password = password;
	return cur_done(c) ? 0 : -R_AUTH_FORM;
}

/* The language tag is deprecated and ignored (RFC 4256 section 3.1). */
int
gate_kbdint_parse(struct gate_request *q, struct cur *c)
{
	struct view submethods;

	cur_string(c);
	submethods = cur_string(c);
	q->ask = GATE_ASK_KBDINT;
	if (submethods.len <= SUBMETHODS_MAX)
		q->submethods = submethods;
	return cur_done(c) ? 0 : -R_AUTH_FORM;
}

/* ---- message 61 ---- */

/* Well formed, whatever is in it: the count of responses; *unfit where one of them
 * cannot be passed on. -R_AUTH_FORM. */
static int
responses_check(struct view payload, uint32_t *count, bool *unfit)
{
	struct cur c = cur_view(payload);

	cur_u8(&c);
	*count = cur_u32(&c);
	*unfit = *count > PAM_PROMPTS_MAX;
	for (uint32_t i = 0; i < *count && !c.bad; i++)
		*unfit |= !fits(cur_string(&c));
	return cur_done(&c) ? 0 : -R_AUTH_FORM;
}

int
gate_auth_response(struct gate_env *env, struct gate_conn *c, struct turn *t)
{
	struct gate_wait *wait;
	uint32_t count;
	bool unfit;
	struct put w;
	int r;

	if (c->wait != NULL)
		return -R_SSH_PHASE; /* the worker hands up one at a time */
	if (t->note.auth_requests >= env->limits.requests)
		return -R_AUTH_PACKETS;
	if ((r = responses_check(t->payload, &count, &unfit)) != 0)
		return r;
	wait = calloc(1, sizeof(*wait) + 1 + t->payload.len);
	if (wait == NULL)
		return -R_NOMEM;
	w = put_of(wait->body, 1 + t->payload.len);
	put_u8(&w, unfit ? AUTH_F_UNFIT : 0);
	if (unfit)
		put_u32(&w, 0);
	else
		put_bytes(&w, t->payload.data + 1, t->payload.len - 1);
	wait->ask = GATE_ASK_RESPONSE;
	wait->serial = t->serial;
	wait->body_len = (uint32_t)put_len(&w);
	c->wait = wait;
	gate_auth_ask(c, t);
	return 0;
}

/* ---- warden's answers ---- */

static bool
prompt_good(struct view body)
{
	struct cur c = cur_view(body);
	uint32_t count;

	cur_string(&c); /* name */
	cur_string(&c); /* instruction */
	cur_string(&c); /* language */
	count = cur_u32(&c);
	for (uint32_t i = 0; i < count && count <= PAM_PROMPTS_MAX; i++) {
		cur_string(&c);
		cur_u8(&c);
	}
	return cur_done(&c) && count <= PAM_PROMPTS_MAX;
}

int
gate_on_prompt(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body)
{
	size_t mark;

	(void)env;
	(void)c;
	if (!prompt_good(body) || body.len >= SSH_PAYLOAD_MAX)
		return -R_AUTH_WARDEN;
	mark = step_record_open(&t->act->step, SSH_MSG_USERAUTH_INFO_REQUEST);
	put_bytes(&t->act->step.w, body.data, body.len);
	step_record_close(&t->act->step, mark);
	return turn_commit(t);
}

/* The dialogue's child died, or its warden did, or there never was one. */
int
gate_on_gone(struct gate_env *env, struct gate_conn *c, struct turn *t, struct view body)
{
	(void)env;
	(void)c;
	(void)t;
	(void)body;
	return -R_AUTH_DIALOGUE;
}
