#include "tests/unit/control/gate/gatebench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
adopt(void *env, uint32_t conn, uint32_t gen, struct view image)
{
	struct gate_conn *c = NULL;

	return gate_adopt(env, conn, gen, image, &c) == 0 ? c : NULL;
}

static void
release(void *env, void *obj)
{
	gate_free(env, obj);
}

static void
up(void *env, void *obj, const struct link_entry *e, struct view payload, struct actions *act)
{
	struct gatebench *g = (struct gatebench *)((char *)env - offsetof(struct gatebench, env));

	gate_up(env, obj, e, payload, act);
	if (act->log[0] != '\0')
		memcpy(g->last_log, act->log, sizeof(g->last_log));
}

static void
answer(void *env, void *obj, enum ask_to from, const struct msg *m, struct actions *act)
{
	struct gatebench *g = (struct gatebench *)((char *)env - offsetof(struct gatebench, env));

	gate_answer(env, obj, from, m, act);
	if (act->log[0] != '\0')
		memcpy(g->last_log, act->log, sizeof(g->last_log));
}

static const struct bench_side side = {
	.role = LINK_GATE, .adopt = adopt, .free = release, .up = up, .answer = answer
};

/* ---- warden ---- */

static bool
no(struct gatebench *g, struct msg *m, struct put *w, bool counts)
{
	m->type = MSG_AUTH_NO;
	put_cstr(w, g->partial ? "password" : "publickey");
	put_bool(w, g->partial);
	put_bool(w, counts);
	return true;
}

static bool
granted(struct gatebench *g, struct msg *m, struct put *w, enum ask_to *from)
{
	*from = ASK_SUPERVISOR;
	m->tag = 0;
	if (g->refuse_grant)
		return no(g, m, w, true);
	g->b.granted = true;
	m->type = MSG_GRANTED;
	put_cstr(w, "publickey");
	return true;
}

/* Every request ends with both addresses. */
static void
addresses(struct bench *b, struct cur *c)
{
	if (!view_is(cur_string(c), "192.0.2.7") || cur_u16(c) != 40001 ||
	    !view_is(cur_string(c), "192.0.2.1") || cur_u16(c) != 22 || !cur_done(c))
		b->faults++;
}

/* ---- warden's dialogue: one hidden prompt, then a round without any ---- */

static bool
prompt(struct gatebench *g, const struct bench_ask *a, struct msg *m, struct put *w)
{
	struct put p = put_of(g->prompt, sizeof(g->prompt));

	put_cstr(&p, "");
	put_cstr(&p, g->round == 0 ? "Say it." : "Welcome.");
	put_cstr(&p, "");
	put_u32(&p, g->round == 0);
	if (g->round == 0) {
		put_cstr(&p, "Password: ");
		put_bool(&p, false);
	}
	g->prompt_len = put_len(&p);
	g->round++;
	g->prompted = true;
	g->last_tag = a->tag;
	m->type = MSG_AUTH_PROMPT;
	put_bytes(w, g->prompt, g->prompt_len);
	return true;
}

/* A gate that was killed has its successor ask the same again. */
static bool
repeated(struct gatebench *g, const struct bench_ask *a, struct msg *m, struct put *w)
{
	if (!g->prompted || a->tag != g->last_tag)
		return false;
	m->type = MSG_AUTH_PROMPT;
	put_bytes(w, g->prompt, g->prompt_len);
	return true;
}

static bool
response(struct gatebench *g, const struct bench_ask *a, struct msg *m, struct put *w, enum ask_to *from)
{
	struct cur c = cur_of(a->bytes, a->len);
	uint8_t flags = cur_u8(&c);
	uint32_t count = cur_u32(&c);
	bool good = flags == 0 && count == (g->round == 1);

	if (g->last_tag == a->tag && !g->prompted)
		return granted(g, m, w, from); /* the grant was on its way already */
	if (!g->prompted || g->dialogue_lost) {
		m->type = MSG_AUTH_GONE;
		put_u32(w, R_AUTH_DIALOGUE);
		return true;
	}
	for (uint32_t i = 0; i < count && !c.bad; i++)
		good = view_is(cur_string(&c), "horse") && good;
	if (!cur_done(&c))
		g->b.faults++;
	if (good && g->round == 1)
		return prompt(g, a, m, w);
	g->prompted = false;
	g->last_tag = a->tag;
	return good ? granted(g, m, w, from) : no(g, m, w, true);
}

