#include "dataplane/ssh/inner.h"

#define REKEY_RECORDS (1ull << 31) /* RFC 4344 section 3.1 */

static const struct view none = { NULL, 0 };

/* Is it used up by what the suite bears, or by `configured` bytes (0: none)? That may
 * be less, never more. */
static bool
dir_worn(const struct record_dir *d, uint64_t configured)
{
	uint64_t limit;

	if (d->engine == NULL)
		return false;
	limit = d->engine->rekey_bytes;
	if (configured != 0 && configured < limit)
		limit = configured;
	return d->bytes >= limit || d->records >= REKEY_RECORDS;
}

static bool
rekey_due(const struct ssh_conn *c, uint64_t now)
{
	if (c->rekey_wanted)
		return true;
	if (c->env->rekey_us != 0 && now >= c->keyed_us + c->env->rekey_us)
		return true;
	return dir_worn(&c->in, c->env->rekey_bytes) || dir_worn(&c->out, c->env->rekey_bytes);
}

/* Before the login there is no rekey: who sends so much then wants something else. */
static int
worn_out(struct ssh_conn *c)
{
	bool early = c->phase == SSH_PHASE_SERVICE || c->phase == SSH_PHASE_AUTH;

	return early && (dir_worn(&c->in, 0) || dir_worn(&c->out, 0)) ? -R_SSH_WORN : 0;
}

int
rekey_check(struct ssh_conn *c, uint64_t now)
{
	int rc = worn_out(c);

	if (rc < 0)
		return rc;
	if (c->phase != SSH_PHASE_OPEN || c->rekey_asked || exchanging(c) || !rekey_due(c, now) ||
	    !control_ready(c))
		return 0;
	rc = control_up(c, SSH_UP_REKEY, none, 0, UINT32_MAX, 0);
	if (rc == 0)
		c->rekey_asked = true;
	return rc;
}

int
ssh_rekey(struct ssh_conn *c, uint64_t now)
{
	if (c->phase != SSH_PHASE_OPEN || exchanging(c))
		return -R_LINK_STATE;
	c->rekey_wanted = true;
	return rekey_check(c, now);
}

int
ssh_host_rekey(struct ssh_conn *c, uint64_t now)
{
	/* Each costs a control process more than a host. */
	if (now < c->keyed_us + SSH_REKEY_APART_US) {
		drop(c, R_SSH_REKEY_SOON);
		return 0;
	}
	return ssh_rekey(c, now);
}

/* Our KEXINIT waits for the client's, but not for ever. */
static uint64_t
kexinit_at(const struct ssh_conn *c)
{
	uint64_t wait = 3 * c->rtt_us;

	if (c->role != SSH_SERVER || c->phase != SSH_PHASE_KEX || c->kex_in || c->hold)
		return UINT64_MAX;
	return c->ident_us + (wait > SSH_KEXINIT_HOLD_US ? wait : SSH_KEXINIT_HOLD_US);
}

static uint64_t
grace_at(const struct ssh_conn *c)
{
	const struct ssh_env *env = c->env;
	uint64_t at = UINT64_MAX;

	if (c->phase >= SSH_PHASE_OPEN)
		return at;
	if (env->grace_us != 0)
		at = c->opened_us + env->grace_us;
	if (c->phase <= SSH_PHASE_KEX && env->grace_kex_us != 0 && c->opened_us + env->grace_kex_us < at)
		at = c->opened_us + env->grace_kex_us;
	return at;
}

static uint64_t
rekey_at(const struct ssh_conn *c)
{
	if (c->phase != SSH_PHASE_OPEN || c->kex_us == 0 || c->env->rekey_deadline_us == 0)
		return UINT64_MAX;
	return c->kex_us + c->env->rekey_deadline_us;
}

/* A deadline that gate or clerk answers by closing: told once, enforced here
 * when nobody answers. Returns the next time of interest. */
