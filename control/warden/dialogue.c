/*
 * Dialogues: PAM's stages in a child of the supervisor's, with its prompts to gate
 * and the peer's responses to it. For an account that is not there, or may not log
 * in so, the same is held: with what was typed replaced, and a verdict that counts
 * for nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/reason.h"
#include "control/log.h"
#include "control/pammsg.h"
#include "control/warden/warden.h"

/* An attempt that is not worth one: the answer depends on its form alone. */
static bool
formless(const struct warden_ask *a)
{
	if ((a->auth_flags & AUTH_F_CHANGE) != 0)
		log_conn(LOG_L_INFO, a->conn, a->gen, "password change not supported");
	return a->auth_flags != 0;
}

static uint32_t
count(const struct warden *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->ask_count; i++)
		n += w->ask[i]->dialogue != DIALOGUE_NONE;
	return n;
}

static void
tell_supervisor(const struct warden_ask *a, uint16_t type, const struct put *body)
{
	struct msg m = {
		.type = type, .conn = a->conn, .gen = a->gen, .tag = a->tag, .body = put_view(body)
	};

	peers_send(peers_find(&a->w->peers, ROLE_SUPERVISOR, 0), &m);
}

static void
want_child(struct warden_ask *a)
{
	uint8_t body[GRANT_NAME_MAX + 8];
	struct put w = put_of(body, sizeof body);

	put_u8(&w, a->request == JUDGE_PASSWORD ? PAM_KIND_PASSWORD : PAM_KIND_KBDINT);
	put_u8(&w, a->w->conf.permit_empty_passwords ? 0 : PAM_F_NO_EMPTY);
	put_cstr(&w, (a->flags & JUDGE_ACCOUNT) != 0 ? a->account.name : PAM_USER_NOBODY);
	tell_supervisor(a, MSG_DIALOGUE, &w);
}

void
dialogue_begin(struct warden_ask *a)
{
	bool empty = a->request == JUDGE_PASSWORD && a->password.len == 0;

	a->fake = (a->flags & JUDGE_ALLOWED) == 0 || (empty && !a->w->conf.permit_empty_passwords);
	if ((a->flags & JUDGE_METHOD) == 0 || formless(a) || count(a->w) >= WARDEN_DIALOGUES_MAX) {
		course_refuse(a);
		return;
	}
	a->dialogue = DIALOGUE_WANTED;
	want_child(a);
}

void
dialogue_drop(struct warden_ask *a)
{
	uint8_t body[4];
	struct put w = put_of(body, sizeof body);

	if (a->dialogue == DIALOGUE_NONE)
		return;
	a->dialogue = DIALOGUE_NONE;
	peers_hang_up(peers_find(&a->w->peers, ROLE_PAM, a->tag));
	put_u32(&w, R_NONE);
	tell_supervisor(a, MSG_DIALOGUE_OVER, &w);
}

/* ---- to the child ---- */

/* What a real one would be as long as. */
static void
put_typed(struct put *w, const struct warden_ask *a, struct view typed)
{
	static const char junk[] = "\b\n\r\177INCORRECT";

	put_u32(w, (uint32_t)typed.len);
	for (size_t i = 0; i < typed.len; i++)
		put_u8(w, a->fake ? (uint8_t)junk[i % (sizeof junk - 1)] : typed.data[i]);
}

static void
send_reply(const struct warden_ask *a, const struct view *typed, uint32_t n)
{
	static uint8_t body[PAM_PROMPTS_MAX * (PAM_PASSWORD_MAX + 4u) + 4u];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_PAM_REPLY, .conn = a->conn, .gen = a->gen, .tag = a->tag };

	put_u32(&w, n);
	for (uint32_t i = 0; i < n; i++)
		put_typed(&w, a, typed[i]);
	m.body = put_view(&w);
	/* A child that is gone says so by its socket's end. */
	peers_send(peers_find(&a->w->peers, ROLE_PAM, a->tag), &m);
	explicit_bzero(body, put_len(&w));
}

/* ---- the child's life ---- */

