/* The keys of an exchange in the form that crosses the link. */
#ifndef POSTERN_KEX_KEYSLOT_H
#define POSTERN_KEX_KEYSLOT_H

#include "abi/link/layout.h"
#include "control/kex/kex.h"

/* kex_keyslot(to, choice, s, session_id, server): both directions, `in` and `out` by
 * our role; conn, gen and strict are left 0. 0 or -R_INTERNAL. The caller wipes. */
int kex_keyslot(struct link_slot *to, const struct kex_choice *choice, const struct kex_secret *s,
    struct view session_id, bool server);

#endif
