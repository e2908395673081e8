/*
 * postern.channel/1, offered by the host: what a plugin does with a channel.
 *
 * A channel is named by a handle. It is valid from `open` until `closed` has
 * returned (subsystem.h); afterwards every method answers POSTERN_E_CLOSED, also
 * when its number is in use again. Write order is wire order across data, eof,
 * requests, exit status and close.
 *
 * All methods are [plugin-thread].
 */
#ifndef POSTERN_DRAFT_CHANNEL_H
#define POSTERN_DRAFT_CHANNEL_H

#include "../host.h"

#define POSTERN_IF_CHANNEL "postern.channel/1"

struct postern_channel {
	uint64_t handle; /* 0 is no channel */
};

/* Streams: 0 is data, another number an extended data type (RFC 4254 5.2). */
#define POSTERN_STREAM_DATA 0u
#define POSTERN_STREAM_STDERR 1u

/* What `get` can tell, and, where it says so, `set` can change. */
#define POSTERN_CHANNEL_CREDIT 1u         /* bytes that write would take now */
#define POSTERN_CHANNEL_UNREAD 2u         /* bytes of the peer not yet taken */
#define POSTERN_CHANNEL_HELD 3u           /* bytes taken and not yet consumed */
#define POSTERN_CHANNEL_WINDOW 4u         /* receive window that was opened at first */
#define POSTERN_CHANNEL_MAX_PACKET 5u     /* largest data message of the peer */
#define POSTERN_CHANNEL_PEER_EOF 6u       /* 1: the peer sends no more */
#define POSTERN_CHANNEL_LOCAL_EOF 7u      /* 1: eof was called */
#define POSTERN_CHANNEL_OWED 8u           /* replies that the plugin still owes */
/*
 * 0 (the default): what data() takes re-opens the peer's window. 1: only what
 * consume() is told does: for a plugin that passes bytes on and counts them when
 * they have arrived. May be set.
 */
#define POSTERN_CHANNEL_CONSUME_BY_HAND 9u
#define POSTERN_CHANNEL_PEER_WINDOW 10u     /* send window that the peer opened at first */
#define POSTERN_CHANNEL_PEER_MAX_PACKET 11u /* largest data message that it takes */
/* Bytes that the peer's window takes now, as the host was told last; never less than
 * CREDIT, which is also bounded by what may be queued. */
#define POSTERN_CHANNEL_SEND_LEFT 12u
/* Bytes that the peer may send before the plugin takes or consumes more. */
#define POSTERN_CHANNEL_RECEIVE_LEFT 13u
#define POSTERN_CHANNEL_READY 14u           /* POSTERN_READY_*, all that are so now */
#define POSTERN_CHANNEL_PEER_CLOSED 15u     /* 1: the peer closed */
#define POSTERN_CHANNEL_LOCAL_CLOSED 16u    /* 1: close was called and nothing holds it up */
/* What becomes of extended data of the peer: POSTERN_EXTENDED_*. May be set. */
#define POSTERN_CHANNEL_EXTENDED 17u
/*
 * The low water mark: `writable` comes when so many bytes can be written, or all that
 * the peer's window has: 1 at first, at most 8192. May be set. The high water mark is
 * the credit, beyond which write takes nothing.
 */
#define POSTERN_CHANNEL_LOW_WATER 18u
/* Milliseconds after close that what was written has to leave (a peer may never open
 * its window): then the rest is dropped, as by abort. 0, the default: as long as the
 * connection lives. At most 86400000. May be set before close. */
#define POSTERN_CHANNEL_LINGER 19u
#define POSTERN_CHANNEL_PRODUCERS 20u       /* how many hold it */

/* Extended data: with its own stream (the default), as if it were data, or dropped
 * while the window is re-opened by it. Also for what was not taken when it is set. */
#define POSTERN_EXTENDED_SEPARATE 0u
#define POSTERN_EXTENDED_MERGE 1u
#define POSTERN_EXTENDED_IGNORE 2u

/* Readiness of a channel. */
#define POSTERN_READY_DATA 0x1u     /* read has bytes of stream 0 */
#define POSTERN_READY_EXTENDED 0x2u /* read has bytes of another stream */
#define POSTERN_READY_WRITE 0x4u    /* write takes something */
#define POSTERN_READY_EOF 0x8u      /* the peer sends no more, and all was taken */
#define POSTERN_READY_CLOSED 0x10u  /* the peer closed, and all was taken */

