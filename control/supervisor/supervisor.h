/*
 * The supervisor's tables, and what its files offer each other.
 *
 * The supervisor starts and restarts the roles, carries descriptors between
 * them and the dataplane, and turns warden's word into grants. It runs as root
 * without a filter, since its children must be free of one; so it parses nothing
 * that a peer sent, and every message that it takes is checked against one table
 * (dispatch.c) before a handler sees it.
 *
 * One thread, one loop; nothing here waits.
 */
#ifndef POSTERN_CONTROL_SUPERVISOR_H
#define POSTERN_CONTROL_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "abi/link/attach.h"
#include "abi/link/grant.h"
#include "control/conf.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/msg.h"
#include "control/role.h"
#include "control/supervisor/beat.h"
#include "control/supervisor/line.h"
#include "control/serves.h"
#include "control/supervisor/plugin.h"
#include "control/supervisor/plugs.h"

#define SUP_POOL_MAX 32 /* gates, and clerks */
#define SUP_WORKERS_MAX 32
#define SUP_HASH_MAX 64 /* bytes of an exchange hash */

#define ROLE_BIT(role) (1u << (role))

struct sup;
struct js;
struct hash_ask;
struct grant_ask;
struct link_ask;
struct host_waiter;
struct host_plan;
LIST_HEAD(host_list, host);
LIST_HEAD(leader_list, leader);
TAILQ_HEAD(dialogue_list, dialogue);

/* What a PAM child is for: the index of its process. */
#define SUP_PAM_ACCOUNT 0u
#define SUP_PAM_DIALOGUE 1u

/* How a process ended, as far as its parent can know. */
enum proc_end { PROC_UNKNOWN = 0, PROC_DONE, PROC_CRASHED };

/* A process that has a socket to the supervisor. */
struct proc {
	struct sup *sup;
	enum role_id role;
	uint32_t index;
	pid_t pid; /* for the operator; all that is done goes by pidfd */
	int pidfd; /* -1: not running */
	struct line line;
	bool said_ready;
	int linger; /* timer: its socket is closed, its end is awaited */
	enum proc_end end;
	int signal;            /* that ended it, 0: none */
	int code;              /* its exit status, where it had one */
	char status[48];              /* the same for the log */
	void (*ended)(struct proc *); /* the process is gone; the only place where the
	                               proc may be freed */
};

/* A place in the pools: one role that is always kept running. */
struct child {
	struct proc proc;
	bool ready;
	uint32_t restarts;
	uint32_t starts_left; /* that need not wait */
	uint64_t starts_ms;   /* when one last came back */
	uint64_t started_ms;
	int timer; /* pending restart */
};

/* What is known of a connection. */
struct conn {
	struct conn *next; /* in its bucket */
	uint32_t conn;
	uint32_t gen;
	bool seen; /* named by the snapshot that is being read */
	uint8_t phase;
	uint64_t opened_ms; /* unix time, by the dataplane's word */
	char peer[64];
	char local[64];
	uint16_t peer_port;
	uint16_t local_port;
	/* keeper's first hash */
	uint8_t hash[SUP_HASH_MAX];
	uint8_t hash_len;          /* 0: none is stored */
	struct hash_ask *hash_ask; /* asked and not yet stored */
	/* the grant */
	uint8_t *grant; /* encoded; NULL: none */
	size_t grant_len;
	bool granted;                /* the dataplane has it */
	struct grant_ask *grant_ask; /* warden said yes, the rest is to come */
	struct leader *leader;
	struct host_list hosts; /* of this login */
};

