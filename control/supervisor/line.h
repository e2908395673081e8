/*
 * A packet socket that is never waited for: what cannot be sent at once is
 * queued, in order, descriptors included, and goes out when the receiver reads.
 * A receiver that lets more than LINE_QUEUE_MAX bytes wait is given up.
 */
#ifndef POSTERN_CONTROL_SUPERVISOR_LINE_H
#define POSTERN_CONTROL_SUPERVISOR_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/wire/cursor.h"
#include "control/loop.h"
#include "control/msg.h"

#define LINE_QUEUE_MAX (64u * 1024 * 1024)

struct line_packet;

struct line {
	int fd; /* -1: closed */
	struct loop *loop;
	loop_fd_fn *fn; /* told of LOOP_IN and LOOP_HUP */
	void *ctx;
	struct line_packet *first;
	struct line_packet *last;
	size_t queued;
	bool failed; /* nothing more can be sent; the owner ends it */
};

/* line_open(l, loop, fd, fn, ctx): the descriptor becomes the line's. 0 or -errno. */
int line_open(struct line *l, struct loop *loop, int fd, loop_fd_fn *fn, void *ctx);

/* line_close(l): what is queued is dropped. Safe when closed. */
void line_close(struct line *l);

/* Send or queue; descriptors stay the caller's. 0, or -errno and l->failed. */
int line_packet(struct line *l, struct view data, const int *fds, int n);
int line_msg(struct line *l, const struct msg *m);

#endif
