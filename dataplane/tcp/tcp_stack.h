/*
 * What the connections of a worker share: private to this room.
 */
#ifndef POSTERN_TCP_STACK_H
#define POSTERN_TCP_STACK_H

#include "dataplane/tcp/tcp_conn.h"

#define TCP_LISTEN_MAX 16u
#define TCP_CHALLENGE_MS 500u    /* per connection: RFC 5961 section 7 */
#define TCP_COOKIE_US 64000000u  /* a key's time; a cookie is good for one to two */

struct tcp_in;
struct tcp_opts;

struct tcp_listener {
	struct tcp_addr at;
	uint16_t port;
	bool everywhere;
	uint16_t own;        /* set of settings of what is accepted */
};

/* TIME-WAIT in 64 bytes: what an answer needs and no more. */
struct tcp_tw {
	struct tcp_tuple tuple;
	uint32_t next;       /* in the bucket; in the free list */
	uint32_t newer;
	uint32_t older;
	uint32_t snd_nxt;
	uint32_t rcv_nxt;
	uint32_t ts_recent;
	uint32_t until : 31; /* ms, modulo 2^31 */
	uint32_t ts_on : 1;
};
_Static_assert(sizeof(struct tcp_tw) == 64, "a TIME-WAIT entry is one cache line");

/* The half-open connections of one source, oldest first. */
struct tcp_source {
	uint32_t first, last;
	uint32_t count;
};

struct tcp_cookie_key {
	uint64_t period;     /* one more than its number: 0 is none */
	uint8_t key[16];
};

struct tcp_own_set {
	struct tcp_own o;
	uint32_t users;
};

/* Packed, because each connection pays for one. */
struct tcp_due {
	uint64_t at;
	uint32_t conn;
} __attribute__((packed, aligned(4)));

struct tcp_stack {
	struct tcp_config cfg;
	struct tcp_ops ops;
	struct pool *pool;
	void *owner;
	uint8_t isn_key[16];
	uint8_t hash_key[16];
	uint8_t rcv_shift;

	struct tcp *conns;
	uint32_t free;
	uint32_t fresh;      /* blocks never used yet */
	uint32_t open;

	uint32_t *buckets;
	uint32_t bucket_mask;
	struct tcp *last;    /* the connection of the last segment */

	struct tcp_due *heap;
	uint32_t heap_count;

	uint32_t work_first, work_last, work_count;
	uint32_t half_first, half_last, half_count;
	struct tcp_source *sources;
	uint32_t source_mask;
	struct tcp_cookie_key cookie_keys[2];
	uint64_t cookie_until; /* one that was sent may come back until then */

	struct tcp_tw *tw;
	struct tcp_path *paths; /* TCP_PATH_WAYS for each of path_mask + 1 */
	uint32_t path_mask;
	struct tcp_path_stats path;

	uint32_t *tw_buckets;
	uint32_t tw_mask;
	uint32_t tw_free, tw_fresh;
	uint32_t tw_oldest, tw_newest, tw_count;

	struct tcp_listener listener[TCP_LISTEN_MAX];
	uint32_t listener_count;
	uint64_t retransmits;
	struct tcp_loss_stats loss;
	struct tcp_cc_stats cc;
	int cc_algo;

	uint64_t challenge_draws; /* unforeseen numbers taken */
	uint64_t challenge_until; /* the end of the period */
	uint32_t challenge_left;  /* in it */
	struct tcp_guard_stats guard;
	uint64_t together;

	struct tcp_own_set *own;
	uint32_t orphan_first, orphan_last, orphan_count;
	struct tcp_live_stats live;

	uint64_t grown;      /* bytes, of all connections */
	struct tcp_buf_stats buf;
	uint8_t level[TCP_RES_COUNT];
	uint32_t packets_left, packets_count;
	uint32_t sweep_hand; /* the next connection to look at */
	uint32_t sweep_idle; /* us: who is idle for as long is ended; 0: nobody yet */
	uint64_t sweep_at;
	struct tcp_shed_stats shed;
	struct tcp_ecn_stats ecn;
};

static inline uint32_t
tcp_index(const struct tcp *t)
{
	return (uint32_t)(t - t->stack->conns);
}

/* ---- tcp_own.c ---- */
void tcp_own_start(struct tcp_stack *s);
/* The number of an equal set, which has one user more, or -R_*. */
int tcp_own_take(struct tcp_stack *s, const struct tcp_own *o);
void tcp_own_give(struct tcp_stack *s, uint16_t set);
/* A new connection begins with a set that it has become a user of. */
void tcp_own_begin(struct tcp *t, uint16_t set);
static inline void
tcp_own_share(struct tcp_stack *s, uint16_t set)
{
	s->own[set].users += set != 0;
}
/* Hop limit and class of traffic of a segment. */
void tcp_own_mark(const struct tcp *t, struct tcp_seg_out *o);

