/*
 * One SSH connection in the dataplane: phases, records, channels, queues.
 * No I/O, no clock, no allocation: bytes, time and memory come from the caller,
 * effects leave through struct ssh_ops.
 *
 *   ssh_input   pull bytes of the peer as far as they may be acted on now
 *   ssh_output  seal what may leave now: control before data, channels in turn
 *   ssh_tick    deadlines
 *
 * Calls that return an int < 0 found a fatal fault of the peer or of a control
 * process: the caller ends the connection with ssh_end(c, reason).
 *
 * Server and client role use the same code; the demux table differs (demux.h).
 */
#ifndef POSTERN_SSH_CONN_H
#define POSTERN_SSH_CONN_H

#include <stdbool.h>

#include "abi/wire/algo.h"
#include "abi/wire/ssh.h"
#include "dataplane/mem/fifo.h"
#include "dataplane/ssh/chanset.h"
#include "dataplane/ssh/itemq.h"
#include "dataplane/ssh/record.h"
#include "dataplane/ssh/zip.h"

#define SSH_CHAN_MAX 256u             /* channels per connection, hard limit */
#define SSH_HOLD_MAX (64u * 1024u)    /* bytes of control records held back by HOLD */
#define SSH_CHAN_OUT_MAX (128u * 1024u) /* credit plus queued bytes of one channel */
#define SSH_CHAN_EXTRA_MAX (64u * 1024u) /* queued beside data: requests, replies, headers */
#define SSH_CHAN_WINDOW_MAX (64u << 20) /* receive window that a host lets grow */
#define SSH_CHAN_GROW_MAX (16u << 20) /* one that grows by itself: twice TCP's, for what a host has */
#define SSH_CONN_GROW_MAX (32u << 20) /* by which those of a connection grow by themselves */
#define SSH_CHAN_OUT_LEAST (16u * 1024u) /* of that, however few blocks are free */
#define SSH_CHAN_ASKS_MAX 64u         /* requests held while a start is decided */
#define SSH_HELD_SHARE 16u            /* one part in so many of the free blocks may be held */
#define SSH_HELD_LEAST 32u            /* blocks; toward all hosts of a connection */
#define SSH_HELD_MAX 4096u            /* blocks, 8 MiB; the same, however many are free */
#define SSH_HELD_HOLD 4u              /* times that while HOLD: the exchange should be read to its end */
#define SSH_GRANT_SHARE 16u           /* one part in so many of what is free: a connection's, toward the peer */
#define SSH_WINDOWS_MAX (64u << 20)   /* receive windows of a connection's channels, together, at first */
#define SSH_GROWTH_MAX (64u << 20)    /* what hosts let these grow by, together */
#define SSH_CTRL_SOFT (48u * 1024u)   /* with more queued, the peer is not read */
#define SSH_CTRL_MAX (256u * 1024u)   /* control records queued, hard limit */
#define SSH_FRESH_BYTES 4096u         /* of a channel that had nothing to say: before the others */
#define SSH_TURN_BYTES 8192u          /* of a channel, until the next one has its turn */
#define SSH_GLOBAL_MAX 64u            /* global requests of ours that await a reply */
#define SSH_ASKED_MAX 16u             /* of these: those that hosts asked for */
#define SSH_ANSWER_MAX 1024u          /* bytes of a reply that a host is told */
#define SSH_REFUSED_MAX 255u          /* bytes of text in a message 92 that a host is told */
#define SSH_KEXINIT_HOLD_US 200000u   /* or three round trips, whichever is more */
#define SSH_REKEY_APART_US 10000000u /* plugins get new keys no sooner after the last */
#define SSH_SLACK_US 2000000u         /* a reported deadline is enforced here after this */
#define SSH_CHAN_WHAT_MAX 48u         /* of a command's or subsystem's text */
#define SSH_START_MAX RECORD_MAX      /* open_payload of ssh_do_chan_start */

struct ssh_conn;
struct ssh_chan;

enum ssh_up { /* what goes to gate or clerk */
	SSH_UP_IDENT, SSH_UP_RECORD, SSH_UP_NEWKEYS, SSH_UP_DEADLINE, SSH_UP_REKEY,
};