static void
died(struct warden_ask *a)
{
	bool prompted = a->dialogue == DIALOGUE_ASKS;

	log_conn(LOG_L_WARN, a->conn, a->gen, "PAM dialogue for user %s ended without a verdict",
	    (a->flags & JUDGE_ACCOUNT) != 0 ? a->account.name : PAM_USER_NOBODY);
	dialogue_drop(a);
	/* A response that comes later finds no dialogue, and that is told then. */
	if (prompted)
		ask_free(a);
	else
		course_refuse(a);
}

void
dialogue_child(struct warden *w, struct role_peer *child, bool there)
{
	struct warden_ask *a = ask_by_tag(w, child->index);

	if (a == NULL || a->dialogue == DIALOGUE_NONE) {
		peers_hang_up(child);
	} else if (!there) {
		died(a);
	} else if (a->dialogue == DIALOGUE_WANTED) {
		a->dialogue = DIALOGUE_WORKS;
		if (a->request != JUDGE_PASSWORD)
			return;
		send_reply(a, &a->password, 1);
		explicit_bzero(a->body + (a->password.data - a->body), a->password.len);
	}
}

/* Its process is gone, though its socket may still be held by one that it left. */
void
dialogue_over(struct warden *w, uint32_t tag)
{
	struct warden_ask *a = ask_by_tag(w, tag);
	struct role_peer *child = peers_find(&w->peers, ROLE_PAM, tag);

	if (child != NULL)
		peers_hang_up(child);
	else if (a != NULL && a->dialogue != DIALOGUE_NONE)
		died(a);
}

/* ---- prompts ---- */

static void
send_prompt(const struct warden_ask *a)
{
	struct msg m = { .type = MSG_AUTH_PROMPT,
		.conn = a->conn,
		.gen = a->gen,
		.tag = a->gate_tag,
		.body = view_of(a->prompt, a->prompt_len) };

	peers_send(peers_by_serial(&a->w->peers, a->gate), &m);
}

/* PAM_PROMPT as the body of AUTH_PROMPT; false: malformed. */
static bool
convert(struct put *w, struct view body, uint32_t *prompts)
{
	struct cur c = cur_view(body);
	struct view instruction = cur_string(&c);

	*prompts = cur_u32(&c);
	if (c.bad || instruction.len > PAM_TEXT_MAX || *prompts > PAM_PROMPTS_MAX)
		return false;
	put_cstr(w, "");
	put_sview(w, instruction);
	put_cstr(w, "");
	put_u32(w, *prompts);
	for (uint32_t i = 0; i < *prompts; i++) {
		struct view text = cur_string(&c);

		if (text.len > PAM_PROMPT_MAX)
			return false;
		put_sview(w, text);
		put_bool(w, cur_bool(&c));
	}
	return cur_done(&c) && !w->bad;
}

int
dialogue_prompt(struct warden *w, const struct role_peer *child, const struct msg *m)
{
	struct warden_ask *a = ask_by_tag(w, child->index);
	struct put p;

	if (a == NULL || a->dialogue == DIALOGUE_NONE)
		return 0;
	if (a->dialogue != DIALOGUE_WORKS || a->request != JUDGE_KBDINT || ++a->rounds > PAM_ROUNDS_MAX)
		return -1;
	free(a->prompt);
	a->prompt_len = m->body.len + 16;
	a->prompt = malloc(a->prompt_len);
	p = put_of(a->prompt, a->prompt != NULL ? a->prompt_len : 0);
	if (a->prompt == NULL || !convert(&p, m->body, &a->prompt_count))
		return -1;
	a->prompt_len = put_len(&p);
	a->dialogue = DIALOGUE_ASKS;
	send_prompt(a);
	return 0;
}

/* ---- responses ---- */

static struct warden_ask *
find(struct warden *w, uint32_t gate, const struct msg *m)
{
	for (uint32_t i = 0; i < w->ask_count; i++) {
		struct warden_ask *a = w->ask[i];

		if (judge_talks(a->request) && a->gate == gate && a->conn == m->conn && a->gen == m->gen)
			return a;
	}
	return NULL;
}

