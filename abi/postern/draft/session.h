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

#define POSTERN_SESSION_CERT_ID 8u /* key id of the certificate that was used */
#define POSTERN_SESSION_CERT_CA 9u /* its CA: "ssh-ed25519 SHA256:..." */
#define POSTERN_SESSION_ID 10u     /* session id, RFC 4253 7.2: 32, 48 or 64 bytes, no text */
#define POSTERN_SESSION_IDENT 11u  /* identification line of the peer: its own word, any bytes */
/* What was negotiated, by its names; in: from the peer. As of the first channel of the
 * connection that this host got; a rekey may change them later. */
#define POSTERN_SESSION_KEX 12u
#define POSTERN_SESSION_HOST_KEY 13u
#define POSTERN_SESSION_CIPHER_IN 14u
#define POSTERN_SESSION_CIPHER_OUT 15u
#define POSTERN_SESSION_MAC_IN 16u /* of no meaning with a cipher that verifies by itself */
#define POSTERN_SESSION_MAC_OUT 17u
#define POSTERN_SESSION_COMPRESSION_IN 18u
#define POSTERN_SESSION_COMPRESSION_OUT 19u

/* number() */
#define POSTERN_SESSION_UID 32u
#define POSTERN_SESSION_GID 33u
#define POSTERN_SESSION_PEER_PORT 34u
#define POSTERN_SESSION_LOCAL_PORT 35u
#define POSTERN_SESSION_RESTRICTIONS 36u /* POSTERN_NO_* */
/* The same number for all channels of one connection while it lives. */
#define POSTERN_SESSION_CONNECTION 37u
#define POSTERN_SESSION_CERT_SERIAL 38u /* POSTERN_E_NOSUCH without a certificate */
#define POSTERN_SESSION_ENCRYPTED 39u   /* POSTERN_DIRECTION_* that are */
#define POSTERN_SESSION_VERIFIED 40u
#define POSTERN_SESSION_GROUP_COUNT 41u /* supplementary groups */
#define POSTERN_SESSION_GROUP_0 0x10000u /* and behind it: each of them */

#define POSTERN_DIRECTION_IN 0x1u
#define POSTERN_DIRECTION_OUT 0x2u

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
