/*
 * The reasons of reason.def as an enum, with their texts and codes.
 *
 * Pure functions return 0 or progress when all is well and -R_<name> when not.
 */
#ifndef POSTERN_WIRE_REASON_H
#define POSTERN_WIRE_REASON_H

#include <stdint.h>

#define REASON_MAX 256 /* size of the drop counter table; numbers stay below */

enum reason {
#define REASON(name, number, disconnect, text) R_##name = (number),
#include "abi/wire/reason.def"
#undef REASON
};

/* reason_text(r): what people read; "unknown reason" for a number not listed. */
const char *reason_text(int r);

/* reason_name(r): the short name used for counters ("TCP_CSUM"), or "?". */
const char *reason_name(int r);

/* reason_disconnect(r): the code for SSH_MSG_DISCONNECT, 0 where none is sent. */
uint32_t reason_disconnect(int r);

#endif
