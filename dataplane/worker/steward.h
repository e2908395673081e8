/*
 * The steward: the main thread of postern-dp. It owns the attach socket
 * (abi/link/attach.h), maps what control processes hand over, keeps the process
 * and request descriptors of hosts and leaders across supervisors, and passes
 * everything that concerns a connection to its worker as commands (cmd.h), one
 * pair of rings per worker; ids say which.
 *
 * It never waits for a worker and no worker for it. It holds no secret.
 */
#ifndef POSTERN_DATAPLANE_WORKER_STEWARD_H
#define POSTERN_DATAPLANE_WORKER_STEWARD_H

#include <sys/types.h>

#include "abi/link/packet.h"
#include "dataplane/worker/cmd.h"
#include "dataplane/worker/link.h"

#define STEWARD_BACKLOG 1024u /* messages that wait for a slow supervisor */
#define STEWARD_WORKERS_MAX 32u

/* A gate, clerk or host that has, or asked for, a link. */
struct peer {
	struct link link;     /* first: the worker hands it back */
	struct peer *next;
	uint32_t worker;
	uint32_t first;       /* host: id of its process's first link; 0: this one */
	uint32_t tag;
	int bell_fd;          /* write end of our bell until it is handed out */
	int pidfd;            /* host */
	int request;          /* host */
	bool added;           /* the worker has it */
	bool dead;            /* the process ended */
	bool retired;         /* LINK_END came for it */
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

/* A worker, as the steward sees it. */
struct steward_worker {
	struct cmd_queue *commands;
	struct cmd_queue *events;
	int command_bell;     /* rings it */
	int meter_fd;
	bool told;            /* its part of the snapshot under way is complete */
	bool stop_sent;
	bool stopped;
};

struct steward {
	struct steward_worker worker[STEWARD_WORKERS_MAX];
	uint32_t worker_count;
	int event_bell;       /* is rung by all workers */
	int epfd;
	int listener;
	int signals;          /* -1: none, in tests */
	uid_t owner;          /* who may be the supervisor: root */
	int supervisor;       /* -1: none */
	bool hello;           /* it said its versions */
	uint16_t minor;       /* of them, the link's */
	bool attached;        /* the snapshot is complete */
	uint32_t snapshot;    /* tag of the one under way */
	struct out_packet *out, **out_end;
	uint32_t out_count;
	bool out_watched;
	struct peer *peers;
	uint32_t host_count;
	uint32_t host_max;    /* as descriptors allow: the attach socket needs some too */
	struct leader *leaders;
	struct capture *captures;
	bool blocked;         /* a command ring was full */
	bool stopping;
};

/* steward_listen(path): the attach socket, mode 0600. A path at which nobody
 * answers is replaced. The descriptor, or -1 with a line on stderr. */
int steward_listen(const char *path);

/* steward_init(s): with the workers' rings, bells and meters, event_bell, listener
 * and signals set, the rest zeroed. 0 or -1. */
int steward_init(struct steward *s);

/* steward_run(s): until all workers have stopped. */
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

/* steward_capture.c */
void capture_new(struct steward *s, struct cur *c, int *fds, int fd_count);
void capture_added(struct steward *s, const struct cmd *e);
void capture_gone(struct steward *s, const struct cmd *e);
void capture_end(struct steward *s, struct cur *c);
void captures_end(struct steward *s); /* whoever reads them goes with the supervisor */
void captures_fini(struct steward *s);

/* A command slot of a worker, or NULL: ask again later. */
struct cmd *steward_cmd(struct steward *s, uint32_t worker, uint32_t type);
void steward_push(struct steward *s, uint32_t worker);

#endif
