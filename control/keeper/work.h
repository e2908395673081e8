/*
 * Signatures that are not made at once: those of keys behind the agent, and the proofs
 * of hostkeys-prove-00@openssh.com, which take several. In order; one signature by a key
 * that is here in each turn of the loop, one request at the agent at a time. Nobody
 * waits for the agent but who wants its keys, and he not for ever.
 *
 * What is signed is an exchange hash that the supervisor has spoken for, or a text that
 * is put together here, of the connection's session id as keeper knows it.
 */
#ifndef POSTERN_CONTROL_WORK_H
#define POSTERN_CONTROL_WORK_H

#include <sys/queue.h>

#include "abi/wire/ssh.h"
#include "control/keeper/hostkey.h"

#define WORK_JOBS_MAX 1024u
#define WORK_MS 10000u /* a job that the agent has not done by then fails */
#define WORK_PROOF_MAX (SSH_PAYLOAD_MAX - 1) /* signatures of one proof: one message */

struct work_for {
	uint32_t asker, tag, conn, gen; /* whom to answer */
};

struct work_item {
	uint32_t key;
	const struct sign_algorithm *algorithm;
};

struct work_job {
	TAILQ_ENTRY(work_job) at;
	struct work_for whom;
	bool proof;
	bool dead; /* its connection is gone, the agent is at it */
	uint64_t until_ms;
	uint32_t count, done;
	struct work_item item[HOSTKEYS_MAX];
	uint8_t subject_len;
	uint8_t subject[SSH_HASH_MAX]; /* the hash; of a proof the session id */
	struct put out;                /* a signature blob; of a proof each as a string */
	uint8_t bytes[];
};

struct work_ops {
	/* It is over: reason 0 and j->out, or why not. */
	void (*over)(void *ctx, const struct work_job *j, uint32_t reason);
	/* Ask the agent; its answer comes with work_agent or work_agent_lost. False: it
	 * cannot be asked now. */
	bool (*agent)(void *ctx, const struct hostkey *k, const struct sign_algorithm *a, struct view data);
};

struct work {
	TAILQ_HEAD(, work_job) jobs;
	uint32_t count;
	struct work_job *at_agent;
	struct hostkeys *keys;
	const struct work_ops *ops;
	void *ctx;
};

void work_init(struct work *w, struct hostkeys *keys, const struct work_ops *ops, void *ctx);
void work_fini(struct work *w);

/* work_sign(w, whom, row, hash, now): by that row of the keys. 0 or the reason. */
uint32_t work_sign(struct work *w, const struct work_for *whom, int row, struct view hash, uint64_t now);

/* work_prove(w, whom, session_id, host_key, count, list, now): `list` has `count` key
 * blobs as strings; all must be host keys, each once. RSA keys sign as `host_key`, the
 * algorithm of the connection's last exchange, where that is RSA, else with SHA-512
 * (draft-miller-sshm-hostkey-update section 3.2). 0 or the reason. */
uint32_t work_prove(struct work *w, const struct work_for *whom, struct view session_id, struct view host_key,
    uint32_t count, struct view list, uint64_t now);

/* work_run(w): what can be done now, one signature at the most. True: there is more. */
bool work_run(struct work *w);

/* work_agent(w, signature): what the agent says; empty: it refuses. It is verified.
 * work_agent_lost(w): it is gone: the request waits for the next one. */
void work_agent(struct work *w, struct view signature);
void work_agent_lost(struct work *w);

/* work_expire(w, now): end what has waited too long; what the agent says to it is for
 * nobody then. work_next(w): when to call it next, UINT64_MAX: nothing waits. */
void work_expire(struct work *w, uint64_t now);
uint64_t work_next(const struct work *w);

/* work_forget(w, conn, gen): the connection is gone. */
void work_forget(struct work *w, uint32_t conn, uint32_t gen);

#endif
