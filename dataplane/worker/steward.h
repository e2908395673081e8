/*
 * The steward: the main thread of postern-dp. It owns the attach socket
 * (abi/link/attach.h), maps what control processes hand over, keeps the process
 * and request descriptors of hosts and leaders across supervisors, and passes
 * everything that concerns connections to the worker as commands (cmd.h).
 *
 * It never waits for the worker and the worker never for it. It holds no secret.
 */
#ifndef POSTERN_DATAPLANE_WORKER_STEWARD_H
#define POSTERN_DATAPLANE_WORKER_STEWARD_H

#include <sys/types.h>

#include "abi/link/packet.h"
#include "dataplane/worker/cmd.h"
#include "dataplane/worker/link.h"

#define STEWARD_BACKLOG 1024u /* messages that wait for a slow supervisor */

/* A gate, clerk or host that has, or asked for, a link. */
struct peer {
	struct link link;     /* first: the worker hands it back */
	struct peer *next;
	uint32_t tag;
	int bell_fd;          /* write end of our bell until it is handed out */
	int pidfd;            /* host */
	int request;          /* host */
	bool added;           /* the worker has it */
	bool dead;            /* the process ended */
	size_t plugin_len;
	char plugin[64];
};

struct leader {
	struct leader *next;
	uint32_t conn;
	uint32_t gen;
	int pidfd;
	int request;
};

struct out_packet {
	struct out_packet *next;
	size_t len;
	int fd_count;
	int fds[ATTACH_FDS_MAX];
	uint8_t data[];
};

struct steward {
	struct cmd_queue *commands;
	struct cmd_queue *events;
	int command_bell;     /* rings the worker */
	int event_bell;       /* is rung by the worker */
	int meter_fd;
	uint32_t worker;
	int epfd;
	int listener;
	int signals;          /* -1: none, in tests */
	uid_t owner;          /* who may be the supervisor: root */
	int supervisor;       /* -1: none */
	bool hello;           /* it said its versions */
	bool attached;        /* the snapshot is complete */
	uint32_t snapshot;    /* tag of the one under way */
	struct out_packet *out, **out_end;
	uint32_t out_count;
	bool out_watched;
	struct peer *peers;
	uint32_t host_count;
	uint32_t host_max;    /* as descriptors allow: the attach socket needs some too */
	struct leader *leaders;
	bool blocked;         /* the command ring was full */
	bool stopping;
	bool stopped;
};

/* steward_listen(path): the attach socket, mode 0600. A path at which nobody
 * answers is replaced. The descriptor, or -1 with a line on stderr. */
int steward_listen(const char *path);

/* steward_init(s): with commands, events, bells, meter_fd, worker, listener and
 * signals set, the rest zeroed. 0 or -1. */
int steward_init(struct steward *s);

/* steward_run(s): until the worker has stopped. */
void steward_run(struct steward *s);

/* steward_turn(s, timeout): one wait and what it brought; for tests. */
void steward_turn(struct steward *s, int timeout_ms);

void steward_fini(struct steward *s);

/* ---- between the files of this room ---- */

enum steward_watch { WATCH_LISTENER = 1, WATCH_SUPERVISOR, WATCH_EVENTS, WATCH_SIGNALS, WATCH_PID };

int steward_watch(struct steward *s, int fd, uint32_t events, enum steward_watch kind);

/* steward_attach.c */
void attach_accept(struct steward *s);
void attach_input(struct steward *s);
void attach_flush(struct steward *s);
void attach_drop(struct steward *s);
/* Send; descriptors become the queue's in every case. */
void attach_send(struct steward *s, struct put *w, const int *fds, int fd_count);
void attach_begin(struct put *w, uint16_t type);

/* steward_peers.c */
void peer_new(struct steward *s, struct cur *c, int *fds, int fd_count);
void peer_added(struct steward *s, const struct cmd *e);
void peer_gone(struct steward *s, const struct cmd *e);
void peer_snapshot(struct steward *s);
void leader_new(struct steward *s, struct cur *c, int *fds, int fd_count);
void pid_ended(struct steward *s, int pidfd);
void peers_fini(struct steward *s);

/* A command slot, or NULL: ask again later. */
struct cmd *steward_cmd(struct steward *s, uint32_t type);
void steward_push(struct steward *s);

#endif
