/*
 * One worker: the only part of the dataplane that loops.
 *
 * It owns everything that a connection is made of and shares nothing: the
 * steward (steward.h) talks to it through two rings (cmd.h), control processes
 * and hosts through links (link.h), other workers of its port hand it the frames
 * of its flows (crew.h). worker_poll goes once through the stages,
 * each of which returns how much it did; worker_run repeats that and sleeps
 * when there is nothing to do (idle.c). worker_poll makes no system call but
 * those of the port and of the bells, so that tests run it in virtual time.
 */
#ifndef POSTERN_DATAPLANE_WORKER_WORKER_H
#define POSTERN_DATAPLANE_WORKER_WORKER_H

#include <netinet/in.h>

#include "abi/link/filter.h"
#include "abi/link/grant.h"
#include "abi/link/meter.h"
#include "dataplane/net/net.h"
#include "dataplane/net/vlan.h"
#include "dataplane/ssh/conn.h"
#include "dataplane/tcp/tcp.h"
#include "dataplane/worker/capture.h"
#include "dataplane/worker/cmd.h"
#include "dataplane/worker/crew.h"
#include "dataplane/worker/link.h"
#include "drivers/nic/port.h"
#include "drivers/rng/rng.h"
#include "drivers/zip/zip.h"

#define WORKER_TX_QUEUE 256u     /* frames that wait for the port */
#define WORKER_SPARE 64u         /* packet buffers kept for what lets old work go on */
#define STARTUP_BUCKETS 1024u    /* of sources of connections before login */
#define WORKER_CHECK_US 100000u  /* how often quiet control links are looked at */
#define WORKER_ROOM_US 1000u     /* how often a full link is looked at */
#define WORKER_CONFIRM_US 2000000u /* how often progress says that a neighbour is there */
#define WORKER_IMAGE_MAX 65536u  /* the longest up payload */
#define WORKER_STEP_MAX 65536u   /* the longest step */
#define WORKER_CLOSE_US 3000000u /* for a DISCONNECT to leave */
#define WORKER_ZIP_IN 1024u      /* connections whose peers may compress, 44 KiB each */
#define WORKER_ZIP_OUT 64u       /* of those that we compress for at one time, 268 KiB each */

/* How many records gate or clerk may have outstanding, by phase. */
#define UP_MAX_KEX 8u
#define UP_MAX_OPEN 32u
#define UP_MAX_BYTES (64u * 1024u)
#define WORKER_ANSWER_S 30u  /* for a host to answer a query, when nobody configures it */
#define WORKER_ANSWER_MAX_S 3600u
#define UP_ASK_MAX (LINK_ASK_BODY_MAX + LINK_ASK_NAME_MAX + 128u) /* payload of ASKED_* */

struct worker_config {
	uint32_t index;
	uint32_t conn_max;
	uint32_t block_count;
	bool poll;                 /* never sleep */
	bool yields;               /* others need its CPU: it sleeps at once, without spinning */
	struct crew *crew;         /* NULL: it is alone on its port */
	const struct zip_engine *zip; /* NULL: compression is not served */
};

enum conn_state { CONN_FREE = 0, CONN_LIVE, CONN_DEAD };

/* Lists that a connection can wait on; each at most once. */
enum conn_list_id { LIST_WORK, LIST_ZIP, LIST_UP, LIST_DEAD, LIST_STALL, LIST_COUNT };

/* What hosts were asked of one connection, and have not answered. */
#define QUERY_HOSTS_MAX 4u
struct query {
	uint32_t id;   /* 0: free */
	uint32_t link; /* of the host that has it */
	uint32_t chan; /* LINK_CHAN_NONE: a global request */
	uint64_t due;  /* answered with failure then */
};

struct queries {
	struct fifo out;                /* entries that hosts had no room for */
	uint32_t host[QUERY_HOSTS_MAX]; /* links that were ever asked; 0: none */
	struct query row[LINK_QUERIES_MAX];
	uint32_t count;                 /* rows that are not free */
};