static uint64_t
enforce(struct ssh_conn *c, enum ssh_deadline which, uint64_t at, uint64_t now, int reason, int *fatal)
{
	uint64_t bit = 1ull << which;

	if (at == UINT64_MAX || now < at)
		return at;
	if (!(c->reported & bit)) {
		c->reported |= bit;
		control_up(c, SSH_UP_DEADLINE, none, 0, UINT32_MAX, which);
	}
	if (now >= at + SSH_SLACK_US)
		*fatal = -reason;
	return at + SSH_SLACK_US;
}

static uint64_t
kexinit_tick(struct ssh_conn *c, uint64_t now)
{
	uint64_t at = kexinit_at(c);

	if (c->kexinit_expired)
		return UINT64_MAX;
	if (at == UINT64_MAX || now < at)
		return at;
	c->kexinit_expired = true;
	c->reported |= 1ull << SSH_DEADLINE_KEXINIT;
	control_up(c, SSH_UP_DEADLINE, none, 0, UINT32_MAX, SSH_DEADLINE_KEXINIT);
	return UINT64_MAX;
}

static bool
probe(struct ssh_conn *c)
{
	uint8_t buf[64];
	struct put w = put_of(buf, sizeof(buf));

	if (c->global_count >= SSH_GLOBAL_MAX || c->ctrl.len > 0)
		return false;
	put_u8(&w, SSH_MSG_GLOBAL_REQUEST);
	put_cstr(&w, "keepalive@openssh.com");
	put_bool(&w, true);
	if (ctrl_put(c, put_view(&w)) != 0)
		return false;
	c->global_ours |= 1ull << c->global_count;
	c->global_count++;
	return true;
}

static uint64_t
alive_tick(struct ssh_conn *c, uint64_t now, int *fatal)
{
	const struct ssh_env *env = c->env;
	uint64_t since = c->heard_us > c->alive_us ? c->heard_us : c->alive_us;

	if (env->alive_us == 0 || c->phase != SSH_PHASE_OPEN || exchanging(c))
		return UINT64_MAX;
	if (now < since + env->alive_us)
		return since + env->alive_us;
	if (env->alive_max != 0 && c->alive_sent >= env->alive_max) {
		*fatal = -R_PEER_GONE;
		return UINT64_MAX;
	}
	/* A probe that could not be queued counts: the peer does not read. */
	probe(c);
	c->alive_sent++;
	c->alive_us = now;
	return now + env->alive_us;
}

static uint64_t
rekey_tick(struct ssh_conn *c, uint64_t now, int *fatal)
{
	int rc = rekey_check(c, now);

	if (rc < 0)
		*fatal = rc;
	if (c->phase != SSH_PHASE_OPEN || c->rekey_asked || exchanging(c))
		return UINT64_MAX;
	/* Due, but control was not ready: look again soon. */
	if (rekey_due(c, now))
		return now + SSH_KEXINIT_HOLD_US;
	return c->env->rekey_us != 0 ? c->keyed_us + c->env->rekey_us : UINT64_MAX;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
ssh_tick(struct ssh_conn *c, uint64_t now, int *fatal)
{
	uint64_t next = UINT64_MAX;

	*fatal = 0;
	if (c->phase == SSH_PHASE_CLOSING)
		return next;
	if (exchanging(c) && c->kex_us == 0)
		c->kex_us = now;
	next = earlier(next, kexinit_tick(c, now));
	next = earlier(next, enforce(c, SSH_DEADLINE_GRACE, grace_at(c), now, R_SSH_GRACE, fatal));
	next = earlier(next, enforce(c, SSH_DEADLINE_REKEY, rekey_at(c), now, R_SSH_REKEY_TIME, fatal));
	next = earlier(next, alive_tick(c, now, fatal));
	next = earlier(next, chaff_tick(c, now));
	return earlier(next, rekey_tick(c, now, fatal));
}