enum chan_up { /* what goes to a channel's host */
	CHAN_UP_OPEN, CHAN_UP_DATA, CHAN_UP_EOF, CHAN_UP_REQUEST, CHAN_UP_CREDIT, CHAN_UP_SHUT,
	CHAN_UP_CLOSED, CHAN_UP_WINDOW,
};

enum host_up { /* what goes to a host and belongs to no channel: answers to what it asked */
	HOST_UP_REFUSED, HOST_UP_ANSWER,
};

/* Who asked for a channel toward the peer or a global request: a host's link, and its
 * own number for it. */
struct ssh_ask {
	uint32_t link;
	uint32_t id;
};

enum ssh_deadline { /* arg of SSH_UP_DEADLINE; the numbers are enum link_deadline's */
	SSH_DEADLINE_KEXINIT = 1, SSH_DEADLINE_GRACE = 2, SSH_DEADLINE_REKEY = 3,
};

/* Which part of the work begins. */
enum ssh_stage { SSH_STAGE_REST, SSH_STAGE_OPEN, SSH_STAGE_SEAL };

struct ssh_ops {
	/* Bytes of the peer, in order. The owner's buffer must be able to hold
	 * RECORD_MAX of them: a record is taken whole. */
	size_t (*peek)(void *owner, struct ssh_conn *, void *dst, size_t len);
	void (*take)(void *owner, struct ssh_conn *, size_t len);
	size_t (*readable)(void *owner, struct ssh_conn *);
	/* Sealed bytes to the peer: never more than room() said. A record that waits
	 * for more is told by room_short: call ssh_output when there is. */
	size_t (*room)(void *owner, struct ssh_conn *);
	void (*room_short)(void *owner, struct ssh_conn *);
	int (*wire)(void *owner, struct ssh_conn *, const uint8_t *data, size_t len);
	/* May one more record be handed to gate or clerk? Asked before a record is
	 * opened; false stops ssh_input. In SERVICE and AUTH the owner answers true
	 * only when none is outstanding. */
	bool (*control_ready)(void *owner, struct ssh_conn *);
	/* Hand one up; the owner copies. arg: enum ssh_deadline for DEADLINE.
	 * IDENT, RECORD, NEWKEYS and REKEY come only after control_ready said yes,
	 * DEADLINE at any time; seq is that of the record (NEWKEYS: of the peer's).
	 * chan: our channel number or 0xffffffff. 0 or -R_SSH_QUEUE. */
	int (*control)(void *owner, struct ssh_conn *, enum ssh_up, struct view payload,
	    uint32_t seq, uint32_t chan, uint64_t arg);
	/* Hand an event to the channel's host; the owner copies. False: no room
	 * now: call ssh_host_ready when there is. DATA is offered in pieces of at
	 * most SSH_CHAN_PACKET_MAX.
	 *   OPEN    arg0 our maximum packet, arg1 credit; payload of the start
	 *   DATA    arg0 stream            REQUEST arg0 want reply; str name, specifics
	 *   CREDIT  arg0 more credit       CLOSED  arg0 reason
	 *   WINDOW  arg0 bytes by which the window grew; false: it does not grow
	 *   SHUT    the peer closed: only requests and CLOSE are still sent, and a
	 *           CLOSE is expected */
	bool (*host)(void *owner, struct ssh_conn *, struct ssh_chan *, enum chan_up,
	    uint64_t arg0, uint64_t arg1, struct view payload);
	/* Hand an answer to the host that asked; the owner copies. False: no room now, as
	 * of host. arg: REFUSED: code of message 92; ANSWER: 1 success, 0 failure. */
	bool (*told)(void *owner, struct ssh_conn *, struct ssh_ask, enum host_up, uint64_t arg,
	    struct view payload);
	/* The channel is gone, its number free again; `use` was its. Not called for an open
	 * of control's own that message 92 refused. */
	void (*chan_free)(void *owner, struct ssh_conn *, uint32_t ours, uint32_t use, bool started);
	/* Count a reason that is not fatal. */
	void (*drop)(void *owner, int reason);
	/* Random bytes for padding. */
	void (*random)(void *owner, void *dst, size_t len);
	/* Of a connection with `traced` set: a record that was opened, or sealed (out). */
	void (*trace)(void *owner, struct ssh_conn *, bool out, struct view payload, uint32_t seq,
	    size_t wire);
	/* For who counts time: the cipher begins with a record of len bytes, or is done
	 * with it (REST). May be NULL. */
	void (*stage)(void *owner, enum ssh_stage, size_t len);
};

