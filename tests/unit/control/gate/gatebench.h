/* Gate on the bench, with a small warden. */
#ifndef TESTS_CONTROL_GATEBENCH_H
#define TESTS_CONTROL_GATEBENCH_H

#include "control/gate/gate.h"
#include "tests/unit/control/desk/bench.h"

struct gatebench {
	struct bench b;
	struct gate_env env;
	struct rng rng;
	char last_log[ACTIONS_LOG_MAX];
	bool partial;      /* warden: the next refusal is partial success */
	bool refuse_grant; /* the account stage says no */
	bool host_bound;   /* the last proof named a host key */
	/* Warden's dialogue: it outlives gates, as warden does. */
	unsigned round;        /* prompts that were told */
	bool prompted;         /* a response may come */
	bool dialogue_lost;    /* its child died, or warden did */
	uint32_t last_tag;     /* of the message that was answered last, and its answer */
	size_t prompt_len;
	uint8_t prompt[256];
};

/* Warden and supervisor, for bench.judge. */
bool gatebench_judge(
    struct bench *b, const struct bench_ask *a, struct msg *m, struct put *w, enum ask_to *from);
struct gatebench *gatebench_new(void);
void gatebench_free(struct gatebench *g);

/* Up to a phase, with the checks of bench_client_exchange. 0 when all was right. */
int gatebench_keyed(struct gatebench *g, bool strict, bool ext_info);
int gatebench_auth(struct gatebench *g);
/* As if it were keyed, without the mathematics: for fuzzing. */
void gatebench_keyed_short(struct gatebench *g);

/* Requests. A key is named by one letter: 'a' is alice's. */
void gatebench_service(struct gatebench *g, const char *name);
void gatebench_request(struct gatebench *g, const char *user, const char *service, const char *method);
void gatebench_publickey(struct gatebench *g, const char *user, char key, bool proof, bool good);
/* The same of alice, whose signature names the host key. */
void gatebench_host_bound(struct gatebench *g, struct view host_key, bool proof);

/* keyboard-interactive; `count` responses, all of them `text`. Warden's dialogue has
 * two rounds: "horse", then no prompt at all. */
void gatebench_kbdint(struct gatebench *g, const char *user);
void gatebench_response(struct gatebench *g, uint32_t count, const char *text);

/* From SERVICE_REQUEST to message 52: none, two queries, a proof. 0 when every
 * answer was the right one. */
int gatebench_login(struct gatebench *g);
/* The same by a dialogue, after a password that is wrong. */
int gatebench_login_dialogue(struct gatebench *g);

#endif
