/*
 * One end of SSH in the server role, in one process: the dataplane's connection, the
 * real gate before the login and the real clerk after it, fed by entries and acting
 * by steps; keeper, warden and supervisor are a few lines each. Bytes in, bytes out.
 */
#ifndef POSTERN_TEST_SRVEND_H
#define POSTERN_TEST_SRVEND_H

#include "abi/link/grant.h"
#include "control/clerk/clerk.h"
#include "control/gate/gate.h"
#include "control/keeper/keyfile.h"
#include "tools/client/memconn.h"

#define SRVEND_LINK 77u
#define SRVEND_KEYS 5u
#define SRVEND_ASKS 4u

/* Made once, for all runs. */
struct srvend_world {
	struct gate_env gate;
	struct clerk_env clerk;
	struct rng rng;
	struct pk_signer *signer[SRVEND_KEYS];
	uint8_t grant[GRANT_MAX];
	size_t grant_len;
};

int srvend_world_init(struct srvend_world *w, const char *const keys[SRVEND_KEYS]);
void srvend_world_fini(struct srvend_world *w);

struct srvend;

/* As struct callend_conf.chan and .sealed. */
struct srvend_ops {
	bool (*chan)(void *ctx, struct srvend *e, uint32_t chan, enum chan_up kind, uint64_t arg0,
	    struct view bytes);
	void (*sealed)(void *ctx, size_t len);
	void *ctx;
};

struct srvend_ask {
	enum ask_to to;
	uint16_t type;
	uint32_t tag;
	uint8_t *bytes;
	size_t len;
};

struct srvend {
	struct srvend_world *w;
	const struct srvend_ops *user;
	struct memconn m;
	struct memconn_ops ops;
	struct gate_conn *gate;
	struct clerk_conn *clerk;
	struct actions act;
	uint8_t note[NOTE_MAX];
	size_t note_len;
	struct srvend_ask ask[SRVEND_ASKS];
	uint32_t ask_count;
	const char *password; /* what warden takes */
	bool login;           /* the phase turned: clerk's from here on */
	bool faulty;          /* a rule of the link was broken: the test fails */
};

/* srvend_new(w, limits, password, user, now): the identification line is the first
 * output. One at a time in a world. */
struct srvend *srvend_new(struct srvend_world *w, const struct ssh_env *limits, const char *password,
    const struct srvend_ops *user, uint64_t now);
void srvend_free(struct srvend *e);
int srvend_run(struct srvend *e, uint64_t now);
/* clerk begins a key exchange, as it does at a limit. False: one runs. */
bool srvend_rekey(struct srvend *e);

#endif
