/* Clerk on the bench, with a supervisor that has hosts. */
#ifndef TESTS_CONTROL_CLERKBENCH_H
#define TESTS_CONTROL_CLERKBENCH_H

#include "control/clerk/clerk.h"
#include "tests/unit/control/desk/bench.h"

struct clerkbench {
	struct bench b;
	struct clerk_env env;
	struct rng rng;
	bool no_host;    /* the supervisor cannot start any */
	uint32_t wanted; /* HOST_WANTED answered */
	char last_log[ACTIONS_LOG_MAX];
};

/* The supervisor, for bench.judge. */
bool clerkbench_judge(
    struct bench *b, const struct bench_ask *a, struct msg *m, struct put *w, enum ask_to *from);

/* A connection of alice's; restrictions as in her grant. */
struct clerkbench *clerkbench_new(uint32_t restrictions);
/* The same, forced to a command. */
struct clerkbench *clerkbench_forced(const char *command);
void clerkbench_free(struct clerkbench *k);

void clerkbench_open(struct clerkbench *k, const char *type, uint32_t peers);
/* Opens a session and takes the confirmation; our number. */
uint32_t clerkbench_session(struct clerkbench *k, uint32_t peers);
void clerkbench_global(struct clerkbench *k, const char *name, bool want);

/* hostkeys-prove-00@openssh.com with the first `count` of keeper's keys; the next record
 * is the reply with their signatures. */
void clerkbench_prove(struct clerkbench *k, uint32_t count, bool want);
bool clerkbench_proved(struct clerkbench *k, uint32_t count);

/* Requests on our channel number. */
void clerkbench_request(struct clerkbench *k, uint32_t ours, const char *type, bool want, struct view body);
void clerkbench_text(struct clerkbench *k, uint32_t ours, const char *type, bool want, const char *text);
void clerkbench_env(struct clerkbench *k, uint32_t ours, bool want, const char *name, const char *value);
void clerkbench_pty(struct clerkbench *k, uint32_t ours, bool want, uint32_t cols);
void clerkbench_window(struct clerkbench *k, uint32_t ours, uint32_t cols);

/* The next record is 99 or 100 for this peer's number. */
bool clerkbench_reply(struct clerkbench *k, uint32_t peers, bool ok);

struct clerk_started {
	uint32_t ours, link_id, env_count, cols;
	bool want_reply;
	uint8_t kind;
	struct view text, pty, env;
};
/* The next thing is a start. */
bool clerkbench_started(struct clerkbench *k, struct clerk_started *s);

#endif
