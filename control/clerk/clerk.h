/*
 * Clerk: one connection after its login, as a pure state machine: rekeys, channel
 * opens, session requests up to shell, exec or subsystem, global requests.
 *
 * Every record is answered by one step. A start waits for its host (HOST_WANTED to
 * the supervisor); what the peer asks of the same channel meanwhile waits behind
 * it, in order, so that replies keep the order of the requests (RFC 4254 5.4).
 * Who a channel runs as is the worker's to say: clerk only names the host.
 */
#ifndef POSTERN_CLERK_H
#define POSTERN_CLERK_H

#include "control/conf.h"
#include "control/exchange.h"
#include "control/msg.h"
#include "control/serves.h"
#include "control/turn.h"

#define CLERK_SESSIONS_MAX 10u       /* MaxSessions */
#define CLERK_CHAN_MAX 256u          /* MaxChannels; no more than the worker's own limit */
#define CLERK_WINDOW (2u * 1024u * 1024u) /* receive window of the first channels, as OpenSSH's */
#define CLERK_WIDE 16u                    /* so many; what more there are have a small one: */
#define CLERK_WINDOW_SMALL (128u * 1024u) /* what a peer may make a host keep has a bound */
#define CLERK_ENV_MAX 64u            /* variables of one channel */
#define CLERK_ENV_BYTES_MAX 1024u    /* all of them, encoded */
#define CLERK_TERM_MAX 64u           /* terminal name of a pty-req */
#define CLERK_MODES_MAX 512u         /* its encoded modes */
#define CLERK_COMMAND_MAX 32768u
#define CLERK_WAITS_MAX 64u /* records of one connection that wait */
#define CLERK_CONN_MAX 262144u
/* Rekeys that a peer may ask for: at once, and per second on and on. Clients that
 * rekey each megabyte at line rate stay below; storms do not. */
#define CLERK_KEX_BURST 2048u
#define CLERK_KEX_RATE 400u
#define CLERK_PROVE_MAX 8u /* proofs of host keys that one connection may ask for */
#define CLERK_GLOBAL UINT32_MAX /* in place of a channel: global requests */
#define CLERK_OPENING (UINT32_MAX - 1) /* an open: it has no number yet */
#define CLERK_OPENS_MAX 32u /* opens of one connection that wait for hosts */

struct clerk_env {
	struct exchange_env exchange;
	struct conf conf;
	struct serves serves;
};

void clerk_env_init(struct clerk_env *env, struct rng *rng);
void clerk_env_conf(struct clerk_env *env, const struct conf *c);

/* A record that waits: a start for its host, a proof for keeper, anything else for a
 * start on the same channel or for a proof. */
struct clerk_wait {
	struct clerk_wait *next;
	uint32_t serial;
	uint32_t chan;
	bool start;
	bool query; /* a start: of a request that the host answers */
	bool full;  /* for a query to be answered: there are too many */
	bool prove; /* for keeper; global requests behind it wait too */
	bool want_reply;
	uint8_t kind; /* enum link_start */
	uint32_t len;
	char plugin[64];
	uint8_t bytes[]; /* start: the command or name; proof: the key blobs; an open or another: the record */
};

struct clerk_conn {
	struct conobj p;
	uint32_t restrictions; /* GRANT_NO_* */
	uint32_t wait_count;
	char *command; /* that the grant forces, or NULL */
	uint32_t kex_left;        /* of CLERK_KEX_BURST */
	uint32_t prove_left;      /* of CLERK_PROVE_MAX */
	uint64_t kex_ms;          /* when it was counted last */
	struct clerk_wait *waits; /* oldest first */
};

/* clerk_adopt: 0, -R_LINK_NOTE, -R_NOMEM, -R_LINK_STATE: not logged in. */
int clerk_adopt(struct clerk_env *env, uint32_t conn, uint32_t gen, struct view image, struct clerk_conn **c);
void clerk_free(struct clerk_env *env, struct clerk_conn *c);

/* clerk_up: an up entry other than ADOPT. clerk_answer: SIGNED and PROVED from keeper,
 * HOST_READY from the supervisor. After both, and while it returns true, call
 * clerk_next: it works on a record that waited and need not wait any more. */
void clerk_up(struct clerk_env *env, struct clerk_conn *c, const struct link_entry *e, struct view payload,
    struct actions *act);
void clerk_answer(
    struct clerk_env *env, struct clerk_conn *c, enum ask_to from, const struct msg *m, struct actions *act);
bool clerk_next(struct clerk_env *env, struct clerk_conn *c, struct actions *act);

/* clerk_again(env, c, to, n, act): say again what waits for `to`: the n-th such
 * request, from 0. False: there are no more. */
bool clerk_again(
    struct clerk_env *env, struct clerk_conn *c, enum ask_to to, uint32_t n, struct actions *act);
void clerk_slots(struct clerk_env *env, struct clerk_conn *c, struct actions *act);

/* ---- inside clerk ---- */

