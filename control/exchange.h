/*
 * The server's side of a key exchange, first or later, as gate and clerk run it
 * over notes and steps. The mathematics is control/kex; this file keeps the order:
 *
 *   state in the note      what may come
 *   EXCHANGE_NONE          KEXINIT, or our own wish for one
 *   EXCHANGE_OURS          our KEXINIT is out: KEXINIT
 *   EXCHANGE_BOTH          message 30, or 34 of a group exchange (one wrong guess is
 *                          skipped before it)
 *   EXCHANGE_GROUP         our group is out: message 32
 *   EXCHANGE_ANSWERED      the peer's NEWKEYS
 *
 * Between message 30 and its answer stands a struct exchange in locked memory. It
 * waits for its turn where it costs much (EX_COST, cost.h), the host key's public half (EX_KEYS), keeper's signature (EX_SIGN), or
 * a free key slot (EX_SLOT). If its process dies in between, the worker sends 30
 * again and the exchange is made anew; nothing of the first try was ever sent. The
 * group of a group exchange is this process's alone: message 32 to another one closes.
 */
#ifndef POSTERN_CONTROL_EXCHANGE_H
#define POSTERN_CONTROL_EXCHANGE_H

#include "control/conf.h"
#include "control/cost.h"
#include "control/kex/kex.h"
#include "control/kex/cert.h"
#include "control/locked.h"
#include "control/turn.h"
#include "drivers/rng/rng.h"

enum exchange_state {
	EXCHANGE_NONE = 0,
	EXCHANGE_OURS = 1,
	EXCHANGE_BOTH = 2,
	EXCHANGE_ANSWERED = 3,
	EXCHANGE_GROUP = 4,
};

#define HOSTKEY_OFFERS_MAX 80u /* algorithms; one key may serve several */
#define HOSTKEYS_ALL_MAX CONF_LIST_MAX
#define HOSTKEYS_BYTES_MAX 61440u

struct hostkey {
	struct view algorithm;
	struct view blob;      /* K_S of the exchange hash: the key or a certificate */
	uint32_t version; /* another one for another blob */
};

struct hostkey_list {
	uint32_t count; /* 0: not known, or none is there now */
	uint32_t all_count;
	struct hostkey key[HOSTKEY_OFFERS_MAX];
	struct view all[HOSTKEYS_ALL_MAX]; /* key blobs, offered or not, no certificates */
};

/* As keeper has told them, and what it had told before: logins that have begun with
 * keys that went since go on. Views are into the messages. */
struct hostkeys {
	struct hostkey_list list, was;
	uint32_t next_version;
	uint32_t len, was_len;
	uint8_t bytes[HOSTKEYS_BYTES_MAX], was_bytes[HOSTKEYS_BYTES_MAX];
};

/* hostkeys_decode(k, body): the body of KEYS_ARE, which is copied. 0 or -R_PROTOCOL. */
int hostkeys_decode(struct hostkeys *k, struct view body);

/* hostkeys_have(k, blob): has a client been shown this key or certificate as ours? */
bool hostkeys_have(const struct hostkeys *k, struct view blob);

enum exchange_wait { EX_KEYS, EX_SIGN, EX_SLOT, EX_COST };

#define EXCHANGE_INIT_MAX 2048u /* message 30: X25519 and post-quantum shares */

struct exchange {
	enum exchange_wait wait;
	bool paid;                 /* for what it costs, or it costs nothing much */
	struct cost_ticket ticket; /* in the queue of those that wait; of: the conobj */
	uint32_t serial;      /* the record with message 30 or 32 */
	uint32_t key_version; /* of the host key that was hashed */
	uint32_t init_len;
	uint32_t signature_len;
	uint8_t init[EXCHANGE_INIT_MAX];
	uint8_t signature[SSH_SIGNATURE_MAX];
	struct kex_choice choice;
	struct kex_secret secret;
};

/* No secrets: what was asked for and chosen, told in the clear in a first exchange. */
struct exchange_group {
	struct kex_group group; /* its views are into the arrays */
	uint8_t p[PK_DH_MAX], g[PK_DH_MAX];
};

#define EXCHANGE_LIST_MAX CONF_ALGORITHMS_MAX

