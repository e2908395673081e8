/*
 * Workers without DPDK, in virtual time: their port is one end of a pair, the
 * other end is a client with a TCP of its own; gate, clerk and hosts are played
 * by the test over real regions and rings. Mostly there is one worker.
 */
#ifndef POSTERN_TESTS_WORKER_RIG_H
#define POSTERN_TESTS_WORKER_RIG_H

#include "control/step.h"
#include "dataplane/ssh/record.h"
#include "dataplane/worker/steward.h"
#include "dataplane/worker/worker.h"

#define RIG_PORT 22
#define RIG_STEP_US 50u
#define RIG_TIME_WAIT_S 30u
#define RIG_DSCP_TERMINAL 46u
#define RIG_DSCP_BULK 8u
#define RIG_LOG 256u
#define RIG_CLIENTS 4u
#define RIG_AREAS 32u
#define RIG_WORKERS 4u

struct rig;

struct client {
	struct rig *rig;
	struct tcp *tcp;
	bool connected, eof, closed;
	int reason;
	struct record_dir in, out;
	struct cipher_ctx ctx[2];
	uint8_t record[2 * RECORD_MAX];
};

/* One entry that a control process or host received. */
struct got {
	struct link_entry e;
	uint8_t *payload;
};

struct fake {
	struct rig *rig;
	uint32_t worker;
	uint32_t role;
	struct region own, other;
	struct ring_out out;
	struct ring_in in;
	uint32_t arena_end[LINK_CONTROL_RING];
	struct link_slot *slots;
	struct link *l;       /* the worker's end */
	uint32_t id;          /* 0 until it is up */
	int refused;          /* reason, when it was not taken */
	bool gone;            /* handed back by the worker */
	int gone_reason;
	bool deaf;            /* takes nothing from its ring */
	struct got log[RIG_LOG];
	uint32_t count;       /* entries in the log */
	uint32_t read;        /* of them looked at by fake_next */
	struct fake *next;
};

/* How frames come to several workers. */
enum rig_spread {
	RIG_ONE_QUEUE, /* all to the first */
	RIG_LOOSE,     /* each to anybody, by chance */
};

struct rig_worker {
	struct port port;     /* its share of the rig's end of the pair */
	struct rig *rig;
	struct worker *w;
	struct cmd_queue *commands, *events;
	struct meter *meter;
	int meter_fd;
	struct rng rng;
};

struct rig {
	uint64_t now;
	struct rig_worker worker[RIG_WORKERS];
	uint32_t worker_count;
	struct crew *crew;       /* of more than one */
	uint64_t dice;
	/* the first one's */
	struct port *port, *client_port;
	const char *pty;         /* of the next channel; NULL: none */
	uint16_t vlan, client_vlan; /* before rig_conf: what the worker has; what the client sends */
	bool paced;                 /* before rig_conf: TCPPacing */
	struct view startups;       /* the same: ATTACH_CONF_STARTUPS; empty: none */
	uint32_t answer_s;          /* the same: ATTACH_CONF_ANSWER; 0: none */
	struct meter *meter;
	int meter_fd;
	struct rng client_rng;
	struct cmd_queue *commands, *events;
	struct worker *w;
	void *client_mem, *net_mem, *pool_mem;
	struct pool pool;
	struct tcp_stack *tcp;
	struct net *net;
	struct client client[RIG_CLIENTS];
	struct fake *fakes;
	struct rig_area {
		void *at;
		size_t size;
	} area[RIG_AREAS];
	uint32_t area_count;
	int command_wait;
	struct steward *steward; /* takes the events, if there is one */
	/* what the worker told last */
	uint32_t conn_events, closed_events, hash_reason, grant_reason, snapshots;
	uint32_t lists;            /* that are complete */
	uint32_t capture_reason;   /* of the last one begun */
	uint32_t captures_gone;
	size_t rows_len;
	uint8_t rows[ATTACH_MESSAGE_MAX];
	int closed_reason;
	uint8_t conn_body[ATTACH_MESSAGE_MAX];
	uint32_t conn_len;
};

struct rig *rig_open(void);
struct rig *rig_open_mtu(uint16_t mtu);
struct rig *rig_open_crew(uint32_t workers, enum rig_spread spread);
void rig_close(struct rig *r);
/* rig_conf(r, gates, clerks): addresses, port, pools. */
void rig_conf(struct rig *r, uint32_t gates, uint32_t clerks);
void rig_run(struct rig *r, uint32_t steps);
struct cmd *rig_cmd(struct rig *r, uint32_t type);
void rig_push(struct rig *r);
struct cmd *rig_cmd_to(struct rig *r, uint32_t worker, uint32_t type);
void rig_push_to(struct rig *r, uint32_t worker);

/* A gate, clerk or host asks for a link; run the rig to see fake->id. */
struct fake *fake_new(struct rig *r, uint32_t role, uint32_t index, uint32_t conn, uint32_t gen);
struct fake *fake_at(struct rig *r, uint32_t worker, uint32_t role, uint32_t index, uint32_t conn,
    uint32_t gen);
/* It dies as a process does: the worker is told, its memory stays until gone. */
void fake_die(struct fake *f);
/* The next entry with this op, or NULL (others before it are skipped). */
struct got *fake_find(struct fake *f, uint16_t op);
/* The next entry, or NULL. */
struct got *fake_next(struct fake *f);
/* Empty the log: entries found before are gone. */
void fake_forget(struct fake *f);
bool fake_step(struct fake *f, struct step *s);
bool fake_send(struct fake *f, uint16_t op, const struct got *open, uint64_t arg, struct view payload);
/* Put the fixed keys into a slot. */
int fake_keys(struct fake *f, uint32_t conn, uint32_t gen);

struct client *client_open(struct rig *r, unsigned at);
struct client *client_open_from(struct rig *r, unsigned at, uint16_t port);
/* client_open_to(r, at, worker): from a port whose flow is this worker's. */
struct client *client_open_to(struct rig *r, unsigned at, uint32_t worker);
/* A SYN of somebody who never says anything else, at 192.0.2.77. */
void rig_syn(struct rig *r, uint16_t port);
void client_bytes(struct client *c, const void *data, size_t len);
/* The identification line, or false. */
bool client_line(struct client *c, char *dst, size_t size);
void client_record(struct client *c, struct view payload);
void client_msg(struct client *c, uint8_t msg);
/* The next record, run the rig until it is there: payload borrowed, or empty. */
struct view client_next(struct client *c);
void client_keys_in(struct client *c);
void client_keys_out(struct client *c);

/* From connect to phase OPEN: gate and clerk answer as they should. The clerk
 * has adopted the connection; *adopt is that entry. False: something was not
 * as expected. */
bool rig_login(struct rig *r, struct client *c, struct fake *gate, struct fake *clerk,
    struct got **adopt);
/* A channel, opened by the client and started on `host`. */
bool rig_channel(struct rig *r, struct client *c, struct fake *clerk, struct fake *host,
    uint32_t ours, uint32_t peers, struct got **open);
size_t rig_grant(uint8_t *dst, size_t size);

#endif
