/*
 * Keeper's connection to the ssh-agent of HostKeyAgent. Keeper cannot connect: its owner
 * asks the supervisor for a connected socket, again whenever the last one is gone. One
 * request is out at a time and has AGENTLINK_REPLY_MS; nothing here ever blocks, and what
 * the agent says is bounded and not believed.
 */
#ifndef POSTERN_CONTROL_AGENTLINK_H
#define POSTERN_CONTROL_AGENTLINK_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/wire/cursor.h"
#include "control/loop.h"

#define AGENTLINK_REPLY_MS 5000u /* then the agent counts as dead */
#define AGENTLINK_RETRY_MS 1000u /* between attempts to reach it */
#define AGENTLINK_LOOK_MS 5000u  /* while it lacks a key, its list is asked for again */
#define AGENTLINK_REQUEST_MAX 8192u

struct agentlink_ops {
	/* Ask the supervisor; agentlink_take answers. */
	void (*wanted)(void *ctx);
	/* Its keys, to be walked with agent_key. True: all that are needed are there. */
	bool (*listed)(void *ctx, struct view keys);
	/* To the last agentlink_sign; empty: it refuses. */
	void (*signed_by)(void *ctx, struct view signature);
	/* The connection went with a request; it may come back at once. */
	void (*lost)(void *ctx);
	/* The agent cannot be reached, or says nothing. */
	void (*gone)(void *ctx, const char *why);
};

enum agentlink_state { AGENTLINK_OFF, AGENTLINK_WANTED, AGENTLINK_LISTS, AGENTLINK_IDLE, AGENTLINK_SIGNS };

struct agentlink {
	struct loop *loop;
	const struct agentlink_ops *ops;
	void *ctx;
	enum agentlink_state state;
	bool answered;  /* on this connection, something */
	bool look;      /* ask for the list before anything else */
	int fd;         /* -1: none */
	int timer;      /* of the reply or of the next attempt */
	int look_timer;
	const char *algorithm; /* of the signature that is asked for */
	size_t in_len, out_len, out_at;
	uint8_t out[AGENTLINK_REQUEST_MAX];
	uint8_t *in; /* AGENT_MESSAGE_MAX and its length */
};

/* agentlink_start(a, ...): asks for a connection. 0 or -1: no memory. */
int agentlink_start(struct agentlink *a, struct loop *loop, const struct agentlink_ops *ops, void *ctx);
void agentlink_end(struct agentlink *a);

/* agentlink_take(a, fd, why): the supervisor's answer; fd becomes ours, -1: why not. */
void agentlink_take(struct agentlink *a, int fd, const char *why);

/* agentlink_sign(a, key, algorithm, data): false: not now. `algorithm` lives on. */
bool agentlink_sign(struct agentlink *a, struct view key, const char *algorithm, struct view data);

#endif
