/*
 * A login without supervisor and dataplane: the test plays both, on real sockets
 * and rings, for a real leader and a real host with the exec plugin in it. Root
 * only; the program that uses it serves the roles itself (bench_role).
 */
#ifndef TESTS_LOGINBENCH_H
#define TESTS_LOGINBENCH_H

#include <sys/types.h>

#include "abi/link/op.h"
#include "abi/link/ring.h"
#include "control/msg.h"

#define BENCH_CONN 9u /* of worker 0, as its link is */
#define BENCH_GEN 9u
#define BENCH_OUT_MAX (4u << 20)

struct world {
	int leader;              /* socket to the leader */
	int leader_pidfd;
	pid_t leader_pid;
	int host;                /* socket to the host */
	int host_pidfd;
	pid_t host_pid;          /* of a service's host, else 0 */
	struct region own;
	struct region other;
	struct ring_out out;
	struct ring_in in;
	uint32_t arena_end[LINK_HOST_RING];
	int bell_wait;
	int bell_host;
	uint32_t use;
};

/* What a channel said, collected. */
struct outcome {
	uint8_t *data;           /* BENCH_OUT_MAX */
	size_t data_len;
	uint8_t *err;
	size_t err_len;
	uint64_t took;
	int reply;               /* -1: none */
	bool eof;
	bool closed;
	int64_t status;          /* -1: none */
	char signal[32];
	size_t data_at_status;   /* how much data there was before the status */
	bool no_credit;          /* do not grant again what was used */
	bool broken;             /* something out of order */
};

/* bench_role(argc, argv): when this process was started as a role: be it, and
 * exit. */
void bench_role(int argc, char **argv);

/* The configuration that leaders get. */
extern const char *w_conf;

/* The restrictions of their grants: GRANT_NO_* of grant.h. */
extern uint32_t w_restrictions;

/* The command that their grants force, or "". */
extern const char *w_command;

/* world_open(w): leader, session and host of account `user`; 0 or -1. */
int world_open(struct world *w, const char *user, const char *shell);
/* The same for a service: no leader, one host that takes this identity. Up to
 * its LINK only with `registered` false. */
int world_open_service(struct world *w, const char *plugin, uid_t uid, gid_t gid, bool registered);
/* world_status(w): reap the leader; its wait status. */
int world_status(struct world *w);
void world_close(struct world *w);

/* Start on channel `chan`. pty: the terminal request, or empty. */
void world_start(struct world *w, uint32_t chan, uint8_t kind, const char *command, struct view pty,
    uint64_t credit);
void world_send(struct world *w, uint16_t op, uint32_t chan, uint64_t a0, struct view payload);
void world_request(struct world *w, uint32_t chan, const char *name, struct view body);

void outcome_init(struct outcome *o);
void outcome_free(struct outcome *o);

/* world_wait(w, ms): is there an entry of the host? */
bool world_wait(struct world *w, int ms);

/* world_take(w, chan, o): the next entry into *o; false after `ms` of nothing.
 * Credit used is granted again. */
bool world_take(struct world *w, uint32_t chan, struct outcome *o, int ms);

/* Until the host closed the channel, or `ms` passed without any entry. */
void world_collect(struct world *w, uint32_t chan, struct outcome *o, int ms);

/* Until `text` is in the data; false when it does not come. */
bool world_wait_text(struct world *w, uint32_t chan, struct outcome *o, const char *text);

/* Wait for the end of a process; false after ms. */
bool bench_ended(int pidfd, int ms);

#endif