/* How often a connection reached what it may hold. */
struct ssh_stats {
	uint64_t held_waits;       /* the peer was not read: its channels' hosts leave too much */
	uint64_t grants_short;     /* a host was granted less: the share of the blocks is used */
	uint64_t growth_cut;       /* a window did not grow by all that its host wanted */
};

/* What all connections of a worker share. */
struct ssh_env {
	const struct ssh_ops *ops;
	void *owner;
	struct pool *pool;
	struct ssh_stats *stats;
	uint8_t *scratch;          /* 2 * RECORD_MAX bytes */
	const struct cipher_engine *(*engine)(uint16_t suite);
	struct zip_pool *zip;      /* NULL: no compression */
	uint64_t rekey_bytes;      /* 0: the suite's own limit */
	uint64_t rekey_us;         /* 0: none */
	uint64_t grace_us;         /* whole login; 0: none */
	uint64_t grace_kex_us;     /* until the first NEWKEYS of the peer */
	uint64_t rekey_deadline_us;
	uint64_t alive_us;         /* keepalive@openssh.com after this much silence; 0: off */
	uint32_t alive_max;
	uint64_t chaff_us;         /* IGNORE so often after what looks typed; 0: never */
};

enum ssh_role { SSH_SERVER, SSH_CLIENT };

/* ---- channels ---- */

#define CHAN_EOF_IN 0x01u      /* received */
#define CHAN_EOF_OUT 0x02u     /* queued or sent */
#define CHAN_CLOSE_IN 0x04u
#define CHAN_CLOSE_OUT 0x08u   /* leaves when what is queued has left */
#define CHAN_CLOSE_SENT 0x10u
#define CHAN_STARTED 0x20u
#define CHAN_HOST_TOLD 0x80u   /* CLOSED was handed to the host, or it is dead */
#define CHAN_OPENING 0x100u    /* our message 90 is out, its answer is awaited */
#define CHAN_STARTING 0x200u   /* a start request is with clerk: later ones wait */
#define CHAN_RELEASE 0x400u    /* the start was refused: hand what waited to clerk */
#define CHAN_STATUS 0x800u     /* exit-status or exit-signal is queued */
#define CHAN_ABORT 0x1000u     /* exit-signal ABRT goes out before CLOSE */
#define CHAN_HOST_CLOSED 0x2000u /* the host asked for CLOSE */
#define CHAN_OPEN_TOLD 0x4000u /* OPEN was handed to the host */
#define CHAN_TERMINAL 0x8000u  /* started with a terminal */
#define CHAN_ADJUST_NOW 0x8000000u /* the host wants what it consumed told at once */
#define CHAN_CONFIRMING 0x10000u /* the peer's message 90 is with the host: 91 or 92 is owed */
#define CHAN_ASKED 0x20000u      /* opened toward the peer because a host asked: `link`, `ask` */

struct ssh_chan {
	uint32_t ours;
	uint32_t peers;
	uint32_t flags;
	uint32_t window_in;        /* what the peer may still send */
	uint32_t window_in_max;
	uint32_t grown;            /* of that: by itself (window.c) */
	uint32_t let;              /* of that: as much more as the host let it */
	uint32_t took;             /* consumed, not yet given back with an adjust */
	uint32_t packet_in_max;
	uint64_t window_out;       /* what we may still send */
	uint32_t window_out_first; /* what the peer opened at first */
	uint32_t packet_out_max;
	uint32_t credit;           /* granted to the host, not yet used */
	uint32_t link;             /* host link id */
	uint32_t ask;              /* ASKED: the host's own number for it */
	uint32_t replies_owed;     /* requests of the peer whose reply the host owes */
	uint32_t control_owed;     /* the same, owed by gate or clerk before a start */
	uint32_t queued;           /* data bytes in out */
	uint32_t requests_queued;  /* bytes of the host's requests in out */
	uint32_t replies_queued;   /* replies in out */
	int32_t turn_left;         /* bytes that its turn still has, or owes (mux.c) */
	uint64_t unread;           /* data bytes the host has and did not take */
	uint64_t round_us;         /* when the round trip began that window.c looks at; 0: none did */
	uint64_t round_took;       /* bytes that the host took in it */
	uint64_t round_waits;      /* least that waited for the host in it */
	struct itemq out;          /* items toward the peer, in wire order */
	struct itemq held;         /* items toward the host, in order */
	uint32_t asks_held;        /* requests in held */
	uint64_t bytes_in;
	uint64_t bytes_out;
	/* How it was started, for the operator. */
	uint64_t opened_ms;        /* set by the owner: unix time */
	uint32_t use;              /* the owner's: which start of this number it is */
	uint8_t start;             /* first byte of open_payload */
	uint8_t what_len;
	char what[SSH_CHAN_WHAT_MAX];
};

