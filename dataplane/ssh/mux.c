#include "dataplane/ssh/inner.h"

/*
 * Which channel speaks next. A channel that had nothing to say goes before those that
 * always have, with a little: so what is typed does not wait behind what is copied. The
 * others have turns of so many bytes each, whatever the size of their records. Who went
 * first has to wait for a turn before it may do so again, or it could have everything.
 * (RFC 8290 section 4.2 does this for flows.)
 */
struct mux {
	size_t *room;
	int left;                /* records */
	uint64_t now;
	struct chanset spoke;
};

/* One record of one channel, `len` being what chan_peek said: its payload's bytes, or
 * -R_*; -R_LIMIT: there is no room for it. */
static int
speak(struct ssh_conn *c, struct mux *m, struct ssh_chan *ch, size_t len)
{
	int rc;

	if (!out_may(c, len, *m->room))
		return -R_LIMIT;
	len = chan_build(c, ch, scratch_out(c) + RECORD_HEAD, len, m->now);
	rc = out_emit(c, len, m->room);
	chanset_add(&m->spoke, ch->ours);
	m->left--;
	return rc < 0 ? rc : (int)len;
}

static int
fresh_out(struct ssh_conn *c, struct mux *m)
{
	uint32_t at = chanset_around(&c->fresh, c->next_chan);

	while (at != CHANSET_MAX && m->left > 0) {
		struct ssh_chan *ch = ssh_chan_at(c, at);
		size_t len = chan_peek(c, ch);
		int rc;

		if (len == 0 || ch->turn_left < (int64_t)len) {
			chanset_del(&c->fresh, at);
			at = chanset_around(&c->fresh, at);
			continue;
		}
		rc = speak(c, m, ch, len);
		if (rc < 0)
			return rc;
		ch->turn_left -= rc;
	}
	return 0;
}

/* A record may be longer than a turn: what is owed then the next turns pay. */
static int
turns_out(struct ssh_conn *c, struct mux *m)
{
	uint32_t at = chanset_around(&c->ready, c->next_chan);

	while (at != CHANSET_MAX && m->left > 0) {
		struct ssh_chan *ch = ssh_chan_at(c, at);
		size_t len = chan_peek(c, ch);
		int rc;

		c->next_chan = at;
		if (len == 0) {
			chanset_del(&c->ready, at);
		} else {
			if (ch->turn_left <= 0)
				ch->turn_left += (int)SSH_TURN_BYTES;
			rc = ch->turn_left > 0 ? speak(c, m, ch, len) : 0;
			if (rc < 0)
				return rc;
			ch->turn_left -= rc;
			if (ch->turn_left > 0)
				continue;
		}
		at = chanset_around(&c->ready, at + 1);
	}
	c->next_chan = at == CHANSET_MAX ? 0 : at;
	return 0;
}

/* Hosts of those that spoke may go on, and what is over is over. */
static void
settle(struct ssh_conn *c, const struct chanset *spoke)
{
	for (uint32_t at = chanset_next(spoke, 0); at < CHANSET_MAX; at = chanset_next(spoke, at + 1)) {
		struct ssh_chan *ch = ssh_chan_at(c, at);

		chan_credit(c, ch);
		chan_settle(c, ch);
	}
}

int
mux_out(struct ssh_conn *c, int most, size_t *room, uint64_t now)
{
	struct mux m = { .room = room, .left = most, .now = now };
	int rc = fresh_out(c, &m);

	if (rc == 0)
		rc = turns_out(c, &m);
	settle(c, &m.spoke);
	return rc < 0 && rc != -R_LIMIT ? rc : most - m.left;
}
