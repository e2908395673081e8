/*
 * The table in front of all dispatch: (phase x message) -> what to do.
 * Unlisted means refuse.
 */
#ifndef POSTERN_SSH_DEMUX_H
#define POSTERN_SSH_DEMUX_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/wire/ssh.h"

enum demux_verdict {
	DEMUX_REFUSE = 0,  /* -R_SSH_PHASE: the connection ends */
	DEMUX_CONTROL,     /* to gate before login, to clerk after */
	DEMUX_SELF,        /* 1-4, 192 and 193, answered here */
	DEMUX_NEWKEYS,
	DEMUX_CHANNEL,     /* 91-100: chan.c decides by the channel's state */
	DEMUX_DROP,        /* counted and dropped: a late authentication request or
	                      EXT_INFO */
	DEMUX_UNKNOWN,     /* a number nobody assigned: UNIMPLEMENTED */
};

/* demux_in(client, phase, msg): what a received message means. */
enum demux_verdict demux_in(bool client, enum ssh_phase phase, uint8_t msg);

/* demux_kexing(msg): may it be received between the peer's KEXINIT and its
 * NEWKEYS? 1-4 (not in a strict first exchange: gate judges that) and 21, 30-49.
 * A second KEXINIT has a reason of its own, -R_KEX_TWICE. */
bool demux_kexing(uint8_t msg);

/* mux_held(msg): must it wait while HOLD is set? All but 1-4 and 20-49. */
bool mux_held(uint8_t msg);

#endif
