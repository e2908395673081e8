/*
 * A host without a process: its channel logic on a real pair of regions, with
 * the worker's side played by the test and a plugin that does as it is told.
 */
#ifndef TESTS_HOSTBENCH_H
#define TESTS_HOSTBENCH_H

#include "abi/link/op.h"
#include "control/host/face.h"
#include "control/host/host.h"

#define BENCH_CONN 7u
#define BENCH_GEN 3u
#define BENCH_USE 11u

struct bench_guest {
	struct postern_plugin plugin;
	struct postern_channel channel;      /* of the last open */
	int32_t open_result;
	uint64_t token;
	bool resume_in_data;     /* data() asks for the next offer */
	uint64_t take;                       /* how much data() takes each time */
	uint64_t took_lie;                   /* added to what it says it took */
	int32_t data_result;
	int32_t request_result;
	bool close_in_data;
	bool discard_in_data;
	bool reply_in_open;
	uint8_t got[1 << 20];
	uint64_t got_len;
	uint32_t last_stream;
	int data_calls;
	int eof_calls;
	int hangup_calls;
	int closed_calls;
	uint32_t closed_reason;
	int writable_calls;
	uint64_t writable_credit;
	struct postern_window window;
	char signal[32];
	uint32_t break_ms;
	char request[64];
	uint64_t request_token;
	uint32_t flags;                      /* of the last start */
	char name[64];
	uint64_t environment_count;
	uint64_t body_len;
	struct postern_channel other;        /* used inside closed(), when not 0 */
	int32_t closed_write;                /* result of a write inside closed() */
};

struct bench {
	struct host host;
	struct loop *loop;
	struct bench_guest guest;
	/* the worker's side */
	struct region own;
	struct region other;
	struct ring_out out;
	struct ring_in in;
	uint32_t arena_end[LINK_HOST_RING];
	int bell_wait;
};

/* What the host said. */
struct said {
	struct link_entry e;
	uint8_t payload[65536];
};

struct bench *bench_new(void);
void bench_free(struct bench *b);

/* Send an entry of the worker; bench_run lets the host work until it rests. */
void bench_send(struct bench *b, uint16_t op, uint32_t chan, uint64_t a0, uint64_t a1, struct view payload);
int bench_run(struct bench *b);

/* A subsystem start of channel `chan` with this credit. */
void bench_open(struct bench *b, uint32_t chan, uint64_t credit);
void bench_start(struct bench *b, uint32_t chan, uint8_t kind, const char *name, struct view pty,
    uint64_t credit, uint64_t window);

/* The host's next entry; false: it said nothing. */
bool bench_next(struct bench *b, struct said *s);

/* Its next entry is this op; returns arg[0], or ~0 when it is another. */
uint64_t bench_expect(struct bench *b, uint16_t op);
bool bench_silent(struct bench *b);

/* The interface, as a plugin gets it. */
const struct postern_if_channel *bench_channels(struct bench *b);

static inline struct view
none(void)
{
	return view_of(NULL, 0);
}

#endif
