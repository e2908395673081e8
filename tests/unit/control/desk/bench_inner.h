/* What the parts of the bench share. */
#ifndef POSTERN_TEST_BENCH_INNER_H
#define POSTERN_TEST_BENCH_INNER_H

#include "tests/unit/control/desk/bench.h"

/* To be freed. */
uint8_t *bench_copy(struct view v);

/* The desk did what it must not: counted and said. */
void bench_fault(struct bench *b, const char *what);

/* bench_step.c: all items of a step take effect. */
void bench_apply(struct bench *b, const struct step *s);

#endif