/* A host of one plugin: of a service (conn LINK_CONN_NONE) or of a login. */
struct host {
	struct proc proc;
	LIST_ENTRY(host) at; /* in its connection, the services or the orphans */
	uint32_t conn;
	uint32_t gen;
	char plugin[PLUGIN_ID_MAX];
	/* of a service one per worker, at the worker's number; of a user's one, at 0 */
	uint32_t link_id[SUP_WORKERS_MAX];
	uint32_t links;  /* that it needs */
	uint32_t linked; /* that are up, from 0 on */
	bool asking;     /* for the next one */
	uint32_t first;  /* restored: id of its process's first link; 0: started here */
	bool ready;      /* all are: known to the dataplane */
	bool ending;
	uint32_t start_tag; /* HOST_START that is not answered, 0: none */
	int deadline;       /* timer: of the start, or of the end */
	int link_fds[2];    /* of its LINK, which may come before its HOST_STARTED: region, bell */
	uint32_t link_worker;
	uint32_t link_tag;          /* the LINK's tag, told with LINK_UP */
	struct host_waiter *waiter; /* clerks that asked for it */
	struct host_plan *plan;     /* of a user's, until its leader is there */
	pid_t pid;                  /* stays when the process is gone */
	struct plugconf limits;
	struct beat beat;
	const struct counters *counters; /* its page; NULL: none has come */
	enum cause cause; /* why it ended or is being ended; NONE: as it should */
	bool expected;    /* its end is nobody's fault */
	bool orphan;      /* its connection is gone: its leader ends it */
	bool retired;     /* its channels finish, no more come */
	bool stale;       /* it is to be, once it is ready */
	uint32_t trial_tag; /* of the operator's request that waits for this trial */
	uint32_t trial_uid;
	bool unlinked;    /* the dataplane has told the end of its link */
	bool gone;        /* the process; its leader has not said how yet */
	bool told;        /* its leader has: */
	int status;       /* how, as of wait */
	char why[160];    /* what it said before its end, or its leader */
};

/* A login leader. */
struct leader {
	struct proc proc;
	LIST_ENTRY(leader) at;
	uint32_t conn;
	uint32_t gen;
	bool started; /* the PAM session is open */
	bool told;    /* known to the dataplane */
	bool ending;
	int deadline;
};

/* The dataplane, as attach.c sees it. */
enum attach_state { ATTACH_OFF = 0, ATTACH_GREETING, ATTACH_SNAPSHOT, ATTACH_ON };

struct attach {
	struct line line;
	enum attach_state state;
	uint32_t pid; /* of the last one attached to; 0: none */
	int pidfd;
	int timer;
	uint64_t since_ms;
	uint16_t minor;                /* of the link that it speaks */
	uint32_t workers;              /* that it has: what the configuration says may come later */
	int meter_fd[SUP_WORKERS_MAX];
	uint32_t attaches;
};

/* A list of the dataplane's that is under way, and who waits for it or the next. */
#define LIST_ASKS_MAX 64
#define LIST_PAGE_MAX 64u

struct list {
	uint32_t tag;     /* 0: none is under way */
	uint64_t workers; /* bit per worker whose last piece is to come */
	int fd;           /* what came */
	size_t len;
	int timer;
	struct list_wait {
		const char *what; /* NULL: free */
		uint32_t tag;
		uint32_t turn; /* who came first */
		bool next;     /* the list under way is not its own */
		size_t page_len;
		uint8_t page[LIST_PAGE_MAX]; /* what alone is asked for (rows.h); empty: all */
	} wait[LIST_ASKS_MAX];
	uint32_t turn;
};

/* A capture's leg at one worker. */
#define CAPTURE_LEGS_MAX (4 * SUP_WORKERS_MAX)

struct capture_leg {
	uint32_t id;  /* its tag towards the dataplane; 0: free */
	uint32_t tag; /* of console's request */
	uint32_t worker;
};

struct sup {
	struct loop *loop;
	struct conf conf;
	const char *conf_path;
	char *conf_text;
	int conf_fd; /* sealed file of conf_text */
	int moduli_fd; /* sealed table made from ModuliFile; -1: none */
	struct serves served; /* by plugins beside sessions */
	bool moduli_there; /* now or before: it is told when it goes */
	uint32_t generation;
	uint64_t keys_stamp; /* of the host key files that keeper has */
	int log_in;  /* console's end of the log socket */
	int log_out; /* everybody else's */
	int signal_fd;
	bool stopping;
	bool told_ready;
	bool console_stopped;
	uint64_t stop_by_ms;
	uint64_t started_ms;
	uint32_t next_tag;

	struct child keeper, warden, reader, console;
	struct child gate[SUP_POOL_MAX];
	struct child clerk[SUP_POOL_MAX];
	uint32_t gates;
	uint32_t clerks;

	struct attach attach;
	struct conn **bucket;
	uint32_t bucket_count; /* a power of two */
	uint32_t conn_count;
	struct host_list services;
	struct host_list trials;  /* hosts that load a plugin's new file, and end */
	struct plug *plugs;
	int beat_timer;
	bool beating; /* there is a host to look at */
	struct host_list orphans; /* user hosts whose connection is gone */
	struct leader_list leaders;
	struct link_ask *link_asks;
	struct grant_ask *pam_first; /* waiting for a free PAM child */
	struct grant_ask *pam_last;
	uint32_t pam_running;
	struct list list;
	struct capture_leg legs[CAPTURE_LEGS_MAX];
	struct dialogue_list dialogues; /* running and waiting, in order */
	uint32_t dialogues_running;
	uint32_t dialogues_waited; /* most at one time */
	uint64_t dialogues_total;
	uint64_t dialogues_late;
	uint64_t dialogues_crashed;
	uint64_t dialogues_refused;
	uint64_t field_exchanges, fields_waited, fields_refused; /* cost.h */
};