/* Those but the first are in blocks, so many in each. */
#define SSH_CHAN_PER ((uint32_t)(POOL_DATA / sizeof(struct ssh_chan)))
#define SSH_CHAN_LEAVES ((SSH_CHAN_MAX - 1 + SSH_CHAN_PER - 1) / SSH_CHAN_PER)
_Static_assert(SSH_CHAN_MAX == CHANSET_MAX, "a set has a bit for each");

struct ssh_conn {
	const struct ssh_env *env;
	void *user;                /* the owner's */
	enum ssh_role role;
	enum ssh_phase phase;
	struct record_dir in;
	struct record_dir out;
	struct cipher_ctx *ctx;    /* 2: in, out; the owner's memory */
	bool hold;                 /* our KEXINIT is out, our NEWKEYS is not */
	bool keys_pending;         /* incoming keys wait for the peer's NEWKEYS */
	bool out_pending;          /* outgoing keys wait for our NEWKEYS to be sealed */
	bool kex_in;               /* peer's KEXINIT seen, its NEWKEYS not */
	bool answer_awaited;       /* client: nothing is read until the exchange's next step */
	bool first_done;           /* the first exchange is over in both directions */
	bool ident_out;
	bool rekey_asked;
	bool rekey_wanted;         /* by an operator or a plugin, not asked for yet */
	bool kexinit_expired;
	bool strict;
	bool granted;              /* a grant is stored: message 52 may leave */
	bool traced;               /* the owner wants to see what its records are */
	bool ending;               /* DISCONNECT is queued; close when drained */
	uint8_t last_msg;          /* of the record that control sent last, 0 after another item */
	uint8_t ident_skipped;     /* client: lines in front of the identification */
	struct ssh_key_copy {
		uint16_t suite;
		bool reset_seq;
		bool zip;
		uint8_t key[64];
		uint8_t iv[16];
		uint8_t mac[64];
	} pending_in, pending_out; /* wiped when they take effect */
	struct zip_conn zip;
	struct fifo ctrl;          /* records to send before any channel data: u32 length, payload */
	struct fifo delayed;       /* the same, held back by HOLD; leave after ctrl */
	uint64_t global_ours;      /* bit i: the i-th awaited global reply is for a keepalive */
	uint64_t global_asked;     /* bit i: it is for a host: the next of `asked` */
	uint32_t global_count;
	uint32_t asked_count;
	struct ssh_ask asked[SSH_ASKED_MAX]; /* in order */
	struct itemq told;         /* answers that their hosts have no room for */
	struct chanset used;
	struct chanset ready;      /* may have something to say to the peer */
	struct chanset fresh;      /* of these: had nothing before, and go first */
	struct chanset holding;    /* may hold something for their hosts */
	uint32_t next_chan;        /* mux: whose turn it is */
	uint32_t chan_count;
	uint32_t windows;          /* sum of window_in_max without grown and let */
	uint32_t let;              /* sum of the channels' */
	uint64_t lent;             /* sum of credit and queued */
	uint32_t releasing;        /* channels with CHAN_RELEASE */
	uint32_t grown;            /* sum of the channels' */
	uint64_t opened_us;
	uint64_t ident_us;
	uint64_t rtt_us;           /* of the owner, kept up; 0: not known */
	uint64_t keyed_us;         /* time of the last NEWKEYS out */
	uint64_t hold_us;          /* time HOLD began */
	uint64_t kex_us;           /* time the exchange that runs began, 0: none runs */
	uint64_t heard_us;
	uint64_t alive_us;         /* time of the last probe */
	uint64_t typed_us;         /* time of the last data that looks typed, 0: none */
	uint64_t chaff_us;         /* time of the last chaff */
	uint32_t alive_sent;
	uint64_t reported;         /* deadlines already reported, bit per enum */
	struct ssh_chan first;     /* channel 0; the others are in blocks of the pool */
	struct block *more[SSH_CHAN_LEAVES];
};

