/*
 * Forwarding to sockets of this machine, as the logged-in user: TCP (RFC 4254 section 7)
 * and UNIX sockets (OpenSSH PROTOCOL 2.4), both ways.
 *
 *   forward.c  the plugin, and what the host calls
 *   rules.c    what the configuration permits
 *   wire.h     fields of messages
 *   connect.c  toward a socket: looked up, connected, the open answered
 *   listen.c   sockets that listen for the peer
 *   pipe.c     one channel and one socket
 *
 * Nothing is stored without bound: bytes of the peer are taken when the socket takes
 * them; the socket is read when the peer has room.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include <postern/draft/config.h>
#include <postern/draft/connection.h>
#include <postern/draft/loop.h>
#include <postern/draft/requests.h>
#include <postern/draft/subsystem.h>
#include <postern/draft/task.h>
#include <postern/postern.h>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "rules.h"

#define FORWARD_CHUNK 32768u
#define FORWARD_ROUNDS 4      /* reads of one socket in one event */
#define FORWARD_NAME_MAX 255  /* of a host */
#define FORWARD_LISTENERS_MAX 64u
#define FORWARD_LISTEN_FDS 2  /* of one listener: both families */

struct forward {
	struct postern_plugin plugin;
	const struct postern_host *host;
	const struct postern_if_channel *channels;
	const struct postern_if_loop *loop;
	const struct postern_if_connection *connections; /* NULL: nothing listens */
	const struct postern_if_task *tasks;             /* NULL: numeric addresses alone */
	struct settings settings;
	struct listener *listeners;
	unsigned listener_count;
	char buf[FORWARD_CHUNK];
};

/* A channel and its socket. */
struct pipe {
	struct forward *forward;
	struct postern_channel channel;
	uint64_t token;           /* of the open, until it is answered */
	int fd;                   /* -1: none yet */
	int watched;              /* events that the loop knows of */
	int connecting;
	int running;
	int paused;               /* the peer has no room */
	int blocked;              /* the socket has no room */
	int deaf;                 /* the socket takes no more */
	int ended;                /* the socket said all */
	int peer_ended;
	char *held;               /* read and not accepted: at most a chunk */
	uint64_t held_len;
	uint64_t held_off;
	struct lookup *lookup;    /* under way */
	struct addrinfo *found;   /* addresses to try */
	struct addrinfo *next;
	uint64_t timer;           /* to begin with them; 0: none */
};

/* connect.c: open of the plugin. connect_ready: its socket has connected, or
 * has not. connect_forget: nobody waits any more. */
int32_t connect_open(struct forward *f, struct pipe *p, const struct postern_start *start);
void connect_ready(struct pipe *p);
void connect_forget(struct pipe *p);

/* listen.c: request of the plugin, and the ends of what listens. */
int32_t listen_request(struct forward *f, struct postern_connection connection, uint64_t token,
    struct postern_view name, struct postern_view body);
void listen_end(struct forward *f, struct postern_connection connection);
void listen_end_all(struct forward *f);

/* pipe.c */
struct pipe *pipe_new(struct forward *f, int fd);
void pipe_free(struct pipe *p);
void pipe_run(struct pipe *p);
void pipe_watch(struct pipe *p);
int32_t pipe_data(struct pipe *p, struct postern_view bytes, uint64_t *took);
void pipe_peer_eof(struct pipe *p);
void pipe_writable(struct pipe *p);

#endif
