/*
 * Grants: warden's yes, the account stage, the dataplane's acknowledgement, then
 * the word to the gates. Only here is a login made.
 *
 * Gates and warden may be started again at any point and ask again: what is
 * under way goes on, what is done is told again.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/wire/reason.h"
#include "control/supervisor/grants.h"

/* Which gate has the connection is the dataplane's business: all are told. */
static void
tell_granted(struct sup *s, const struct conn *c, const char *methods)
{
	uint8_t body[256];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_GRANTED, .conn = c->conn, .gen = c->gen };

	put_cstr(&w, methods);
	m.body = put_view(&w);
	children_send(s, ROLE_BIT(ROLE_GATE), &m);
}

static void
tell_refused(struct sup *s, uint32_t conn, uint32_t gen)
{
	uint8_t body[256];
	struct put w = put_of(body, sizeof(body));
	struct msg m = { .type = MSG_AUTH_NO, .conn = conn, .gen = gen };

	put_cstr(&w, conf_methods(&s->conf));
	put_u8(&w, 0);
	put_u8(&w, 1);
	m.body = put_view(&w);
	children_send(s, ROLE_BIT(ROLE_GATE), &m);
}

static void
ask_drop(struct conn *c)
{
	struct grant_ask *a = c->grant_ask;

	c->grant_ask = NULL;
	if (a == NULL)
		return;
	pam_cancel(a);
	free(a);
	if (!c->granted) {
		free(c->grant);
		c->grant = NULL;
		c->grant_len = 0;
	}
}

static void
store(struct sup *s, const struct conn *c)
{
	if (attach_on(s))
		attach_send(s, ATTACH_GRANT, c->conn, c->gen, view_of(c->grant, c->grant_len));
}

/* A grant that the dataplane has already: the same user again, or nobody. */
static void
grant_repeat(struct sup *s, struct conn *c, const struct grant *asked)
{
	struct grant *have = malloc(sizeof(*have));

	if (have != NULL && grant_decode(have, view_of(c->grant, c->grant_len)) == 0 &&
	    strcmp(have->user, asked->user) == 0)
		tell_granted(s, c, have->methods);
	else
		log_error("warden grants connection %u-%u to a second user: refused", c->conn, c->gen);
	free(have);
}

/* Warden has the addresses from a gate. What is logged, stored and told to PAM and
 * to programs is what the dataplane says. */
static void
grant_addresses(struct grant *g, const struct conn *c)
{
	if (c->peer[0] == '\0')
		return;
	memcpy(g->peer, c->peer, sizeof(g->peer));
	memcpy(g->local, c->local, sizeof(g->local));
	g->peer_port = c->peer_port;
	g->local_port = c->local_port;
}

static bool
grant_keep(struct conn *c, const struct grant *g)
{
	uint8_t *image = malloc(GRANT_MAX);
	struct put w = put_of(image, image != NULL ? GRANT_MAX : 0);

	if (image == NULL || grant_encode(g, &w) != 0 || w.bad) {
		free(image);
		return false;
	}
	c->grant = image;
	c->grant_len = put_len(&w);
	return true;
}

/* Names an algorithm as sshd's log does. */
static const char *
key_word(const char *algorithm, size_t len)
{
	static const struct {
		const char *algorithm;
		const char *word;
	} words[] = {
		{ "ssh-ed25519", "ED25519" },
		{ "ecdsa-sha2-nistp256", "ECDSA" },
		{ "ecdsa-sha2-nistp384", "ECDSA" },
		{ "ecdsa-sha2-nistp521", "ECDSA" },
		{ "ssh-rsa", "RSA" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].algorithm) == len && memcmp(words[i].algorithm, algorithm, len) == 0)
			return words[i].word;
	return "UNKNOWN";
}

static void
log_accepted(const struct conn *c, const struct grant *g)
{
	const char *fingerprint = strchr(g->key, ' ');

	log_conn(LOG_L_INFO, c->conn, c->gen, "Accepted %s for %s from %s port %u ssh2%s%s%s", g->methods,
	    g->user, g->peer, g->peer_port, fingerprint != NULL ? ": " : "",
	    fingerprint != NULL ? key_word(g->key, (size_t)(fingerprint - g->key)) : "",
	    fingerprint != NULL ? fingerprint : "");
}

void
on_grant(struct sup *s, struct proc *p, struct msg *m)
{
	struct cur b = cur_view(m->body);
	struct view image = cur_string(&b);
	bool account_passed = cur_bool(&b);
	struct conn *c = conn_find(s, m->conn, m->gen);
	struct grant_ask *a;

	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return;
	if (!cur_done(&b) || image.len > GRANT_MAX || grant_decode(&a->grant, image) != 0 ||
	    a->grant.user[0] == '\0' || a->grant.methods[0] == '\0') {
		proc_refuse(p, m);
		goto out;
	}
	/* No session id, no proof: the connection went meanwhile. */
	if (c == NULL || c->hash_len == 0 || c->grant_ask != NULL)
		goto out;
	if (c->granted) {
		grant_repeat(s, c, &a->grant);
		goto out;
	}
	grant_addresses(&a->grant, c);
	if (!grant_keep(c, &a->grant))
		goto out;
	a->sup = s;
	a->conn = c->conn;
	a->gen = c->gen;
	c->grant_ask = a;
	if (s->conf.use_pam && !account_passed)
		pam_ask(a);
	else
		store(s, c);
	return;
out:
	free(a);
}

void
grant_account(struct grant_ask *a, bool yes, const char *text)
{
	struct sup *s = a->sup;
	struct conn *c = conn_find(s, a->conn, a->gen);

	if (c == NULL || c->grant_ask != a)
		return;
	if (yes) {
		store(s, c);
		return;
	}
	log_conn(LOG_L_INFO, a->conn, a->gen,
	    "Access denied for user %s by PAM account configuration from %s port %u: %s", a->grant.user,
	    a->grant.peer, a->grant.peer_port, text);
	tell_refused(s, c->conn, c->gen);
	ask_drop(c);
}

void
grant_stored(struct sup *s, struct conn *c, uint32_t reason)
{
	struct grant_ask *a = c->grant_ask;

	if (a == NULL)
		return;
	if (reason == R_NONE) {
		c->granted = true;
		log_accepted(c, &a->grant);
		tell_granted(s, c, a->grant.methods);
	} else {
		log_warn(
		    "grant for connection %u-%u not stored: %s", c->conn, c->gen, reason_text((int)reason));
		tell_refused(s, c->conn, c->gen);
	}
	ask_drop(c);
}

void
grant_again(struct sup *s, struct conn *c)
{
	if (c->grant_ask == NULL)
		return;
	if (c->granted) {
		/* Stored before the socket was lost; only the answer was. */
		grant_stored(s, c, R_NONE);
		return;
	}
	if (c->grant_ask->pam == NULL && !c->grant_ask->queued)
		store(s, c);
}

void
grant_drop(struct sup *s, struct conn *c)
{
	(void)s;
	ask_drop(c);
}