static inline const struct tcp_own *
tcp_own(const struct tcp *t)
{
	return &t->stack->own[t->own].o;
}

static inline uint32_t
tcp_own_or(uint32_t own, uint32_t host)
{
	return own != TCP_HOST ? own : host;
}

/* ---- tcp_orphan.c ---- */
void tcp_orphan_init(struct tcp_stack *s);
void tcp_orphan_add(struct tcp *t);
void tcp_orphan_del(struct tcp *t);
/* The oldest is reset; false when there is none. */
bool tcp_orphan_shed(struct tcp_stack *s);

/* ---- tcp_table.c ---- */
uint64_t tcp_tuple_hash(const struct tcp_stack *s, const struct tcp_tuple *tuple);
bool tcp_tuple_eq(const struct tcp_tuple *a, const struct tcp_tuple *b);
struct tcp *tcp_table_find(struct tcp_stack *s, const struct tcp_tuple *tuple);
void tcp_table_add(struct tcp *t);
void tcp_table_del(struct tcp *t);

/* ---- tcp_half.c ---- */
void tcp_half_init(struct tcp_stack *s);
void tcp_half_add(struct tcp *t);
void tcp_half_del(struct tcp *t);
/* A source is at its limit. */
bool tcp_half_source_full(const struct tcp_stack *s, const struct tcp_tuple *tuple);
/* A place for one more: by the oldest of its source, which is full; by the oldest
 * of all, if the table is. */
void tcp_half_source_room(struct tcp_stack *s, const struct tcp_tuple *tuple);
void tcp_half_room(struct tcp_stack *s);

/* ---- tcp_cookie.c ---- */
/* So many are half open, of all or of a source, that a SYN is answered by a
 * cookie. */
bool tcp_cookie_due(const struct tcp_stack *s, bool source_full);
void tcp_cookie_send(struct tcp_stack *s, const struct tcp_in *in);
/* May one come back? */
bool tcp_cookie_out(const struct tcp_stack *s, uint64_t now);
/* An ACK: true when it brings one back, with the options of the SYN; *ecn: that the
 * answer agreed to. */
bool tcp_cookie_read(struct tcp_stack *s, const struct tcp_in *in, struct tcp_opts *o, bool *ecn);

/* ---- tcp_shed.c ---- */
void tcp_shed_look(struct tcp_stack *s);
/* A SYN came: false when it is refused. */
bool tcp_shed_syn(struct tcp_stack *s);
void tcp_shed_run(struct tcp_stack *s, uint64_t now);
uint64_t tcp_shed_next(const struct tcp_stack *s);
/* So many bytes were acknowledged, or arrived. */
void tcp_moved(struct tcp *t, uint32_t bytes, uint64_t now);

/* Nobody's buffers grow any more, so that acknowledgements, retransmissions and
 * other connections go on. Between two looks the count itself says so. */
static inline bool
tcp_pool_low(const struct tcp_stack *s)
{
	return s->level[TCP_RES_BLOCKS] != TCP_NORMAL || s->pool->free_count < s->pool->count / 8;
}

/* The last blocks are for what arrives. */
static inline uint32_t
tcp_pool_kept(const struct tcp_stack *s)
{
	return s->pool->count / 64;
}

/* ---- tcp_isn.c ---- */
uint32_t tcp_isn(const struct tcp_stack *s, const struct tcp_tuple *tuple, uint64_t now);
uint32_t tcp_ts_offset(const struct tcp_stack *s, const struct tcp_tuple *tuple);

/* ---- tcp_timewait.c ---- */
void tcp_tw_init(struct tcp_stack *s);
void tcp_tw_enter(const struct tcp *t, uint64_t now);
/* A segment that no connection takes. True when TIME-WAIT has dealt with it;
 * otherwise *floor is not less than any sequence number of the incarnation
 * that a SYN has just ended, if it did. */
bool tcp_tw_input(struct tcp_stack *s, const struct tcp_in *in, uint32_t *floor, bool *ended);
bool tcp_tw_find(const struct tcp_stack *s, const struct tcp_tuple *tuple);
void tcp_tw_expire(struct tcp_stack *s, uint64_t now);
uint64_t tcp_tw_next(const struct tcp_stack *s, uint64_t now);

/* ---- tcp_icmp.c ---- */
/* The connection that has in flight what an ICMP error quotes; counted. */
struct tcp *tcp_icmp_find(struct tcp_stack *s, const struct tcp_icmp *e);

/* ---- tcp_challenge.c ---- */
/* An answer that an attacker may ask for as often as it likes. */
void tcp_challenge(struct tcp *t, uint64_t now);

/* ---- tcp_reset.c ---- */
void tcp_reset_reply(struct tcp_stack *s, const struct tcp_seg *seg);

#endif
