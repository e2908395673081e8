#include <stdio.h>
#include <string.h>

#include "abi/link/grant.h"
#include "control/log.h"
#include "control/warden/proof.h"
#include "control/warden/warden.h"
#include "drivers/pk/pk.h"

#define DELAY_MIN_MS 6u /* more than an honest no takes */
#define DELAY_SPREAD_MS 5u
#define METHOD_MAX 32u

void
answer_no(struct warden *w, uint32_t gate, uint32_t tag, uint32_t conn, uint32_t gen, bool counts)
{
	uint8_t body[64];
	struct put p = put_of(body, sizeof body);
	struct msg m = { .type = MSG_AUTH_NO, .conn = conn, .gen = gen, .tag = tag };

	put_cstr(&p, conf_methods(&w->conf));
	put_u8(&p, 0);
	put_u8(&p, counts ? 1 : 0);
	m.body = put_view(&p);
	peers_send(peers_by_serial(&w->peers, gate), &m);
}

void
answer_pk_ok(const struct warden_ask *a)
{
	struct msg m = { .type = MSG_AUTH_PK_OK, .conn = a->conn, .gen = a->gen, .tag = a->gate_tag };

	peers_send(peers_by_serial(&a->w->peers, a->gate), &m);
}

static void
text(char *out, size_t size, struct view v)
{
	size_t len = v.len < size ? v.len : size - 1;

	if (len > 0)
		memcpy(out, v.data, len);
	out[len] = '\0';
}

static const char *
method_name(enum judge_request request)
{
	switch (request) {
	case JUDGE_PASSWORD:
		return "password";
	case JUDGE_KBDINT:
		return "keyboard-interactive/pam";
	default:
		return "publickey";
	}
}

static bool
build_grant(struct grant *g, const struct warden_ask *a)
{
	char fingerprint[PROOF_FINGERPRINT_MAX];

	memset(g, 0, sizeof *g);
	text(g->user, sizeof g->user, view_str(a->account.name));
	text(g->home, sizeof g->home, view_str(a->account.home));
	text(g->shell, sizeof g->shell, view_str(a->account.shell));
	text(g->methods, sizeof g->methods, view_str(method_name(a->request)));
	if (!judge_talks(a->request)) {
		proof_fingerprint(fingerprint, a->blob);
		snprintf(g->key, sizeof g->key, "%s %s", a->sign->key_name, fingerprint);
	}
	text(g->peer, sizeof g->peer, a->peer);
	text(g->local, sizeof g->local, a->local);
	g->peer_port = a->peer_port;
	g->local_port = a->local_port;
	g->uid = a->account.uid;
	g->gid = a->account.gid;
	g->restrictions = a->match.restrictions;
	text(g->command, sizeof g->command, view_str(a->match.command));
	if (!a->w->conf.permit_tty)
		g->restrictions |= GRANT_NO_PTY;
	return account_groups(g, &a->account) == 0;
}

/* The supervisor has the last word: it runs the account stage where no dialogue did,
 * and tells gate. */
void
answer_grant(const struct warden_ask *a)
{
	uint8_t image[GRANT_MAX], body[GRANT_MAX + 5];
	struct put i = put_of(image, sizeof image), b = put_of(body, sizeof body);
	struct msg m = { .type = MSG_GRANT, .conn = a->conn, .gen = a->gen, .tag = a->gate_tag };
	struct grant g;

	if (!build_grant(&g, a) || grant_encode(&g, &i) != 0 || i.bad) {
		log_error(
		    "User %s not allowed because its account does not fit into a grant", a->account.name);
		answer_no(a->w, a->gate, a->gate_tag, a->conn, a->gen, true);
		return;
	}
	put_sview(&b, put_view(&i));
	put_bool(&b, judge_talks(a->request));
	m.body = put_view(&b);
	if (!judge_talks(a->request))
		log_debug("Accepted key %s %s found at %s:%u", a->sign->label, strchr(g.key, ' ') + 1,
		    a->key_path, a->match.line);
	if (peers_send(peers_find(&a->w->peers, ROLE_SUPERVISOR, 0), &m) != 0)
		log_error("a grant could not be sent");
}