/* What may be used, by the configuration: comma separated names. */
struct exchange_lists {
	char kex[EXCHANGE_LIST_MAX];
	char host_keys[EXCHANGE_LIST_MAX]; /* of these, what keeper has keys for is offered */
	char ciphers[EXCHANGE_LIST_MAX];
	char macs[EXCHANGE_LIST_MAX];
	char sign[EXCHANGE_LIST_MAX]; /* user keys' algorithms, told in EXT_INFO */
	bool compression;             /* after login; offered where the worker has a place for it */
};

struct exchange_env {
	struct locked secrets; /* of struct exchange */
	struct hostkeys keys;
	struct exchange_lists lists;
	bool agent;            /* agents may be forwarded: EXT_INFO says so */
	uint8_t *moduli; /* table of groups (moduli.h), or NULL: no group exchange */
	size_t moduli_len;
	struct cost cost; /* of exchanges in prime fields */
	struct locked pool_memory;
	struct kex_pool *pool; /* of pairs made in idle time, or NULL */
	struct rng *rng;
	/* Put keys into a slot of the link to this connection's worker; its number,
	 * or < 0: none is free now. */
	int (*slot)(void *ctx, const struct link_slot *keys);
	uint64_t (*now_ms)(void); /* NULL: time stands still */
	void *slot_ctx;
};

void exchange_env_init(struct exchange_env *env, struct rng *rng);
/* exchange_idle(env): there is nothing else to do: make a pair. False: there are enough. */
bool exchange_idle(struct exchange_env *env);
/* exchange_next(env): a connection whose exchange has waited for its turn and may go on:
 * for exchange_go. NULL: none now; of those that wait there are env->cost.waiting. */
struct conobj *exchange_next(struct exchange_env *env);
void exchange_env_fini(struct exchange_env *env);
/* exchange_env_conf(env, c): take the lists of algorithms from it. */
void exchange_env_conf(struct exchange_env *env, const struct conf *c);

/* exchange_env_moduli(env, table): the groups to choose from, copied; empty: none, and
 * group exchange is not offered. 0, -R_PROTOCOL, -R_NOMEM: those of before stay. */
int exchange_env_moduli(struct exchange_env *env, struct view table);

/* exchange_offer(t, env): our KEXINIT and HOLD into the step, OURS into the note.
 * The caller commits. */
int exchange_offer(struct turn *t, struct exchange_env *env);

/* exchange_kexinit(t, env): the peer's KEXINIT is t->payload; ours follows if it
 * is not out yet. Commits, or closes when nothing is in common. */
int exchange_kexinit(struct turn *t, struct exchange_env *env);

/* exchange_init(t, env): message 30 to 49 is t->payload: skip a wrong guess, send a
 * group, or begin the answer. */
int exchange_init(struct turn *t, struct exchange_env *env);

/* exchange_go(t, env): go on with the peer's exchange as far as it will: asks
 * keeper, or ends it with the one step that holds reply, NEWKEYS, EXT_INFO, note
 * and done. Call when keys or a slot may have come. */
int exchange_go(struct turn *t, struct exchange_env *env);

/* exchange_again(t, env): keeper is a new process and has told its keys: ask it
 * what the old one did not answer. A host key that has changed begins the answer
 * anew, as its hash covers the key. */
int exchange_again(struct turn *t, struct exchange_env *env);

/* exchange_signed(t, env, tag, body): SIGNED came. An answer to another record is
 * ignored. */
int exchange_signed(struct turn *t, struct exchange_env *env, uint32_t tag, struct view body);

/* exchange_ext_info(t, env): the server's EXT_INFO into the step. */
void exchange_ext_info(struct turn *t, const struct exchange_env *env);

/* exchange_newkeys(t): the peer's NEWKEYS took effect. Commits. */
int exchange_newkeys(struct turn *t);

/* exchange_host_key(n): the host key algorithm of the connection's last exchange;
 * empty: there was none. */
struct view exchange_host_key(const struct note *n);

void exchange_drop(struct conobj *p, struct exchange_env *env);

/* ---- inside: exchange_group.c, exchange_cost.c ---- */

/* exchange_pay(t, env, x): 0: x->paid, or it waits (EX_COST); -R_KEX_COST. exchange_cost.c */
int exchange_pay(struct turn *t, struct exchange_env *env, struct exchange *x);
/* exchange_group_begin(t, env): message 34: choose, send 31. Commits. */
int exchange_group_begin(struct turn *t, struct exchange_env *env);
/* exchange_kex_offer(out, env): the methods that can be served now. */
void exchange_kex_offer(char out[EXCHANGE_LIST_MAX], const struct exchange_env *env);

#endif
