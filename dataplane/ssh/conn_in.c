#include "dataplane/ssh/ident.h"
#include "dataplane/ssh/inner.h"

#define INPUT_BATCH 64 /* records of one call: others have their turn too */

static int
ident_in(struct ssh_conn *c, uint64_t now)
{
	const struct ssh_env *env = c->env;
	uint8_t *buf = scratch_in(c);
	struct view line;
	size_t used = 0;
	int rc;

	rc = ident_scan(buf, env->ops->peek(env->owner, c, buf, IDENT_SKIP_LINE_MAX),
	    c->role == SSH_CLIENT, &used, &line);
	if (rc <= 0)
		return rc;
	env->ops->take(env->owner, c, used);
	if (rc == IDENT_SKIP)
		return ++c->ident_skipped > IDENT_SKIP_COUNT_MAX ? -R_SSH_IDENT_BAD : 1;
	c->phase = SSH_PHASE_KEX;
	c->ident_us = now;
	c->heard_us = now;
	rc = control_up(c, SSH_UP_IDENT, line, 0, UINT32_MAX, 0);
	return rc < 0 ? rc : 1;
}

/* RFC 4253 section 11.4: the sequence number of the packet that was refused. */
static int
unimplemented(struct ssh_conn *c, uint32_t seq)
{
	uint8_t buf[5];
	struct put w = put_of(buf, sizeof(buf));

	put_u8(&w, SSH_MSG_UNIMPLEMENTED);
	put_u32(&w, seq);
	return ctrl_put(c, put_view(&w));
}

/* 1-4, PING and PONG, from the first NEWKEYS on. */
static int
self_in(struct ssh_conn *c, uint8_t *payload, size_t len)
{
	if (payload[0] == SSH_MSG_DISCONNECT)
		return -R_SSH_DISCONNECT_IN;
	/* Answers to PING are memory that the peer drives: none while they would
	 * have to be kept (CVE-2025-26466). */
	if (payload[0] != SSH_MSG_PING || c->phase != SSH_PHASE_OPEN || c->hold)
		return 0;
	payload[0] = SSH_MSG_PONG;
	return ctrl_put(c, view_of(payload, len));
}

/* 81 and 82 have no name: who asked is known by their place (RFC 4254 section 4).
 * 1: it was ours or a host's, or nobody's; 0: it is clerk's; or -R_*. */
static int
global_reply(struct ssh_conn *c, struct view payload)
{
	bool ours = (c->global_ours & 1) != 0;
	bool asked = (c->global_asked & 1) != 0;
	int rc = 0;

	if (c->global_count == 0) {
		drop(c, R_SSH_PHASE);
		return 1;
	}
	c->global_count--;
	c->global_ours >>= 1;
	c->global_asked >>= 1;
	if (asked)
		rc = ask_answered(c, payload.data[0] == SSH_MSG_REQUEST_SUCCESS,
		    view_of(payload.data + 1, payload.len - 1));
	return rc < 0 ? rc : ours || asked;
}

