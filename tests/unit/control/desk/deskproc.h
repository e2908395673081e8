/* Gate or clerk as a real process, behind the bench: supervisor, keeper and warden
 * are sockets, the worker is a pair of rings, a kill is SIGKILL. */
#ifndef TESTS_CONTROL_DESKPROC_H
#define TESTS_CONTROL_DESKPROC_H

#include <sys/types.h>

#include "control/role.h"
#include "tests/unit/control/desk/bench.h"
#include "tests/unit/control/desk/workend.h"

#define DESKPROC_WAIT_MS 5000

struct deskproc {
	int (*main)(uint32_t index);
	struct bench *bench;
	pid_t pid;
	int supervisor, keeper, warden; /* our ends */
	struct workend w;
	uint32_t starts;
	uint8_t buf[MSG_MAX];
};

extern const struct bench_side deskproc_gate, deskproc_clerk;

void deskproc_init(struct deskproc *d, int (*main_fn)(uint32_t index), struct bench *b);
/* deskproc_start(d): process, configuration, link. 0 or -1. */
int deskproc_start(struct deskproc *d);
/* SIGKILL. deskproc_wait(d): it ends by itself: its exit status, or -1. */
void deskproc_kill(struct deskproc *d);
int deskproc_wait(struct deskproc *d);

/* A message on one of our ends, waited for; 0, or -1 when another or none came. */
int deskproc_expect(struct deskproc *d, int fd, uint16_t type, struct msg *m);
int deskproc_say(struct deskproc *d, int fd, uint16_t type, struct view body);
/* A new keeper or warden is introduced. */
int deskproc_introduce(struct deskproc *d, enum role_id role);
int deskproc_keys(struct deskproc *d);
/* MSG_LINK is waited for and answered. */
int deskproc_link(struct deskproc *d);
/* The next step or request, waited for, as actions. */
void deskproc_collect(struct deskproc *d, struct actions *act);

#endif