bool
gatebench_judge(struct bench *b, const struct bench_ask *a, struct msg *m, struct put *w, enum ask_to *from)
{
	struct gatebench *g = (struct gatebench *)b;
	struct cur c = cur_of(a->bytes, a->len);
	bool alice, ok;

	if (repeated(g, a, m, w))
		return true;
	if (a->type == MSG_AUTH_RESPONSE)
		return response(g, a, m, w, from);
	g->prompted = false; /* another request ends the dialogue */
	alice = view_is(cur_string(&c), "alice");
	if (!view_is(cur_string(&c), "ssh-connection"))
		b->faults++;
	if (a->type == MSG_AUTH_NONE) {
		if (cur_string(&c).len == 0)
			b->faults++;
		addresses(b, &c);
		return no(g, m, w, false);
	}
	if (a->type == MSG_AUTH_PASSWORD) {
		ok = cur_u8(&c) == 0;
		ok = view_is(cur_string(&c), "correct horse") && ok && alice;
		addresses(b, &c);
		return ok ? granted(g, m, w, from) : no(g, m, w, true);
	}
	if (a->type == MSG_AUTH_KBDINT) {
		cur_string(&c);
		addresses(b, &c);
		g->round = 0;
		return prompt(g, a, m, w);
	}
	ok = view_is(cur_string(&c), "ssh-ed25519");
	ok = view_is(cur_string(&c), "key a") && ok && alice;
	if (a->type == MSG_AUTH_PROOF) {
		ok = view_is(cur_string(&c), "good signature") && ok;
		g->host_bound = cur_string(&c).len > 0;
	}
	addresses(b, &c);
	if (a->type == MSG_AUTH_QUERY) {
		m->type = MSG_AUTH_PK_OK;
		return ok ? true : no(g, m, w, true);
	}
	return ok ? granted(g, m, w, from) : no(g, m, w, true);
}

/* ---- */

struct gatebench *
gatebench_new(void)
{
	struct gatebench *g = calloc(1, sizeof(*g));

	if (g == NULL)
		abort();
	rng_fixed(&g->rng, 7);
	gate_env_init(&g->env, &g->rng);
	bench_init(&g->b, &side, &g->env, &g->env.exchange);
	g->b.judge = gatebench_judge;
	return g;
}

void
gatebench_free(struct gatebench *g)
{
	bench_fini(&g->b);
	exchange_env_fini(&g->env.exchange);
	free(g);
}

int
gatebench_keyed(struct gatebench *g, bool strict, bool ext_info)
{
	int r;

	bench_client_init(&g->b.client, strict, ext_info);
	bench_ident(&g->b);
	bench_client_kexinit(&g->b, kex_offer_default(true), false, true);
	r = bench_client_exchange(&g->b, kex_offer_default(true), true);
	return r != 0 ? r : g->b.phase == SSH_PHASE_SERVICE ? 0 : -100;
}

void
gatebench_keyed_short(struct gatebench *g)
{
	struct put w = put_of(g->b.note, sizeof(g->b.note));
	struct note n;

	memset(&n, 0, sizeof(n));
	n.ident_peer = view_str(g->b.client.ident);
	n.ident_ours = view_str(SSH_IDENT_OURS);
	n.session_id = view_of("0123456789abcdef0123456789abcdef", 32);
	n.flags = NOTE_F_FIRST_DONE | NOTE_F_STRICT;
	note_encode(&n, &w);
	g->b.note_len = put_len(&w);
	g->b.phase = SSH_PHASE_SERVICE;
	bench_kill(&g->b);
}

void
gatebench_service(struct gatebench *g, const char *name)
{
	uint8_t buf[128];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_SERVICE_REQUEST);
	put_cstr(&w, name);
	bench_send(&g->b, put_view(&w));
}

int
gatebench_auth(struct gatebench *g)
{
	int r = gatebench_keyed(g, true, true);

	if (r != 0)
		return r;
	gatebench_service(g, "ssh-userauth");
	bench_run(&g->b);
	return bench_take(&g->b, SSH_MSG_SERVICE_ACCEPT).len > 0 && g->b.phase == SSH_PHASE_AUTH ? 0 : -101;
}

static void
head(struct put *w, const char *user, const char *service, const char *method)
{
	put_u8(w, SSH_MSG_USERAUTH_REQUEST);
	put_cstr(w, user);
	put_cstr(w, service);
	put_cstr(w, method);
}

void
gatebench_request(struct gatebench *g, const char *user, const char *service, const char *method)
{
	uint8_t buf[1024];
	struct put w = put_of(buf, sizeof(buf));

	head(&w, user, service, method);
	if (strcmp(method, "password") == 0) {
		put_bool(&w, false);
		put_cstr(&w, "correct horse");
	}
	if (strcmp(method, "keyboard-interactive") == 0) {
		put_cstr(&w, "");
		put_cstr(&w, "pam");
	}
	bench_send(&g->b, put_view(&w));
}

void
gatebench_host_bound(struct gatebench *g, struct view host_key, bool proof)
{
	uint8_t buf[1024];
	struct put w = put_of(buf, sizeof(buf));

	head(&w, "alice", "ssh-connection", "publickey-hostbound-v00@openssh.com");
	put_bool(&w, proof);
	put_cstr(&w, "ssh-ed25519");
	put_cstr(&w, "key a");
	put_sview(&w, host_key);
	if (proof)
		put_cstr(&w, "good signature");
	bench_send(&g->b, put_view(&w));
}

