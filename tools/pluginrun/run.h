/*
 * postern-plugin-run: one plugin and one channel, whose peer is stdin and stdout.
 *
 *   main.c      options, start and end
 *   facts.c     who the channel belongs to, as a grant's image
 *   channel.c   the worker's part: what is read goes up, what comes down is written
 *   leader.c    the login leader's part: programs, where -p allows them
 *   double.c    a link without a worker
 *
 * The host itself is control/host, as posternd has it.
 */
#ifndef TOOLS_PLUGINRUN_RUN_H
#define TOOLS_PLUGINRUN_RUN_H

#include "abi/link/grant.h"
#include "control/host/host.h"
#include "tools/pluginrun/double.h"

#define RUN_CONN 1u
#define RUN_GEN 1u
#define RUN_CHAN 0u
#define RUN_USE 1u
#define RUN_ENV_MAX 64u
#define RUN_WINDOW_MAX (64u << 20)

/* One way out: stdout or stderr. */
struct run_out {
	int fd;
	bool plain;            /* not for epoll: a file, which is always ready */
	bool watched;
};

struct run {
	struct host host;
	struct loop *loop;
	struct double_end link;
	bool verbose;

	/* options */
	const char *file;
	const char *conf;
	uint32_t kind;         /* enum link_start */
	const char *name;      /* of the subsystem, or the command */
	const char *term;      /* NULL: no terminal */
	const char *environment[RUN_ENV_MAX];
	uint32_t environment_count;
	struct grant facts;
	uint32_t window;       /* of the plugin's side: what we may send ahead */
	uint64_t credit;       /* of ours: what the plugin may write ahead */
	bool programs;

	/* the channel */
	uint32_t unread;       /* sent up and not consumed */
	uint32_t written;      /* of the entry that is being written out */
	bool in_plain;         /* stdin is a file */
	bool in_watched;
	bool in_over;
	bool eof_sent;
	bool eof_seen;         /* the plugin's */
	bool shut_sent;
	bool closed;           /* CHAN_CLOSED is sent */
	struct run_out out;
	struct run_out err;
	int status;            /* what the process ends with */

	/* programs */
	int leader;            /* our end of the leader's socket; -1: none */
	uint8_t message[MSG_MAX];
	struct run_program *running;
};

/* facts_init(r): of the caller. facts_set(r, "name=value"): -1: no such fact. */
int facts_init(struct run *r);
int facts_set(struct run *r, const char *assignment);

/* channel_begin(r): the start goes up. 0 or -1. */
int channel_begin(struct run *r);

/* channel_step(r): everything that can be done now; true: something was. */
bool channel_step(struct run *r);

/* channel_cut(r): the connection is gone. */
void channel_cut(struct run *r);

int run_leader_begin(struct run *r);
void run_leader_end(struct run *r);

#endif
