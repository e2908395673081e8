/*
 * Suites by number, as they cross the link, and by name, as they cross the wire.
 */
#ifndef POSTERN_WIRE_ALGO_H
#define POSTERN_WIRE_ALGO_H

#include <stdint.h>

/* SUITE(NAME, number, cipher name, key size, iv size, MAC key size, mac name or "")
 * Numbers are fixed for ever. */
#define SUITE_LIST(SUITE) \
	SUITE(NONE, 0, "none", 0, 0, 0, "none") \
	SUITE(AES128_GCM, 1, "aes128-gcm@openssh.com", 16, 12, 0, "")

enum suite_id {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) SUITE_##NAME = (number),
	SUITE_LIST(SUITE)
#undef SUITE
	SUITE_COUNT
};

#endif