bool
dialogue_resume(struct warden *w, const struct role_peer *gate, const struct msg *m)
{
	struct warden_ask *a = find(w, 0, m);

	if (a == NULL || a->gate_tag != m->tag)
		return false;
	a->gate = gate->serial;
	if (a->dialogue == DIALOGUE_ASKS)
		send_prompt(a);
	else if (a->granted)
		answer_grant(a);
	return true;
}

static int
take(struct warden_ask *a, const struct msg *m)
{
	struct cur c = cur_view(m->body);
	struct view typed[PAM_PROMPTS_MAX];
	uint8_t flags = cur_u8(&c);
	uint32_t n = cur_u32(&c);

	if (n > PAM_PROMPTS_MAX)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		typed[i] = cur_string(&c);
		if (typed[i].len > PAM_PASSWORD_MAX)
			return -1;
	}
	if (!cur_done(&c))
		return -1;
	a->gate_tag = m->tag;
	a->since_ms = loop_now_ms();
	if (flags != 0 || n != a->prompt_count) {
		/* RFC 4256 section 3.4: a failure. */
		dialogue_drop(a);
		course_refuse(a);
		return 0;
	}
	a->dialogue = DIALOGUE_WORKS;
	send_reply(a, typed, n);
	return 0;
}

static void
tell_gone(struct warden *w, const struct role_peer *gate, const struct msg *m)
{
	uint8_t body[4];
	struct put p = put_of(body, sizeof body);
	struct msg gone = { .type = MSG_AUTH_GONE, .conn = m->conn, .gen = m->gen, .tag = m->tag };

	put_u32(&p, R_AUTH_DIALOGUE);
	gone.body = put_view(&p);
	peers_send(peers_by_serial(&w->peers, gate->serial), &gone);
}

int
dialogue_response(struct warden *w, const struct role_peer *gate, const struct msg *m)
{
	struct warden_ask *a;

	if (dialogue_resume(w, gate, m))
		return 0;
	a = find(w, gate->serial, m);
	if (a == NULL)
		a = find(w, 0, m);
	if (a == NULL || a->dialogue != DIALOGUE_ASKS) {
		tell_gone(w, gate, m);
		return 0;
	}
	a->gate = gate->serial;
	return take(a, m);
}

/* ---- the end ---- */

static void
told_account(const struct warden_ask *a, struct view why)
{
	log_conn(LOG_L_INFO, a->conn, a->gen,
	    "Access denied for user %s by PAM account configuration from %.*s port %u: %.*s", a->account.name,
	    (int)a->peer.len, (const char *)a->peer.data, a->peer_port, (int)why.len, (const char *)why.data);
}

static void
forget(void *ctx)
{
	struct warden_ask *a = ctx;

	a->timer = 0;
	ask_free(a);
}

/* Gate may be killed before it hears of it: its successor asks again. */
static void
grant(struct warden_ask *a)
{
	answer_grant(a);
	a->granted = true;
	a->timer = loop_after(a->w->loop, WARDEN_GRANTED_MS, forget, a);
	if (a->timer < 0)
		forget(a);
}

int
dialogue_verdict(struct warden *w, const struct role_peer *child, const struct msg *m)
{
	struct warden_ask *a = ask_by_tag(w, child->index);
	struct cur c = cur_view(m->body);
	uint32_t reason = cur_u32(&c);
	uint8_t stage = cur_u8(&c);
	uint32_t delay = cur_u32(&c);
	struct view why = cur_string(&c);

	if (a == NULL || a->dialogue == DIALOGUE_NONE)
		return 0;
	if (!cur_done(&c) || why.len > PAM_TEXT_MAX || a->dialogue != DIALOGUE_WORKS)
		return -1;
	dialogue_drop(a);
	if (reason == R_NONE && !a->fake)
		a->flags |= JUDGE_DIALOGUE;
	else if (!a->fake && stage == PAM_STAGE_ACCOUNT)
		told_account(a, why);
	if (judge(a->request, a->flags) == JUDGE_YES) {
		grant(a);
		return 0;
	}
	a->delay_ms = delay < PAM_DELAY_MAX_MS ? delay : PAM_DELAY_MAX_MS;
	course_refuse(a);
	return 0;
}