struct conn {
	struct ssh_conn ssh;
	struct cipher_ctx ctx[2];
	struct tcp *tcp;           /* NULL once TCP is done with it */
	struct conn *next[LIST_COUNT];
	uint32_t listed;           /* bit per enum conn_list_id */
	uint32_t slot;
	uint32_t gen;
	uint8_t state;
	bool eof;                  /* the peer's FIN was reached */
	bool login;                /* phase OPEN took effect: clerk's from here on */
	bool keyed;                /* the first NEWKEYS step took effect */
	bool tell_conn;            /* ATTACH_CONN is owed */
	bool tell_closed;          /* ATTACH_CONN_CLOSED is owed */
	int reason;                /* why it ends */
	uint64_t close_us;         /* when the end is forced; 0: it goes on */
	uint64_t confirm_us;       /* from here on its progress is told to net again */
	uint64_t due;              /* next deadline */
	uint32_t heap_at;          /* place in the deadline heap, plus 1; 0: none */
	uint64_t opened_ms;
	uint64_t bytes_in;         /* of the TCP stream */
	uint64_t bytes_out;
	struct net_tuple {
		uint8_t local[16], remote[16];
		uint16_t local_port, remote_port;
	} at;
	/* records that are not done: up.c */
	struct fifo undone;
	uint32_t sent;             /* bytes of it that were published */
	uint32_t pending;          /* records in it that count */
	uint32_t serial;           /* of the last record */
	uint32_t owner;            /* link that adopted it, or 0 */
	uint32_t release;          /* link that must forget it, or 0 */
	struct conn *guest_next, *guest_prev; /* those that hold much: shed.c */
	uint32_t guest_blocks;     /* of what it holds: beyond what any may */
	uint8_t guest_list;        /* GUEST_LIGHT: on none */
	uint16_t startup_at;       /* bucket of its source, plus 1; 0: it has logged in */
	struct conn *startup_next, *startup_prev;
	/* the note */
	struct fifo note;
	struct fifo grant;
	uint8_t first_hash[SSH_HASH_MAX];
	uint8_t first_hash_len;
	uint8_t ident_len;
	char ident[SSH_IDENT_MAX]; /* the line that we sent, without CR LF */
	/* channels */
	uint32_t chans;            /* as counted in the meter */
	uint32_t chan_serial;      /* of the last start */
	struct queries queries;    /* what hosts were asked: queries.c */
};

/* Connections before login by what they hold: shed.c. */
enum { GUEST_LIGHT, GUEST_BUSY, GUEST_HEAVY, GUEST_LISTS };

struct conn_list {
	struct conn *first, *last;
	uint32_t count;
};

/* Classes of service: connections on which a terminal is open, and others. */
enum worker_qos { QOS_TERMINAL, QOS_BULK, QOS_COUNT };

struct worker {
	struct worker_config c;
	struct port *port;
	struct meter *meter;
	struct rng *rng;
	struct pool pool;
	struct zip_pool zip;
	struct ssh_stats ssh_stats;
	struct tcp_stack *tcp;
	struct net *net;
	struct ssh_env env;
	uint8_t *scratch;          /* ssh records */
	uint8_t *image;            /* payloads on their way up, WORKER_IMAGE_MAX */
	uint8_t *step;             /* private copy of a step, WORKER_STEP_MAX */
	struct cmd_queue *commands;
	struct cmd_queue *events;
	int event_bell;            /* rings the steward, or -1 */
	bool event_pushed;
	uint64_t now;
	uint32_t dscp[QOS_COUNT];  /* TCP_HOST: unmarked */

	/* connections: conns.c */
	struct conn *conns;
	uint32_t *free_slots;
	uint32_t free_count;
	uint32_t used_slots;       /* slots ever used: the tables below end there */
	struct conn_list list[LIST_COUNT];
	struct conn **heap;
	uint32_t heap_count;

	/* links: links.c */
	struct link *links[LINK_MAX];
	uint32_t link_serial;
	struct link *hot[LINK_MAX];
	uint32_t hot_count;
	uint32_t role_link[2][LINK_ROLE_MAX]; /* id by index: gates, clerks */
	uint32_t role_count[2];    /* pool sizes of the configuration */
	struct link *gone;         /* links whose end is owed to the steward */
	uint32_t stalled;          /* links without room */
	uint64_t chan_open;
	uint32_t adopt_at;         /* slot at which looking for new owners goes on */
	bool adopting;
	uint64_t check_us;         /* when quiet control links were last looked at */
	uint64_t metered_us;

	/* frames: rx.c, tx.c */
	uint32_t port_moves;       /* of the port, that net was told of */
	uint32_t passed;           /* bit per worker that was handed something */
	struct pkt *out[WORKER_TX_QUEUE];
	uint16_t vlan;             /* of every frame; VLAN_NONE */
	uint32_t out_count;

