/*
 * The client's engine (tools/client/callend.h) on a kernel socket: what its parts share.
 */
#ifndef POSTERN_TEST_ENGINE_CLIENT_H
#define POSTERN_TEST_ENGINE_CLIENT_H

#include "control/client/hostupdate.h"
#include "control/client/knownhosts.h"
#include "control/keeper/keyfile.h"
#include "tools/client/callend.h"

struct options {
	const char *host, *port, *user, *command;
	const char *name;        /* under which the host is looked for; else its address */
	const char *known_hosts; /* NULL: every key is taken */
	const char *key;         /* private key file; its certificate in KEY-cert.pub if there */
	const char *agent;       /* socket */
	const char *password;
	const char *env; /* NAME=value */
	bool dialogue;   /* keyboard-interactive instead of password */
	bool subsystem, terminal, compression, verbose, learn;
	bool update;             /* of known_hosts, by what the server says of its keys */
	const char *forward;     /* a port that the server listens on for us, or NULL */
	uint64_t rekey_bytes;
	uint64_t rekey_each; /* asks for new keys each time so many bytes came or went */
	const char *kex, *host_keys, *ciphers, *macs;
};

struct engine {
	struct options o;
	struct callend *e;
	struct rng rng;
	int fd;
	uint32_t chan;
	bool login, open_asked, opened, start_asked, started, eof_in, stdin_over, gone;
	bool refused; /* the start */
	unsigned tried; /* methods */
	unsigned asks; /* replies still to come before the start */
	int status;   /* exit status, -1: none */
	uint64_t moved, rekeys, rekeyed_at;
	uint8_t *held; /* of stdin, not written yet */
	size_t held_len, held_at;
	char error[256];

	/* engine_more.c */
	struct hostupdate hosts;
	bool hosts_told, forward_asked;
	bool forward_waits; /* the replies to come: that of tcpip-forward is the first */
	bool hosts_wait;
	bool knocked, forwarded, echo_eof, echo_closed; /* a channel of the server's: asked for, and open */
	uint32_t echo_chan;
	uint8_t echo[4096]; /* what came there goes back */
	size_t echo_len;
};

uint64_t engine_now(void);

/* engine_auth.c: answers c->wants. False: nothing is wanted. */
bool engine_answer(struct engine *x);
void engine_prompted(struct engine *x, struct view body);
struct view engine_known_hosts(const struct engine *x); /* until the next call */
void engine_learn(struct engine *x, struct view key);

/* engine_more.c: a port of the server's, the channels it opens, its other keys. */
void engine_more_told(struct engine *x, const struct caller_event *v);
bool engine_more_chan(struct engine *x, uint32_t n, enum chan_up kind, struct view bytes);
void engine_more(struct engine *x); /* after the login, at each turn */
bool engine_more_waits(const struct engine *x);

#endif
