/*
 * What the files of the socket face share.
 *
 * The stack is built at the first socket or packet, so that tunables that say
 * how large it is can be set before.
 */
#ifndef POSTERN_SIM_SOCK_PRIV_H
#define POSTERN_SIM_SOCK_PRIV_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/net/net_priv.h"
#include "dataplane/tcp/tcp.h"
#include "tests/sim/rng.h"
#include "tests/sim/sock.h"

#define EPHEMERAL_FIRST 49152u /* RFC 6335 section 6 */
#define EPHEMERAL_COUNT 16384u

enum sock_kind {
	SOCK_FREE,
	SOCK_FRESH,
	SOCK_LISTENER,
	SOCK_WAITING,        /* connected, not accepted: no number of the owner's */
	SOCK_CONNECTING,
	SOCK_CONNECTED,
	SOCK_OVER            /* the connection is gone; what it left can be read */
};

struct sock {
	enum sock_kind kind;
	int family;
	bool bound;
	bool eof;
	bool shut_rd, shut_wr;
	bool cork;
	struct tcp_own own;  /* what its options say */
	int error;           /* pending, negative */
	struct sock_addr local;
	struct tcp *t;
	struct sock *listener;
	struct sock *next;   /* in the listener's queue, the oldest first */
	int backlog;
	int waiting;
	uint8_t *rest;       /* unread bytes of a connection that is gone */
	size_t rest_len, rest_at;
	bool had;            /* a connection: `last`, `tuple` */
	struct tcp_info last;
	struct tcp_tuple tuple;
};

struct packet {
	struct packet *next;
	uint64_t at;
	size_t len;
	uint8_t data[];
};

struct sock_host {
	struct sock_conf conf;
	struct tcp_config cfg;
	struct rng rng;
	uint64_t now;
	void *net_mem;
	struct net *net;
	void *tcp_mem;
	struct tcp_stack *stack;
	void *pool_mem;
	struct pool pool;
	struct sock *sock;
	uint32_t port_next;
	struct packet *in;   /* by time */
	struct packet *out, **out_end;
	uint64_t drops[REASON_MAX];
};

/* ---- sock_host.c ---- */
/* 0, -ENOMEM or -EINVAL: the tunables do not go together. */
int host_build(struct sock_host *h);
/* What is to be done now, until there is nothing. */
void host_run(struct sock_host *h);
bool host_owns(const struct sock_host *h, int family, const uint8_t *b);

/* ---- sock_event.c: what TCP tells ---- */
int sock_on_accept(void *owner, struct tcp *t, uint64_t now);
void sock_on_event(void *owner, struct tcp *t, unsigned events, int reason, uint64_t now);

/* ---- sock.c ---- */
struct sock *sock_at(const struct sock_host *h, int s);
struct sock *sock_new(struct sock_host *h);
void sock_delete(struct sock *k);
struct tcp_addr sock_to_tcp(const struct sock_addr *a);
struct sock_addr sock_from_tcp(const struct tcp_addr *a, uint16_t port);

/* ---- sock_tune.c ---- */
void tune_default(uint16_t mtu, struct tcp_config *c);

#endif
