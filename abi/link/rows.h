/*
 * Rows of ATTACH_ROWS: what a worker says of each connection and each channel when
 * it is asked. The supervisor passes them on unread: a channel's `what` is text that
 * a peer chose.
 *
 * A row is u8 kind, str body. Bodies grow at their end; unknown kinds are skipped.
 */
#ifndef POSTERN_LINK_ROWS_H
#define POSTERN_LINK_ROWS_H

#include "abi/link/layout.h"
#include "abi/wire/cursor.h"

#define ROW_MAX 192u /* encoded, whole */

enum row_kind { ROW_CONN = 1, ROW_CHAN = 2 };

struct row_conn {
	uint32_t conn;
	uint32_t gen;
	struct view peer;     /* text */
	uint16_t peer_port;
	uint8_t phase;        /* enum ssh_phase */
	uint64_t opened_ms;   /* unix time */
	uint64_t bytes_in;    /* of its TCP stream */
	uint64_t bytes_out;
	uint32_t chans;
	uint32_t rtt_us;
	uint16_t suite_in;    /* algo.def; 0: none yet */
	uint16_t suite_out;
};

#define ROW_CHAN_STARTED 0x01u
#define ROW_CHAN_EOF_IN 0x02u
#define ROW_CHAN_EOF_OUT 0x04u
#define ROW_CHAN_CLOSE_IN 0x08u
#define ROW_CHAN_CLOSE_OUT 0x10u

struct row_chan {
	uint32_t conn;
	uint32_t gen;
	uint32_t ours;
	uint32_t peers;
	uint8_t flags;        /* ROW_CHAN_* */
	uint8_t start;        /* enum link_start; 0: not started */
	struct view what;     /* command or subsystem, or its beginning */
	uint64_t opened_ms;   /* unix time */
	uint64_t bytes_in;    /* payload */
	uint64_t bytes_out;
	uint32_t window_in;   /* what the peer may still send */
	uint64_t window_out;  /* what we may still send */
	uint32_t queued;      /* bytes toward the peer that wait */
	uint32_t held;        /* bytes toward the host that wait */
	uint64_t unread;      /* bytes that the host has and did not take */
};

void row_conn_put(struct put *w, const struct row_conn *r);
void row_chan_put(struct put *w, const struct row_chan *r);

struct row {
	uint8_t kind;
	union {
		struct row_conn conn;
		struct row_chan chan;
	};
};

/* row_next(c, r): the next row of a known kind; views borrow. 1, 0 at the end, or
 * -R_LINK_NOTE. */
int row_next(struct cur *c, struct row *r);

#endif
