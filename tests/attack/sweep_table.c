/*
 * Written by hand from the RFCs, not from the server.
 *
 * RFC 4253 section 7.1: between KEXINIT and NEWKEYS a peer sends 1 to 4, no second
 * KEXINIT, and the messages of the method. Section 10: a service is asked for with 5.
 * Section 11.4: what nobody assigned is answered with UNIMPLEMENTED, here only where it
 * could be an extension of the phase. RFC 4252 section 6: 80 and above are no messages
 * before success; section 5.3: authentication requests behind it are ignored. RFC 4254:
 * 91 to 100 name a channel, and there is none. OpenSSH PROTOCOL sections 1.9 and 1.10:
 * PING, and what strict key exchange forbids. The numbers of a server are no client's.
 */
#include "tests/attack/sweep.h"

#include <stddef.h>

#define BIT(phase) (1u << SWEEP_##phase)
#define KEX (BIT(KEX_STRICT) | BIT(KEX))
#define REPLY (BIT(REPLY_STRICT) | BIT(REPLY))
#define LOGIN (BIT(SERVICE) | BIT(AUTH) | BIT(DIALOGUE))
#define AUTHS (BIT(AUTH) | BIT(DIALOGUE))
#define KEYED (LOGIN | OPENS)
#define OPENS (BIT(OPEN) | BIT(HELD)) /* what is no part of an exchange goes on until our KEXINIT */
#define REKEYS (BIT(REKEY) | BIT(REKEY_REPLY))
#define ALL ((1u << SWEEP_PHASES) - 1)

/* One outcome whatever the body is. */
#define SAME(what) { what, what, what }

static const struct {
	uint32_t phases;
	uint8_t first, last;
	const char *outcome[SWEEP_BODIES]; /* empty, minimal, random */
} rows[] = {
	{ ALL, 1, 1, SAME("E") },
	{ BIT(FIRST), 2, 4, SAME("T") },
	{ BIT(KEX_STRICT) | BIT(REPLY_STRICT), 2, 4, SAME("C2:KEX_STRICT") },
	{ BIT(KEX) | BIT(REPLY) | REKEYS, 2, 4, SAME("F") },
	{ KEYED, 2, 4, SAME("S") },
	{ LOGIN, 5, 5, { "C2:?", "A6", "C2:?" } },
	{ LOGIN | OPENS, 7, 7, { "S|C2:?", "S", "S|C2:?" } },
	{ KEYED, 8, 19, SAME("U") },

	{ BIT(FIRST), 20, 20, { "C2:?", "A20", "C2:?" } },
	{ KEX | BIT(REKEY) | BIT(REKEY_REPLY), 20, 20, SAME("C2:KEX_TWICE") },
	{ REPLY, 20, 20, SAME("C2:?") },
	{ BIT(OPEN), 20, 20, { "C2:?", "A20", "C2:?" } },
	{ BIT(HELD), 20, 20, { "C2:?", "K", "C2:?" } },
	{ BIT(FIRST) | KEX | OPENS | BIT(REKEY), 21, 21, SAME("C2:SSH_NEWKEYS") },
	{ REPLY | BIT(REKEY_REPLY), 21, 21, { "L", "L", "C2:SSH_NEWKEYS" } },
	{ KEYED, 22, 29, SAME("U") },
	{ BIT(FIRST), 30, 49, SAME("C2:KEX_STATE") },
	{ KEX | BIT(REKEY), 30, 30, { "C2:?|C3:?", "A31", "C2:?|C3:?" } },
	{ KEX | BIT(REKEY), 31, 49, SAME("C2:KEX_STATE") },
	{ REPLY | BIT(REKEY_REPLY), 30, 49, SAME("C2:KEX_STATE") },

	{ AUTHS, 50, 50, { "C2:?", "A51", "C2:?" } },
	{ AUTHS | OPENS, 54, 59, SAME("U") },
	{ BIT(AUTH), 61, 61, SAME("C2:?") },
	/* No response to the one prompt is a failed try (RFC 4256 section 3.4). */
	{ BIT(DIALOGUE), 61, 61, { "C2:?", "A51", "C2:?" } },
	{ AUTHS | OPENS, 62, 79, SAME("U") },
	{ OPENS, 50, 50, SAME("S") },

	{ OPENS, 80, 80, { "C2:?", "S", "C2:?" } },
	{ OPENS, 81, 82, SAME("S") },
	{ OPENS, 83, 89, SAME("U") },
	{ BIT(OPEN), 90, 90, { "C2:?", "A92", "C2:?" } },
	/* RFC 4253 section 7.1: the answer is no message of an exchange. */
	{ BIT(HELD), 90, 90, { "C2:?", "H92", "C2:?" } },
	{ OPENS, 91, 100, SAME("C2:?") },
	{ OPENS, 101, 127, SAME("U") },

	{ KEYED, 128, 191, SAME("U") },
	{ LOGIN, 192, 193, SAME("S") },
	{ BIT(OPEN), 192, 192, SAME("A193") },
	/* Nor is PONG, and none is kept: a peer that asks would fill our memory. */
	{ BIT(HELD), 192, 192, SAME("S") },
	{ OPENS, 193, 193, SAME("S") },
	{ KEYED, 194, 255, SAME("U") },

	/* Not in an exchange: what a client may say, and what it may not say at any time. */
	{ REKEYS, 5, 6, SAME("C2:SSH_PHASE") },
	{ REKEYS, 51, 53, SAME("C2:SSH_PHASE") },
	{ REKEYS, 60, 61, SAME("C2:SSH_PHASE") },
	{ REKEYS, 7, 255, SAME("C2:SSH_KEXING") },
};

const char *const sweep_phase_name[SWEEP_PHASES] = { "before KEXINIT", "behind KEXINIT, strict",
	"behind KEXINIT", "behind the reply, strict", "behind the reply", "before the service",
	"before authentication", "in a dialogue", "logged in", "behind the server's KEXINIT of a rekey", "behind KEXINIT of a rekey",
	"behind the reply of a rekey" };

const char *
sweep_rule(enum sweep_phase phase, uint8_t number, enum sweep_body body)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((rows[i].phases & (1u << phase)) != 0 && number >= rows[i].first && number <= rows[i].last)
			return rows[i].outcome[body];
	return "C2:SSH_PHASE"; /* what no row allows */
}