struct postern_if_channel {
	/*
	 * Send bytes. *took says how many were accepted: any number from 0 to
	 * data.len. Fewer than all is no error; `writable` follows when there is
	 * room again. Nothing is accepted before the start was answered with
	 * success. POSTERN_E_CLOSED after eof or close, or when the peer closed.
	 */
	int32_t (*write)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t stream, struct postern_view data, uint64_t *took);

	/* The same from `count` pieces, in order. */
	int32_t (*writev)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t stream, const struct postern_view *pieces, uint64_t count, uint64_t *took);

	/* Ask for `writable` without a short write: for a plugin that reads from
	 * elsewhere only when it can pass on. */
	int32_t (*await_credit)(const struct postern_host *host, struct postern_channel channel);

	/* With POSTERN_CHANNEL_CONSUME_BY_HAND: `bytes` that data() took are
	 * finished. POSTERN_E_INVAL for more than are held. */
	int32_t (*consume)(const struct postern_host *host, struct postern_channel channel,
	    uint64_t bytes);

	/* Offer again what data() did not take, soon, not before this returns. */
	int32_t (*resume)(const struct postern_host *host, struct postern_channel channel);

	/* Drop what data() did not take; the window is re-opened by it. *dropped
	 * (may be NULL) says how many bytes there were. */
	int32_t (*discard)(const struct postern_host *host, struct postern_channel channel,
	    uint64_t *dropped);

	/* No more data will be written. The other direction stays open. */
	int32_t (*eof)(const struct postern_host *host, struct postern_channel channel);

	/*
	 * How it ended, before close and at most one of them: RFC 4254 6.10. `name`
	 * without "SIG". POSTERN_E_AGAIN: nothing sent; try in the next event.
	 */
	int32_t (*exit_status)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t status);
	int32_t (*exit_signal)(const struct postern_host *host, struct postern_channel channel,
	    struct postern_view name, uint32_t core_dumped, struct postern_view message);

	/* Answer a start or a request whose callback returned POSTERN_E_AGAIN.
	 * Replies reach the peer in the order of the requests, whatever the order
	 * of the answers. success: 1 or 0. */
	int32_t (*reply)(const struct postern_host *host, struct postern_channel channel,
	    uint64_t token, uint32_t success);

	/*
	 * Refuse a start whose open returned POSTERN_E_AGAIN: as reply with 0, but of a
	 * channel that the peer opened (POSTERN_START_OPEN) it says why: `result` as of
	 * open (subsystem.h), and `text` for people, of which at most 255 bytes are
	 * sent. `closed` follows.
	 */
	int32_t (*refuse)(const struct postern_host *host, struct postern_channel channel,
	    uint64_t token, int32_t result, struct postern_view text);

	/* A channel request toward the peer, no reply wanted ("xon-xoff",
	 * "eow@openssh.com"); `body` are its type specific bytes. */
	int32_t (*request)(const struct postern_host *host, struct postern_channel channel,
	    struct postern_view name, struct postern_view body);

	/* Close after everything written is sent. `closed` follows when the peer
	 * has closed too; until then only get works. */
	int32_t (*close)(const struct postern_host *host, struct postern_channel channel);

	/* POSTERN_E_NOSUCH for a number that this host does not know; set: or that
	 * cannot be set. POSTERN_E_INVAL for a value out of its range. */
	int32_t (*get)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t what, uint64_t *value);
	int32_t (*set)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t what, uint64_t value);

	/*
	 * Take bytes of the peer when it suits the plugin: what data() did not take, or
	 * everything where the plugin has no data(). At most `size` of one run, whose
	 * stream *stream says; taking counts as in data(). POSTERN_E_AGAIN: nothing is
	 * there; POSTERN_E_CLOSED: and nothing will be. POSTERN_E_INVAL inside data().
	 */
	int32_t (*read)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t *stream, void *buffer, uint64_t size, uint64_t *took);

	/*
	 * Call ready(context, events) once, soon, never inside this call, when one of
	 * `events` (POSTERN_READY_*) is so. One at a time: a second call replaces the
	 * first, and events 0 takes it back. Nothing comes after `closed`.
	 */
	int32_t (*await)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t events, void (*ready)(void *context, uint32_t events), void *context);

	/*
	 * Let the peer send `bytes` more than its window was opened for at first, for
	 * good: the host keeps so much more while the plugin does not take it.
	 * POSTERN_E_NOMEM beyond 64 MiB in all. force 1: what was consumed and this are
	 * told the peer at once (bytes may be 0); 0: with the next adjust that is due,
	 * because small ones are put together. Up to 16 MiB a window grows by itself,
	 * when the plugin keeps up with what a long path brings.
	 */
	int32_t (*grow)(const struct postern_host *host, struct postern_channel channel,
	    uint64_t bytes, uint32_t force);

	/*
	 * A producer: while one holds the channel, eof and close are noted and take
	 * effect with the last release; what is written until then still leaves before
	 * them. A channel whose output comes from two programs' ends is held twice, and
	 * told eof or close at once. POSTERN_E_INVAL: release without hold.
	 */
	int32_t (*hold)(const struct postern_host *host, struct postern_channel channel);
	int32_t (*release)(const struct postern_host *host, struct postern_channel channel);

	/* Close now: what was written and has not left is dropped, but an exit status
	 * and replies leave. Also after close. Nothing holds it up. */
	int32_t (*abort)(const struct postern_host *host, struct postern_channel channel);

	/*
	 * The word for this channel in log lines, beside its connection and number: at
	 * first "shell", "exec", the subsystem's name or the channel's type. At most 64
	 * bytes. POSTERN_E_INVAL for more.
	 */
	int32_t (*label)(const struct postern_host *host, struct postern_channel channel,
	    struct postern_view text);
};

#endif
