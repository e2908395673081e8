/*
 * Limits and habits of a stack, and what one connection may have of its own.
 */
#ifndef POSTERN_TCP_CONFIG_H
#define POSTERN_TCP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_config {
	uint32_t conn_max;       /* connections, half-open included */
	uint32_t half_open_max;
	uint32_t half_open_source; /* of one IPv4 address or IPv6 /64, before cookies */
	uint32_t cookie_at;      /* half open: from here on SYN cookies; > half_open_max: never */
	uint32_t timewait_max;
	uint32_t rcv_buf;        /* bytes per connection: window offered, at most */
	uint32_t snd_buf;        /* bytes per connection: unacknowledged and unsent, at most */
	uint32_t rcv_buf_init;   /* bytes: both begin with so much, where that is less */
	uint32_t snd_buf_init;
	uint32_t growth_max;     /* bytes by which the buffers of all connections may have
	                          * grown; half the pool, where that is less */
	uint32_t reasm_max;      /* bytes of blocks per connection out of order */
	uint32_t rto_min_us;     /* 200 ms: a documented deviation from RFC 6298 2.4 */
	uint32_t rto_init_us;    /* before the first measurement: RFC 6298 (2.1) */
	uint32_t delack_us;      /* RFC 9293 section 3.8.6.3: at most 500 ms */
	uint32_t doubt_retries;  /* R1 (RFC 9293 MUST-20): TCP_EV_DOUBT is told */
	uint32_t retries;        /* R2 for established connections */
	uint32_t connect_retries; /* R2 for SYN: with back-off three minutes (MUST-23) */
	uint32_t syn_retries;    /* E2: at most two SYN-ACK retries */
	uint32_t timewait_us;    /* 2 MSL */
	uint32_t challenge_max;  /* challenge ACKs per second of all connections, on average */
	uint32_t finwait2_us;
	uint32_t orphan_max;     /* connections that go on after tcp_close */
	uint32_t keepalive;      /* 1: on (MUST-25: off) */
	uint32_t keep_idle_ms;   /* silence before the first probe: two hours (MUST-28) */
	uint32_t keep_interval_ms; /* between probes */
	uint32_t keep_count;     /* probes without an answer */
	uint32_t user_timeout_ms; /* 0: off; RFC 5482 */
	uint32_t persist_ms;     /* a window stays shut so long, probes answered; 0: for ever */
	uint32_t persist_low_ms; /* and while the pool is nearly empty (RFC 6429) */
	uint32_t nagle;          /* 1: small segments wait for each other */
	uint32_t own_max;        /* different sets of settings of single connections */
	uint32_t shed_idle_us;   /* shedding: who holds blocks and is idle for less is never ended */
	uint32_t clock_us;       /* steps of `now`: no reordering window is smaller */
	uint32_t rack;           /* 1: losses by time, RFC 8985; 0: by count, RFC 6675 */
	uint32_t sack;           /* 1: SACK-permitted is offered and taken (RFC 2018) */
	uint32_t timestamps;     /* 1: as well (RFC 7323 section 3) */
	uint32_t window_scale;   /* 1: as well (RFC 7323 section 2) */
	uint32_t ecn;            /* RFC 3168: 0 off, 1 asked for, 2 only agreed to */
	uint32_t syn_options;    /* their order, kinds as hexadecimal digits: 0x2483 */
	uint32_t pacing;         /* 1: a window leaves in parts, over its round trip */
	uint32_t quick_acks;     /* first data segments that are acknowledged at once */
	uint32_t run_segs;       /* segments that are emitted together */
	uint32_t path_entries;   /* destinations whose path MTU is remembered */
	uint32_t path_age_us;    /* for so long; then larger packets are tried: RFC 8201 section 4 */
	uint32_t path_timeouts;  /* of full segments, in a row: a black hole; 0: never */
	uint32_t path_probes;    /* of one size that may be lost (RFC 8899 MAX_PROBES); 0: no search */
	uint32_t path_min4;      /* no IPv4 path is believed to carry less, bytes of a packet */
	uint32_t initial_window; /* segments; 0: as RFC 6928 says */
	const char *cc;          /* congestion control: "cubic", "newreno" */
	uint16_t mss4;           /* from the port's MTU */
	uint16_t mss6;
};

/* tcp_config_default(c, mtu): every default in one place. */
void tcp_config_default(struct tcp_config *c, uint16_t mtu);

/* Settings of one connection. TCP_HOST: as struct tcp_config says. */
#define TCP_HOST UINT32_MAX
struct tcp_own {
	uint32_t keepalive;      /* 0 or 1 (MUST-24) */
	uint32_t keep_idle_ms;
	uint32_t keep_interval_ms;
	uint32_t keep_count;
	uint32_t user_timeout_ms; /* R2 as a time (MUST-21); 0: R2 is a count */
	uint32_t syn_retries;    /* of SYN or SYN-ACK */
	uint32_t linger_ms;      /* tcp_close: reset after so long; 0: at once; TCP_HOST: never */
	uint32_t nagle;
	uint32_t mss;            /* at most, both ways; before the handshake */
	uint32_t rcv_buf;        /* bytes; as tcp_set_rcv_buf, from the SYN on, which has the
	                          * scale for no more */
	uint32_t snd_buf;
	uint32_t hop_limit;      /* MUST-49 */
	uint32_t dscp;           /* MUST-48; 0 to 63 */
	uint32_t congestion;     /* cc_find(name) */
};

void tcp_own_init(struct tcp_own *o); /* TCP_HOST everywhere */

/* tcp_congestion(name): the number for struct tcp_own, or -1. */
int tcp_congestion(const char *name);

/* tcp_config_good(c): does it make sense? */
bool tcp_config_good(const struct tcp_config *c);

#endif
