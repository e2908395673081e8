/*
 * Time for those who own a loop; pure rooms get it as an argument.
 */
#ifndef POSTERN_DRIVERS_CLOCK_H
#define POSTERN_DRIVERS_CLOCK_H

#include <stdint.h>

/* Microseconds since some moment before start; never goes back. Cheap: the TSC
 * where it is invariant, CLOCK_MONOTONIC otherwise. */
uint64_t clock_us(void);

/* Cycles, for counters. */
uint64_t clock_cycles(void);

/* Cycles in a second; 0 when it is not known. */
uint64_t clock_hz(void);

/* Milliseconds since 1970, for logs. */
uint64_t clock_unix_ms(void);

/* Nanoseconds since 1970, for captures. */
uint64_t clock_unix_ns(void);

/* Calibrate; once at start. */
void clock_start(void);

#endif