/* ssh_chan_at(c, ours): the place of a channel that is in use. */
static inline struct ssh_chan *
ssh_chan_at(const struct ssh_conn *c, uint32_t ours)
{
	uint32_t at = ours - 1;

	if (ours == 0)
		return (struct ssh_chan *)&c->first;
	return (struct ssh_chan *)(void *)c->more[at / SSH_CHAN_PER]->data + at % SSH_CHAN_PER;
}

/* ssh_chan_next(c, from): the first channel in use whose number is not below `from`,
 * or NULL. */
static inline struct ssh_chan *
ssh_chan_next(const struct ssh_conn *c, uint32_t from)
{
	uint32_t at = chanset_next(&c->used, from);

	return at < SSH_CHAN_MAX ? ssh_chan_at(c, at) : NULL;
}

/* ssh_init(c, env, role, ctx, user, now): a fresh connection; ctx has room for
 * two contexts. */
void ssh_init(struct ssh_conn *c, const struct ssh_env *env, enum ssh_role role,
    struct cipher_ctx *ctx, void *user, uint64_t now);

/* ssh_fini(c, reason): wipe keys and queues, give blocks back. Hosts that know of a
 * channel are told CLOSED with `reason`; a channel whose host has no room stays. */
void ssh_fini(struct ssh_conn *c, int reason);

/* ssh_tell_closed(c, reason): after ssh_fini, tell those that had no room. True: all
 * know, and no block is held any more. */
bool ssh_tell_closed(struct ssh_conn *c, int reason);

/* ssh_start(c, comment): queue our identification line, at once. */
int ssh_start(struct ssh_conn *c, const char *comment);

/* Act on what the peer sent; returns records handled, or -R_*. It stops after a
 * batch so that others have their turn: call again while it returns more than 0,
 * after control became ready, after a step was done, after ssh_output. */
int ssh_input(struct ssh_conn *c, uint64_t now);

/* Seal and hand to wire() what may leave; returns records, or -R_*. */
#define SSH_OUTPUT_BATCH 64 /* records of one call: a peer's maximum packet may be 1 */
int ssh_output(struct ssh_conn *c, uint64_t now);

/* Fire deadlines; returns the next time to call, UINT64_MAX for never. *fatal is
 * 0 or -R_*: end the connection. */
uint64_t ssh_tick(struct ssh_conn *c, uint64_t now, int *fatal);

/* ssh_rekey(c, now): new keys as soon as control can begin with them, whatever the
 * limits say. 0; nothing to do, which is no fault: -R_LINK_STATE, not logged in or an
 * exchange runs; or, as input. */
int ssh_rekey(struct ssh_conn *c, uint64_t now);

/* ssh_end(c, reason, text): queue DISCONNECT (where reason.def gives a code) and
 * read nothing more. The caller closes TCP when ssh_drained. */
void ssh_end(struct ssh_conn *c, int reason, const char *text);
bool ssh_drained(const struct ssh_conn *c);

/* The host link has room again: offer held events of every channel on it. */
void ssh_host_ready(struct ssh_conn *c, uint32_t link);

/* Memory held for this connection, in bytes of whole blocks. */
size_t ssh_charge(const struct ssh_conn *c);

/*
 * ---- what gate and clerk ask for (items of STEP); 0 or -R_* ----
 *
 * -R_LINK_CHAN: the channel is gone or going, because the peer closed it while
 * the entry was under way: no fault of the sender, the item has no effect.
 * -R_NOMEM: no blocks, nothing was done. -R_SSH_QUEUE: the peer made us hold
 * too much. Everything else is a fault of the sender.
 */

/* Refused are 21, 93-97, what the phase does not allow, message 52 without a
 * grant (-R_NO_GRANT) and anything but ssh_do_phase after it. KEXINIT sets HOLD. */