	/* exhaustion: shed.c */
	struct pkt *spare[WORKER_SPARE];
	uint32_t spare_count;
	bool fresh;                /* what tcp sends now waits when the port has no buffers */
	struct guest_list {
		struct conn *first, *last; /* in the order in which they asked for more */
	} guests[GUEST_LISTS];
	uint32_t guest_blocks;

	/* connections before login: startups.c */
	struct startups {
		uint32_t begin, rate, full; /* MaxStartups; full 0: no limit */
		uint32_t source_max;        /* of one source; 0: no limit */
		uint32_t bits4, bits6;      /* of an address that make a source */
		uint32_t count;
		uint8_t key[16];
		struct conn *bucket[STARTUP_BUCKETS];
	} startups;

	/* captures under way: capture.c */
	struct capture *capture[CAPTURE_MAX];
	uint32_t capture_count;

	/* configuration */
	bool configured;
	uint16_t listen_port;
	uint32_t conn_limit;
	uint32_t chan_max;         /* of a connection: what clerk allows */
	uint64_t answer_us;        /* that a host has to answer a query */
	char ident[SSH_IDENT_MAX];

	/* where the cycles of this poll go: meter.c */
	uint64_t stage_since;
	enum meter_stage stage;
	uint64_t stage_cycles[STAGE_COUNT];
	uint32_t stage_calls[STAGE_COUNT];

	/* list under way: list.c, list_tcp.c */
	bool listing;
	bool list_is_tcp;
	uint32_t list_tag;
	uint32_t list_at;
	uint32_t list_chan;        /* channel to go on with, plus 1; 0: with the connection */
	uint32_t list_gen;
	uint32_t list_left;        /* rows of a page */
	struct link_filter list_filter;

	/* snapshot under way */
	bool snapshot;
	uint32_t snapshot_tag;
	uint32_t snapshot_at;

	bool stopping;
	uint64_t stop_us;
	bool stopped;
	struct idle *idle;         /* NULL in tests */
};

/* worker_size(c): bytes of memory of a worker, its pool included. */
size_t worker_size(const struct worker_config *c, const struct port *port);

/* worker_init(mem, c, port, meter, rng, commands, events, event_bell): in
 * zeroed, page-aligned memory of worker_size bytes; NULL when c makes no sense.
 * cipher_start must have run. */
struct worker *worker_init(void *mem, const struct worker_config *c, struct port *port,
    struct meter *meter, struct rng *rng, struct cmd_queue *commands, struct cmd_queue *events,
    int event_bell);

/* worker_poll(w, now): once through all stages; how much was done. */
uint32_t worker_poll(struct worker *w, uint64_t now);

/* worker_next(w, now): when there will be something to do by itself. */
uint64_t worker_next(struct worker *w, uint64_t now);

/* worker_wipe(w): end: keys, queues and notes of every connection. */
void worker_wipe(struct worker *w);

/* worker_run(w): loop until CMD_STOP. Its thread's function. */
int worker_run(void *w);

/* ---- between the files of this room ---- */

/* conns.c */
static inline uint32_t
conn_id(const struct worker *w, const struct conn *c)
{
	return w->c.index << 24 | c->slot;
}
struct conn *conn_find(struct worker *w, uint32_t id, uint32_t gen);
struct conn *conn_new(struct worker *w, struct tcp *t, uint64_t now);
/* Something happened to it: look at it in this poll. */
void conn_touch(struct worker *w, struct conn *c);
void conn_list_add(struct worker *w, struct conn *c, enum conn_list_id id);
struct conn *conn_list_take(struct worker *w, enum conn_list_id id);
/* qos.c: a channel has started, or is gone. */
void conn_qos(struct worker *w, struct conn *c);
/* End it with a reason (R_x or -R_x): DISCONNECT first where one is due. */
void conn_end(struct worker *w, struct conn *c, int reason, const char *text);
/* It is over: release everything that is not owed to somebody. */
void conn_gone(struct worker *w, struct conn *c, int reason);
uint32_t conn_stage(struct worker *w);
uint32_t dead_stage(struct worker *w);
extern const struct ssh_ops conn_ssh_ops;
extern const struct tcp_ops conn_tcp_ops;

