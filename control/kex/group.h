/*
 * The messages that a group exchange has before the others (RFC 4419 sections 3 and 5).
 * The form of the request before that RFC, with one number, is not served. Nothing here
 * and in moduli.h calculates: both link without drivers/pk.
 */
#ifndef POSTERN_KEX_GROUP_H
#define POSTERN_KEX_GROUP_H

#include "control/kex/kex.h"

#define KEX_GROUP_MIN 2048u           /* bits; RFC 8270 section 3 */
#define KEX_GROUP_MAX (8u * PK_DH_MAX) /* RFC 4419 section 3 */

/* group_bits(d): of the modulus. group_fits(d): it is odd and of at most PK_DH_MAX, and
 * 1 < g < p - 1. */
unsigned group_bits(const struct pk_dh *d);
bool group_fits(const struct pk_dh *d);

/* group_request(g, message): message 34, and what to choose by. 0, -R_SHORT,
 * -R_KEX_STATE: another message, -R_KEX_GROUP: sizes that are not served, or in no order. */
int group_request(struct kex_group *g, struct view message);
void group_request_put(struct put *w, const struct kex_group *g);

/* group_ask(g, choice): what a client asks for, as strong as the ciphers. */
void group_ask(struct kex_group *g, const struct kex_choice *choice);

/* Message 31. group_take checks what came against what g asks for, and fills g->dh, which
 * borrows: 0, -R_SHORT, -R_KEX_STATE, -R_KEX_GROUP. */
void group_put(struct put *w, const struct kex_group *g);
int group_take(struct kex_group *g, struct view message);

#endif
