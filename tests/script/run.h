/*
 * One script that is being run: shared by the commands and the segments.
 */
#ifndef POSTERN_SCRIPT_RUN_H
#define POSTERN_SCRIPT_RUN_H

#include "dataplane/tcp/tcp.h"
#include "dataplane/tcp/tcp_opt.h"

#define PEER_ISS 1000000u
#define QUEUE 256u
#define BLOCKS 2048u
#define DATA_MAX (1u << 20)
#define BURST 16u

struct sent {
	struct tcp_seg_out o;
	struct tcp_opts opts;
};

struct run {
	const char *file;
	int line;
	bool failed;
	bool v6;
	uint32_t iss_ts;     /* timestamp of the stack's SYN */
	bool skip;           /* the script is about the other family */
	bool refuse;
	bool listens;
	struct tcp_config cfg;
	struct tcp_own own;
	struct tcp_stack *stack;
	struct pool pool;
	void *mem, *pool_mem;
	struct tcp *t;
	uint64_t now;
	uint32_t iss;        /* ours, once seen */
	uint32_t wrote, read;
	unsigned events;
	int reason;
	uint32_t drops[REASON_MAX];
	struct sent queue[QUEUE];
	uint32_t head, tail;
	bool gathers;        /* what the peer sends arrives by `arrive` */
	struct tcp_seg burst[BURST];
	uint8_t burst_options[BURST][40];
	uint32_t burst_count;
	uint64_t together;   /* as the stack counted at the last `arrive` */
	uint8_t *data;
	struct block *others[BLOCKS]; /* that others hold */
	uint32_t held;
};

extern struct run run;

/* The script is wrong, or the stack is: said once, with file and line. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The byte at an offset of either direction's stream. */
uint8_t byte_at(uint32_t off);
void poll_stack(void);
struct tcp_tuple tuple(uint16_t port);
uint32_t number(const char *w);

/* segment.c: the commands < and >; and what the peer has sent arrives. */
void arrive(void);
void do_inject(char **words);
void do_expect(char **words);

/* own.c */
void do_own(char **words);
void do_hold(char **words);

#endif
