/*
 * A supervisor whose roles and dataplane are played by the test.
 *
 * The supervisor starts this test program again for each role; there it becomes a
 * puppet: it connects to the test and passes messages both ways. The dataplane is
 * a socket of the test's. Everything is waited for, nothing is slept for.
 */
#ifndef TESTS_SUPERVISOR_PUPPET_H
#define TESTS_SUPERVISOR_PUPPET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/link/attach.h"
#include "abi/link/packet.h"
#include "control/conf.h"
#include "control/msg.h"
#include "control/role.h"

#define WAIT_MS 10000

struct puppet {
	enum role_id role;
	uint32_t index;
	pid_t pid;
	int fd;
	uint8_t buf[MSG_MAX];
};

/* One packet of the dataplane's socket, behind type and zero. */
struct dp_packet {
	uint16_t type;
	struct cur c;
	int fds[PACKET_FDS_MAX];
	int n;
	uint8_t buf[ATTACH_MESSAGE_MAX];
};

struct stage {
	char folder[64];
	struct conf conf;
	int puppet_listener;
	int dp_listener;
	int dp; /* -1: not attached */
	pid_t supervisor;
	pid_t dp_pid;               /* the dataplane's process, as the kernel names it */
	struct puppet *waiting[64]; /* started and not yet asked for */
	int waiting_count;
};

/* The role's side; does not return. */
int puppet_main(int argc, char **argv);

void stage_open(struct stage *s);
void stage_close(struct stage *s);
void stage_start(struct stage *s); /* the supervisor */
void stage_file(struct stage *s, const char *name, const char *text, char path[256]);

/* The next process started under that role; NULL when none comes. */
struct puppet *puppet_wait(struct stage *s, enum role_id role, uint32_t index);
void puppet_free(struct puppet *p);

/* expect(p, type, m): the next message is of this type; others before it are
 * dropped if `skip`. */
bool puppet_expect(struct puppet *p, uint16_t type, struct msg *m);
bool puppet_find(struct puppet *p, uint16_t type, struct msg *m);
void puppet_say(struct puppet *p, struct msg *m, const struct put *body);
bool puppet_gone(struct puppet *p);

/* fd_gone(fd): the other end closes within the time. */
bool fd_gone(int fd);
bool fd_readable(int fd, int ms);

void dp_process(struct stage *s);
void dp_kill(struct stage *s);
bool dp_accept(struct stage *s);
bool dp_find(struct stage *s, uint16_t type, struct dp_packet *p);
void dp_begin(struct put *w, uint8_t *room, size_t size, uint16_t type);
void dp_say(struct stage *s, const struct put *w, const int *fds, int n);
void dp_hello(struct stage *s);
/* Accept, greet, take CONF, send an empty snapshot. */
bool dp_attach(struct stage *s);
void dp_drop_fds(struct dp_packet *p);

#endif
