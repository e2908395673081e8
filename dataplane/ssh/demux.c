#include "dataplane/ssh/demux.h"

#define R(from, to, what) [(from) ... (to)] = DEMUX_##what
#define M(number, what) [number] = DEMUX_##what

/*
 * Rows are phases, columns message numbers. What is not listed is refused:
 * numbers of another phase or of the other role, 0, and in the first exchange
 * everything that is not part of one. Numbers that nobody assigned are answered
 * with UNIMPLEMENTED from the first NEWKEYS on; those of the connection protocol
 * (80-127) only after login.
 */
#define TRANSPORT_KEYED R(1, 4, SELF), R(8, 19, UNKNOWN), R(22, 29, UNKNOWN), R(128, 191, UNKNOWN), \
	R(192, 193, SELF), R(194, 255, UNKNOWN)
#define FIRST_EXCHANGE R(1, 4, CONTROL), M(20, CONTROL), M(21, NEWKEYS), R(30, 49, CONTROL)
#define CONNECTION M(20, CONTROL), M(21, NEWKEYS), R(30, 49, CONTROL), M(80, CONTROL), \
	R(81, 82, CONTROL), R(83, 89, UNKNOWN), M(90, CONTROL), R(91, 100, CHANNEL), \
	R(101, 127, UNKNOWN)

static const uint8_t server_table[SSH_PHASE_COUNT][256] = {
	[SSH_PHASE_KEX] = { FIRST_EXCHANGE },
	[SSH_PHASE_SERVICE] = { TRANSPORT_KEYED, M(5, CONTROL), M(7, CONTROL) },
	/* Clients exist that ask for the service before every attempt. */
	[SSH_PHASE_AUTH] = { TRANSPORT_KEYED, M(5, CONTROL), M(7, DROP), M(50, CONTROL),
	    R(54, 59, UNKNOWN), M(61, CONTROL), R(62, 79, UNKNOWN) },
	/* RFC 4252 section 5.3: requests after success are ignored. */
	[SSH_PHASE_OPEN] = { TRANSPORT_KEYED, M(7, DROP), M(50, DROP), R(54, 59, UNKNOWN),
	    R(62, 79, UNKNOWN), CONNECTION },
};

static const uint8_t client_table[SSH_PHASE_COUNT][256] = {
	[SSH_PHASE_KEX] = { FIRST_EXCHANGE },
	[SSH_PHASE_SERVICE] = { TRANSPORT_KEYED, M(6, CONTROL), M(7, CONTROL) },
	[SSH_PHASE_AUTH] = { TRANSPORT_KEYED, M(6, CONTROL), M(7, CONTROL), R(51, 53, CONTROL),
	    R(54, 59, UNKNOWN), R(60, 60, CONTROL), R(61, 79, UNKNOWN) },
	[SSH_PHASE_OPEN] = { TRANSPORT_KEYED, M(7, DROP), R(54, 59, UNKNOWN), R(61, 79, UNKNOWN),
	    CONNECTION },
};

enum demux_verdict
demux_in(bool client, enum ssh_phase phase, uint8_t msg)
{
	if ((unsigned)phase >= SSH_PHASE_COUNT)
		return DEMUX_REFUSE;
	return (enum demux_verdict)(client ? client_table : server_table)[phase][msg];
}

bool
demux_kexing(uint8_t msg)
{
	return (msg >= SSH_MSG_DISCONNECT && msg <= SSH_MSG_DEBUG) || msg == SSH_MSG_NEWKEYS ||
	    (msg >= SSH_MSG_KEX_FIRST && msg <= SSH_MSG_KEX_LAST);
}

/* RFC 4253 section 7.1: what may be sent after our KEXINIT; not 5, 6 and 7. */
bool
mux_held(uint8_t msg)
{
	return !((msg >= SSH_MSG_DISCONNECT && msg <= SSH_MSG_DEBUG) ||
	    (msg >= SSH_MSG_KEXINIT && msg <= SSH_MSG_KEX_LAST));
}
