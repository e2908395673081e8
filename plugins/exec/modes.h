/*
 * Encoded terminal modes: RFC 4254 section 8, RFC 8160.
 */
#ifndef EXEC_MODES_H
#define EXEC_MODES_H

#include <stdint.h>
#include <termios.h>

/* Change what the modes name; opcodes that mean nothing here are skipped, what
 * follows an opcode of 160 or more, or a cut one, is ignored. */
void modes_apply(struct termios *t, const uint8_t *modes, uint64_t len);

#endif
