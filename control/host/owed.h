/*
 * Replies that a channel owes its peer, in the order of the requests.
 *
 * The protocol gives replies no number (RFC 4254 5.4), so an answer that comes
 * early waits for those before it. What a peer asks beyond OWED_MAX while the
 * first is still open is answered with failure, and costs no more memory.
 */
#ifndef POSTERN_CONTROL_HOST_OWED_H
#define POSTERN_CONTROL_HOST_OWED_H

#include <stdbool.h>
#include <stdint.h>

#define OWED_MAX 64u

enum owed_state { OWED_OPEN = 0, OWED_SUCCESS, OWED_FAILURE };

struct owed_row {
	uint64_t token;
	uint32_t count;  /* more than 1 only for failures beyond the limit */
	uint32_t state;
};

struct owed {
	struct owed_row *row; /* OWED_MAX of them, or NULL when nothing is owed */
	uint32_t first;
	uint32_t count;
};

/* owed_add(o, token): a request came that wants a reply. 0: it is open. -1: it
 * counts as answered with failure (limit or memory; *lost when even that could
 * not be noted). */
int owed_add(struct owed *o, uint64_t token, bool *lost);

/* owed_answer(o, token, state): -1 when that token is not open. */
int owed_answer(struct owed *o, uint64_t token, enum owed_state state);

/* owed_fail_all(o): whatever is open is a failure: the channel closes. */
void owed_fail_all(struct owed *o);

/* owed_peek(o, success): is the next reply known? */
bool owed_peek(const struct owed *o, bool *success);
void owed_take(struct owed *o);

uint64_t owed_total(const struct owed *o);
void owed_clear(struct owed *o);

#endif
