/*
 * One end of SSH in the client role: the dataplane's connection (records, channels,
 * windows, rekey holds) and a caller (control/client) in one object. Bytes in, bytes
 * out, events; no socket, no clock. A tool puts it onto a kernel socket, a test joins
 * it with a server's end.
 *
 *   bytes --> memconn_in              +--------- callend ---------+
 *                 |                   |  memconn  <---->  caller  |  --> told(): events
 *                 v                   |     |      steps          |
 *             callend_run <---------->|     v                     |  --> chan(): data, EOF,
 *                 |                   |  channels                 |      requests, credit
 *   bytes <-- memconn_out             +---------------------------+
 *
 * After callend_run answer what caller.wants, if anything, and run again:
 *
 *   caller_trust(&e->caller, true, callend_step(e));
 *   callend_do(e);
 *
 * One thread. cipher_start and pk_start come first. Memory: some 500 KiB and the pool.
 */
#ifndef POSTERN_TOOLS_CALLEND_H
#define POSTERN_TOOLS_CALLEND_H

#include "control/client/caller.h"
#include "tools/client/memconn.h"

#define CALLEND_LINK 1u /* caller_start(): the link of every channel here */

struct callend;

struct callend_conf {
	const char *user;
	const char *comment; /* of our identification line, or NULL */
	struct kex_offer offer;
	struct ssh_env limits; /* as memconn_init takes them */
	const char *opens; /* types of channels that the server may open; or NULL */
	const struct zip_engine *zip; /* for compression that the offer names; or NULL */
	struct rng *rng;
	void (*told)(void *ctx, struct callend *e, const struct caller_event *event);
	/* enum chan_up as in struct ssh_ops.host; arg0 likewise. False: no room now: call
	 * ssh_host_ready(&e->m.conn, CALLEND_LINK) when there is. */
	bool (*chan)(void *ctx, struct callend *e, uint32_t chan, enum chan_up kind, uint64_t arg0,
	    struct view bytes);
	void (*sealed)(void *ctx, size_t len); /* as in struct memconn_ops; or NULL */
	void *ctx;
};

struct callend {
	struct callend_conf conf;
	struct caller caller;
	struct caller_env env;
	struct memconn m;
	struct memconn_ops ops;
	struct step step;
	char ident[SSH_IDENT_MAX + 1];
};

/* callend_new(conf, now): our identification line is the first output. NULL: no
 * memory, or a comment that is no text. */
struct callend *callend_new(const struct callend_conf *conf, uint64_t now);
void callend_free(struct callend *e);

/* As memconn_run and memconn_end, with the caller. */
int callend_run(struct callend *e, uint64_t now);
void callend_cut(struct callend *e, int reason);

/* An empty step for a function of the caller; callend_do: it takes effect. 0 or -R_*. */
struct step *callend_step(struct callend *e);
int callend_do(struct callend *e);

/* A started channel: bytes taken, as credit allows; -R_*. */
int64_t callend_write(struct callend *e, uint32_t chan, struct view bytes);
/* For ssh_host_*(): NULL when it is not started, or over. */
struct ssh_chan *callend_chan(struct callend *e, uint32_t chan);

#endif
