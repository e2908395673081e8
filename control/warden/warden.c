/*
 * The table of messages that warden answers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "control/confmsg.h"
#include "control/log.h"
#include "control/warden/warden.h"

struct warden_conn *
warden_conn(struct warden *w, uint32_t conn, uint32_t gen)
{
	uint32_t i = connmap_find(&w->tab, conn, gen);

	return i == CONNMAP_NONE ? NULL : &w->conn[i];
}

/* ---- from gate ---- */

/* The answer first, then the look-up for the log: it takes no time that the peer
 * could measure. */
static void
answer_none(struct warden_ask *a)
{
	struct account found;

	answer_no(a->w, a->gate, a->gate_tag, a->conn, a->gen, false);
	if (judge_name(a->user) && a->w->find(&found, a->user) == 0)
		a->flags |= JUDGE_ACCOUNT | JUDGE_ALLOWED;
	else
		told_invalid(a);
	told_failed(a);
	ask_free(a);
}

static int
on_request(struct warden *w, const struct role_peer *from, const struct msg *m, enum judge_request request)
{
	bool malformed = false;
	struct warden_ask *a;

	if (judge_talks(request) && dialogue_resume(w, from, m))
		return 0;
	a = ask_new(w, from, m, request, &malformed);
	if (a != NULL && request == JUDGE_NONE)
		answer_none(a);
	else if (a != NULL)
		course_begin(a);
	else if (!malformed)
		answer_no(w, from->serial, m->tag, m->conn, m->gen, request != JUDGE_NONE);
	return malformed ? -1 : 0;
}

static int
on_none(struct warden *w, struct role_peer *from, struct msg *m)
{
	return on_request(w, from, m, JUDGE_NONE);
}

static int
on_query(struct warden *w, struct role_peer *from, struct msg *m)
{
	return on_request(w, from, m, JUDGE_QUERY);
}

static int
on_proof(struct warden *w, struct role_peer *from, struct msg *m)
{
	return on_request(w, from, m, JUDGE_PROOF);
}

static int
on_password(struct warden *w, struct role_peer *from, struct msg *m)
{
	return on_request(w, from, m, JUDGE_PASSWORD);
}

static int
on_kbdint(struct warden *w, struct role_peer *from, struct msg *m)
{
	return on_request(w, from, m, JUDGE_KBDINT);
}

static int
on_response(struct warden *w, struct role_peer *from, struct msg *m)
{
	return dialogue_response(w, from, m);
}

/* ---- from a dialogue's child ---- */

static int
on_prompt(struct warden *w, struct role_peer *from, struct msg *m)
{
	return dialogue_prompt(w, from, m);
}

static int
on_verdict(struct warden *w, struct role_peer *from, struct msg *m)
{
	return dialogue_verdict(w, from, m);
}

/* ---- from reader ---- */

static int
on_account_is(struct warden *w, struct role_peer *from, struct msg *m)
{
	struct warden_ask *a = ask_by_tag(w, m->tag);
	int r = 0;

	(void)from;
	if (w->reader_busy == 0)
		return -1;
	w->reader_busy--;
	if (a != NULL && a->asked && a->conn == m->conn && a->gen == m->gen)
		r = course_facts(a, m);
	course_ask_reader(w);
	return r;
}

/* ---- from the supervisor ---- */

static int
on_conf(struct warden *w, struct role_peer *from, struct msg *m)
{
	(void)from;
	confmsg_read(&w->conf, m);
	return 0;
}

static int
on_conn_hash(struct warden *w, struct role_peer *from, struct msg *m)
{
	struct cur body = cur_view(m->body);
	struct view hash = cur_string(&body);
	struct warden_conn *c = warden_conn(w, m->conn, m->gen);

	(void)from;
	if (!cur_done(&body) || hash.len == 0 || hash.len > SSH_HASH_MAX)
		return -1;
	if (c == NULL) {
		uint32_t i = connmap_add(&w->tab, m->conn, m->gen);

		if (i == CONNMAP_NONE) {
			log_error("no place for a connection");
			return 0;
		}
		c = &w->conn[i];
		*c = (struct warden_conn){ 0 };
	}
	memcpy(c->session_id, hash.data, hash.len);
	c->session_id_len = (uint8_t)hash.len;
	for (uint32_t i = w->ask_count; i-- > 0;)
		if (w->ask[i]->conn == m->conn && w->ask[i]->gen == m->gen)
			course_go_on(w->ask[i]);
	return 0;
}

