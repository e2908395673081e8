/*
 * A host: one process, one plugin, its channels, a link to each worker whose
 * connections it serves: a user's host has one connection and so one link.
 *
 *   link.c     entries of the worker in, entries for the worker out
 *   chan.c     what happens to one channel: callbacks, buffers, order
 *   face*.c    the interfaces that the plugin calls
 *   load.c     the plugin's file: checked, loaded, checked again
 *   leader.c   requests to the login's leader
 *   main.c     start-up and the loop
 *
 * The plugin's calls only queue; what follows from them (more data, writable,
 * closed) happens in host_settle, never inside the plugin's own call.
 */
#ifndef POSTERN_CONTROL_HOST_HOST_H
#define POSTERN_CONTROL_HOST_HOST_H

#include <pthread.h>
#include <stdatomic.h>

#include "abi/postern/draft/connection.h"
#include "abi/postern/draft/requests.h"
#include "abi/postern/draft/subsystem.h"
#include "abi/postern/postern.h"
#include "control/host/chans.h"
#include "control/host/tasks.h"
#include "control/linkend.h"
#include "control/loop.h"
#include "control/serves.h"

#define HOST_NAME_MAX 64
#define HOST_CHUNK 32768u            /* largest data entry that we publish */
#define HOST_WINDOW_DEFAULT (2u << 20) /* when the worker does not say its own */
#define HOST_TURNS_MAX (64u << 10)   /* beside the bytes of a window: what changes of stream cost */
#define HOST_LINGER_MS 10000u        /* a closed channel may drain so long */
#define HOST_QUIET_MS 2000u          /* a host that is replaced waits so long for late channels */
#define HOST_ROOM_MS 1u              /* how long to wait for room in the ring */
#define HOST_LABEL_MAX 64u
#define HOST_LOW_WATER_MAX 8192u /* a worker grants less only at its limits */
#define HOST_LINGER_MAX_MS 86400000u
#define HOST_BATCH 256               /* entries between two looks at descriptors */
#define HOST_LINKS_MAX 32u

struct counters;
struct host_ask;
struct host_timer;
struct host_watch;

struct host {
	struct postern_host face;
	struct loop *loop;
	pthread_t thread;
	atomic_uint misused;         /* bit per enum face_misuse: told already */
	bool debug;                  /* a call from a wrong thread aborts */

	/* links: of worker n at n, or the only one at 0 */
	struct linkend link[HOST_LINKS_MAX];
	uint32_t link_count;
	int fault;                   /* what a worker did wrong, -R_LINK_* */
	uint32_t rang;               /* bit per link: something was published, ring */
	bool blocked;                /* a ring was full: look again soon */
	int room_timer;
	bool ending;                 /* no more channels will come */
	bool retired;                /* because another host takes its place */
	bool quiet;                  /* and nobody has started a channel for a while */
	int quiet_timer;
	bool unlinked;               /* a worker has given up a link */
	bool faulty;                 /* it ends because a worker broke the rules */

	/* plugin */
	char name[HOST_NAME_MAX];
	char *config;
	size_t config_len;
	void *object;
	struct postern_plugin *plugin;
	const struct postern_if_subsystem *subsystem;
	const struct postern_if_requests *requests; /* NULL: not offered */
	struct serves serves;        /* rows of its own NAME.conf */

	struct counters *counters;   /* what it counts; NULL: it has no names for that */
	int counters_fd;

	/* channels */
	struct chans chans;
	struct host_conns conns;
	struct chan *dirty;
	uint64_t token;              /* last reply token given */
	uint32_t opens;              /* channels of the peer that the plugin has not answered, */
	uint32_t open_max;           /* at most, */
	uint32_t open_ms;            /* and for how long */

	/* what its peers asked of it, beside its channels: query.c */
	struct host_query *queries;
	struct host_held *held;

	/* what was asked of the peer, and is not answered: ask.c */
	struct host_asked *asked;
	uint32_t asked_count;        /* channels included */
	uint32_t asked_id;

	/* what the plugin waits for */
	struct host_timer *timers;
	struct host_watch *watches;
	uint64_t timer_id;
	struct tasks tasks;

	/* leader, user hosts only */
	int leader;                  /* -1: none */
	struct host_ask *asks;
	uint32_t ask_count;
	uint32_t ask_id;
	uint8_t *message;            /* MSG_MAX bytes, to send and receive with */
};

