/*
 * What a plugin counts (postern/draft/counter.h): a page that its host writes and the
 * supervisor reads.
 *
 * The names are those of NAME.conf, which no host can write. A host makes its page before
 * its sandbox closes, sealed (link/memfile.h): nobody else ever writes it, and its size
 * stays. It hands it over with COUNTERS when it is linked, and again to a supervisor that
 * takes over. There all of it is copied before a byte is looked at, and of the copy only
 * values count whose names the supervisor has read itself: a host that lies changes the
 * sums of its own plugin's counters, and nothing else.
 */
#ifndef POSTERN_CONTROL_COUNTERS_H
#define POSTERN_CONTROL_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

#define COUNTERS_MAX 64u      /* of one plugin */
#define COUNTERS_NAME_MAX 31u /* bytes */
#define COUNTERS_MAGIC 0x504e5443u
#define COUNTERS_VALUE_MAX INT64_MAX /* as a JSON number has it */

struct counters_row {
	uint64_t value;
	char name[COUNTERS_NAME_MAX + 1];
};

/* The page, a copy of one, or a plugin's sums. */
struct counters {
	uint32_t magic;
	uint32_t count;
	struct counters_row row[COUNTERS_MAX];
};

_Static_assert(sizeof(struct counters_row) == 40, "both processes");
_Static_assert(sizeof(struct counters) == 8 + 40 * 64, "both processes");

/* counters_lines(c, text, len, why): the names of a NAME.conf, at 0. 0; or -1 and *why
 * says what is wrong. */
int counters_lines(struct counters *c, const char *text, size_t len, const char **why);

/* counters_find(c, name): its row's number, or COUNTERS_MAX. */
uint32_t counters_find(const struct counters *c, struct view name);

/* counters_make(names, fd): a host's page with these names. counters_attach(fd): the
 * supervisor's view of it, read-only. NULL: failed, or not sealed or sized like one. fd
 * stays the caller's. counters_detach(page): of both. */
struct counters *counters_make(const struct counters *names, int *fd);
const struct counters *counters_attach(int fd);
void counters_detach(const struct counters *page);

/* counters_sum(to, page): add what a host has counted, under the names that `to` has. */
void counters_sum(struct counters *to, const struct counters *page);

/* counters_rename(c, names): these names from now on, with the values of those that stay. */
void counters_rename(struct counters *c, const struct counters *names);

#endif
