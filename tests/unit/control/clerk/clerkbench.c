#include "tests/unit/control/clerk/clerkbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct clerkbench *
of(void *env)
{
	return (struct clerkbench *)((char *)env - offsetof(struct clerkbench, env));
}

static void
keep_log(struct clerkbench *k, const struct actions *act)
{
	if (act->log[0] != '\0')
		memcpy(k->last_log, act->log, sizeof(k->last_log));
}

static void *
adopt(void *env, uint32_t conn, uint32_t gen, struct view image)
{
	struct clerk_conn *c = NULL;

	return clerk_adopt(env, conn, gen, image, &c) == 0 ? c : NULL;
}

static void
release(void *env, void *obj)
{
	clerk_free(env, obj);
}

static void
up(void *env, void *obj, const struct link_entry *e, struct view payload, struct actions *act)
{
	clerk_up(env, obj, e, payload, act);
	keep_log(of(env), act);
}

static void
answer(void *env, void *obj, enum ask_to from, const struct msg *m, struct actions *act)
{
	clerk_answer(env, obj, from, m, act);
	keep_log(of(env), act);
}

static bool
next(void *env, void *obj, struct actions *act)
{
	return clerk_next(env, obj, act);
}

static const struct bench_side side = {
	.role = LINK_CLERK, .adopt = adopt, .free = release, .up = up, .answer = answer, .next = next
};

bool
clerkbench_judge(struct bench *b, const struct bench_ask *a, struct msg *m, struct put *w, enum ask_to *from)
{
	struct clerkbench *k = (struct clerkbench *)b;
	struct cur c = cur_of(a->bytes, a->len);
	struct view plugin = cur_string(&c);

	(void)from;
	if (a->to != ASK_SUPERVISOR || a->type != MSG_HOST_WANTED || !cur_done(&c))
		b->faults++;
	k->wanted++;
	m->type = MSG_HOST_READY;
	put_sview(w, plugin);
	put_u32(w, k->no_host ? 0 : 77);
	put_u32(w, k->no_host ? R_LIMIT : 0);
	put_cstr(w, k->no_host ? "no room" : "");
	return true;
}

static void
configure(struct conf *c)
{
	c->max_sessions = CLERK_SESSIONS_MAX;
	c->max_channels = CLERK_CHAN_MAX;
	c->permit_tty = true;
	c->allow_tcp = CONF_FORWARD_YES;
	strcpy(c->accept_env[0], "LANG");
	strcpy(c->accept_env[1], "LC_*");
	c->accept_env_count = 2;
	strcpy(c->subsystem[0].name, "echo");
	strcpy(c->subsystem[0].plugin, "echo");
	strcpy(c->subsystem[1].name, "info");
	strcpy(c->subsystem[1].plugin, "exec");
	strcpy(c->subsystem[1].command, "/usr/bin/info --all");
	strcpy(c->subsystem[2].name, "files");
	strcpy(c->subsystem[2].plugin, "sftp");
	c->subsystem_count = 3;
}

static struct clerkbench *
granted(uint32_t restrictions, const char *command)
{
	struct clerkbench *k = calloc(1, sizeof(*k));
	struct grant *g = calloc(1, sizeof(*g));
	uint8_t image[GRANT_MAX];
	struct put w = put_of(image, sizeof(image));

	if (k == NULL || g == NULL)
		abort();
	strcpy(g->user, "alice");
	g->uid = g->gid = 1000;
	g->restrictions = restrictions;
	strcpy(g->command, command);
	if (grant_encode(g, &w) != 0)
		abort();
	free(g);
	rng_fixed(&k->rng, 7);
	clerk_env_init(&k->env, &k->rng);
	configure(&k->env.conf);
	bench_init(&k->b, &side, &k->env, &k->env.exchange);
	k->b.judge = clerkbench_judge;
	bench_open(&k->b, put_view(&w));
	return k;
}

struct clerkbench *
clerkbench_new(uint32_t restrictions)
{
	return granted(restrictions, "");
}

struct clerkbench *
clerkbench_forced(const char *command)
{
	return granted(0, command);
}

void
clerkbench_free(struct clerkbench *k)
{
	bench_fini(&k->b);
	exchange_env_fini(&k->env.exchange);
	free(k);
}

void
clerkbench_open(struct clerkbench *k, const char *type, uint32_t peers)
{
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_CHANNEL_OPEN);
	put_cstr(&w, type);
	put_u32(&w, peers);
	put_u32(&w, 2097152);
	put_u32(&w, 32768);
	if (strcmp(type, "session") != 0)
		put_cstr(&w, "type specific");
	bench_send(&k->b, put_view(&w));
}

