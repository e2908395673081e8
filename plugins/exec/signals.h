/*
 * Signal names of RFC 4254 section 6.10, without "SIG".
 */
#ifndef EXEC_SIGNALS_H
#define EXEC_SIGNALS_H

#include <postern/result.h>

/* The number, or 0 for a name that is not served. */
uint32_t signal_number(struct postern_view name);

/* The name; a local one where the RFC has none. */
const char *signal_name(uint32_t number);

#endif
