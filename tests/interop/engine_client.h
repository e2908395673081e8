/*
 * The client's engine (tools/client/callend.h) on a kernel socket: what its parts share.
 */
#ifndef POSTERN_TEST_ENGINE_CLIENT_H
#define POSTERN_TEST_ENGINE_CLIENT_H

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
};

uint64_t engine_now(void);

/* engine_auth.c: answers c->wants. False: nothing is wanted. */
bool engine_answer(struct engine *x);
void engine_prompted(struct engine *x, struct view body);

#endif