uint32_t
clerkbench_session(struct clerkbench *k, uint32_t peers)
{
	struct view r;
	struct cur c;
	uint32_t ours;

	clerkbench_open(k, "session", peers);
	bench_run(&k->b);
	if (bench_take_kind(&k->b, OUT_CHAN_NEW) == NULL)
		return UINT32_MAX;
	r = bench_take(&k->b, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	c = cur_of(r.data + 1, r.len > 0 ? r.len - 1 : 0);
	if (cur_u32(&c) != peers)
		return UINT32_MAX;
	ours = cur_u32(&c);
	if (cur_u32(&c) != clerk_window(ours) || cur_u32(&c) != SSH_CHAN_PACKET_MAX || !cur_done(&c))
		return UINT32_MAX;
	return ours;
}

void
clerkbench_global(struct clerkbench *k, const char *name, bool want)
{
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(&w, name);
	put_bool(&w, want);
	bench_send(&k->b, put_view(&w));
}

static struct view
key_blob(const struct clerkbench *k, uint32_t i, uint8_t buf[SIGN_KEY_MAX])
{
	struct put w = put_of(buf, SIGN_KEY_MAX);

	sign_key_put(&w, pk_signer_public(i == 0 ? k->b.signer : k->b.other_signer));
	return put_view(&w);
}

void
clerkbench_prove(struct clerkbench *k, uint32_t count, bool want)
{
	uint8_t buf[1024], blob[SIGN_KEY_MAX];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(&w, "hostkeys-prove-00@openssh.com");
	put_bool(&w, want);
	for (uint32_t i = 0; i < count; i++)
		put_sview(&w, key_blob(k, i, blob));
	bench_send(&k->b, put_view(&w));
}

bool
clerkbench_proved(struct clerkbench *k, uint32_t count)
{
	struct cur c = cur_view(bench_take(&k->b, SSH_MSG_REQUEST_SUCCESS));

	cur_u8(&c);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t data[512], blob[SIGN_KEY_MAX];
		struct put d = put_of(data, sizeof(data));
		struct view key = key_blob(k, i, blob);

		put_cstr(&d, "hostkeys-prove-00@openssh.com");
		put_string(&d, k->b.client.session_id, k->b.client.session_id_len);
		put_sview(&d, key);
		if (sign_verify(sign_at(i), key, cur_string(&c), put_view(&d)) != 0)
			return false;
	}
	return cur_done(&c);
}

void
clerkbench_request(struct clerkbench *k, uint32_t ours, const char *type, bool want, struct view body)
{
	static uint8_t buf[SSH_PAYLOAD_MAX];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_CHANNEL_REQUEST);
	put_u32(&w, ours);
	put_cstr(&w, type);
	put_bool(&w, want);
	put_bytes(&w, body.data, body.len);
	bench_send(&k->b, put_view(&w));
}

void
clerkbench_text(struct clerkbench *k, uint32_t ours, const char *type, bool want, const char *text)
{
	static uint8_t buf[SSH_PAYLOAD_MAX];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, text);
	clerkbench_request(k, ours, type, want, put_view(&w));
}

void
clerkbench_env(struct clerkbench *k, uint32_t ours, bool want, const char *name, const char *value)
{
	static uint8_t buf[8192];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, name);
	put_cstr(&w, value);
	clerkbench_request(k, ours, "env", want, put_view(&w));
}

void
clerkbench_pty(struct clerkbench *k, uint32_t ours, bool want, uint32_t cols)
{
	static const uint8_t modes[] = { 53, 0, 0, 0, 1, 42, 0, 0, 0, 1, 0 };
	uint8_t buf[256];
	struct put w = put_of(buf, sizeof(buf));

	put_cstr(&w, "xterm-256color");
	put_u32(&w, cols);
	put_u32(&w, 24);
	put_u32(&w, 0);
	put_u32(&w, 0);
	put_string(&w, modes, sizeof(modes));
	clerkbench_request(k, ours, "pty-req", want, put_view(&w));
}

void
clerkbench_window(struct clerkbench *k, uint32_t ours, uint32_t cols)
{
	uint8_t buf[16];
	struct put w = put_of(buf, sizeof(buf));

	put_u32(&w, cols);
	put_u32(&w, 50);
	put_u32(&w, 0);
	put_u32(&w, 0);
	clerkbench_request(k, ours, "window-change", false, put_view(&w));
}

bool
clerkbench_reply(struct clerkbench *k, uint32_t peers, bool ok)
{
	struct view r = bench_take(&k->b, ok ? SSH_MSG_CHANNEL_SUCCESS : SSH_MSG_CHANNEL_FAILURE);
	struct cur c = cur_of(r.data + 1, r.len > 0 ? r.len - 1 : 0);

	return cur_u32(&c) == peers && cur_done(&c);
}

bool
clerkbench_started(struct clerkbench *k, struct clerk_started *s)
{
	const struct bench_out *o = bench_take_kind(&k->b, OUT_CHAN_START);
	struct cur c = cur_of(o != NULL ? o->bytes : NULL, o != NULL ? o->len : 0);
	struct cur pty;

	memset(s, 0, sizeof(*s));
	s->ours = cur_u32(&c);
	s->link_id = cur_u32(&c);
	s->want_reply = cur_bool(&c);
	s->kind = cur_u8(&c);
	s->text = cur_string(&c);
	s->pty = cur_string(&c);
	s->env_count = cur_u32(&c);
	s->env = cur_take(&c, cur_left(&c));
	pty = cur_view(s->pty);
	cur_string(&pty);
	s->cols = cur_u32(&pty);
	return o != NULL && !c.bad && s->link_id == 77;
}
