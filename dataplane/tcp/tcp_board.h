/*
 * What is in flight, as ranges of one fate: when each was last sent, whether the
 * peer holds it (RFC 2018), whether it is lost.
 *
 * A board is a block of the pool, held only while something is in flight, and one more
 * for every TCP_LEAF_BYTES in flight where so many ranges are needed: a queue that
 * overflows in slow start loses one segment in two, and each is a range of its own.
 * What went out together is one range; SACK blocks and retransmissions cut
 * ranges. When there is no room, neighbours become one with the later time, so
 * that nothing is found lost too early; a SACK block that finds none is left
 * out. What is held is a hint: it is forgotten at the second timeout in a row,
 * or when the first byte outstanding is said to be held (RFC 2018 section 8).
 */
#ifndef POSTERN_TCP_BOARD_H
#define POSTERN_TCP_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/mem/vec.h"
#include "dataplane/tcp/tcp_cc.h"
#include "dataplane/tcp/tcp_opt.h"

#define TCP_SENT_HELD 0x01u  /* by the peer, out of order */
#define TCP_SENT_LOST 0x02u  /* to be sent again */
#define TCP_SENT_AGAIN 0x04u /* was sent more than once */
#define TCP_SENT_PROBE 0x08u /* a larger segment: a range of its own */

struct tcp_sent {
	uint32_t end;        /* it begins where the one before it ends */
	uint32_t at;         /* us, modulo 2^32 */
	uint32_t flags;
};

#define TCP_SENT_LEAF 128u   /* ranges of a block */
#define TCP_LEAF_BYTES 65536u /* in flight, for each block after the first */

enum tcp_frto {
	FRTO_OFF,
	FRTO_FIRST,          /* one segment was sent again: what does its answer say? */
	FRTO_SEND,           /* it acknowledged: new data next */
	FRTO_WAIT,           /* its answer decides */
};

struct tcp_board {
	uint32_t una;
	uint32_t held;       /* bytes */
	uint32_t lost;       /* bytes, waiting to be sent again */
	uint32_t lost_at;    /* nothing before it is lost */
	uint32_t fack;       /* one behind the highest that was delivered */
	uint32_t again;      /* one behind the highest that was sent again */
	/* RACK: of the segment that was sent last among those delivered. */
	uint32_t rack_at;
	uint32_t rack_end;
	uint32_t rack_rtt;
	bool rack_on;        /* the three above are known */
	bool rescued;        /* RFC 6675 NextSeg rule 4, in this recovery */
	/* Proportional rate reduction, in this recovery (tcp_prr.c). */
	uint32_t prr_flight; /* RecoverFS */
	uint32_t prr_delivered;
	uint32_t prr_out;
	struct cc_round round; /* RFC 7661 section 4.2 */
	/* What a reduction can be undone by (tcp_undo.c). */
	struct tcp_cc undo_cc;
	uint32_t undo_mark;  /* snd_una when the window was reduced */
	uint32_t undo_end;   /* and snd_max */
	uint32_t undo_first; /* the first that was sent again ends here */
	uint32_t undo_stamp; /* and had this timestamp */
	uint32_t undo_bytes; /* sent again since, less those that came twice */
	bool undo_on;
	bool undo_stamped;
	uint8_t frto;        /* enum tcp_frto */
	/* The segment that tries a larger size (tcp_search.c). */
	uint16_t probe_len;  /* 0: none is under way */
	uint16_t probe_lost; /* it was lost: no window pays for so many bytes */
	uint32_t probe_end;
	struct vec ranges;   /* of struct tcp_sent */
	struct tcp_sent home[TCP_SENT_LEAF];
};
_Static_assert(sizeof(struct tcp_board) <= POOL_DATA, "a board is one block");

