/*
 * A grant: who a connection is logged in as, and under which restrictions.
 *
 * Written by the supervisor on warden's word alone, stored by the dataplane,
 * handed to clerk with the adopt image and, cut down to facts, to hosts.
 * Encoded as u16 NOTE_VERSION, then fields u8 number, str body, as notes are.
 */
#ifndef POSTERN_LINK_GRANT_H
#define POSTERN_LINK_GRANT_H

#include "abi/link/note.h"

#define GRANT_MAX 4096u
#define GRANT_GROUPS_MAX 64u
#define GRANT_NAME_MAX 256u
#define GRANT_COMMAND_MAX 1024u
#define GRANT_COMMAND_SFTP "internal-sftp" /* as the forced command: the sftp plugin */

enum grant_field {
	GRANT_USER = 1,
	GRANT_UID = 2,            /* u32 uid, u32 gid */
	GRANT_GROUPS = 3,         /* u32 each */
	GRANT_HOME = 4,
	GRANT_SHELL = 5,
	GRANT_METHODS = 6,        /* "publickey" or "publickey,password" ... */
	GRANT_KEY = 7,            /* "ssh-ed25519 SHA256:..." */
	GRANT_PEER = 8,           /* str address, u16 port, str local, u16 port: by the
	                             dataplane's word, for facts and the environment */
	GRANT_RESTRICT = 9,       /* u32 GRANT_NO_* */
	GRANT_COMMAND = 10,       /* the forced command: runs instead of whatever is asked for */
	GRANT_CERT = 11,          /* str key id, u64 serial, str "ssh-ed25519 SHA256:..." of
	                             its CA; absent when no certificate was used */
};

/*
 * Facts: what a host gets with a channel: the grant, and behind it, by the worker's word,
 * fields with numbers of their own.
 */
enum fact_field {
	FACT_CHANNEL = 128,       /* u32 the peer's window at first, u32 its maximum packet */
	FACT_SESSION_ID = 129,    /* the first exchange hash that keeper signed */
	FACT_NAMES = 130,         /* as NOTE_NAMES: when the channel started */
	FACT_IDENT_PEER = 131,    /* as NOTE_IDENT_PEER */
};

#define FACT_MAX 1024u            /* body of one of these */
#define FACTS_MAX (GRANT_MAX + 4u * (FACT_MAX + 8u))

#define GRANT_NO_PTY 0x01u
#define GRANT_NO_FORWARD 0x02u
#define GRANT_NO_AGENT 0x04u
#define GRANT_NO_X11 0x08u
#define GRANT_NO_RC 0x10u

struct grant {
	char user[GRANT_NAME_MAX];
	char home[GRANT_NAME_MAX];
	char shell[GRANT_NAME_MAX];
	char methods[128];
	char key[128];
	char cert_id[GRANT_NAME_MAX];
	char cert_ca[128];   /* empty: no certificate */
	uint64_t cert_serial;
	char peer[64];
	char local[64];
	uint16_t peer_port;
	uint16_t local_port;
	uint32_t uid;
	uint32_t gid;
	uint32_t restrictions;
	uint32_t group_count;
	uint32_t groups[GRANT_GROUPS_MAX];
	char command[GRANT_COMMAND_MAX]; /* "": none is forced */
};

/* 0 or -R_LINK_NOTE. Text fields are terminated; NUL inside is refused. */
int grant_decode(struct grant *g, struct view image);
int grant_encode(const struct grant *g, struct put *w);

#endif