/* Words and order as sshd's: fail2ban and others read these lines. */
void
told_invalid(struct warden_ask *a)
{
	struct warden_conn *c = warden_conn(a->w, a->conn, a->gen);

	if (a->peer.len == 0 || c == NULL || c->invalid_told)
		return;
	c->invalid_told = true;
	log_conn(LOG_L_INFO, a->conn, a->gen, "Invalid user %.*s from %.*s port %u",
	    (int)(a->user.len < 100 ? a->user.len : 100), (const char *)a->user.data, (int)a->peer.len,
	    (const char *)a->peer.data, a->peer_port);
}

/* A peer chose the name: one that could be read as more than a name is not told. */
static struct view
method_of(const struct warden_ask *a)
{
	struct view m = a->method;

	if (a->request != JUDGE_NONE)
		return view_str(method_name(a->request));
	for (size_t i = 0; i < m.len; i++)
		if (m.data[i] != '-' && (m.data[i] < 'a' || m.data[i] > 'z'))
			return view_str("none");
	return m.len > 0 && m.len <= METHOD_MAX ? m : view_str("none");
}

/* Clients try one key after the other, and begin with "none": what is refused to
 * a valid user is worth a line only when it is one of many, or a guess. */
static bool
is_news(const struct warden_ask *a, bool valid)
{
	const struct warden_conn *c = warden_conn(a->w, a->conn, a->gen);
	bool many = c != NULL && c->failures >= a->w->conf.max_auth_tries / 2;

	return !valid || many || a->request == JUDGE_PROOF || judge_talks(a->request) ||
	       view_is(a->method, "password");
}

void
told_failed(const struct warden_ask *a)
{
	/* To sshd, root is a valid user also where it may not log in. */
	bool valid =
	    (a->flags & JUDGE_ACCOUNT) != 0 && ((a->flags & JUDGE_ALLOWED) != 0 || a->account.uid == 0);
	char fingerprint[PROOF_FINGERPRINT_MAX], key[PROOF_FINGERPRINT_MAX + 16] = "";
	struct view method = method_of(a);

	if (a->peer.len == 0)
		return;
	if ((a->flags & JUDGE_METHOD) != 0 && !judge_talks(a->request)) {
		proof_fingerprint(fingerprint, a->blob);
		snprintf(key, sizeof key, ": %s %s", a->sign->label, fingerprint);
	}
	log_conn(is_news(a, valid) ? LOG_L_INFO : LOG_L_DEBUG, a->conn, a->gen,
	    "Failed %.*s for %s%.*s from %.*s port %u ssh2%s", (int)method.len, (const char *)method.data,
	    valid ? "" : "invalid user ", (int)(a->user.len < 100 ? a->user.len : 100),
	    (const char *)a->user.data, (int)a->peer.len, (const char *)a->peer.data, a->peer_port, key);
}

/*
 * Long enough to cover the difference between accounts that are there and ones
 * that are not, and different from name to name in a way that nobody outside can
 * know. A no that took longer falls on the next doubling.
 */
uint32_t
answer_delay_ms(const struct warden *w, struct view user, uint64_t spent_ms, bool talks)
{
	uint8_t in[sizeof w->secret + GRANT_NAME_MAX], hash[32] = { 0 };
	size_t len = user.len < GRANT_NAME_MAX ? user.len : GRANT_NAME_MAX;
	uint64_t total;

	memcpy(in, w->secret, sizeof w->secret);
	if (len > 0)
		memcpy(in + sizeof w->secret, user.data, len);
	pk_sha256(hash, in, sizeof w->secret + len);
	total = talks ? w->dialogue_no_ms + w->dialogue_no_ms * hash[0] / 256
		      : DELAY_MIN_MS + hash[0] % DELAY_SPREAD_MS;
	while (total <= spent_ms)
		total *= 2;
	return (uint32_t)(total - spent_ms);
}
