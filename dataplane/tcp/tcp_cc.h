/*
 * Congestion control: slow start (RFC 5681, RFC 3465) from ten segments (RFC
 * 6928) with HyStart++ (RFC 9406), fast recovery without a board (RFC 6582),
 * restart after idleness, validation of the window (RFC 7661); and, behind struct cc_algo, what algorithms differ in:
 * how much a loss costs, and how the window grows in congestion avoidance.
 *
 * The connection tells what happened, each kind by its own function.
 */
#ifndef POSTERN_TCP_CC_H
#define POSTERN_TCP_CC_H

#include <stdbool.h>
#include <stdint.h>

#define CC_CWND_MAX 0x40000000u /* bytes */
#define CC_NAME_DEFAULT "cubic"

struct tcp_cc_stats;

/* A round trip that is measured: it began with `una`, and is over when `end` is
 * acknowledged. */
struct cc_round {
	uint32_t una;
	uint32_t end;
};

/* What an event is told with. Bytes and microseconds. */
struct cc_event {
	uint64_t now;
	uint32_t mss;
	uint32_t flight;     /* outstanding before the event */
	uint32_t una;        /* SND.UNA after it */
	uint32_t snd_max;
	uint32_t acked;
	uint32_t srtt;       /* 0: not known */
	uint32_t rtt;        /* of what this ACK delivered; 0: not known */
	uint32_t initial;    /* window, segments; 0: RFC 6928 */
	bool reduced;        /* the window was, since what is outstanding was sent */
	bool paced;          /* the sender spaces what it sends */
	struct cc_round *round; /* NULL: none is measured */
	struct tcp_cc_stats *stats;
};

/* RFC 9406 section 4.2, in the initial slow start. */
struct cc_hystart {
	uint32_t last_min;   /* lastRoundMinRTT; UINT32_MAX: infinite */
	uint32_t round_min;  /* currentRoundMinRTT */
	uint32_t round_end;  /* windowEnd */
	uint32_t base;       /* cssBaselineMinRtt */
};

/* RFC 9438 section 4.1.2, after it. */
struct cc_cubic {
	uint32_t w_max;      /* 0: not known */
	uint32_t w_est;
	uint32_t prior;      /* cwnd_prior */
	uint32_t epoch;      /* t_epoch, ms, modulo 2^32 */
	uint32_t last;       /* when the window was last let grow, ms */
};

struct tcp_cc {
	uint32_t cwnd;
	uint32_t ssthresh;   /* UINT32_MAX: the initial slow start */
	uint32_t counted;    /* bytes acknowledged since cwnd last grew */
	uint32_t recover;    /* one behind the highest sent when loss was found */
	union {
		struct cc_hystart hystart; /* while ssthresh is UINT32_MAX */
		struct cc_cubic cubic;
	};
	uint32_t pipe;       /* pipeACK (RFC 7661 section 4.2); 0: not known */
	uint16_t pipe_at;    /* when pipe was that much: 16 ms, modulo 2^16 */
	uint16_t nvp_at;     /* since when the window is not validated: s, modulo 2^16 */
	uint16_t k;          /* CUBIC: K, ms */
	uint8_t algo : 1;    /* index of cc_algos */
	uint8_t recovery : 1; /* fast recovery */
	uint8_t sack : 1;    /* of RFC 6675 */
	uint8_t partial : 1; /* a partial ACK was seen in this recovery */
	uint8_t after_rto : 1; /* slow start of a timeout, until `recover` */
	uint8_t marked : 1;  /* CE was echoed in this recovery: it was not for nothing */
	uint8_t epoch_on : 1; /* CUBIC: k, w_est, epoch and last are known */
	uint8_t css : 1;     /* HyStart++: conservative slow start */
	uint8_t samples : 4; /* of this round */
	uint8_t css_rounds : 3;
	uint8_t nvp : 1;     /* the non-validated phase: little of the window is used */
};
_Static_assert(sizeof(struct tcp_cc) == 48, "part of every connection");

struct cc_algo {
	const char *name;
	/* Loss: sets ssthresh; `timeout`: found by the timer. */
	void (*reduce)(struct tcp_cc *cc, const struct cc_event *ev, bool timeout);
	/* New data acknowledged in congestion avoidance, with the window in use. */
	void (*grow)(struct tcp_cc *cc, const struct cc_event *ev);
	/* No growth is due until now: the sender had nothing to send, or is in slow
	 * start. NULL: nothing to do. */
	void (*rest)(struct tcp_cc *cc, const struct cc_event *ev);
};

