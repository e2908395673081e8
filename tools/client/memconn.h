/*
 * A connection of the dataplane without a worker: bytes in, bytes out, and the control
 * side called directly. It does for one connection in one process what
 * dataplane/worker does for all of them: entries of op.def go up one at a time, steps
 * take effect, channels have their host. Who fills the steps is trusted.
 *
 * callend.h puts a caller on it; tests put gate and clerk on it.
 */
#ifndef POSTERN_TOOLS_MEMCONN_H
#define POSTERN_TOOLS_MEMCONN_H

#include "control/step.h"
#include "dataplane/ssh/conn.h"
#include "drivers/rng/rng.h"

#define MEMCONN_BLOCKS 512u             /* of the pool: queues toward the peer and held data */
#define MEMCONN_OUT_MAX (256u * 1024u)  /* sealed bytes that wait to be sent */

struct memconn_ops {
	/* An entry for the control side. A record is done when a step names it; until
	 * then there is no other. */
	void (*up)(void *ctx, const struct link_entry *e, struct view payload);
	/* What else there is to do; true: something was done. NULL: nothing. */
	bool (*work)(void *ctx);
	/* Of struct ssh_ops.host; for CREDIT the answer counts for nothing. */
	bool (*chan)(void *ctx, uint32_t chan, enum chan_up kind, uint64_t arg0, struct view bytes);
	/* Items of a step that mean something to the owner alone; NULL: nothing. */
	void (*note)(void *ctx, struct view image);
	void (*phase)(void *ctx, enum ssh_phase phase);
	/* Compression may be agreed on; NULL: not. */
	const struct zip_engine *zip;
	/* So many sealed bytes were put behind the others. NULL: nobody asks. */
	void (*sealed)(void *ctx, size_t len);
	void *ctx;
};

/* Bytes taken from the front, put at the end. */
struct membytes {
	uint8_t *data;
	size_t start, len, size;
};

struct memconn {
	const struct memconn_ops *ops;
	struct ssh_conn conn;
	struct ssh_env env;
	struct ssh_stats stats;
	struct cipher_ctx ctx[2];
	struct pool pool;
	void *pool_mem;
	uint8_t *scratch;
	struct zip_pool zip;
	void *zip_mem;
	struct rng *rng;
	struct membytes in, out;
	struct link_slot slots[LINK_SLOT_COUNT];
	uint64_t credit[SSH_CHAN_MAX]; /* bytes that the channel's host may write */
	uint64_t now;
	struct link_entry up;
	uint8_t *up_bytes;
	bool up_waits, up_sent; /* a record is there; the control side has it */
	uint64_t deadlines;     /* bit per enum link_deadline */
	struct chanset freed;
	uint32_t serial;
	int fatal; /* -R_*: why it is over */
};

/* memconn_init(m, role, limits, comment, rng, ops, now): of `limits` the times, bytes
 * and counts are taken. Our identification line is the first output. 0 or -R_*. */
int memconn_init(struct memconn *m, enum ssh_role role, const struct ssh_env *limits, const char *comment,
    struct rng *rng, const struct memconn_ops *ops, uint64_t now);
void memconn_fini(struct memconn *m);

int memconn_in(struct memconn *m, struct view bytes); /* 0 or -R_NOMEM */
struct view memconn_out(const struct memconn *m);
void memconn_sent(struct memconn *m, size_t len);

/* memconn_run(m, now): act until nothing moves. 0, or -R_* once it is over: what is
 * in memconn_out may still be sent. */
int memconn_run(struct memconn *m, uint64_t now);
/* Deadlines; when to call again. */
uint64_t memconn_tick(struct memconn *m, uint64_t now);
/* It is over: DISCONNECT goes out where the reason has a code. */
void memconn_end(struct memconn *m, int reason);

/* memconn_apply(m, s): all items take effect, in order. A fault ends the connection.
 * 0 or -R_*. */
int memconn_apply(struct memconn *m, const struct step *s);
/* An entry without a record: LINK_UP_REKEY. */
void memconn_tell(struct memconn *m, uint16_t op, uint32_t chan, uint64_t arg);

#endif