/* clerk_chan.c: the state of a channel before its start, as the note keeps it. */
struct clerk_chan {
	uint32_t ours;
	uint32_t peers;
	bool started;
	bool foreign; /* of another type than session */
	bool has_pty;
	struct view pty; /* type specific part of pty-req, RFC 4254 6.2 */
	uint32_t query;      /* id of a request that a host has to answer; 0: none */
	bool query_want;     /* the peer wants a reply to it */
	struct view query_plugin;
	uint32_t env_count;
	struct view env; /* (str name, str value)* */
};

/* clerk_chan_find: 0 and *ch, *at set, or -R_CHAN_UNKNOWN. */
int clerk_chan_find(const struct note *n, uint32_t ours, struct clerk_chan *ch, uint32_t *at);
/* clerk_chan_store(n, at, ch, w): encode into w and point the note at it;
 * -R_LIMIT when it does not fit. */
int clerk_chan_store(struct note *n, uint32_t at, const struct clerk_chan *ch, struct put *w);
void clerk_chan_remove(struct note *n, uint32_t at);
/* clerk_sessions(n): how many of the channels are sessions. */
uint32_t clerk_sessions(const struct note *n);

/* clerk_policy.c: do configuration and login let the peer have what a plugin serves? */
bool clerk_may(const struct clerk_env *env, const struct clerk_conn *c, enum serves_kind kind, struct view name);

/* clerk_ask.c: what a plugin asks of the peer: SERVES_OPENS, SERVES_REQUESTS. */
int clerk_asked(struct clerk_env *env, struct clerk_conn *c, struct turn *t, enum serves_kind kind);

/* clerk_open.c */
/* The lowest channel number that is free, and how many may still be taken. */
uint32_t clerk_free_number(const struct note *n);
uint32_t clerk_room(const struct clerk_env *env, const struct clerk_conn *c, const struct note *n);
int clerk_open(struct clerk_env *env, struct clerk_conn *c, struct turn *t);
/* clerk_open_ready: the host of an open that waited: reason 0, or why there is none. */
int clerk_open_ready(struct turn *t, const struct clerk_wait *w, uint32_t link_id, uint32_t reason);
int clerk_global(struct clerk_env *env, struct clerk_conn *c, struct turn *t);

/* clerk_query.c */
/* clerk_query(c, t, chan, plugin): the record at hand goes to this plugin's host; chan:
 * CLERK_GLOBAL, or the session channel. */
int clerk_query(struct clerk_conn *c, struct turn *t, uint32_t chan, const char *plugin);
/* clerk_query_ready: its host, or why there is none. clerk_answered: UP(ANSWER). */
int clerk_query_ready(struct turn *t, const struct clerk_wait *w, uint32_t link_id, uint32_t reason);
int clerk_answered(struct clerk_env *env, struct turn *t, uint32_t chan);
/* clerk_query_owed: is one of chan (CLERK_GLOBAL too) with a host? clerk_query_room: may
 * another be? */
bool clerk_query_owed(const struct note *n, uint32_t chan);
bool clerk_query_room(const struct clerk_conn *c, const struct note *n);

/* clerk_prove.c: hostkeys-prove-00@openssh.com */
int clerk_prove(struct clerk_conn *c, struct turn *t, struct cur *body, bool want);
int clerk_proved(struct clerk_conn *c, struct turn *t, uint32_t tag, struct view body);
void clerk_prove_ask(struct turn *t, const struct clerk_wait *w);

/* clerk_request.c */
int clerk_request(struct clerk_env *env, struct clerk_conn *c, struct turn *t);
/* clerk_reply(t, peers, want, ok): 99 or 100, if one is wanted. */
void clerk_reply(struct turn *t, uint32_t peers, bool want, bool ok);

/* The receive window of a channel by its number, which is the lowest that is free. All
 * of a connection are less than SSH_WINDOWS_MAX of the dataplane, 64 MiB. */
static inline uint32_t
clerk_window(uint32_t ours)
{
	return ours < CLERK_WIDE ? CLERK_WINDOW : CLERK_WINDOW_SMALL;
}

/* clerk_pty.c: pty-req, window-change, env: change *ch; false: refused. The
 * cursor stands behind want_reply. Bytes that must live on are written to w. */
bool clerk_pty_req(struct cur *c, struct clerk_chan *ch, struct put *w);
bool clerk_window_change(struct cur *c, struct clerk_chan *ch, struct put *w);
bool clerk_env_req(const struct conf *conf, struct cur *c, struct clerk_chan *ch, struct put *w);
/* clerk_env_put: the same of a variable that is good, by who may say so. */
bool clerk_env_put(struct clerk_chan *ch, struct view name, struct view value, struct put *w);
bool clerk_match(const char *pattern, const char *text);

/* clerk_start.c: shell, exec, subsystem and their hosts. */
int clerk_start(struct clerk_env *env, struct clerk_conn *c, struct turn *t, const struct clerk_chan *ch,
    struct view type, struct cur *body, bool want_reply);
int clerk_host_ready(struct clerk_conn *c, struct turn *t, const struct msg *m);
void clerk_wait_ask(struct turn *t, const struct clerk_wait *w);
struct clerk_wait *clerk_wait_add(struct clerk_conn *c, uint32_t serial, uint32_t chan, struct view bytes);
void clerk_wait_drop(struct clerk_conn *c, struct clerk_wait *w);
bool clerk_starting(const struct clerk_conn *c, uint32_t chan);

#endif