extern const struct cc_algo cc_newreno, cc_cubic;

/* The name of one, by its number; NULL: none. */
const char *cc_name(int algo);

/* The number of an algorithm for cc_init, or -1. NULL: the default. */
int cc_find(const char *name);

/* Another algorithm from now on; the window stays. */
void cc_switch(struct tcp_cc *cc, int algo);

void cc_init(struct tcp_cc *cc, int algo, uint32_t mss, uint32_t iss);

/* Bytes that were under way at a loss, of which the window is a part afterwards: what
 * is outstanding now, or was acknowledged in a round trip before: acknowledgements that
 * come together leave little outstanding (RFC 7661 section 4.4.1). Never more than the
 * window: neither limited transmit (RFC 5681 section 3.2 step 2) nor what the peer holds
 * behind a hole makes a loss cost less. */
uint32_t cc_under_way(const struct tcp_cc *cc, const struct cc_event *ev);

/* New data acknowledged outside fast recovery. */
void cc_ack(struct tcp_cc *cc, const struct cc_event *ev);

/* May the third duplicate ACK start a fast retransmit? `hole`: the peer's SACK
 * blocks show one. */
bool cc_may_enter(const struct tcp_cc *cc, uint32_t una, bool hole);
/* `sack`: the board says what is under way (RFC 6675), so cwnd is not inflated
 * by duplicates to stand for it. */
void cc_enter(struct tcp_cc *cc, const struct cc_event *ev, bool sack);
/* One more duplicate in recovery: it inflates cwnd by no more, all together, than was
 * outstanding when recovery began (RFC 5681 section 3.2, step 4, on bogus ones). */
void cc_dupack(struct tcp_cc *cc, uint32_t mss, uint32_t una);
/* New data acknowledged in fast recovery. True for a partial ACK: the segment
 * at `una` is lost too. */
bool cc_recovery_ack(struct tcp_cc *cc, const struct cc_event *ev);

/* CE was echoed (RFC 3168 section 6.1.2). False: the window is one segment already,
 * and the sender must wait instead. */
bool cc_ecn(struct tcp_cc *cc, const struct cc_event *ev);

/* A tail loss probe has repaired a loss (RFC 8985 section 7.4.2). */
void cc_tail_loss(struct tcp_cc *cc, const struct cc_event *ev);

/* A reduction was for nothing (RFC 4015, RFC 9438 section 4.9): back to what was
 * before it. */
void cc_undo(struct tcp_cc *cc, const struct tcp_cc *before, uint32_t una);

/* `first`: of this segment; a second timeout leaves ssthresh (RFC 5681 eq. 4). */
void cc_timeout(struct tcp_cc *cc, const struct cc_event *ev, bool first);
/* A packet was too big, which says nothing of congestion (RFC 1191 section 6.4, RFC
 * 8201 section 5.4): slow start, up to where the window was. */
void cc_too_big(struct tcp_cc *cc, const struct cc_event *ev);
/* Nothing is in flight; `restart`: nor was anything sent for longer than an RTO
 * (RFC 5681 section 4.1). */
void cc_idle(struct tcp_cc *cc, const struct cc_event *ev, bool restart);
/* The segment of the handshake was lost (RFC 5681 section 3.1). */
void cc_syn_lost(struct tcp_cc *cc, uint32_t mss);

/* ---- cc_hystart.c ---- */
void cc_hystart_init(struct tcp_cc *cc, uint32_t iss);
/* By how much of `grow` bytes the window may grow. Ends the initial slow start
 * when five conservative rounds are over. */
uint32_t cc_hystart_ack(struct tcp_cc *cc, const struct cc_event *ev, uint32_t grow);
/* The initial slow start is over: what CUBIC shares memory with is not known. */
void cc_hystart_end(struct tcp_cc *cc);

/* ---- cc_cubic.c, for its test ---- */
/* The largest r with r * r * r <= x. */
uint32_t cc_cube_root(uint64_t x);
/* W_cubic (RFC 9438 figure 1) `t` ms after the epoch began; bytes. */
uint32_t cc_cubic_window(const struct tcp_cc *cc, uint32_t mss, uint32_t t);

#endif
