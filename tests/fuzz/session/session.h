/* What a whole connection of the fuzzer has come to, counted over all inputs. */
#ifndef POSTERN_FUZZ_SESSION_H
#define POSTERN_FUZZ_SESSION_H

#include <stddef.h>
#include <stdint.h>

struct session_seen {
	unsigned keyed, asked, logged_in, refused, opened, started, data, eof, rekeyed_peer, rekeyed_own, inflated;
};

extern struct session_seen session_seen;
extern const char *const session_corpus; /* folder of what is checked in */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