/* host_init(h, loop): everything empty, the face's root struct filled in. */
void host_init(struct host *h, struct loop *loop);
void host_fini(struct host *h);

/* ---- link.c ---- */

/* host_link(h, conn): the link of this connection, which one of them named. */
static inline struct linkend *
host_link(struct host *h, uint32_t conn)
{
	return &h->link[h->link_count > 1 ? conn >> LINK_WORKER_SHIFT : 0];
}

/* host_poll(h): take what the workers sent (bounded), settle, ring their bells.
 * 1: there was work; 0: nothing; -R_LINK_*: a link is broken, exit. */
int host_poll(struct host *h);

/* host_sleep(h): arm; 0: go to sleep, 1: something came meanwhile. */
int host_sleep(struct host *h);
void host_wake(struct host *h);

/* host_send(h, c, e, payload): publish an entry, with op and arguments filled in, of a
 * channel. False: no room; the host looks again soon. host_out: with one argument. */
bool host_send(struct host *h, const struct chan *c, struct link_entry *e, struct view payload);
bool host_out(struct host *h, const struct chan *c, uint16_t op, uint64_t arg, struct view payload);

/* host_out_entry(h, e, payload): the same of an entry that is complete. */
bool host_out_entry(struct host *h, struct link_entry *e, struct view payload);

/* host_blocked(h): something waits for room in the ring: look again soon. */
void host_blocked(struct host *h);

/* host_out_data(h, c, stream, data): publish what fits; how much that was. */
uint64_t host_out_data(struct host *h, struct chan *c, uint32_t stream, struct view data);

/* ---- chan.c ---- */

/* An entry of the worker, payload already copied out of shared memory.
 * 0 or -R_LINK_*: the worker broke the protocol. */
int chan_entry(struct host *h, const struct link_entry *e, struct view payload);

/* chan_end_all(h): the link is gone: every channel is told closed. */
void chan_end_all(struct host *h);

/* Flush, offer, tell: everything that waits. True: something happened. */
bool chan_settle_all(struct host *h);

/* chan_release(h, c): it is over: the plugin is told if it has it, and it is freed. */
void chan_release(struct host *h, struct chan *c);

/* chan_touch(h, c): settle it soon. */
void chan_touch(struct host *h, struct chan *c);

/* chan_flush(h, c): replies and queued entries out, in order. True: all out. */
bool chan_flush(struct host *h, struct chan *c);

/* chan_fault(h, c, what): the plugin broke a rule: the channel ends. */
void chan_fault(struct host *h, struct chan *c, const char *what);

/* chan_close(h, c): close after what is queued. */
void chan_close(struct host *h, struct chan *c);

/* chan_consumed(h, c, n): the peer may send n bytes more. */
void chan_consumed(struct host *h, struct chan *c, uint64_t n);

/* chan_ready(c): POSTERN_READY_* that are so now. */
uint32_t chan_ready(const struct chan *c);

/* chan_front(h, c, stream, data): the first run that the plugin has not taken, as its
 * policy on extended data has it. False: there is none. */
bool chan_front(struct host *h, struct chan *c, uint32_t *stream, struct view *data);

/* chan_taken(h, c, n): n bytes of that run are the plugin's. */
void chan_taken(struct host *h, struct chan *c, uint64_t n);

/* chan_end(h, c): what of eof and close was noted, when nobody holds the channel. */
int32_t chan_end(struct host *h, struct chan *c);

/* chan_abort(h, c): close without what is queued. */
void chan_abort(struct host *h, struct chan *c);

/* chan_discard(h, c): drop what the plugin has not taken. */
void chan_discard(struct host *h, struct chan *c);

/* ---- start.c ---- */

/* chan_start(h, c, e, payload): decode UP(CHAN_OPEN) and open it with the plugin. */
void chan_start(struct host *h, struct chan *c, const struct link_entry *e, struct view payload);

/* chan_waited(h, c): it does not wait for the plugin's answer any more. */
void chan_waited(struct host *h, struct chan *c);

/* chan_windows(c, facts): both sides' windows at first, after c->window and c->credit. */
void chan_windows(struct chan *c, struct view facts);

/* chan_refuse(h, c, token, result, text): -1 when the start is not open to an answer. */
int chan_refuse(struct host *h, struct chan *c, uint64_t token, int32_t result, struct view text);

