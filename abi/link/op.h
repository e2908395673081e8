/*
 * op.def as enums, and the tables that say who may do what.
 */
#ifndef POSTERN_LINK_OP_H
#define POSTERN_LINK_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_GATE 0x1u
#define LINK_CLERK 0x2u
#define LINK_HOST 0x4u
#define LINK_CAPTURE 0x8u /* console, for frames: capture.h */

enum link_op {
#define UP(name, number, to, text) LINK_UP_##name = (number),
#define DOWN(name, number, from, text) LINK_DOWN_##name = (number),
#define ITEM(name, number, from, text)
#include "abi/link/op.def"
#undef UP
#undef DOWN
#undef ITEM
};

enum link_item {
#define UP(name, number, to, text)
#define DOWN(name, number, from, text)
#define ITEM(name, number, from, text) LINK_ITEM_##name = (number),
#include "abi/link/op.def"
#undef UP
#undef DOWN
#undef ITEM
};

/* Deadlines that the worker keeps and reports with UP(DEADLINE). */
enum link_deadline {
	LINK_DEADLINE_KEXINIT = 1, /* our KEXINIT was held long enough: send it */
	LINK_DEADLINE_GRACE = 2,   /* login grace of this phase is over: close */
	LINK_DEADLINE_REKEY = 3,   /* the exchange that runs took too long: close */
};

/* What UP(CHAN_OPEN) starts. */
enum link_start {
	LINK_START_SHELL = 1,
	LINK_START_EXEC = 2,
	LINK_START_SUBSYSTEM = 3,
	LINK_START_COMMAND = 4, /* a command that is configured for a subsystem's name */
	LINK_START_OPEN = 5,    /* the peer opened the channel, of another type than session */
};

/* link_op_allowed(op, role): may `role` send this down op? Unlisted: no. */
bool link_op_allowed(uint16_t op, uint32_t role);

/* link_item_allowed(item, role): may `role` put this item into a step? */
bool link_item_allowed(uint8_t item, uint32_t role);

/* link_record_allowed(msg, role, phase): may `role` send a record with this
 * message number now (enum ssh_phase, abi/wire/ssh.h)? One table in op.c. */
bool link_record_allowed(uint8_t msg, uint32_t role, int phase);

#endif