int ssh_do_record(struct ssh_conn *c, struct view payload);
/* Right after the record with our KEXINIT. */
int ssh_do_hold(struct ssh_conn *c, uint64_t now);
/* keys: suite numbers and material for both directions; copied. */
struct ssh_new_keys {
	uint16_t suite_in, suite_out;
	bool reset_seq;
	bool zip_in, zip_out;      /* zlib@openssh.com; only with a place in env->zip */
	const uint8_t *key_in, *iv_in, *mac_in;
	const uint8_t *key_out, *iv_out, *mac_out;
};
int ssh_do_newkeys(struct ssh_conn *c, const struct ssh_new_keys *keys, uint64_t now);
int ssh_do_phase(struct ssh_conn *c, enum ssh_phase phase);
int ssh_do_chan_new(struct ssh_conn *c, uint32_t ours, uint32_t peers, uint32_t window_out,
    uint32_t packet_out, uint32_t window_in, uint32_t packet_in);
/* Bind and start; open_payload is that of UP(CHAN_OPEN), held if no room. The
 * start's own reply is owed when want_reply. */
int ssh_do_chan_start(struct ssh_conn *c, uint32_t ours, uint32_t link, bool want_reply,
    struct view open_payload);
/* The same of a channel that the peer opens, right after ssh_do_chan_new: the host's
 * answer is message 91 or 92, and until then the channel exists for nobody else. */
int ssh_do_chan_open(struct ssh_conn *c, uint32_t ours, uint32_t link, struct view open_payload);
int ssh_do_chan_close(struct ssh_conn *c, uint32_t ours);

/*
 * ---- what a host asked for, and control allowed: ask.c; 0 or -R_* ----
 *
 * The answer of the peer, or of control, goes to the host that asked, once; to nobody
 * when it died meanwhile.
 */

/* A channel toward the peer: message 90 leaves, and the row knows its host from here on:
 * with 91 it is started there, with 92 it is refused. -R_LINK_STATE: the number is in
 * use. */
struct ssh_ask_chan {
	uint32_t ours;
	uint32_t window;
	uint32_t packet;
	struct view type;
	struct view body;          /* type specific */
};
int ssh_ask_open(struct ssh_conn *c, struct ssh_ask from, const struct ssh_ask_chan *q);
/* A global request. Without `want` it is answered as soon as it is queued; with too many
 * under way at once with failure. */
int ssh_ask_global(struct ssh_conn *c, struct ssh_ask from, bool want, struct view name, struct view body);
/* It is not allowed. arg as of told(). */
int ssh_ask_refuse(struct ssh_conn *c, struct ssh_ask from, enum host_up what, uint32_t arg, struct view text);

/*
 * ---- what a host asks for; 0 or -R_LINK_*: the host broke the rules ----
 *
 * -R_NOMEM: no blocks; nothing was done, ask again later. What meets a channel
 * that the peer closed in the meantime is dropped, and that is no fault.
 */

/* The host's channel, from CHAN_UP_OPEN to CHAN_UP_CLOSED; NULL otherwise. */
struct ssh_chan *ssh_chan_of(struct ssh_conn *c, uint32_t ours, uint32_t link);
int ssh_host_data(struct ssh_conn *c, struct ssh_chan *ch, uint32_t stream, struct view data);
int ssh_host_took(struct ssh_conn *c, struct ssh_chan *ch, uint64_t bytes);
int ssh_host_eof(struct ssh_conn *c, struct ssh_chan *ch);
int ssh_host_request(struct ssh_conn *c, struct ssh_chan *ch, struct view payload);
int ssh_host_reply(struct ssh_conn *c, struct ssh_chan *ch, bool ok);
/* The peer's open is refused: RFC 4254 section 5.1, code and text. */
int ssh_host_refuse(struct ssh_conn *c, struct ssh_chan *ch, uint32_t code, struct view text);
int ssh_host_close(struct ssh_conn *c, struct ssh_chan *ch);
/* The same without what is queued of data; also after it. */
int ssh_host_abort(struct ssh_conn *c, struct ssh_chan *ch);
/* The window is `bytes` larger from here on, at most LINK_WINDOW_MAX; now: the peer is
 * told at once, also of what was taken. */
void ssh_host_grow(struct ssh_conn *c, struct ssh_chan *ch, uint64_t bytes, bool now);
int ssh_host_rekey(struct ssh_conn *c, uint64_t now);
/* The host died: exit-signal (ABRT) where nothing was said yet, then CLOSE. */
void ssh_host_gone(struct ssh_conn *c, uint32_t link);

/* ssh_terminal(c): is a channel open that was started with a terminal? */
bool ssh_terminal(const struct ssh_conn *c);

#endif
