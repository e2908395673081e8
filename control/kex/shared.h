/*
 * Inside the exchange: shares and the secret K that both sides make of them, by the
 * method's kind. What holds secrets on the stack here is cleared by the caller
 * (pk_wipe_stack), which does so once for all of it.
 */
#ifndef POSTERN_KEX_SHARED_H
#define POSTERN_KEX_SHARED_H

#include "control/kex/kex.h"

/* shared_respond(s, m, ctx, peer): the server's share and K for the client's share. */
int shared_respond(
    struct kex_secret *s, const struct kex_method *m, const struct kex_context *ctx, struct view peer);

/* shared_begin(st, m): the client's pair; of a group exchange in the group of st. */
int shared_begin(struct kex_client_state *st, const struct kex_method *m);
/* shared_conclude(s, m, st, peer): K from the server's share. */
int shared_conclude(
    struct kex_secret *s, const struct kex_method *m, const struct kex_client_state *st, struct view peer);

/* The group of a method in prime fields: its own, or the one that was agreed on. */
const struct pk_dh *shared_group(const struct kex_method *m, const struct kex_group *agreed);

#endif