/* deadline.c */
void deadline_set(struct worker *w, struct conn *c, uint64_t due);
void deadline_clear(struct worker *w, struct conn *c);
uint64_t deadline_next(const struct worker *w);
uint32_t deadline_stage(struct worker *w);

/* rx.c, tx.c */
uint32_t rx_stage(struct worker *w);
uint32_t handed_stage(struct worker *w);
int tx_emit(void *worker, const struct tcp_seg_out *seg);
uint32_t tx_stage(struct worker *w);
extern const struct net_ops worker_net_ops;

/* shed.c */
/* A packet buffer; one of the reserve where the port has none and it is not `fresh`
 * (struct tcp_seg_out). NULL. */
struct pkt *packet_get(struct worker *w, bool fresh);
void spare_refill(struct worker *w);
void spare_free(struct worker *w);
/* What a connection before login holds has changed; this or others may go. */
uint32_t guest_share(const struct worker *w);
void guest_look(struct worker *w, struct conn *c);
void guest_enter(struct worker *w, struct conn *c);
/* It has logged in, or is over. */
void guest_leave(struct worker *w, struct conn *c);

/* startups.c: may another connection from there begin? What refuses it is counted. */
bool startups_admit(struct worker *w, const uint8_t remote[16]);
void startups_enter(struct worker *w, struct conn *c);
void startups_leave(struct worker *w, struct conn *c); /* twice is no fault */
/* Another size of what a source is: those who are there are counted anew. */
void startups_bits(struct worker *w, uint32_t bits4, uint32_t bits6);

/* up.c */
bool up_ready(const struct worker *w, const struct conn *c);
int up_record(struct worker *w, struct conn *c, uint16_t op, struct view payload, uint32_t seq,
    uint32_t chan, uint64_t arg);
/* Something that is not outstanding: CHAN_FREE. */
int up_tell(struct worker *w, struct conn *c, uint16_t op, uint32_t chan);
/* What a host asks for: outstanding as a record, but the peer is read on. */
int up_ask(struct worker *w, struct conn *c, uint16_t op, struct view payload, struct ssh_ask from,
    bool want);
/* Is this record one of them? Its name and specific bytes lie in `bytes`. */
struct up_asked {
	uint16_t op;               /* LINK_UP_ASKED_* */
	struct ssh_ask from;
	bool want;                 /* ASKED_GLOBAL: a reply */
	struct view name;
	struct view body;
	uint8_t bytes[UP_ASK_MAX];
};
bool up_asked(const struct conn *c, uint32_t serial, struct up_asked *q);
/* up_has(c, serial): is it outstanding? up_done: it is not any more. */
bool up_has(struct worker *w, struct conn *c, uint32_t serial);
void up_done(struct worker *w, struct conn *c, uint32_t serial);
void up_clear(struct worker *w, struct conn *c);
uint32_t up_stage(struct worker *w);
/* Tell links that knew this connection that it is gone; true when all know. */
bool up_closed(struct worker *w, struct conn *c);

/* image.c */
void image_address(char text[INET6_ADDRSTRLEN], const uint8_t b[16]);
/* The adopt image of a connection, in w->image; length, or 0. */
size_t image_adopt(struct worker *w, struct conn *c);
/* The body of ATTACH_CONN behind the worker's number. */
size_t image_conn(struct worker *w, struct conn *c, uint8_t *dst, size_t size);
int image_grant(struct worker *w, struct conn *c, struct view grant);

/* down.c, step.c */
uint32_t down_stage(struct worker *w);
/* step_run(w, l, e, payload): 0, or -R_* when the link broke its rules. The
 * payload is private memory. */
int step_run(struct worker *w, struct link *l, const struct link_entry *e, struct view payload);

/* hosts.c */
uint32_t host_run(struct worker *w, struct link *l, int *fault);
bool host_send(struct worker *w, struct conn *c, struct ssh_chan *ch, enum chan_up what,
    uint64_t arg0, uint64_t arg1, struct view payload);
void host_lost(struct worker *w, struct link *l);
void host_end_wanted(struct worker *w, struct conn *c);
/* A host's answer, of its connection and no channel. False: no room. */
bool host_tell(struct worker *w, struct conn *c, struct ssh_ask to, enum host_up what, uint64_t arg,
    struct view payload);
uint32_t stall_stage(struct worker *w);

/* asks.c: an entry ASK_OPEN or ASK_GLOBAL of a host; result as of host_rows. */
int ask_entry(struct worker *w, struct link *l, const struct link_entry *e, struct view payload);

