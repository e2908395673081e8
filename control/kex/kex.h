/*
 * Key exchange (RFC 4253 sections 7 and 8, RFC 5656, RFC 8731, hybrids, strict kex), pure: no I/O,
 * no clock; randomness and memory come from the caller. Both roles.
 *
 * The exchange is three calls on each side; nothing secret outlives the call
 * that needs it except in struct kex_secret, which the caller keeps in locked
 * memory and wipes with kex_secret_wipe.
 *
 *   server: kexinit_build -> kex_negotiate -> kex_server_answer -> (keeper
 *           signs H) -> kex_server_reply, kex_derive
 *   client: kexinit_build -> kex_negotiate -> kex_client_init ->
 *           kex_client_finish, kex_derive
 *
 * A group exchange (RFC 4419) has a question and an answer before that: the server
 * reads message 34, chooses, sends 31 (group.h, moduli.h) and has the group in its
 * context from then on; the client calls kex_client_group with message 31.
 *
 * Errors: -R_KEX_*, -R_SHORT.
 */
#ifndef POSTERN_KEX_H
#define POSTERN_KEX_H

#include <stdbool.h>

#include "abi/wire/algo.h"
#include "abi/wire/cursor.h"
#include "abi/wire/reason.h"
#include "abi/wire/ssh.h"
#include "control/kex/method.h"
#include "control/kex/pool.h"

#define KEX_NAMELIST_MAX 4096u /* one name-list of a KEXINIT */
#define KEXINIT_MAX 8192u

/* What one side offers: comma separated names in order of preference. */
struct kex_offer {
	const char *kex; /* without the ext-info and strict markers */
	const char *host_keys;
	const char *ciphers; /* both directions */
	const char *macs;
	const char *compression;
	bool without_chacha; /* leave out what needs strict key exchange */
	unsigned quirks;     /* of the peer (quirks.h): what it does wrong is left out */
};

/* kex_offer_default(): what this build serves. `without_chacha`: withhold
 * ChaCha20 (peer without strict kex, or not known yet). */
const struct kex_offer *kex_offer_default(bool without_chacha);

/* A parsed KEXINIT; views borrow from its payload. */
struct kexinit {
	struct view cookie;
	struct view lists[10]; /* kex, host key, cipher c2s s2c, mac c2s s2c, comp c2s s2c, lang c2s s2c */
	bool follows;          /* first_kex_packet_follows */
	bool ext_info;         /* the peer's marker: ext-info-c or -s by its role */
	bool strict;           /* kex-strict-c-v00@openssh.com or -s- by its role */
};

/* kexinit_build(w, offer, server, first, cookie): payload with message number;
 * the markers go into the first KEXINIT of a connection only. */
void kexinit_build(
    struct put *w, const struct kex_offer *offer, bool server, bool first, const uint8_t cookie[16]);

/* kexinit_parse(k, payload, from_client). 0, -R_KEX_NAMELIST, -R_SHORT,
 * -R_KEX_STATE for another message. Linear. The markers hold for a connection
 * when they are in its first KEXINIT; in later ones the caller ignores them. */
int kexinit_parse(struct kexinit *k, struct view payload, bool from_client);

#define KEX_NAME_MAX 64u
struct kex_choice {
	char kex[KEX_NAME_MAX];
	char host_key[KEX_NAME_MAX];
	char cipher_c2s[KEX_NAME_MAX], cipher_s2c[KEX_NAME_MAX];
	char mac_c2s[KEX_NAME_MAX], mac_s2c[KEX_NAME_MAX]; /* "": the cipher's own tag */
	char comp_c2s[KEX_NAME_MAX], comp_s2c[KEX_NAME_MAX];
	uint16_t suite_c2s, suite_s2c;
	bool skip_guess; /* the client's guessed packet must be ignored once */
};

/* kex_negotiate(c, client, server): RFC 4253 7.1. 0 or -R_KEX_NO_MATCH. */
int kex_negotiate(struct kex_choice *c, const struct kexinit *client, const struct kexinit *server);

/* kex_missing(client, server, theirs): after -R_KEX_NO_MATCH, what there is nothing in
 * common of, as ssh words it, and the client's list of it. */
const char *kex_missing(const struct kexinit *client, const struct kexinit *server, struct view *theirs);

/* What was asked for in a group exchange, in bits, and what was chosen. The views borrow. */
struct kex_group {
	uint32_t min, n, max;
	struct pk_dh dh;
};

