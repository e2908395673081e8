/*
 * When something that failed may be started again. Pure: the time is an argument,
 * in milliseconds.
 *
 *   failures without a quiet time between   wait before the next start
 *   0, 1                                    none
 *   2                                       BACKOFF_FIRST_MS
 *   each further                            twice as long, at most what the caller says
 *
 * What ran for BACKOFF_QUIET_MS without a failure is healthy: it begins anew.
 */
#ifndef POSTERN_CONTROL_SUPERVISOR_BACKOFF_H
#define POSTERN_CONTROL_SUPERVISOR_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_MS 500u
#define BACKOFF_QUIET_MS 120000u

struct backoff {
	uint32_t failures;
	uint64_t failed_ms; /* the last one */
	uint64_t until_ms;  /* no start before; 0: none waits */
};

/* backoff_wait(b, now): how long until it may be started; 0: now. */
uint32_t backoff_wait(struct backoff *b, uint64_t now_ms);

/* backoff_failed(b, now, most): it failed; how long until it may be started, at most
 * `most` ms. */
uint32_t backoff_failed(struct backoff *b, uint64_t now_ms, uint32_t most_ms);

#endif