static int
on_dialogue_over(struct warden *w, struct role_peer *from, struct msg *m)
{
	(void)from;
	dialogue_over(w, m->tag);
	return 0;
}

static int
on_conn_gone(struct warden *w, struct role_peer *from, struct msg *m)
{
	uint32_t row = connmap_find(&w->tab, m->conn, m->gen);

	(void)from;
	for (uint32_t i = w->ask_count; i-- > 0;)
		if (w->ask[i]->conn == m->conn && w->ask[i]->gen == m->gen)
			ask_free(w->ask[i]);
	if (row != CONNMAP_NONE) {
		explicit_bzero(&w->conn[row], sizeof w->conn[row]);
		connmap_remove(&w->tab, row);
	}
	return 0;
}

/* ---- the table ---- */

static const struct {
	uint16_t type;
	enum role_id from;
	int (*fn)(struct warden *, struct role_peer *, struct msg *);
} messages[] = {
	{ MSG_CONF, ROLE_SUPERVISOR, on_conf },
	{ MSG_CONN_HASH, ROLE_SUPERVISOR, on_conn_hash },
	{ MSG_CONN_GONE, ROLE_SUPERVISOR, on_conn_gone },
	{ MSG_AUTH_NONE, ROLE_GATE, on_none },
	{ MSG_AUTH_QUERY, ROLE_GATE, on_query },
	{ MSG_AUTH_PROOF, ROLE_GATE, on_proof },
	{ MSG_AUTH_PASSWORD, ROLE_GATE, on_password },
	{ MSG_AUTH_KBDINT, ROLE_GATE, on_kbdint },
	{ MSG_AUTH_RESPONSE, ROLE_GATE, on_response },
	{ MSG_PAM_PROMPT, ROLE_PAM, on_prompt },
	{ MSG_PAM_VERDICT, ROLE_PAM, on_verdict },
	{ MSG_DIALOGUE_OVER, ROLE_SUPERVISOR, on_dialogue_over },
	{ MSG_ACCOUNT_IS, ROLE_READER, on_account_is },
};

static int
on_message(void *ctx, struct role_peer *from, struct msg *m)
{
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		if (messages[i].type == m->type && messages[i].from == from->role)
			return messages[i].fn(ctx, from, m);
	return -1;
}

/* A new reader is asked again for what the old one did not answer; what a gate
 * that is gone had asked is asked again by its successor, which goes on with the
 * dialogues: PAM is asked no second time for one attempt. */
static void
gate_gone(struct warden *w, uint32_t serial)
{
	for (uint32_t i = w->ask_count; i-- > 0;) {
		if (w->ask[i]->gate != serial)
			continue;
		if (judge_talks(w->ask[i]->request))
			w->ask[i]->gate = 0;
		else
			ask_free(w->ask[i]);
	}
}

static void
on_change(void *ctx, struct role_peer *peer, bool there)
{
	struct warden *w = ctx;

	if (peer->role == ROLE_READER && there)
		course_reader_new(w);
	if (peer->role == ROLE_PAM)
		dialogue_child(w, peer, there);
	if (peer->role == ROLE_GATE && !there)
		gate_gone(w, peer->serial);
}

int
warden_start(struct warden *w, struct loop *loop, int supervisor_fd, const struct conf *conf)
{
	*w = (struct warden){
		.conf = *conf, .loop = loop, .find = account_find, .dialogue_no_ms = WARDEN_DIALOGUE_NO_MS
	};
	/* Connections that are closing still have their rows for a while. */
	w->conn = calloc(2 * (size_t)conf->conn_max, sizeof *w->conn);
	if (w->conn == NULL || connmap_init(&w->tab, 2 * conf->conn_max) != 0 ||
	    getrandom(w->secret, sizeof w->secret, 0) != (ssize_t)sizeof w->secret ||
	    peers_start(&w->peers, loop, supervisor_fd, on_message, on_change, w) != 0) {
		log_error("cannot start");
		return -1;
	}
	return 0;
}

void
warden_end(struct warden *w)
{
	while (w->ask_count > 0)
		ask_free(w->ask[w->ask_count - 1]);
	peers_end(&w->peers);
	connmap_fini(&w->tab);
	free(w->conn);
}