/* What an ACK delivered. */
struct tcp_news {
	uint64_t now;
	uint32_t min_rtt;    /* us; UINT32_MAX: not known */
	bool echo_on;
	uint32_t echo_age;   /* us: what it answers was sent at least so long ago */
	uint32_t bytes;      /* newly acknowledged or held */
	bool reordered;      /* a range below fack that was sent once */
	bool once;           /* a range that was sent once before the last reduction */
	bool full;           /* a SACK block found no room */
};

/* tcp_board_init(b, p, una): in a block of `p`. tcp_board_fini(b): gives the others back. */
void tcp_board_init(struct tcp_board *b, struct pool *p, uint32_t una);
void tcp_board_fini(struct tcp_board *b);

/* Blocks held, its own included. */
static inline uint32_t
tcp_board_blocks(const struct tcp_board *b)
{
	return 1 + vec_blocks(&b->ranges);
}

static inline uint32_t
tcp_board_count(const struct tcp_board *b)
{
	return b->ranges.count;
}

/* Range i. */
static inline struct tcp_sent *
tcp_board_at(const struct tcp_board *b, uint32_t i)
{
	return vec_at(&b->ranges, i, sizeof(struct tcp_sent), TCP_SENT_LEAF);
}

/* One behind the last byte in flight. */
static inline uint32_t
tcp_board_end(const struct tcp_board *b)
{
	uint32_t n = tcp_board_count(b);

	return n > 0 ? tcp_board_at(b, n - 1)->end : b->una;
}

/* Bytes that are still under way (RFC 6675 section 4, SetPipe): neither held
 * nor lost. */
static inline uint32_t
tcp_board_pipe(const struct tcp_board *b)
{
	return tcp_board_end(b) - b->una - b->held - b->lost;
}

/* New data up to `end` goes out. What left within `grain` us is one range, with the
 * time of its first byte: a flight is some ranges, however many its segments. */
void tcp_board_sent(struct tcp_board *b, uint32_t end, uint64_t now, uint32_t grain);

/* Are there places for n more ranges, without a loss of detail? */
bool tcp_board_room(struct tcp_board *b, uint32_t n);

/* The last `len` bytes that went out, from `seq`, are a probe. There must be places
 * for three more ranges. */
void tcp_board_probe(struct tcp_board *b, uint32_t seq, uint16_t len);

/* TCP_SENT_* of the range that seq lies in; 0: it is not in flight. */
uint32_t tcp_board_flags(const struct tcp_board *b, uint32_t seq);

/* [seq, end), which is in flight, goes out again. */
void tcp_board_again(struct tcp_board *b, uint32_t seq, uint32_t end, uint64_t now);

/* All before `una` is acknowledged. */
void tcp_board_ack(struct tcp_board *b, uint32_t una, struct tcp_news *n);

/* SACK blocks; those that do not lie in what is in flight are skipped. */
void tcp_board_sack(struct tcp_board *b, const struct tcp_range *in, uint32_t count,
    struct tcp_news *n);

/* Marks of [seq, end) what is neither held nor lost as lost. Returns the bytes. */
uint32_t tcp_board_lose(struct tcp_board *b, uint32_t seq, uint32_t end);

/* Range `i`, which is not held, is lost. */
void tcp_board_mark(struct tcp_board *b, uint32_t i);

/* Nothing is lost: all of it is under way still. Returns the bytes. */
uint32_t tcp_board_found(struct tcp_board *b);

/* All that is held is forgotten. */
void tcp_board_forget(struct tcp_board *b);

/* The first range that is lost. */
bool tcp_board_next(struct tcp_board *b, struct tcp_range *lost);

/* IsLost (RFC 6675): one behind what has more than two segments held above it. */
uint32_t tcp_board_edge(const struct tcp_board *b, uint32_t mss);

/* The first range at or behind `from` and below the highest held that is neither held
 * nor lost and was not sent again (RFC 6675 NextSeg rule 3). */
bool tcp_board_doubt(const struct tcp_board *b, uint32_t from, struct tcp_range *r);

/* The highest range that is not held. */
bool tcp_board_last(const struct tcp_board *b, struct tcp_range *r);

#endif