/* What the exchange hash is made of besides the shares. */
struct kex_context {
	struct view ident_client; /* without CR LF */
	struct view ident_server;
	struct view kexinit_client; /* payloads */
	struct view kexinit_server;
	struct view host_key; /* public key blob */
	const struct kex_group *group; /* of a group exchange, the server's; else NULL */
	struct kex_pool *pool;         /* of the server's pairs, or NULL */
};

struct kex_secret {
	const struct kex_method *method; /* on the server's side */
	uint8_t k[5 + PK_DH_MAX];        /* K as it enters hashes: mpint or string, encoded */
	uint32_t k_len;
	uint8_t h[SSH_HASH_MAX]; /* exchange hash */
	uint32_t h_len;
	uint8_t share[KEX_SHARE_MAX]; /* our public share */
	uint32_t share_len;
};
void kex_secret_wipe(struct kex_secret *s);

/* kex_server_answer(s, choice, ctx, init): from the client's message 30, or 32 of a
 * group exchange: make the ephemeral key, K and H. 0, -R_KEX_SHARE, -R_SHORT. */
int kex_server_answer(
    struct kex_secret *s, const struct kex_choice *choice, const struct kex_context *ctx, struct view init);

/* kex_server_reply(w, s, ctx, signature): message 31, or 33; signature is a blob
 * (sign.h) of the negotiated host key algorithm over h. */
void kex_server_reply(
    struct put *w, const struct kex_secret *s, const struct kex_context *ctx, struct view signature);

struct kex_client_state {
	uint8_t priv[KEX_PRIVATE_MAX];
	uint8_t pub[KEX_SHARE_MAX];
	uint32_t pub_len;
	/* group exchange: n is not 0 */
	struct kex_group group;
	uint8_t p[PK_DH_MAX], g[PK_DH_MAX];
};
/* kex_client_init(st, choice, w): a fresh key, message 30; or message 34, which asks for
 * a group as strong as the ciphers. 0 or -R_INTERNAL. */
int kex_client_init(struct kex_client_state *st, const struct kex_choice *choice, struct put *w);
/* kex_client_waits_group(st): the next message is for kex_client_group(st, choice,
 * message, w): the group is looked at, message 32 is written. 0, -R_SHORT, -R_KEX_STATE,
 * -R_KEX_GROUP: not of a size that was asked for, or no group. */
bool kex_client_waits_group(const struct kex_client_state *st);
int kex_client_group(
    struct kex_client_state *st, const struct kex_choice *choice, struct view message, struct put *w);
/* Verifies the server's signature; *host_key borrows from reply; whether it is
 * the right host's is for the caller to say. Wipes st. 0, -R_SHORT,
 * -R_KEX_STATE, -R_KEX_SHARE, -R_KEX_VERIFY. */
int kex_client_finish(struct kex_secret *s, struct kex_client_state *st, const struct kex_choice *choice,
    const struct kex_context *ctx, struct view reply, struct view *host_key);

/* Keys of one direction (RFC 4253 7.2). */
struct kex_keys {
	uint16_t suite;
	uint8_t key[64];
	uint8_t iv[16];
	uint8_t mac[64];
};
/* kex_derive(k, choice, s, session_id, client_to_server), with the hash of the chosen
 * method; the session id keeps the length that the first exchange gave it. 0 or
 * -R_INTERNAL. */
int kex_derive(struct kex_keys *k, const struct kex_choice *choice, const struct kex_secret *s,
    struct view session_id, bool client_to_server);
void kex_keys_wipe(struct kex_keys *k);

/* kex_ext_info(w, sign_names, agent): the server's EXT_INFO (RFC 8308): the signature
 * algorithms of user keys, ping@openssh.com and what else is served; `agent`: agents may
 * be forwarded. */
void kex_ext_info(struct put *w, const char *sign_names, bool agent);

/* kex_ext_info_client(w): the client's: it takes the server's while it logs in too
 * (ext-info-in-auth@openssh.com, OpenSSH PROTOCOL section 1.11). */
void kex_ext_info_client(struct put *w);

/* What a peer of either role says of itself; names that we do not know are skipped,
 * and so is a version of an extension that we do not know. */
struct kex_ext_info {
	struct view sign_names; /* server-sig-algs; borrows from the payload */
	bool in_auth;           /* takes EXT_INFO while it logs in: ext-info-in-auth@openssh.com */
	bool host_bound;        /* publickey-hostbound@openssh.com */
	bool ping;              /* ping@openssh.com */
};
/* 0, or -R_SHORT. Linear in the payload. */
int kex_ext_info_parse(struct kex_ext_info *e, struct view payload);

#endif
