/*
 * What the files of this room share among themselves.
 */
#ifndef POSTERN_SSH_INNER_H
#define POSTERN_SSH_INNER_H

#include "dataplane/ssh/conn.h"
#include "dataplane/ssh/demux.h"

#define CTRL_RAW 0x80000000u /* in the length of a ctrl item: bytes that are no record */

/* The two halves of env->scratch: what is opened, what is sealed or pumped. */
static inline uint8_t *
scratch_in(const struct ssh_conn *c)
{
	return c->env->scratch;
}

static inline uint8_t *
scratch_out(const struct ssh_conn *c)
{
	return c->env->scratch + RECORD_MAX;
}

static inline void
drop(const struct ssh_conn *c, int reason)
{
	c->env->ops->drop(c->env->owner, reason);
}

static inline int
control_up(struct ssh_conn *c, enum ssh_up kind, struct view payload, uint32_t seq, uint32_t chan,
    uint64_t arg)
{
	return c->env->ops->control(c->env->owner, c, kind, payload, seq, chan, arg);
}

static inline void
stage(const struct ssh_conn *c, enum ssh_stage to, size_t len)
{
	if (c->env->ops->stage != NULL)
		c->env->ops->stage(c->env->owner, to, len);
}

/* Costs a look at a flag while nobody traces. */
static inline void
trace(struct ssh_conn *c, bool out, struct view payload, uint32_t seq, size_t wire)
{
	if (__builtin_expect(c->traced, 0))
		c->env->ops->trace(c->env->owner, c, out, payload, seq, wire);
}

static inline bool
control_ready(struct ssh_conn *c)
{
	return c->env->ops->control_ready(c->env->owner, c);
}

/* Is an exchange after the first KEXINIT of either side not over yet? */
static inline bool
exchanging(const struct ssh_conn *c)
{
	return c->hold || c->kex_in || c->keys_pending || c->out_pending;
}

/* Blocks that `len` more bytes may need. */
static inline uint32_t
blocks_for(size_t len)
{
	return (uint32_t)(len / POOL_DATA) + 2;
}

/* keys.c: message 52 has passed in one direction: what was agreed on begins. 0 or -R_*. */
int zip_login_in(struct ssh_conn *c);
void zip_login_out(struct ssh_conn *c);

/* conn_out.c: queue one control record; held ones go to `delayed`. 0, -R_NOMEM,
 * -R_SSH_QUEUE. */
int ctrl_put(struct ssh_conn *c, struct view payload);
int ctrl_put_raw(struct ssh_conn *c, struct view bytes);

/* conn_out.c: may a record with a payload of so many bytes leave now? Seal the payload
 * that stands in the scratch at its place, and send it: 0, or -R_*. */
bool out_may(struct ssh_conn *c, size_t len, size_t room);
int out_emit(struct ssh_conn *c, size_t len, size_t *room);

/* mux.c: at most so many records of channels: how many, or -R_*. */
int mux_out(struct ssh_conn *c, int most, size_t *room, uint64_t now);

/* conn_in.c: act on one decrypted payload, which lies in writable memory. */
int conn_dispatch(struct ssh_conn *c, uint8_t *payload, size_t len, uint32_t seq, uint64_t now);

/* keys.c: the peer's NEWKEYS came; our NEWKEYS was sealed; the exchange is over
 * if nothing of it is left. */
int keys_in_switch(struct ssh_conn *c);
int keys_out_switch(struct ssh_conn *c);

/* deadline.c: ask clerk for a rekey when a limit is reached. */
int rekey_check(struct ssh_conn *c, uint64_t now);

/* chaff.c: a message of the peer was taken; the next time of interest. */
void chaff_heard(struct ssh_conn *c, uint8_t msg, size_t len, uint64_t now);
uint64_t chaff_tick(struct ssh_conn *c, uint64_t now);

/* ---- channels ---- */

/* chan.c */
struct ssh_chan *chan_find(struct ssh_conn *c, uint32_t ours);
void chan_wake(struct ssh_conn *c, struct ssh_chan *ch); /* it may have something to say */
struct ssh_chan *chan_by_peers(struct ssh_conn *c, uint32_t peers);
bool chan_free(const struct ssh_conn *c, uint32_t ours); /* may the number be taken? */
struct ssh_chan *chan_take(struct ssh_conn *c, uint32_t ours); /* NULL: no block for it */
void chan_drop(struct ssh_conn *c, struct ssh_chan *ch);      /* back to unused, untold */
/* Its receive window; false: beyond what the connection's channels may have together. */
bool chan_window(struct ssh_conn *c, struct ssh_chan *ch, uint32_t window);
void chan_settle(struct ssh_conn *c, struct ssh_chan *ch);    /* free it when all is over */
void chan_forget_data(struct ssh_conn *c, struct ssh_chan *ch); /* the peer takes no more */
void chan_shut(struct ssh_conn *c, struct ssh_chan *ch);      /* CLOSE of one not started */

/* chan_in.c: messages 91-100 of the peer. */
int chan_in(struct ssh_conn *c, uint8_t *payload, size_t len, uint32_t seq);
/* Does a request of this name start the channel's program (RFC 4254 section 6.5)? */
bool chan_starts(struct view name);
/* Requests that waited for a start which was refused. */
int chan_release(struct ssh_conn *c);
void chan_release_begin(struct ssh_conn *c, struct ssh_chan *ch);
void chan_release_end(struct ssh_conn *c, struct ssh_chan *ch);

/* ask.c: the peer's answers to what a host asked for. */
int ask_opened(struct ssh_conn *c, struct ssh_chan *ch);
int ask_refused(struct ssh_conn *c, struct ssh_chan *ch, struct cur *r);
int ask_answered(struct ssh_conn *c, bool ok, struct view body);
void told_pump(struct ssh_conn *c);

/* step.c: OPEN for the channel's host, in front of what is held for it. */
int chan_hold_open(struct ssh_conn *c, struct ssh_chan *ch, struct view payload);

/* chan_up.c: toward the host. */
bool chan_offer(struct ssh_conn *c, struct ssh_chan *ch, enum chan_up kind, uint32_t arg,
    uint8_t *bytes, size_t len);
int chan_deliver(struct ssh_conn *c, struct ssh_chan *ch, enum chan_up kind, uint32_t arg,
    uint8_t *bytes, size_t len);
void chan_pump(struct ssh_conn *c, struct ssh_chan *ch);
void chan_credit(struct ssh_conn *c, struct ssh_chan *ch);

/* chan_out.c: toward the peer. chan_peek: payload bytes of the channel's next
 * record, 0 when there is none; chan_build writes that record and takes it off. */
enum chan_item { CHAN_ITEM_DATA = 1, CHAN_ITEM_EOF, CHAN_ITEM_REQUEST, CHAN_ITEM_REPLY };
size_t chan_peek(struct ssh_conn *c, struct ssh_chan *ch);
size_t chan_build(struct ssh_conn *c, struct ssh_chan *ch, uint8_t *dst, size_t len, uint64_t now);

/* window.c: the host took so many bytes; an adjust leaves now, and may give more; the
 * channel ends. */
void window_took(struct ssh_chan *ch, uint64_t bytes);
void window_follow(struct ssh_conn *c, struct ssh_chan *ch, uint64_t now);
void window_end(struct ssh_conn *c, const struct ssh_chan *ch);

#endif
