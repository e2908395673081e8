/*
 * What an engine's files offer to select.c: one struct cipher_library. Engines
 * on third-party libraries are referred to weakly, so a program gets those that
 * it links and builds without the others.
 */
#ifndef POSTERN_DRIVERS_CIPHER_LIBRARY_H
#define POSTERN_DRIVERS_CIPHER_LIBRARY_H

#include "drivers/cipher/engine.h"

/* The rows of one file. */
struct cipher_rows {
	const struct cipher_engine *row;
	size_t count;
};

struct cipher_library {
	/* Everything that allocates, opens files or asks the CPU; NULL: nothing.
	 * 0, or -1 when the library cannot be used. start is called once,
	 * thread_start in each thread, first in the one of start. */
	int (*start)(void);
	int (*thread_start)(void);
	struct cipher_rows parts[5]; /* until one without rows */
};

extern const struct cipher_library cipher_library_ipsecmb __attribute__((weak));
extern const struct cipher_library cipher_library_openssl __attribute__((weak));
extern const struct cipher_library cipher_library_ref;

extern const char cipher_wanted_ipsecmb, cipher_wanted_openssl;

#endif