/* ---- served.c ---- */
/* served_install(s): read what the plugins serve, anew. served_tell(s, clerk): tell one;
 * nothing while no dataplane is attached. */
void served_install(struct sup *s);
void served_tell(struct sup *s, struct proc *clerk);
void served_tell_all(struct sup *s);

/* ---- supervisor.c ---- */
int supervisor_run(const char *conf_path, const struct conf *conf);
uint32_t sup_tag(struct sup *s);
void sup_ready(struct sup *s);

/* ---- proc.c: sockets and ends of processes ---- */
/* proc_start(p): start p->role with a socket of its own; p->role, p->index and
 * p->ended are set. 0 or -errno. */
int proc_start(struct sup *s, struct proc *p);
/* proc_adopt(p, sock, pidfd): a process that another supervisor started; both
 * descriptors become the proc's, also on failure. 0 or -errno. */
int proc_adopt(struct sup *s, struct proc *p, int sock, int pidfd);
/* proc_watch_pid(p): after p->pidfd was set: notice the end. 0 or -errno. */
int proc_watch_pid(struct proc *p);
void proc_send(struct proc *p, const struct msg *m);
void proc_signal(struct proc *p, int sig);
/* proc_hang_up(p): its socket is closed: whoever does that ends, soon or by force. */
void proc_hang_up(struct proc *p);
/* proc_forget(p): close socket and pidfd, reap; the process may live on. */
void proc_forget(struct proc *p);
static inline bool
proc_up(const struct proc *p)
{
	return p->pidfd >= 0;
}

/* ---- dispatch.c: which message from whom, and its handler ---- */
void dispatch_ready(struct proc *p);
/* proc_refuse(p, m): m is malformed; its sender ends. */
void proc_refuse(struct proc *p, const struct msg *m);

/* ---- children.c: the pools ---- */
void children_start(struct sup *s);
void children_conf(struct sup *s);
void children_stop(struct sup *s, unsigned roles);
/* children_each(s, roles, fn, ctx): every running child whose bit is in roles. */
typedef void child_fn(struct child *c, void *ctx);
#define ROLES_POOLED                                                                                   \
	(ROLE_BIT(ROLE_KEEPER) | ROLE_BIT(ROLE_WARDEN) | ROLE_BIT(ROLE_READER) | ROLE_BIT(ROLE_GATE) | \
	    ROLE_BIT(ROLE_CLERK) | ROLE_BIT(ROLE_CONSOLE))
void children_each(struct sup *s, unsigned roles, child_fn *fn, void *ctx);
void children_send(struct sup *s, unsigned roles, const struct msg *m);
void on_ready(struct sup *s, struct proc *p, struct msg *m);

/* ---- conns.c ---- */
struct conn *conn_find(struct sup *s, uint32_t conn, uint32_t gen);
struct conn *conn_make(struct sup *s, uint32_t conn, uint32_t gen);
/* conn_gone(c, reason): tell everybody concerned, end its leader, free it. */
void conn_gone(struct sup *s, struct conn *c, uint32_t reason);
typedef void conn_fn(struct sup *s, struct conn *c, void *ctx);
void conns_each(struct sup *s, conn_fn *fn, void *ctx);

/* ---- hashes.c: keeper's first hash ---- */
void on_first_hash(struct sup *s, struct proc *p, struct msg *m);
void hash_stored(struct sup *s, struct conn *c, uint32_t reason);
void hash_again(struct sup *s, struct conn *c);
void hash_drop(struct sup *s, struct conn *c, uint32_t reason);
void hashes_tell(struct sup *s, struct proc *p);

/* ---- agent.c: a socket to HostKeyAgent ---- */
void on_agent_wanted(struct sup *s, struct proc *p, struct msg *m);

/* ---- grants.c; pams.c is in grants.h ---- */
void on_grant(struct sup *s, struct proc *p, struct msg *m);
void grant_stored(struct sup *s, struct conn *c, uint32_t reason);
void grant_again(struct sup *s, struct conn *c);
void grant_drop(struct sup *s, struct conn *c);
void on_pam_says(struct sup *s, struct proc *p, struct msg *m);