void
gatebench_publickey(struct gatebench *g, const char *user, char key, bool proof, bool good)
{
	uint8_t buf[1024];
	struct put w = put_of(buf, sizeof(buf));
	char blob[] = "key ?";

	blob[4] = key;
	head(&w, user, "ssh-connection", "publickey");
	put_bool(&w, proof);
	put_cstr(&w, "ssh-ed25519");
	put_cstr(&w, blob);
	if (proof)
		put_cstr(&w, good ? "good signature" : "bad signature");
	bench_send(&g->b, put_view(&w));
}

void
gatebench_kbdint(struct gatebench *g, const char *user)
{
	gatebench_request(g, user, "ssh-connection", "keyboard-interactive");
}

void
gatebench_response(struct gatebench *g, uint32_t count, const char *text)
{
	static uint8_t buf[SSH_PAYLOAD_MAX];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_USERAUTH_INFO_RESPONSE);
	put_u32(&w, count);
	for (uint32_t i = 0; i < count; i++)
		put_cstr(&w, text);
	bench_send(&g->b, put_view(&w));
}

/* hostkeys-00@openssh.com, with all keys, once. */
static bool
hostkeys_told(struct bench *b)
{
	struct view r = bench_take(b, SSH_MSG_GLOBAL_REQUEST);
	struct cur c = cur_view(r);
	const struct pk_signer *const signers[] = { b->signer, b->other_signer };

	cur_u8(&c);
	if (!view_is(cur_string(&c), "hostkeys-00@openssh.com") || cur_bool(&c))
		return false;
	for (size_t i = 0; i < 2; i++) {
		uint8_t blob[SIGN_KEY_MAX];
		struct put w = put_of(blob, sizeof(blob));

		sign_key_put(&w, pk_signer_public(signers[i]));
		if (!view_eq(cur_string(&c), put_view(&w)))
			return false;
	}
	return cur_done(&c) && bench_next(b) == NULL;
}

int
gatebench_login(struct gatebench *g)
{
	struct bench *b = &g->b;
	struct view r;
	struct cur c;

	gatebench_service(g, "ssh-userauth");
	gatebench_request(g, "alice", "ssh-connection", "none");
	gatebench_publickey(g, "alice", 'b', false, false);
	gatebench_publickey(g, "alice", 'a', false, false);
	gatebench_publickey(g, "alice", 'a', true, true);
	bench_run(b);
	if (bench_take(b, SSH_MSG_SERVICE_ACCEPT).len == 0)
		return -20;
	r = bench_take(b, SSH_MSG_USERAUTH_FAILURE);
	c = cur_of(r.data + 1, r.len > 0 ? r.len - 1 : 0);
	if (!view_is(cur_string(&c), "publickey") || cur_bool(&c) || !cur_done(&c))
		return -21;
	if (bench_take(b, SSH_MSG_USERAUTH_FAILURE).len == 0)
		return -22;
	r = bench_take(b, SSH_MSG_USERAUTH_PK_OK);
	c = cur_of(r.data + 1, r.len > 0 ? r.len - 1 : 0);
	if (!view_is(cur_string(&c), "ssh-ed25519") || !view_is(cur_string(&c), "key a") || !cur_done(&c))
		return -23;
	if (bench_take(b, SSH_MSG_USERAUTH_SUCCESS).len != 1 || b->phase != SSH_PHASE_OPEN)
		return -24;
	if (!hostkeys_told(b))
		return -26;
	return bench_clean(b) ? 0 : -25;
}

int
gatebench_login_dialogue(struct gatebench *g)
{
	struct bench *b = &g->b;

	gatebench_service(g, "ssh-userauth");
	gatebench_request(g, "mallory", "ssh-connection", "password");
	gatebench_kbdint(g, "alice");
	gatebench_response(g, 1, "horse");
	gatebench_response(g, 0, "");
	bench_run(b);
	if (bench_take(b, SSH_MSG_SERVICE_ACCEPT).len == 0)
		return -20;
	if (bench_take(b, SSH_MSG_USERAUTH_FAILURE).len == 0)
		return -21;
	if (bench_take(b, SSH_MSG_USERAUTH_INFO_REQUEST).len == 0)
		return -22;
	if (bench_take(b, SSH_MSG_USERAUTH_INFO_REQUEST).len == 0)
		return -23;
	if (bench_take(b, SSH_MSG_USERAUTH_SUCCESS).len != 1 || b->phase != SSH_PHASE_OPEN)
		return -24;
	if (!hostkeys_told(b))
		return -26;
	return bench_clean(b) ? 0 : -25;
}
