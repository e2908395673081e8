/*
 * postern.session/1, offered by the host: who a channel belongs to.
 *
 * The facts are the server's own: from the grant that let the user in, never
 * from the peer. All methods are [plugin-thread].
 */
#ifndef POSTERN_DRAFT_SESSION_H
#define POSTERN_DRAFT_SESSION_H

#include "channel.h"

#define POSTERN_IF_SESSION "postern.session/1"

/* text() */
#define POSTERN_SESSION_USER 1u
#define POSTERN_SESSION_HOME 2u
#define POSTERN_SESSION_SHELL 3u
#define POSTERN_SESSION_METHODS 4u /* "publickey", or "publickey,password" ... */
#define POSTERN_SESSION_KEY 5u     /* "ssh-ed25519 SHA256:..." when a key was used */
#define POSTERN_SESSION_PEER 6u    /* address of the peer, as text */
#define POSTERN_SESSION_LOCAL 7u   /* address it connected to */

/* number() */
#define POSTERN_SESSION_UID 32u
#define POSTERN_SESSION_GID 33u
#define POSTERN_SESSION_PEER_PORT 34u
#define POSTERN_SESSION_LOCAL_PORT 35u
#define POSTERN_SESSION_RESTRICTIONS 36u /* POSTERN_NO_* */
/* The same number for all channels of one connection while it lives. */
#define POSTERN_SESSION_CONNECTION 37u

#define POSTERN_NO_PTY 0x01u
#define POSTERN_NO_FORWARD 0x02u
#define POSTERN_NO_AGENT 0x04u
#define POSTERN_NO_X11 0x08u
#define POSTERN_NO_RC 0x10u

struct postern_if_session {
	/* *out is valid until the channel's `closed` has returned. A fact that is
	 * not there is empty; a number not known here is POSTERN_E_NOSUCH. */
	int32_t (*text)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t what, struct postern_view *out);
	int32_t (*number)(const struct postern_host *host, struct postern_channel channel,
	    uint32_t what, uint64_t *out);

	/* New keys for the channel's connection, soon. What is being sent goes on;
	 * nothing tells when it is done. Not done while keys are being exchanged, or
	 * were within the last ten seconds. POSTERN_E_NOMEM: ask again later. */
	int32_t (*rekey)(const struct postern_host *host, struct postern_channel channel);
};

#endif
