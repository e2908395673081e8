/*
 * The cast of the supervisor's flows: one puppet per role, and the parts that
 * several tests play with them. One connection, CONN and GEN, is in all of them.
 * What fails here fails the test that is running.
 */
#ifndef TESTS_SUPERVISOR_CAST_H
#define TESTS_SUPERVISOR_CAST_H

#include "tests/unit/control/supervisor/puppet.h"

#define CONN 7u
#define GEN 3u

extern struct stage st;
extern struct puppet *keeper, *warden, *reader, *console, *gate[2], *clerk;
extern struct msg m;        /* received last */
extern struct dp_packet dp; /* received last by the dataplane */
extern uint8_t room[8192];  /* what is being said */

void up(bool pam); /* everybody, and an attached dataplane */
void down(void);
void take_all(void);
void free_all(void);
void drop(void); /* the descriptors of m */

/* text(w, body): a body of one string, in `room`. */
void text(struct put *w, const char *body);

/* ---- a login ---- */
void keep_hash(const char *hash);  /* up to keeper's answer */
void store_hash(const char *hash); /* and told to warden */
void make_grant(struct put *w, const char *user);
void ask_grant(const char *user);
void answer_grant(uint32_t reason);
void log_in(void);

/* ---- links ---- */
/* What a link is made of: memory, the two ends of a bell, the slots' memory. */
void link_files(int fds[4]);
void close_files(const int fds[4]);
uint32_t ask_link(struct puppet *p, int count, uint8_t role); /* the dataplane's tag */
uint32_t ask_link_to(struct puppet *p, int count, uint8_t role, uint32_t worker);
void link_made(uint32_t tag, uint32_t id, uint32_t reason);

/* ---- hosts ---- */
struct user_host {
	struct puppet *leader;
	int leader_pidfd; /* the dataplane's copies */
	int leader_sock;
	int host_fd; /* the host's end */
	int host_pidfd;
	int host_sock;
	pid_t pid;
	uint8_t buf[MSG_MAX];
};

void shell_plugin(void);
void want_host(uint32_t tag, const char *plugin);
uint32_t host_ready(uint32_t tag, uint32_t *link_id); /* its reason */
void leader_starts(struct user_host *u);
/* HOST_START is answered with a process of the test's; the host speaks over the
 * socket that came with it. Its LINK may come before HOST_STARTED. */
void host_starts(struct user_host *u, bool link_first, uint32_t link_id);
void user_host_free(struct user_host *u);
pid_t idle_process(void);

#endif
