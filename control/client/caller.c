#include "control/client/caller.h"

#include <string.h>

#include "drivers/pk/pk.h"

void
caller_init(struct caller *c, const struct caller_env *env, const struct kex_offer *offer, const char *user,
    uint32_t conn, uint32_t gen)
{
	memset(c, 0, sizeof(*c));
	c->env = env;
	c->offer = offer;
	c->user = user;
	c->conn = conn;
	c->gen = gen;
}

void
caller_wipe(struct caller *c)
{
	pk_wipe(c, sizeof(*c));
	c->state = CALLER_OVER;
}

void
caller_end(struct caller *c, int reason, const char *text, struct step *s)
{
	step_begin(s, c->conn, c->gen);
	step_close(s, reason, text);
	c->reason = reason < 0 ? -reason : reason;
	c->state = CALLER_OVER;
	c->wants = CALLER_WANTS_NOTHING;
	kex_secret_wipe(&c->secret);
	pk_wipe(&c->share, sizeof(c->share));
	pk_wipe(c->request, sizeof(c->request));
}

/* ---- records: state and message to handler ---- */

static int
on_disconnect(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	(void)c;
	(void)payload;
	(void)seq;
	(void)s;
	return -R_SSH_DISCONNECT_IN;
}

/* 2-4 in the first exchange. Those that came before the KEXINIT which makes it strict
 * are found by its sequence number. */
static int
on_noise(struct caller *c, struct view payload, uint32_t seq, struct step *s)
{
	(void)payload;
	(void)seq;
	(void)s;
	return c->strict ? -R_KEX_STRICT : 0;
}

struct row {
	uint8_t state;
	uint8_t first, last;
	caller_fn *fn;
};

static const struct row rows[] = {
	{ CALLER_FIRST, SSH_MSG_DISCONNECT, SSH_MSG_DISCONNECT, on_disconnect },
	{ CALLER_FIRST, SSH_MSG_IGNORE, SSH_MSG_DEBUG, on_noise },
	{ CALLER_FIRST, SSH_MSG_KEXINIT, SSH_MSG_KEXINIT, caller_on_kexinit },
	{ CALLER_FIRST, SSH_MSG_KEX_FIRST, SSH_MSG_KEX_LAST, caller_on_method },
	{ CALLER_SERVICE, SSH_MSG_SERVICE_ACCEPT, SSH_MSG_SERVICE_ACCEPT, caller_on_accept },
	{ CALLER_SERVICE, SSH_MSG_EXT_INFO, SSH_MSG_EXT_INFO, caller_on_ext_info },
	{ CALLER_AUTH, SSH_MSG_EXT_INFO, SSH_MSG_EXT_INFO, caller_on_ext_info },
	{ CALLER_AUTH, SSH_MSG_USERAUTH_FAILURE, SSH_MSG_USERAUTH_BANNER, caller_on_auth },
	{ CALLER_AUTH, SSH_MSG_USERAUTH_PK_OK, SSH_MSG_USERAUTH_PK_OK, caller_on_auth },
	{ CALLER_OPEN, SSH_MSG_KEXINIT, SSH_MSG_KEXINIT, caller_on_kexinit },
	{ CALLER_OPEN, SSH_MSG_KEX_FIRST, SSH_MSG_KEX_LAST, caller_on_method },
	{ CALLER_OPEN, SSH_MSG_GLOBAL_REQUEST, SSH_MSG_GLOBAL_REQUEST, caller_on_global },
	{ CALLER_OPEN, SSH_MSG_REQUEST_SUCCESS, SSH_MSG_REQUEST_FAILURE, caller_on_answer },
	{ CALLER_OPEN, SSH_MSG_CHANNEL_OPEN, SSH_MSG_CHANNEL_OPEN_FAILURE, caller_on_chan },
	{ CALLER_OPEN, SSH_MSG_CHANNEL_REQUEST, SSH_MSG_CHANNEL_FAILURE, caller_on_chan },
};

static int
on_record(struct caller *c, const struct link_entry *e, struct view payload, struct step *s)
{
	if (payload.len == 0)
		return -R_SSH_EMPTY;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].state == c->state && payload.data[0] >= rows[i].first &&
		    payload.data[0] <= rows[i].last)
			return rows[i].fn(c, payload, e->seq, s);
	return c->state == CALLER_FIRST && c->strict ? -R_KEX_STRICT : -R_SSH_PHASE;
}

static int
on_ident(struct caller *c, struct view line, struct step *s)
{
	if (c->state != CALLER_IDENT || line.len == 0 || line.len > SSH_IDENT_MAX)
		return -R_SSH_IDENT_BAD;
	memcpy(c->ident_server, line.data, line.len);
	c->state = CALLER_FIRST;
	return caller_kexinit(c, s);
}

/* The worker keeps the times; who dials says what they are. */
static int
on_deadline(uint64_t which)
{
	return which == LINK_DEADLINE_REKEY ? -R_SSH_REKEY_TIME : -R_SSH_GRACE;
}

static int
handle(struct caller *c, const struct link_entry *e, struct view payload, struct step *s)
{
	switch (e->op) {
	case LINK_UP_IDENT:
		return on_ident(c, payload, s);
	case LINK_UP_RECORD:
		return on_record(c, e, payload, s);
	case LINK_UP_NEWKEYS:
		return caller_on_newkeys(c, s);
	case LINK_UP_REKEY:
		return c->exchange == CALLER_EX_NONE ? caller_kexinit(c, s) : 0;
	case LINK_UP_DEADLINE:
		return on_deadline(e->arg[0]);
	case LINK_UP_CHAN_FREE:
		caller_chan_free(c, e->chan);
		return 0;
	case LINK_UP_CLOSED:
		c->state = CALLER_OVER;
		c->reason = (int)e->arg[0];
		return 0;
	default:
		return -R_LINK_OP;
	}
}

int
caller_up(struct caller *c, const struct link_entry *e, struct view payload, struct step *s)
{
	int r;

	step_begin(s, c->conn, c->gen);
	if (c->state == CALLER_OVER)
		return 0;
	r = handle(c, e, payload, s);
	if (r == 0 && step_bad(s))
		r = -R_LIMIT;
	if (r != 0)
		caller_end(c, r, "", s);
	if (e->serial != 0)
		step_done(s, e->serial);
	return r;
}
