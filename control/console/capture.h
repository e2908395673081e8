/*
 * Captures: what workers copy into their rings, as pcapng to whoever asked.
 *
 * A client that asked gets one line as an answer, and behind it the file, over the
 * same socket, which it writes wherever it may. When it reads no faster, nor does
 * console; then the rings fill, and the workers count what is missing. It says that it
 * has enough by shutting down its side, or by going.
 *
 * capture_leg.c: one worker's ring; capture_stream.c: from the rings to the client;
 * capture.c: requests and answers.
 */
#ifndef POSTERN_CONTROL_CONSOLE_CAPTURE_H
#define POSTERN_CONTROL_CONSOLE_CAPTURE_H

#include "abi/link/capture.h"
#include "abi/link/ring.h"
#include "control/console/console.h"

#define STREAM_BUFFER (512u * 1024) /* of the file, on its way to the client */

struct stream;

struct leg {
	struct stream *stream;
	uint32_t worker;
	uint32_t tag;          /* of the request */
	uint32_t id;           /* the supervisor's; 0: not answered yet, or refused */
	bool over;             /* nothing more comes */
	struct region own;
	struct region other;
	struct ring_in in;
	int wait_fd;
	bool has;              /* `next` is there */
	struct link_entry next;
	struct view bytes;
	uint64_t seen;
	uint64_t missed;
	uint64_t delivered;
};

struct stream {
	struct console *console;
	struct client *client;
	uint32_t number;
	struct capture_ask ask;
	char which[128];
	struct leg leg[CONSOLE_WORKERS_MAX];
	uint32_t legs;
	uint32_t waiting;      /* legs that are not answered yet */
	uint32_t reason;       /* why one could not be */
	bool begun;            /* the answer is out */
	bool stopped;
	bool finished;         /* the last block is in the buffer */
	bool deaf;             /* the client has shut its side down */
	int timer;
	uint64_t begin_ns;
	uint64_t bytes;
	uint64_t frames;
	size_t len;
	size_t at;
	uint8_t out[STREAM_BUFFER];
};

/* ---- capture_leg.c ---- */
/* leg_ask(s, l): make this side of the leg and ask for the other; 0, or not. */
int leg_ask(struct stream *s, struct leg *l);
/* leg_up(l, id, m): the answer, with the worker's region; 0 or -R_*. */
int leg_up(struct leg *l, uint32_t id, const struct msg *m);
/* leg_peek(l): is there an entry? It is in l->next, copied out; its bytes are still
 * the worker's memory. One that makes no sense ends the leg. */
bool leg_peek(struct leg *l);
/* leg_skip(l): it is finished. */
void leg_skip(struct leg *l);
void leg_close(struct leg *l);
/* leg_stop(id): tell the supervisor. */
void leg_stop(uint32_t id);

/* ---- trace.c: lines in place of a file ---- */
/* trace_line(at, size, e): a record, as JSON; its length. */
size_t trace_line(char *at, size_t size, const struct link_entry *e);
/* trace_last(at, size, s): the last line, what there was in all. */
size_t trace_last(char *at, size_t size, const struct stream *s);
#define TRACE_LINE_MAX 384u

/* ---- capture_stream.c ---- */
uint64_t stream_now_ns(void);
/* stream_begin(s): all legs are up; `out` has the answer's line. */
void stream_begin(struct stream *s);
/* stream_pump(s): on with it; the client may be closed, and s gone, afterwards. */
void stream_pump(struct stream *s);
/* stream_stop(s): no more frames; what there is still goes out. */
void stream_stop(struct stream *s);

#endif