/* queries.c */
/* query_answer: DOWN(ANSWER) of a host; result as of host_rows. */
int query_answer(struct worker *w, struct link *l, const struct link_entry *e, struct view payload);
/* queries_pump(w, c): a ring has room again. */
void queries_pump(struct worker *w, struct conn *c);
/* queries_tick(w, c): those that are due are answered with failure; when the next is. */
uint64_t queries_tick(struct worker *w, struct conn *c);
/* queries_lost(w, c, link): this host died. */
void queries_lost(struct worker *w, struct conn *c, uint32_t link);
void queries_chan_free(struct worker *w, struct conn *c, uint32_t ours, uint32_t use);
/* queries_fini: the connection is gone. queries_closed: tell services; true when all know. */
void queries_fini(struct worker *w, struct conn *c);
bool queries_closed(struct worker *w, struct conn *c);

/* links.c */
struct link *link_find(const struct worker *w, uint32_t id);
struct link *link_of_role(const struct worker *w, uint32_t role, uint32_t index);
int link_add(struct worker *w, struct link *l);
void link_drop(struct worker *w, struct link *l, int reason);
void link_heat(struct worker *w, struct link *l);
void link_cool(struct worker *w, struct link *l);
/* Take what its bell says. Whoever empties a bell must look at the ring next, or
 * the ringer, who rings once, is never heard: so the link is hot afterwards. A
 * bell whose other end is closed drops the link. */
void link_rang(struct worker *w, struct link *l);
/* It is full: look again in a while. */
void link_stall(struct worker *w, struct link *l);
/* Publish and remember to ring. False: no room. */
bool link_send(struct worker *w, struct link *l, struct link_entry *e, struct view payload);
uint32_t bell_stage(struct worker *w);
uint32_t gone_stage(struct worker *w);

/* command.c */
uint32_t command_stage(struct worker *w);
struct cmd *event_slot(struct worker *w);
void event_push(struct worker *w);

/* conf.c: the fields of ATTACH_CONF. */
void worker_conf(struct worker *w, struct view fields);

/* idle.c */
struct idle;
struct idle *idle_open(struct worker *w, int command_bell);
void idle_close(struct idle *i);
void idle_watch(struct idle *i, struct link *l);
void idle_unwatch(struct idle *i, struct link *l);
void idle_gather(struct worker *w);
uint32_t idle_wait(struct worker *w);

/* list.c: connections and channels; list_tcp.c: a page of connections' TCP */
void list_start(struct worker *w, uint32_t tag);
void list_tcp_start(struct worker *w, uint32_t tag, struct view page);
uint32_t list_stage(struct worker *w);
/* A piece into `p`: false when that was the last. */
bool list_tcp_piece(struct worker *w, struct put *p);

/* capture.c */
int capture_start(struct worker *w, struct capture *c);
void capture_stop(struct worker *w, uint32_t tag);
/* A frame, before anything of it is changed. Costs nothing while nobody captures. */
void capture_frame_seen(struct worker *w, const struct pkt *p, bool out);
static inline void
capture_frame(struct worker *w, const struct pkt *p, bool out)
{
	if (__builtin_expect(w->capture_count > 0, 0))
		capture_frame_seen(w, p, out);
}
uint32_t capture_stage(struct worker *w);
/* No more of it: what is in its ring may still be read. */
void capture_over(struct worker *w, struct capture *c, int reason);

/* trace.c */
/* Is it to be traced? Asked when it begins, and for all when a trace begins or ends. */
void trace_mark(struct worker *w, struct conn *c);
void trace_mark_all(struct worker *w);
void trace_record(struct worker *w, struct conn *c, bool out, struct view payload, uint32_t seq, size_t wire);
uint64_t capture_next(const struct worker *w);

/* meter.c */
void worker_meter(struct worker *w, uint64_t now);
/* Where cycles are counted from here on: stage_enter counts a call and says where it
 * was, stage_back returns there. Once a burst or a record, not for less. */
enum meter_stage stage_enter(struct worker *w, enum meter_stage to);
void stage_back(struct worker *w, enum meter_stage to);
/* A poll from its begin to its end: its cycles go into the meter page, to their
 * stages only where it found work. */
void stage_begin(struct worker *w);
void stage_end(struct worker *w, bool useful);

#endif
