/*
 * The other roles that a role talks to: the supervisor and whom it introduces
 * with MSG_PEER. Messages that a slow receiver does not take wait here, bounded;
 * one that stays slow is cut, and introduced anew by the supervisor.
 *
 * One thread, on the role's loop. PEER and STOP are handled here; STOP and the
 * supervisor's end stop the loop. Everything else goes to the role's function.
 */
#ifndef POSTERN_CONTROL_PEERS_H
#define POSTERN_CONTROL_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/loop.h"
#include "control/msg.h"
#include "control/role.h"

#define PEERS_MAX 384u
#define PEERS_QUEUE_MAX (1024u * 1024u) /* bytes that wait for one peer */

struct peers;
struct peers_waiting;

struct role_peer {
	struct peers *all;
	enum role_id role;
	uint32_t index;
	uint32_t serial; /* never the same for two peers of a process */
	int fd;          /* -1: slot is free */
	struct peers_waiting *head, *tail;
	size_t waiting;
};

/* What to do with a message; its descriptors are dropped afterwards unless
 * taken. 0; -1: malformed or not for us to answer: the sender is cut. */
typedef int peers_fn(void *ctx, struct role_peer *from, struct msg *m);
/* A peer is there, or gone (then role, index and serial still name it). */
typedef void peers_change_fn(void *ctx, struct role_peer *peer, bool there);

struct peers {
	struct loop *loop;
	peers_fn *fn;
	peers_change_fn *change; /* may be NULL */
	void *ctx;
	uint32_t next_serial;
	uint8_t *buf; /* MSG_MAX */
	struct role_peer list[PEERS_MAX];
};

/* peers_start(p, ...): the supervisor is the first peer. 0 or -errno. */
int peers_start(
    struct peers *p, struct loop *loop, int supervisor_fd, peers_fn *fn, peers_change_fn *change, void *ctx);
void peers_end(struct peers *p);

/* peers_add(p, role, index, fd): an older one of that name goes. The descriptor
 * is ours. 0 or -errno (then it is closed). */
int peers_add(struct peers *p, enum role_id role, uint32_t index, int fd);

/* NULL where there is none. */
struct role_peer *peers_find(struct peers *p, enum role_id role, uint32_t index);
struct role_peer *peers_by_serial(struct peers *p, uint32_t serial);

/* peers_send(peer, m): sent or waiting (0), or lost (-errno): a NULL peer, one
 * that went away, or descriptors that could not be sent at once. A peer that is
 * lost is cut when the loop runs on, not inside this call. */
int peers_send(struct role_peer *peer, const struct msg *m);

/* peers_hang_up(peer): nothing more goes out; what came before is still handled, then
 * the peer is cut when the loop runs on, and so it is where somebody else holds the
 * other end open. NULL: nothing. */
void peers_hang_up(struct role_peer *peer);

#endif