/* ---- request.c ---- */
void chan_request(struct host *h, struct chan *c, bool want_reply, struct view payload);

/* chan_resolve(h, c, token, success): -1 when no such answer is open.
 * chan_answer: the same by a callback's result; AGAIN answers nothing yet. */
int chan_resolve(struct host *h, struct chan *c, uint64_t token, bool success);
void chan_answer(struct host *h, struct chan *c, uint64_t token, int32_t result);

/* ---- query.c ---- */

/* query_entry(h, e, payload): QUERY, SESSION_END, CONN_END. */
int query_entry(struct host *h, const struct link_entry *e, struct view payload);
/* query_settle(h): say what waited for room; end connections whose channels are gone. */
void query_settle(struct host *h);
/* query_end_all(h): the plugin is told that its connections are over. */
void query_end_all(struct host *h);
/* As of postern.connection/1. */
int32_t query_reply(struct host *h, const struct host_conn *on, uint64_t token, bool success, struct view body);
int32_t query_variable(struct host *h, const struct host_conn *on, uint64_t token, struct view name,
    struct view value);

/* ---- ask.c ---- */

/* ask_entry(h, e, payload): an answer of the worker. */
int ask_entry(struct host *h, const struct link_entry *e, struct view payload);

/* ask_end_all(h): no answer will come: the plugin is told. */
void ask_end_all(struct host *h);

/* As of postern.connection/1. */
int32_t ask_open(struct host *h, const struct host_conn *on, const struct postern_open *record,
    struct postern_channel *channel);
int32_t ask_global(struct host *h, const struct host_conn *on, struct postern_view name,
    struct postern_view body,
    void (*answered)(void *context, int32_t success, struct postern_view body), void *context);

/* ---- face.c and its parts ---- */

/* face_session.c: facts of a connection. */
int32_t face_fact_text(const struct host_conn *on, uint32_t what, struct postern_view *out);
int32_t face_fact_number(const struct host_conn *on, uint32_t what, uint64_t *out);

const void *face_query(const struct postern_host *face, struct postern_view id);

static inline struct host *
host_of(const struct postern_host *face)
{
	return (struct host *)face->impl;
}

static inline struct postern_view
view_out(struct view v)
{
	return postern_view_of(v.data, v.len);
}

/* face_misuse(h, kind): the plugin made a mistake that only an error tells it: said in
 * the log once for each kind. Any thread. */
enum face_misuse { FACE_THREAD, FACE_HANDLE };
void face_misuse(struct host *h, enum face_misuse kind);

/* face_thread(h): is this the plugin thread? A debug host does not return
 * otherwise. */
bool face_thread(struct host *h);

void face_loop_fini(struct host *h);

/* face_task_stop(h): no task begins any more; what has begun is waited for, and its done
 * called. -1: something still runs, and has the plugin: only the process's end is left. */
int face_task_stop(struct host *h);
void face_task_fini(struct host *h);

/* face_counter_make(h, why): the page that its NAME.conf asks for, before the sandbox. 0;
 * -1 and *why. face_counter_tell(h): to the supervisor, one that took over included. */
int face_counter_make(struct host *h, const char **why);
void face_counter_tell(struct host *h);
void face_counter_fini(struct host *h);

/* ---- leader.c ---- */
int leader_init(struct host *h, int sock);
void leader_fini(struct host *h);

/* ---- load.c ---- */

/*
 * load_plugin(h, path, owner): check the file (owned by root or `owner`, it and
 * the folders above it writable by nobody else, an ELF object that exports
 * postern_plugin_v1), load it, check the entry, create the instance and get its
 * interfaces. 0; or -1 with what is wrong in `why`.
 */
int load_plugin(struct host *h, const char *path, uint32_t owner, char why[256]);

/* The two halves of it: load_check(path, owner, why) looks at the file and runs nothing
 * of it, load_file(h, path, why) does the rest. */
int load_check(const char *path, uint32_t owner, char why[256]);
int load_file(struct host *h, const char *path, char why[256]);

/* load_adopt(h, entry, why): the part behind dlopen. */
int load_adopt(struct host *h, const struct postern_entry *entry, char why[256]);

/* The instance's start and stop, where it has them. load_stop: -1: a task still runs
 * and stop was not called: end the process. */
int32_t load_start(struct host *h);
int load_stop(struct host *h);

/* load_drop(h): destroy the instance. */
void load_drop(struct host *h);

#endif
