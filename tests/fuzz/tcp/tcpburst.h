/*
 * What the target met, for a test that must know.
 */
#ifndef POSTERN_FUZZ_TCPBURST_H
#define POSTERN_FUZZ_TCPBURST_H

#include <stddef.h>
#include <stdint.h>

extern struct tcpburst_met {
	uint64_t segments, together, acks, data_out, closed;
} tcpburst_met;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
