/*
 * Which engine serves a suite: the first of ipsecmb, openssl, ref that is built
 * in and gives the known answers. Run once, before threads.
 */
#ifndef POSTERN_DRIVERS_CIPHER_SELECT_H
#define POSTERN_DRIVERS_CIPHER_SELECT_H

#include "drivers/cipher/engine.h"

/* cipher_start(prefer): test every engine against known answers; `prefer`
 * forces one by name, or NULL. 0, or -1 with *why set when a suite has none. */
int cipher_start(const char *prefer, const char **why);

/* cipher_thread_start(): once in every other thread that uses contexts, after
 * cipher_start: what a library keeps per thread is made. 0 or -1. */
int cipher_thread_start(void);

/* cipher_engine_for(suite): the row, NULL when not served. After cipher_start. */
const struct cipher_engine *cipher_engine_for(uint16_t suite);

/* cipher_engines(suite, list, max): every engine built in, for tests. */
size_t cipher_engines(uint16_t suite, const struct cipher_engine **list, size_t max);

#endif
