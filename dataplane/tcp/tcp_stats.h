/*
 * What a stack counts, and what of its tables is in use.
 */
#ifndef POSTERN_TCP_STATS_H
#define POSTERN_TCP_STATS_H

#include <stdint.h>

enum tcp_resource {
	TCP_RES_BLOCKS,  /* of the pool */
	TCP_RES_SLOTS,   /* connections, half-open included */
	TCP_RES_PACKETS, /* packet buffers, which the owner counts */
	TCP_RES_COUNT
};

enum tcp_level { TCP_NORMAL, TCP_PRESSURE, TCP_SHEDDING, TCP_LEVEL_COUNT };

/* How losses were found and repaired, of all connections since the start. */
struct tcp_loss_stats {
	uint64_t recoveries;     /* fast recoveries with a board */
	uint64_t reno;           /* and by counting duplicates, without */
	uint64_t rack_lost;      /* ranges found lost by time */
	uint64_t lost_again;     /* of them, ones that had been sent again */
	uint64_t count_lost;     /* by what was held behind them */
	uint64_t reo_timeouts;   /* reordering windows that ended */
	uint64_t reordering;     /* connections on which the order changed */
	uint64_t reneged;        /* boards forgotten after timeouts */
	uint64_t prr_reduced;    /* acknowledgements that proportional rate reduction counted */
	uint64_t prr_bound;      /* and, when below ssthresh, its bound */
	uint64_t doubt;          /* NextSeg rule 3 */
	uint64_t rescue;         /* NextSeg rule 4 */
	uint64_t limited;        /* limited transmit */
	uint64_t probes;         /* tail loss probes */
	uint64_t probes_fresh;   /* of them, with new data */
	uint64_t probe_losses;   /* losses that they repaired */
	uint64_t frto;           /* timeouts that F-RTO looked at */
	uint64_t undo_frto;      /* reductions undone by it */
	uint64_t undo_eifel;     /* by timestamps */
	uint64_t undo_dsack;     /* by D-SACK */
	uint64_t undo_unsent;    /* because all had arrived before it was sent again */
	uint64_t dsack_in;       /* segments with a D-SACK */
	uint64_t dsack_out;
	uint64_t board_grown;    /* scoreboards that took another block */
	uint64_t board_full;     /* acknowledgements of which a SACK block found no room in one */
};

/* How windows were found, of all connections since the start. */
struct tcp_cc_stats {
	uint64_t css;            /* conservative slow starts (HyStart++) */
	uint64_t css_back;       /* of them, ones that were a mistake */
	uint64_t css_done;       /* and ones that ended the initial slow start */
	uint64_t epochs;         /* CUBIC: congestion avoidance begun */
	uint64_t cubic;          /* steps along the cubic */
	uint64_t friendly;       /* and in the Reno-friendly region */
	uint64_t converged;      /* losses below the last one: fast convergence */
	uint64_t shifts;         /* epochs put off by time without growth */
	uint64_t idle_restarts;  /* windows taken back after idleness */
	uint64_t paced;          /* pauses between parts of a window (pacing) */
	uint64_t nvp;            /* non-validated phases (RFC 7661) */
	uint64_t nvp_cuts;       /* windows halved after five minutes of it */
};

/* What was done against forged segments and floods; the meter page has them in this
 * order (METER_TCP_CHALLENGES..). What was refused is counted by reason. */
struct tcp_guard_stats {
	uint64_t challenges;     /* challenge ACKs (RFC 5961) */
	uint64_t cookies_out;    /* SYN cookies */
	uint64_t cookies_in;     /* and connections that they made */
};

/* What routers marked instead of dropping it (RFC 3168), since the start. */
struct tcp_ecn_stats {
	uint64_t agreed;         /* connections with it */
	uint64_t unasked;        /* SYNs sent again without asking */
	uint64_t ce_in;          /* marked segments that came */
	uint64_t cwr_in;
	uint64_t cwr_out;
	uint64_t reduced;        /* windows reduced for marks alone */
	uint64_t holds;          /* of them, ones of a segment, which waited for the timer */
};

/* Buffers that grew with the path, of all connections since the start. */
struct tcp_buf_stats {
	uint64_t rcv_grown;      /* times */
	uint64_t rcv_capped;     /* connections that reached rcv_buf */
	uint64_t snd_grown;
	uint64_t snd_capped;     /* and snd_buf */
	uint64_t refused;        /* times that growth_max left no room */
};

/* How connections without progress were dealt with. */
struct tcp_live_stats {
	uint64_t doubts;         /* R1 reached */
	uint64_t keep_probes;
	uint64_t keep_dead;      /* connections ended because none was answered */
	uint64_t user_timeouts;
	uint64_t persist_probes; /* of shut windows */
	uint64_t persist_dead;   /* connections ended because one stayed shut */
	uint64_t lingered;       /* reset because lingering ended */
	uint64_t orphans_shed;   /* reset because there were too many */
	uint64_t held;           /* small segments that waited for more, and left by time */
	uint64_t nagled;         /* and for the one before them */
	uint64_t quick_again;    /* connections whose first data after silence is answered at once */
};

/* How often a resource came under pressure, or to where it is shed.
 * What was refused or given up is counted by reason. */
struct tcp_shed_stats {
	uint64_t pressure;
	uint64_t shedding;
};

/* How the MTU of paths was found, of all connections since the start. */
struct tcp_path_stats {
	uint64_t taken;          /* packets too big that were acted upon at once */
	uint64_t held;           /* and held back, because larger segments had arrived */
	uint64_t confirmed;      /* of them, confirmed by a timeout */
	uint64_t refuted;        /* of them, refuted by progress */
	uint64_t clamped;        /* said less than path_min4 */
	uint64_t black_holes;
	uint64_t probes;         /* larger segments tried */
	uint64_t raised;         /* of them, arrived */
	uint64_t probes_lost;    /* of them, lost */
	uint64_t rests;          /* searches that ended */
	uint64_t cached;         /* connections that began with what was remembered */
};

/* What is counted since the start comes first, in numbers of 64 bits: each has a
 * place in the meter page (worker/meter.c). */
struct tcp_stats {
	uint64_t retransmits;
	struct tcp_loss_stats loss;
	struct tcp_cc_stats cc;
	struct tcp_guard_stats guard;
	struct tcp_live_stats live;
	uint64_t together;       /* segments taken in one pass with the one before */
	struct tcp_buf_stats buf;
	struct tcp_shed_stats shed;
	struct tcp_ecn_stats ecn;
	struct tcp_path_stats path;
	uint32_t conn_open;
	uint32_t half_open;
	uint32_t timewait;
};

/* What of its tables is in use now. */
struct tcp_load {
	uint32_t conn_open;      /* half open ones included */
	uint32_t half_open;
	uint32_t timewait;
	uint64_t grown;          /* bytes by which buffers have grown */
	uint64_t grown_max;      /* and may have: growth_max, or half the pool */
	uint32_t timers;         /* connections that wait for time */
	uint32_t orphans;        /* that go on after tcp_close */
	uint8_t level[TCP_RES_COUNT]; /* enum tcp_level */
};

#endif
