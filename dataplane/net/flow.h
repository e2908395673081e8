/*
 * Frames to flows, when several workers share one port.
 *
 * A worker that receives a frame looks once whose it is, before anything else.
 * Nothing is verified here: the worker that gets the frame does that.
 */
#ifndef POSTERN_NET_FLOW_H
#define POSTERN_NET_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOW_KEY_SIZE 40u
#define FLOW_NIBBLES 72u

/* The key, spread into one table per nibble of the input. */
struct flow_key {
	uint32_t nibble[FLOW_NIBBLES][16];
};

enum flow_whose {
	FLOW_HERE, /* anybody can deal with it: who received it does */
	FLOW_ONE,  /* a TCP segment, or an ICMP error about one: the flow's owner */
	FLOW_ALL,  /* ARP, neighbour discovery: everybody keeps addresses */
};

void flow_key_init(struct flow_key *f, const uint8_t key[FLOW_KEY_SIZE]);

/* flow_hash(f, tuple, len): Toeplitz over len bytes, at most FLOW_NIBBLES / 2. */
uint32_t flow_hash(const struct flow_key *f, const uint8_t *tuple, uint32_t len);

/* flow_whose(f, frame, len, hash): *hash is set with FLOW_ONE. */
enum flow_whose flow_whose(const struct flow_key *f, const uint8_t *frame, uint32_t len, uint32_t *hash);

#endif