void on_costs(struct sup *s, struct proc *p, struct msg *m); /* status.c */

/* ---- dialogues.c: PAM's, with warden ---- */
void on_dialogue(struct sup *s, struct proc *p, struct msg *m);
void on_dialogue_over(struct sup *s, struct proc *p, struct msg *m);
void dialogues_conn_gone(struct sup *s, uint32_t conn, uint32_t gen);
void dialogues_end(struct sup *s); /* warden is gone */

/* ---- links.c ---- */
void on_link(struct sup *s, struct proc *p, struct msg *m);
/* link_host(s, h): a host's LINK goes on once its pidfd is known. */
void link_host(struct sup *s, struct host *h);
void link_ready(struct sup *s, uint32_t tag, uint32_t link_id, uint32_t reason, const int fds[2]);
void links_send(struct sup *s); /* after an attachment: what waited */
void links_down(struct sup *s); /* the dataplane is gone */
/* links_workers(s, p): tell a gate or clerk, or all (NULL), how many workers there are. */
void links_workers(struct sup *s, struct proc *p);
/* links_forget(s, p, worker): drop what p asked for, of all workers with ~0. */
void links_forget(struct sup *s, const struct proc *p, uint32_t worker);

/* ---- hosts.c: asking for a host; hosts_run.c: its life; leaders.c ---- */
void on_host_wanted(struct sup *s, struct proc *p, struct msg *m);
void on_host_started(struct sup *s, struct proc *p, struct msg *m);
/* host_answer(s, h, reason, text): to every clerk that asked. */
void host_answer(struct sup *s, struct host *h, uint32_t reason, const char *text);
struct host *host_new(struct sup *s, struct host_list *list, uint32_t conn, uint32_t gen, struct view plugin);
/* host_start(s, h, plugin, leader): leader NULL for a service. */
void host_start(struct sup *s, struct host *h, const struct plugin *pl, struct leader *l);
void host_linked(struct sup *s, struct host *h, uint32_t link_id, uint32_t reason);
/* host_link_of(h, conn): the id of its link to this connection's worker. */
uint32_t host_link_of(const struct host *h, uint32_t conn);
/* host_wants(h): the worker whose link it has to ask for next. */
uint32_t host_wants(const struct host *h);
/* host_restore(s, l, pidfd, sock): one link of a host that the dataplane has kept. */
struct host_link {
	uint32_t id;
	uint32_t first; /* of the same process */
	uint32_t conn;
	uint32_t gen;
	struct view plugin;
	bool retired; /* it was told that no more channels come */
};
void host_restore(struct sup *s, const struct host_link *l, int pidfd, int sock);
/* hosts_settle(s): after a snapshot: those that lack a link end. */
void hosts_settle(struct sup *s);
void host_link_gone(struct sup *s, uint32_t link_id, uint32_t reason);
/* host_end(h, why): it is killed; whoever asked for it is told why. */
void host_end(struct host *h, const char *why);
/* ---- hosts_end.c ---- */
void host_free(struct host *h);
void host_ended(struct proc *p); /* its process has */
/* host_end_by(h, ms): it takes no more channels, and is killed then. */
void host_end_by(struct host *h, uint32_t ms);
struct host *host_by_link(const struct host_list *list, uint32_t link_id);
/* host_end_for(h, cause, text): it is ended for what it did. */
void host_end_for(struct host *h, enum cause cause, const char *text);
/* host_fault(p, text): a host's process broke a rule and is being ended. */
void host_fault(struct proc *p, const char *text);
void on_host_ended(struct sup *s, struct proc *p, struct msg *m);
void on_host_fails(struct sup *s, struct proc *p, struct msg *m);
/* host_orphan(h): its connection is gone, its leader ends it soon. */
void host_orphan(struct host *h);
void hosts_end(struct sup *s); /* the dataplane is gone */
/* hosts_leader(s, c, why): its leader is there (why NULL), or cannot be. */
void hosts_leader(struct sup *s, struct conn *c, const char *why);

struct leader *leader_start(struct sup *s, struct conn *c);
void on_login_started(struct sup *s, struct proc *p, struct msg *m);
void leader_restore(struct sup *s, uint32_t conn, uint32_t gen, int pidfd, int sock);
void leaders_tell(struct sup *s); /* after an attachment: who is not known there */
/* leader_end(l): its connection is gone: it ends its hosts and the session. */
void leader_end(struct leader *l);
void leaders_end(struct sup *s); /* the dataplane is gone */

