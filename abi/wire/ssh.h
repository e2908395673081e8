/*
 * Numbers of the SSH protocol. Each names its source.
 */
#ifndef POSTERN_WIRE_SSH_H
#define POSTERN_WIRE_SSH_H

/* Message numbers: RFC 4250 section 4.1.2 unless noted. */
enum ssh_msg {
	SSH_MSG_DISCONNECT = 1,
	SSH_MSG_IGNORE = 2,
	SSH_MSG_UNIMPLEMENTED = 3,
	SSH_MSG_DEBUG = 4,
	SSH_MSG_SERVICE_REQUEST = 5,
	SSH_MSG_SERVICE_ACCEPT = 6,
	SSH_MSG_EXT_INFO = 7,         /* RFC 8308 section 2.3 */
	SSH_MSG_KEXINIT = 20,
	SSH_MSG_NEWKEYS = 21,
	SSH_MSG_KEX_FIRST = 30,       /* 30..49: method specific, RFC 4250 */
	SSH_MSG_KEX_ECDH_INIT = 30,   /* RFC 5656 section 7.1 */
	SSH_MSG_KEX_ECDH_REPLY = 31,
	SSH_MSG_KEX_DH_GEX_GROUP = 31, /* RFC 4419 section 5 */
	SSH_MSG_KEX_DH_GEX_INIT = 32,
	SSH_MSG_KEX_DH_GEX_REPLY = 33,
	SSH_MSG_KEX_DH_GEX_REQUEST = 34,
	SSH_MSG_KEX_LAST = 49,
	SSH_MSG_USERAUTH_REQUEST = 50,
	SSH_MSG_USERAUTH_FAILURE = 51,
	SSH_MSG_USERAUTH_SUCCESS = 52,
	SSH_MSG_USERAUTH_BANNER = 53,
	SSH_MSG_USERAUTH_PK_OK = 60,  /* RFC 4252 section 7 */
	SSH_MSG_USERAUTH_INFO_REQUEST = 60,  /* RFC 4256 section 5 */
	SSH_MSG_USERAUTH_INFO_RESPONSE = 61, /* RFC 4256 section 5 */
	SSH_MSG_GLOBAL_REQUEST = 80,
	SSH_MSG_REQUEST_SUCCESS = 81,
	SSH_MSG_REQUEST_FAILURE = 82,
	SSH_MSG_CHANNEL_OPEN = 90,
	SSH_MSG_CHANNEL_OPEN_CONFIRMATION = 91,
	SSH_MSG_CHANNEL_OPEN_FAILURE = 92,
	SSH_MSG_CHANNEL_WINDOW_ADJUST = 93,
	SSH_MSG_CHANNEL_DATA = 94,
	SSH_MSG_CHANNEL_EXTENDED_DATA = 95,
	SSH_MSG_CHANNEL_EOF = 96,
	SSH_MSG_CHANNEL_CLOSE = 97,
	SSH_MSG_CHANNEL_REQUEST = 98,
	SSH_MSG_CHANNEL_SUCCESS = 99,
	SSH_MSG_CHANNEL_FAILURE = 100,
	SSH_MSG_PING = 192,           /* OpenSSH PROTOCOL, section 1.9 */
	SSH_MSG_PONG = 193,
};

/* RFC 4250 section 4.3: why a channel could not be opened. */
enum ssh_open_failure {
	SSH_OPEN_ADMINISTRATIVELY_PROHIBITED = 1,
	SSH_OPEN_CONNECT_FAILED = 2,
	SSH_OPEN_UNKNOWN_CHANNEL_TYPE = 3,
	SSH_OPEN_RESOURCE_SHORTAGE = 4,
};

#define SSH_EXTENDED_STDERR 1 /* RFC 4254 section 5.2 */

#define SSH_IDENT_MAX 255     /* RFC 4253 section 4.2, CR LF included */
#define SSH_IDENT_OURS "SSH-2.0-postern_" POSTERN_VERSION /* then a space and the comment, if any */
#define SSH_PACKET_MAX 35000  /* RFC 4253 section 6.1: must be accepted, whole packet */
#define SSH_PAYLOAD_MAX 34000 /* payload that any packet of ours or theirs may have */
#define SSH_PADDING_MIN 4     /* RFC 4253 section 6 */
#define SSH_CHAN_PACKET_MAX 32768 /* channel data in one message that we accept, as OpenSSH */
#define SSH_SIGNATURE_MAX 2112    /* a signature blob: RSA of 16384 bits */
#define SSH_HASH_MAX 64       /* exchange hash: SHA-512 */

/*
 * Phases of a connection, as both sides name them.
 * IDENT: waiting for the identification line. KEX: until the peer's first
 * NEWKEYS; every record goes to gate. SERVICE: until SERVICE_REQUEST is
 * answered. AUTH: until message 52. OPEN: logged in. CLOSING: nothing more is
 * read.
 */
enum ssh_phase {
	SSH_PHASE_IDENT = 0,
	SSH_PHASE_KEX = 1,
	SSH_PHASE_SERVICE = 2,
	SSH_PHASE_AUTH = 3,
	SSH_PHASE_OPEN = 4,
	SSH_PHASE_CLOSING = 5,
	SSH_PHASE_COUNT = 6,
};

#endif
