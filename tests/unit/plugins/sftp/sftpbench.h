/*
 * An SFTP session without a channel: requests in, replies out, on the machine's files
 * in a directory of its own, or on files that a test gives.
 */
#ifndef TESTS_SFTPBENCH_H
#define TESTS_SFTPBENCH_H

#include "plugins/sftp/session.h"

#define SFTPBENCH_TASKS 256u

struct sftpbench {
	struct session s;
	struct posix_files posix;
	char dir[PATH_MAX]; /* absolute, resolved; "" with other files */
	uint8_t *sent;      /* what it said and nobody read */
	size_t sent_len;
	size_t sent_size;
	size_t room;        /* how much may be said */
	struct job *task[SFTPBENCH_TASKS]; /* given, in order */
	unsigned tasks;
	unsigned ran;       /* how many were run */
	int hold;           /* they are run by sftpbench_run only */
	int refuse;         /* none is taken */
	int ticking;        /* it asked for session_tick */
	int closed;         /* nobody takes it any more */
	char log[8192];
	uint8_t *packet;
	uint32_t id;
};

struct reply {
	uint8_t type;       /* 0: none */
	uint32_t id;
	struct cur c;       /* behind the id */
};

/* A session with this configuration text for the subsystem "sftp"; INIT not sent. */
struct sftpbench *sftpbench_new(const char *config);
struct sftpbench *sftpbench_on(const struct files *files, void *ctx, const char *config);
/* The directory goes with it. */
void sftpbench_free(struct sftpbench *b);

/* Bytes into the session until it takes no more, tasks being run; how many it took. */
size_t sftpbench_feed(struct sftpbench *b, const void *bytes, size_t len);

/* Run one of the tasks that were given, or all, and what follows from them. */
void sftpbench_run(struct sftpbench *b, unsigned which);
void sftpbench_run_all(struct sftpbench *b);

/* The next reply of those that are there. */
struct reply sftpbench_reply(struct sftpbench *b);

/* A packet in b->packet, its length field too. what: s a string, S bytes and length, u
 * a uint32, q a uint64, a attributes. Extended requests begin with their name. */
size_t sftpbench_build(struct sftpbench *b, uint8_t type, const char *what, ...);

/* The same, sent with the next id; its reply. */
struct reply sftpbench_ask(struct sftpbench *b, uint8_t type, const char *what, ...);

/* INIT, and its answer dropped. */
void sftpbench_init(struct sftpbench *b);

/* The code of a STATUS with the right id; -1 for another reply. */
int sftpbench_status(struct sftpbench *b, struct reply r);

/* "DIR/name", in one of a few static buffers. */
const char *sftpbench_path(const struct sftpbench *b, const char *name);

#endif