static int
control_in(struct ssh_conn *c, uint8_t *payload, size_t len, uint32_t seq, uint64_t now)
{
	uint8_t msg = payload[0];
	int rc;

	if (msg == SSH_MSG_REQUEST_SUCCESS || msg == SSH_MSG_REQUEST_FAILURE) {
		rc = global_reply(c, view_of(payload, len));
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	if (msg == SSH_MSG_KEXINIT) {
		c->kex_in = true;
		if (c->kex_us == 0)
			c->kex_us = now;
	}
	rc = control_up(c, SSH_UP_RECORD, view_of(payload, len), seq, UINT32_MAX, 0);
	/* The server's NEWKEYS may stand right behind its reply: read on when our
	 * side of the exchange has answered. */
	if (c->role == SSH_CLIENT && msg >= SSH_MSG_KEX_FIRST && msg <= SSH_MSG_KEX_LAST)
		c->answer_awaited = true;
	return rc;
}

static int
newkeys_in(struct ssh_conn *c, size_t len, uint32_t seq)
{
	const struct view none = { NULL, 0 };
	int rc;

	if (len != 1)
		return -R_SSH_NEWKEYS;
	rc = keys_in_switch(c);
	if (rc != 0)
		return rc;
	return control_up(c, SSH_UP_NEWKEYS, none, seq, UINT32_MAX, 0);
}

/* What the exchange that runs forbids. In the first one gate judges, by the
 * rules of strict key exchange. */
static int
kexing_judge(const struct ssh_conn *c, uint8_t msg)
{
	bool method = msg >= SSH_MSG_KEX_FIRST && msg <= SSH_MSG_KEX_LAST;

	if (c->phase < SSH_PHASE_SERVICE)
		return 0;
	/* Until our NEWKEYS has left, the peer's exchange cannot be over either. */
	if (msg == SSH_MSG_KEXINIT && (c->kex_in || c->out_pending))
		return -R_KEX_TWICE;
	if (c->kex_in && !demux_kexing(msg))
		return -R_SSH_KEXING;
	if (method && !c->kex_in)
		return -R_SSH_PHASE;
	return 0;
}

int
conn_dispatch(struct ssh_conn *c, uint8_t *payload, size_t len, uint32_t seq, uint64_t now)
{
	uint8_t msg = payload[0];
	enum demux_verdict verdict = demux_in(c->role == SSH_CLIENT, c->phase, msg);
	int rc;

	if (verdict == DEMUX_REFUSE)
		return -R_SSH_PHASE;
	rc = kexing_judge(c, msg);
	if (rc != 0)
		return rc;
	c->heard_us = now;
	c->alive_sent = 0;
	switch (verdict) {
	case DEMUX_CONTROL:
		return control_in(c, payload, len, seq, now);
	case DEMUX_SELF:
		return self_in(c, payload, len);
	case DEMUX_NEWKEYS:
		return newkeys_in(c, len, seq);
	case DEMUX_CHANNEL:
		chaff_heard(c, msg, len, now);
		return chan_in(c, payload, len, seq);
	case DEMUX_UNKNOWN:
		return unimplemented(c, seq);
	case DEMUX_DROP:
		drop(c, msg == SSH_MSG_EXT_INFO ? R_SSH_PHASE : R_SSH_LATE_AUTH);
		return 0;
	default:
		return -R_SSH_PHASE;
	}
}

/*
 * Does what is held toward the channels' hosts leave enough for others? A share of
 * what is free, so that however many connections hold all they may, blocks are
 * left. During HOLD the exchange should be read to its end, with what came before it.
 */
static bool
held_fits(struct ssh_conn *c)
{
	uint32_t share = c->env->pool->free_count / SSH_HELD_SHARE;
	uint32_t most = share < SSH_HELD_MAX ? share : SSH_HELD_MAX;
	uint32_t held = 0;

	for (uint32_t at = chanset_next(&c->holding, 0); at < SSH_CHAN_MAX;
	     at = chanset_next(&c->holding, at + 1)) {
		uint32_t blocks = ssh_chan_at(c, at)->held.f.blocks;

		if (blocks == 0)
			chanset_del(&c->holding, at);
		held += blocks;
	}
	if (held <= SSH_HELD_LEAST || held <= most * (c->hold ? SSH_HELD_HOLD : 1))
		return true;
	c->env->stats->held_waits++;
	return false;
}

/* May one more record be opened and acted on? The peer waits otherwise. */
static bool
may_read(struct ssh_conn *c)
{
	/* What HOLD keeps does not count: the exchange must be read to its end. */
	uint32_t queued = c->ctrl.len + (c->hold ? 0 : c->delayed.len);

	if (c->phase == SSH_PHASE_CLOSING || c->answer_awaited || queued > SSH_CTRL_SOFT ||
	    !held_fits(c))
		return false;
	/* 52 is queued: what follows is judged in the phase that comes with it. */
	if (c->phase == SSH_PHASE_AUTH && c->last_msg == SSH_MSG_USERAUTH_SUCCESS &&
	    c->role == SSH_SERVER)
		return false;
	return control_ready(c);
}

/* Open what stands in `buf`: 0, or -R_*, or RECORD_MORE: it stays with the owner. */
static int
record_take(struct ssh_conn *c, uint8_t *buf, size_t have, size_t need, struct view *payload)
{
	const struct ssh_env *env = c->env;
	int rc;

	env->ops->peek(env->owner, c, buf, need);
	stage(c, SSH_STAGE_OPEN, need);
	rc = record_open(&c->in, buf, payload);
	stage(c, SSH_STAGE_REST, 0);
	if (rc != RECORD_MORE)
		env->ops->take(env->owner, c, need);
	else if (have < RECORD_MAX)
		record_later(&c->in);
	return rc;
}

static bool
before_login(uint8_t msg)
{
	enum demux_verdict verdict = demux_in(false, SSH_PHASE_AUTH, msg);

	return verdict != DEMUX_REFUSE && verdict != DEMUX_UNKNOWN;
}

/* What a compressed record is, or one of before the login that crossed with our 52. */
static int
unzip(struct ssh_conn *c, struct view *payload)
{
	struct zip_pool *p = c->env->zip;
	struct zip_dir *d = &c->zip.in;

	if (d->awaited && zip_head(*payload)) {
		int rc = zip_begin_in(p, &c->zip);

		if (rc != 0)
			return rc;
	}
	if (d->on)
		return zip_open(p, &c->zip, *payload, payload);
	if (d->awaited && !before_login(payload->data[0]))
		return -R_SSH_INFLATE;
	return 0;
}

/* One record of the peer: 1, 0 when it is not there yet or has to wait. */
static int
record_in(struct ssh_conn *c, uint64_t now)
{
	const struct ssh_env *env = c->env;
	size_t have = env->ops->readable(env->owner, c);
	uint8_t *buf = scratch_in(c);
	uint32_t seq = c->in.seq;
	struct view payload;
	uint8_t head[4];
	int need, rc;

	if (have < sizeof(head))
		return 0;
	env->ops->peek(env->owner, c, head, sizeof(head));
	need = record_need(&c->in, head, sizeof(head));
	if (need < 0)
		return need;
	if (have < (size_t)need)
		return 0;
	if (!c->in.bad && env->pool->free_count < blocks_for(c->zip.in.agreed ? ZIP_PLAIN_MAX : (size_t)need) + 2)
		return 0;
	if (c->zip.in.on && !zip_may(env->zip, &c->zip))
		return 0;
	rc = record_take(c, buf, have, (size_t)need, &payload);
	if (rc == 0)
		rc = unzip(c, &payload);
	if (rc != 0)
		return rc;
	trace(c, false, payload, seq, (size_t)need);
	rc = conn_dispatch(c, (uint8_t *)payload.data, payload.len, seq, now);
	/* Passwords must not outlive their record. */
	if (c->phase != SSH_PHASE_OPEN)
		explicit_bzero(buf, (size_t)need);
	return rc < 0 ? rc : 1;
}

int
ssh_input(struct ssh_conn *c, uint64_t now)
{
	int count = 0;

	c->zip.waits = false;
	if (c->env->zip != NULL)
		zip_turn(c->env->zip, &c->zip);
	while (count < INPUT_BATCH && may_read(c)) {
		int rc = chan_release(c);

		if (rc > 0) /* it may have turned a long queue: others first */
			return count + rc;
		if (rc == 0)
			rc = c->phase == SSH_PHASE_IDENT ? ident_in(c, now) : record_in(c, now);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
		count++;
	}
	if (count > 0) {
		int rc = rekey_check(c, now);

		if (rc < 0)
			return rc;
	}
	return count;
}