/* ---- renew.c: a plugin's new file ---- */
/* renew_start(s, id, uid, tag, text, size): R_NONE: action_answer comes later; else a
 * reason, and text. */
uint32_t renew_start(struct sup *s, const char *id, uint32_t uid, uint32_t tag, char *text, size_t size);
/* renew_ready(s, h): a host has come up: it may be stale already. */
void renew_ready(struct sup *s, struct host *h);
/* host_send_conf(h, pl): HOST_CONF; with h->links 0 for a trial. */
void host_send_conf(struct host *h, const struct plugin *pl);
/* action_answer(s, tag, reason, text, more): to console; text where the reason is one. */
void action_answer(struct sup *s, uint32_t tag, uint32_t reason, const char *text, struct js *more);

/* ---- beats.c: hosts that hang or take too much ---- */
void beats_start(struct sup *s);
void on_pong(struct sup *s, struct proc *p, struct msg *m);

/* ---- counts.c: what hosts count ---- */
void on_counters(struct sup *s, struct proc *p, struct msg *m);
void counts_end(struct host *h); /* added to what its plugin has counted; its page goes */
struct js *counts_of(const struct counters *c);

/* ---- attach.c ---- */
void attach_init(struct sup *s);
void attach_start(struct sup *s);
void attach_stop(struct sup *s);
void attach_conf(struct sup *s);   /* send CONF again */
void attach_meters(struct sup *s); /* to a console that has just started */
static inline bool
attach_on(const struct sup *s)
{
	return s->attach.state == ATTACH_ON;
}
/* attach_send(s, type, conn, gen, text): FIRST_HASH and GRANT. */
void attach_send(struct sup *s, uint16_t type, uint32_t conn, uint32_t gen, struct view text);
void attach_kill(struct sup *s, uint32_t conn, uint32_t gen, uint32_t reason);
void attach_rekey(struct sup *s, uint32_t conn, uint32_t gen);
void attach_packet(struct sup *s, const struct put *w, const int *fds, int n);
void attach_begin(struct put *w, uint16_t type);
/* attach_conf.c: */
void attach_conf_body(struct put *w, const struct conf *conf, uint32_t generation);
/* attach_read.c: one message of the dataplane; false: it makes no sense. */
bool attach_take(struct sup *s, uint16_t type, struct cur *c, int *fds, int n);
void attach_snapshot_begin(struct sup *s);

/* ---- reload.c ---- */
int conf_install(struct sup *s, const struct conf *conf);
/* moduli_install(s, path, said): the file as a table that can be handed on; "" and what
 * cannot be used: none. Problems to the log, and to said, which may be NULL. moduli.c */
void moduli_install(struct sup *s, const char *path, struct js *said);
/* conf_reload(s, why, said): 0, or -1 with nothing changed and *why set. *said, the
 * caller's, has what was found: errors, warnings, not_applied, generation. */
int conf_reload(struct sup *s, const char **why, struct js **said);

/* ---- status.c: tables for console; lists.c: with what the dataplane says ---- */
void on_status(struct sup *s, struct proc *p, struct msg *m);
/* status_answer(s, what, tag, rows): rows -1: none. */
void status_answer(struct sup *s, const char *what, uint32_t tag, int rows);
int status_file(const char *text);
/* list_ask(s, what, tag, page): page empty: of all connections. */
void list_ask(struct sup *s, const char *what, uint32_t tag, struct view page);
void list_rows(struct sup *s, uint32_t tag, uint32_t worker, bool last, struct view rows);
/* lists_end(s): nobody will answer: what is there goes out. */
void lists_end(struct sup *s);

/* ---- captures.c ---- */
void on_capture(struct sup *s, struct proc *p, struct msg *m);
void on_capture_stop(struct sup *s, struct proc *p, struct msg *m);
/* capture_ready(s, id, reason, fd): the dataplane's answer; fd stays the caller's. */
void capture_ready(struct sup *s, uint32_t id, uint32_t reason, int fd);
void captures_stop(struct sup *s); /* console is gone */
void captures_lost(struct sup *s); /* the dataplane is, or its socket */

/* ---- actions.c: what an operator asks for ---- */
/* caller_may(s, b, uid): u32 uid, u32 count, u32 gid each: root, or one whom the group
 * makes an operator? */
bool caller_may(const struct sup *s, struct cur *b, uint32_t *uid);
void on_action(struct sup *s, struct proc *p, struct msg *m);

#endif
