/*
 * Groups to choose from in a group exchange: moduli(5) as ssh-keygen -M writes it, read
 * once into a table, which is bytes that can be handed on as they are.
 *
 * The table: u32 count, then for each group u32 bits, str generator, str prime.
 */
#ifndef POSTERN_KEX_MODULI_H
#define POSTERN_KEX_MODULI_H

#include "control/kex/kex.h"

#define MODULI_TEXT_MAX (4u * 1024u * 1024u)
#define MODULI_TABLE_MAX (MODULI_TEXT_MAX + 4u)
#define MODULI_GROUPS_MAX 4096u

/* What became of the lines of a file, comments and empty ones aside. */
struct moduli_count {
	uint32_t taken;
	uint32_t left_out; /* no safe prime, not tested, or of a size that is not served */
	uint32_t broken;   /* no line of moduli(5) */
	uint32_t broken_line; /* the first such */
};

/* moduli_parse(w, text, n): 0, or -R_LIMIT: it does not fit into w, which a buffer of
 * the text's length and 4 never does; or there are more than MODULI_GROUPS_MAX. */
int moduli_parse(struct put *w, struct view text, struct moduli_count *n);

/* moduli_check(table): 0, or -R_PROTOCOL: not what moduli_parse writes. */
int moduli_check(struct view table);

/* moduli_choose(table, g, random): by g->min, n and max: the smallest size of at least
 * n, else the largest below, and of those of that size the one that the random number
 * falls on. 0, or -R_KEX_GROUP: none. g->dh borrows. */
int moduli_choose(struct view table, struct kex_group *g, uint32_t random);

#endif
