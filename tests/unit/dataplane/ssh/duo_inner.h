/* What the parts of the pair share. */
#ifndef POSTERN_TEST_DUO_INNER_H
#define POSTERN_TEST_DUO_INNER_H

#include "tests/unit/dataplane/ssh/duo.h"

extern const struct ssh_ops duo_ops;

/* Bytes on their way to a side. */
void duo_pipe(struct duo_side *to, const uint8_t *data, size_t len);

#endif
