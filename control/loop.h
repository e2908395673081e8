/*
 * A small event loop on epoll: readable descriptors and one-shot timers. One
 * per process. Callbacks may add and remove anything, themselves included.
 */
#ifndef POSTERN_CONTROL_LOOP_H
#define POSTERN_CONTROL_LOOP_H

#include <stdint.h>

struct loop;

#define LOOP_IN 0x1u
#define LOOP_OUT 0x2u
#define LOOP_HUP 0x4u /* told always, together with LOOP_IN where data is left */

typedef void loop_fd_fn(void *ctx, int fd, unsigned events);
typedef void loop_timer_fn(void *ctx);

struct loop *loop_new(void);
void loop_free(struct loop *);

/* Watch fd for `events`; a second call changes them. 0 or -errno. */
int loop_watch(struct loop *, int fd, unsigned events, loop_fd_fn *fn, void *ctx);
void loop_unwatch(struct loop *, int fd);

/* Call fn once after ms milliseconds; returns an id > 0, or -errno. */
int loop_after(struct loop *, uint32_t ms, loop_timer_fn *fn, void *ctx);
void loop_cancel(struct loop *, int id);

/* Run until loop_stop; `before` (may be NULL) is called before each wait: the
 * place to poll rings, and to arm them: it returns 0 to wait, 1 to poll again
 * without waiting. */
int loop_run(struct loop *, int (*before)(void *ctx), void *ctx);
void loop_stop(struct loop *);

uint64_t loop_now_ms(void); /* monotonic */

#endif
