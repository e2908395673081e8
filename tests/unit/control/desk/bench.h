/*
 * Gate and clerk on a bench: a stub of the worker that obeys abi/link to the
 * letter, stubs of keeper, warden and supervisor, and a client made of control/kex.
 * Only byte strings pass between them.
 *
 * Between any two events the object under test can be destroyed and built anew
 * from the adopt image and the records that are not done: bench_kill_at names the
 * event before which it happens. Whatever it had asked other roles is lost with
 * it, as their sockets are.
 */
#ifndef TESTS_CONTROL_BENCH_H
#define TESTS_CONTROL_BENCH_H

#include "abi/link/grant.h"
#include "abi/link/slot.h"
#include "control/exchange.h"
#include "control/msg.h"
#include "control/turn.h"
#include "drivers/pk/pk.h"
#include "drivers/rng/rng.h"

#define BENCH_UP_MAX 1024
#define BENCH_OUT_MAX 2048
#define BENCH_ASK_MAX 64
#define BENCH_CHAN_MAX 256

/* The object under test. */
struct bench_side {
	uint32_t role;
	void *(*adopt)(void *env, uint32_t conn, uint32_t gen, struct view image);
	void (*free)(void *env, void *obj);
	void (*up)(
	    void *env, void *obj, const struct link_entry *e, struct view payload, struct actions *act);
	void (*answer)(void *env, void *obj, enum ask_to from, const struct msg *m, struct actions *act);
	bool (*next)(void *env, void *obj, struct actions *act);
};

struct bench_up {
	struct link_entry e;
	uint8_t *bytes;
	bool sent;
	bool done;
};

enum bench_out_kind {
	OUT_RECORD,
	OUT_HOLD,
	OUT_NEWKEYS,
	OUT_PHASE,
	OUT_CLOSE,
	OUT_CHAN_NEW,
	OUT_CHAN_START,
	OUT_CHAN_CLOSE,
	OUT_CHAN_ASKED,
	OUT_GLOBAL_ASKED,
	OUT_REFUSE,
	OUT_QUERY
};

struct bench_out {
	enum bench_out_kind kind;
	uint8_t *bytes;
	size_t len;
	uint32_t reason; /* OUT_CLOSE */
};

struct bench_ask {
	enum ask_to to;
	uint16_t type;
	uint32_t tag;
	uint8_t *bytes;
	size_t len;
};

struct bench_chan {
	bool used;
	bool started;
	uint32_t peers;
};

struct bench_client {
	char ident[64];
	bool strict;
	bool ext_info;
	uint8_t kexinit[KEXINIT_MAX];
	size_t kexinit_len;
	uint8_t server_kexinit[KEXINIT_MAX];
	size_t server_kexinit_len;
	struct kex_choice choice;
	struct kex_client_state state;
	struct kex_secret secret;
	uint8_t session_id[SSH_HASH_MAX];
	size_t session_id_len;
	uint32_t seq;
};

struct bench {
	uint16_t asked_op; /* of the record that the step at hand is done with */
	const struct bench_side *side;
	void *env;
	struct exchange_env *exchange;
	void *obj;
	struct actions act;
	/* the worker */
	uint32_t conn, gen, serial;
	uint8_t phase;
	bool hold, keys_pending, granted, closed;
	uint32_t close_reason;
	uint8_t note[NOTE_MAX];
	size_t note_len;
	uint8_t first_hash[SSH_HASH_MAX];
	size_t first_hash_len;
	uint8_t grant[GRANT_MAX];
	size_t grant_len;
	struct link_slot *slots; /* own_slots, or a real link's page */
	struct link_slot own_slots[LINK_SLOT_COUNT];
	struct link_slot keys; /* of the last NEWKEYS */
	bool no_slot;          /* all slots are taken */
	struct bench_up up[BENCH_UP_MAX];
	uint32_t up_count;
	struct bench_out out[BENCH_OUT_MAX];
	uint32_t out_count, out_at;
	struct bench_chan chan[BENCH_CHAN_MAX];
	/* the others */
	struct bench_ask ask[BENCH_ASK_MAX];
	uint32_t ask_count;
	struct pk_signer *signer;       /* Ed25519 */
	struct pk_signer *other_signer; /* ECDSA P-256 */
	bool keys_told;
	uint32_t sign_reason;
	/* What warden and the supervisor say to an ask: true when answered into *m,
	 * whose body is put into w. False: nothing yet, it stays. */
	bool (*judge)(
	    struct bench *b, const struct bench_ask *a, struct msg *m, struct put *w, enum ask_to *from);
	bool mute; /* nobody answers for now */
	void *ctx;
	/* events and kills */
	uint32_t event;
	uint32_t kill_at[2];
	uint64_t kill_seed; /* else: at random, a quarter of all events */
	uint32_t kills;
	uint32_t faults; /* broken link rules: must stay 0 */
	struct bench_client client;
	struct rng rng;
	/* what the hosts say to queries */
	bool host_no;
	struct view host_bytes;
};

#define BENCH_NEVER UINT32_MAX

/* bench_init(b, side, env, exchange): a connection that was just accepted.
 * bench_open: one that is logged in, with this grant and session id. */
void bench_init(struct bench *b, const struct bench_side *side, void *env, struct exchange_env *exchange);
void bench_open(struct bench *b, struct view grant);
void bench_fini(struct bench *b);

/* Destroy the object and build it from the image. */
void bench_kill(struct bench *b);

/* bench_session(b, len): give a connection that is logged in another session id. */
void bench_session(struct bench *b, size_t len);

/* bench_keys(b, w): the body of KEYS_ARE. */
void bench_keys(const struct bench *b, struct put *w);

/* Events of the worker, delivered by bench_run. */
void bench_ident(struct bench *b);
void bench_send(struct bench *b, struct view payload);
/* A host of this plugin asks the peer for something. */
void bench_asked(struct bench *b, uint16_t op, const char *plugin, const char *name);
void bench_up(struct bench *b, uint16_t op, uint64_t arg);
void bench_answer(struct bench *b, uint32_t chan, struct view payload); /* of a host to a query */
void bench_newkeys(struct bench *b);
void bench_chan_free(struct bench *b, uint32_t ours);

/* Deliver and answer until nothing is left to do. */
void bench_run(struct bench *b);

/* The next thing that left toward the peer; NULL: nothing. bench_take(b, msg):
 * the payload of the next record, or an empty view when it is not `msg`. */
const struct bench_out *bench_next(struct bench *b);
struct view bench_take(struct bench *b, uint8_t msg);
const struct bench_out *bench_take_kind(struct bench *b, enum bench_out_kind kind);
bool bench_closed(const struct bench *b, int reason);
/* All records are done, all slots free, no rule was broken. */
bool bench_clean(const struct bench *b);

/* The client. */
void bench_client_init(struct bench_client *c, bool strict, bool ext_info);
/* The default offer with curve25519 alone: its message 30 is short and easily made. */
const struct kex_offer *bench_offer_x25519(void);
void bench_client_kexinit(struct bench *b, const struct kex_offer *offer, bool follows, bool first);
/* Its KEXINIT and message 30 are in; checks 31, NEWKEYS and the keys, answers with
 * NEWKEYS. 0 when all was right. */
int bench_client_exchange(struct bench *b, const struct kex_offer *offer, bool first);

#endif
