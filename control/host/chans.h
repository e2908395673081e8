/*
 * The channels of one host: found by handle (from the plugin) and by
 * connection, generation and number (from the link).
 *
 * A handle is the place in the table and a count of its uses, so one that
 * outlived its channel names nothing.
 */
#ifndef POSTERN_CONTROL_HOST_CHANS_H
#define POSTERN_CONTROL_HOST_CHANS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/postern/result.h"
#include "control/host/conns.h"
#include "control/host/inq.h"
#include "control/host/outq.h"
#include "control/host/owed.h"

#define CHAN_F_OPEN 0x0001u       /* the plugin has it: `closed` is owed */
#define CHAN_F_PEER_EOF 0x0002u   /* the peer sends no more */
#define CHAN_F_EOF_TOLD 0x0004u
#define CHAN_F_LOCAL_EOF 0x0008u
#define CHAN_F_CLOSING 0x0010u    /* close was called */
#define CHAN_F_GONE 0x0020u       /* the worker forgot it */
#define CHAN_F_FAULT 0x0040u      /* the plugin broke a rule on it */
#define CHAN_F_PAUSED 0x0080u     /* the plugin did not take all */
#define CHAN_F_RESUME 0x0100u     /* offer again */
#define CHAN_F_WANT_WRITE 0x0200u /* a write was short */
#define CHAN_F_BY_HAND 0x0400u    /* consumption is told by consume() */
#define CHAN_F_EXIT 0x0800u       /* exit-status or -signal was given */
#define CHAN_F_DIRTY 0x1000u      /* in the host's work list */
#define CHAN_F_OFFERING 0x2000u   /* inside the plugin's data() */
#define CHAN_F_DISCARD 0x4000u    /* discard() was called in there */
#define CHAN_F_HASHED 0x8000u
#define CHAN_F_SHUT 0x10000u      /* the peer closed */
#define CHAN_F_SHUT_TOLD 0x20000u
#define CHAN_F_SILENT 0x40000u    /* the peer wants no reply to the start */
#define CHAN_F_ASKING 0x1000000u    /* asked for by the plugin, and not open yet: it has no number */
#define CHAN_F_EOF_NOTED 0x100000u   /* eof was called while a producer holds it */
#define CHAN_F_CLOSE_NOTED 0x200000u /* close, too */
#define CHAN_F_ABORT 0x400000u       /* what the worker has of it is to be dropped */
#define CHAN_F_WAITING 0x2000000u    /* the peer opened it, and the plugin has not answered */
#define CHAN_F_ADJUST 0x800000u      /* the peer is told at once what was taken */
#define CHAN_F_OPENING 0x80000u   /* the peer's open is not answered toward the worker */

struct host;

struct chan {
	struct host *host;
	uint32_t conn;
	uint32_t gen;
	uint32_t number;
	uint32_t use;          /* which use of the number: every entry says it again */
	uint32_t slot;
	uint32_t flags;        /* CHAN_F_* */
	uint32_t gone_reason;  /* with GONE */
	uint32_t window;       /* most that may be unread and held at once */
	uint32_t max_packet;
	uint64_t credit;       /* may be published now */
	uint64_t beyond;       /* what the peer's window takes beside it */
	uint64_t grown;        /* not yet told the worker */
	uint32_t first_window; /* `window` before it grew */
	uint32_t peer_window;  /* of the peer, at first */
	uint32_t peer_packet;
	uint32_t extended;     /* POSTERN_EXTENDED_* */
	uint32_t low_water;
	uint32_t linger_ms;    /* of a close; 0: no end */
	uint32_t producers;
	uint32_t awaited;      /* POSTERN_READY_* */
	void (*ready)(void *context, uint32_t events);
	void *ready_context;
	char *label;
	uint64_t took;         /* consumed and not yet told the worker */
	uint64_t held;         /* taken, to be consumed by hand */
	uint64_t start_token;  /* the start's reply; 0 once it is answered */
	uint32_t refuse_code;  /* of message 92; 0: none was given */
	char *refuse_text;     /* for people; NULL: none */
	void *context;
	struct host_conn *on;  /* its connection */
	uint32_t ask;          /* ASKING: our number for what was asked */
	void (*opened)(void *context, int32_t result, uint32_t code, struct postern_view text);
	int linger;            /* timer of a channel that still drains; 0 none */
	int open_timer;        /* with WAITING */
	int abort_timer;       /* of a close that lingers; 0 none */
	struct inq in;
	struct outq out;
	struct owed owed;
	struct chan *next_hash;
	struct chan *next_dirty;
};

struct chan_place {
	struct chan *chan;
	uint32_t uses;
	uint32_t next_free;
};

struct chans {
	struct chan_place *place;
	uint32_t size;
	uint32_t free;         /* first free place; `size` when there is none */
	uint32_t count;
	struct chan **hash;
	uint32_t buckets;      /* a power of two */
};

/* A new channel, hashed; NULL when memory is out. */
struct chan *chans_new(struct chans *t, uint32_t conn, uint32_t gen, uint32_t number);

/* The same without a name on the link; chans_name gives it one later. */
struct chan *chans_new_unnamed(struct chans *t, uint32_t conn, uint32_t gen);
void chans_name(struct chans *t, struct chan *c, uint32_t number);

/* From the link; NULL for one that is not there. */
struct chan *chans_find(const struct chans *t, uint32_t conn, uint32_t gen, uint32_t number);

/* From the plugin. */
struct chan *chans_by_handle(const struct chans *t, uint64_t handle);
uint64_t chans_handle(const struct chans *t, const struct chan *c);

/* The plugin's handle ends here; the link still finds the channel. */
void chans_revoke(struct chans *t, struct chan *c);

/* The link's name ends here; it may be used again. */
void chans_unhash(struct chans *t, struct chan *c);

void chans_free(struct chans *t, struct chan *c);
void chans_fini(struct chans *t);

#endif
