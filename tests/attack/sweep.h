/*
 * Every message number in every phase of a connection: what a server may do about it.
 */
#ifndef POSTERN_ATTACK_SWEEP_H
#define POSTERN_ATTACK_SWEEP_H

#include <stdint.h>

enum sweep_phase {
	SWEEP_FIRST,          /* behind the identification lines */
	SWEEP_KEX_STRICT,     /* behind both KEXINITs, strict key exchange */
	SWEEP_KEX,            /* the same, not strict */
	SWEEP_REPLY_STRICT,   /* behind the server's reply and NEWKEYS, ours is not sent */
	SWEEP_REPLY,
	SWEEP_SERVICE,        /* encrypted, no service yet */
	SWEEP_AUTH,           /* no method begun */
	SWEEP_DIALOGUE,       /* a prompt of keyboard-interactive is out */
	SWEEP_OPEN,           /* logged in, no channel */
	SWEEP_HELD,           /* the server's KEXINIT of a later exchange is out, ours is not */
	SWEEP_REKEY,          /* behind both KEXINITs of a later exchange */
	SWEEP_REKEY_REPLY,
	SWEEP_PHASES,
};

enum sweep_body { SWEEP_EMPTY, SWEEP_MINIMAL, SWEEP_RANDOM, SWEEP_BODIES };

extern const char *const sweep_phase_name[SWEEP_PHASES];

/*
 * sweep_rule(phase, number, body): the outcomes that are allowed, separated by '|':
 *   C2:NAME   DISCONNECT with that code, and closed; NAME: the reason that is counted,
 *             ? where it depends on the body
 *   E         closed without DISCONNECT
 *   U         UNIMPLEMENTED for it, and all goes on
 *   S         nothing is said, and all goes on
 *   A51       answered with that message, and all goes on
 *   F         nothing is said, and the exchange can be finished
 *   L         it is the next step of the exchange, which can be finished
 *   K         the same, for our KEXINIT
 *   H92       nothing is said before the exchange is over, then it is answered with that
 *   T         nothing is said, and the KEXINIT that offers strict key exchange behind it
 *             ends the connection
 */
const char *sweep_rule(enum sweep_phase phase, uint8_t number, enum sweep_body body);

#endif
