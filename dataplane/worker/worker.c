#include "dataplane/worker/worker.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/cipher/select.h"
#include "drivers/clock/clock.h"

#define SPIN_US 100u    /* after the last work, before going to sleep */
#define SHARED_TX_US 50u /* between two tries to send, where others need the CPU */
#define GATHER_US 50u   /* how often bells are looked at while there is work */
#define AREA_ALIGN 4096u

/* What a worker's memory is cut into, in this order. */
struct layout {
	size_t conns, free_slots, heap, scratch, image, step, tcp, net, pool, zip, end;
};

static size_t
add(size_t *end, size_t size)
{
	size_t at = *end;

	*end = (at + size + AREA_ALIGN - 1) & ~(size_t)(AREA_ALIGN - 1);
	return at;
}

static void
stack_config(struct tcp_config *t, const struct worker_config *c, const struct port *port)
{
	tcp_config_default(t, port->mtu);
	t->conn_max = c->conn_max;
}

static uint32_t
zip_in_max(const struct worker_config *c)
{
	return c->conn_max < WORKER_ZIP_IN ? c->conn_max : WORKER_ZIP_IN;
}

static void
layout_make(struct layout *l, const struct worker_config *c, const struct port *port)
{
	struct tcp_config t;
	size_t end = 0;

	stack_config(&t, c, port);
	(void)add(&end, sizeof(struct worker));
	l->conns = add(&end, (size_t)c->conn_max * sizeof(struct conn));
	l->free_slots = add(&end, (size_t)c->conn_max * sizeof(uint32_t));
	l->heap = add(&end, (size_t)c->conn_max * sizeof(struct conn *));
	l->scratch = add(&end, 2u * RECORD_MAX);
	l->image = add(&end, WORKER_IMAGE_MAX);
	l->step = add(&end, WORKER_STEP_MAX);
	l->tcp = add(&end, tcp_stack_size(&t));
	l->net = add(&end, net_size());
	l->pool = add(&end, pool_size(c->block_count));
	l->zip = add(&end, c->zip != NULL ? zip_pool_size(c->zip, zip_in_max(c), WORKER_ZIP_OUT) : 0);
	l->end = end;
}

size_t
worker_size(const struct worker_config *c, const struct port *port)
{
	struct layout l;

	layout_make(&l, c, port);
	return l.end;
}

static void
env_init(struct worker *w)
{
	w->env = (struct ssh_env){
		.ops = &conn_ssh_ops,
		.owner = w,
		.pool = &w->pool,
		.stats = &w->ssh_stats,
		.scratch = w->scratch,
		.engine = cipher_engine_for,
		.zip = w->c.zip != NULL ? &w->zip : NULL,
		.grace_us = 120u * 1000000u,
		.grace_kex_us = 30u * 1000000u,
		.rekey_deadline_us = 120u * 1000000u,
	};
}

static bool
stacks_init(struct worker *w, uint8_t *base, const struct layout *l)
{
	struct tcp_config t;
	uint8_t secret[32];

	stack_config(&t, &w->c, w->port);
	rng_fill(w->rng, secret, sizeof(secret));
	w->tcp = tcp_stack_init(base + l->tcp, &t, &conn_tcp_ops, &w->pool, w, secret);
	rng_fill(w->rng, secret, sizeof(secret));
	w->net = net_init(base + l->net, w->port->mac, w->port->mtu, &worker_net_ops, w, secret);
	explicit_bzero(secret, sizeof(secret));
	if (w->net != NULL)
		net_offload(w->net, w->port->tx_csum, w->port->cut_max);
	return w->tcp != NULL && w->net != NULL;
}

struct worker *
worker_init(void *mem, const struct worker_config *c, struct port *port, struct meter *meter,
    struct rng *rng, struct cmd_queue *commands, struct cmd_queue *events, int event_bell)
{
	struct worker *w = mem;
	uint8_t *base = mem;
	struct layout l;

	if (c->conn_max == 0 || c->conn_max > 0xffffffu || c->index > LINK_WORKER_MAX)
		return NULL;
	layout_make(&l, c, port);
	w->c = *c;
	w->port = port;
	w->meter = meter;
	w->rng = rng;
	w->commands = commands;
	w->events = events;
	w->event_bell = event_bell;
	w->conns = (struct conn *)(void *)(base + l.conns);
	w->free_slots = (uint32_t *)(void *)(base + l.free_slots);
	w->heap = (struct conn **)(void *)(base + l.heap);
	w->scratch = base + l.scratch;
	w->image = base + l.image;
	w->step = base + l.step;
	w->conn_limit = c->conn_max;
	w->chan_max = SSH_CHAN_MAX;
	w->answer_us = WORKER_ANSWER_S * 1000000ull;
	w->role_count[0] = w->role_count[1] = 1;
	pool_init(&w->pool, base + l.pool, c->block_count);
	if (c->zip != NULL)
		zip_pool_init(&w->zip, base + l.zip, c->zip, zip_in_max(c), WORKER_ZIP_OUT);
	rng_fill(rng, w->startups.key, sizeof(w->startups.key));
	env_init(w);
	return stacks_init(w, base, &l) ? w : NULL;
}

static uint32_t
tcp_stage(struct worker *w)
{
	spare_refill(w);
	return tcp_poll(w->tcp, w->now);
}

static uint32_t
net_stage(struct worker *w)
{
	if (w->port->moves != w->port_moves) {
		w->port_moves = w->port->moves;
		net_announce(w->net, w->now);
	}
	net_poll(w->net, w->now);
	if (w->c.crew != NULL && w->c.index == 0)
		crew_face_set(w->c.crew, net_face(w->net));
	else if (w->c.crew != NULL)
		net_follow(w->net, crew_face(w->c.crew));
	return 0;
}

/* The end comes when the last DISCONNECT has left, or a while later. */
static uint32_t
stop_stage(struct worker *w)
{
	struct cmd *e;

	if (!w->stopping || w->stopped)
		return 0;
	if (w->used_slots > w->free_count && w->now < w->stop_us)
		return 0;
	if ((e = event_slot(w)) == NULL)
		return 0;
	e->type = EV_STOPPED;
	event_push(w);
	w->stopped = true;
	return 1;
}

/* Frames in, what they and the control side ask for, frames out. */
static const struct {
	uint32_t (*run)(struct worker *);
	enum meter_stage stage;
} stages[] = {
	{ rx_stage, STAGE_RX },
	{ handed_stage, STAGE_RX },
	{ command_stage, STAGE_LINK },
	{ list_stage, STAGE_LINK },
	{ down_stage, STAGE_LINK },
	{ stall_stage, STAGE_LINK },
	{ deadline_stage, STAGE_SSH },
	{ conn_stage, STAGE_SSH },
	{ up_stage, STAGE_LINK },
	{ dead_stage, STAGE_LINK },
	{ gone_stage, STAGE_LINK },
	{ tcp_stage, STAGE_NET },
	{ net_stage, STAGE_NET },
	{ tx_stage, STAGE_NET }, /* TX from flush on */
	{ stop_stage, STAGE_LINK },
	{ capture_stage, STAGE_LINK },
	{ bell_stage, STAGE_LINK },
};

uint32_t
worker_poll(struct worker *w, uint64_t now)
{
	uint32_t done = 0;

	w->now = now;
	zip_pool_poll(&w->zip, now);
	stage_begin(w);
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		stage_enter(w, stages[i].stage);
		done += stages[i].run(w);
	}
	stage_end(w, done > 0);
	worker_meter(w, now);
	meter_add(w->meter, METER_POLLS, 1);
	meter_add(w->meter, METER_POLLS_USEFUL, done > 0);
	return done;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
worker_next(struct worker *w, uint64_t now)
{
	uint64_t next = tcp_next(w->tcp, now);

	if (w->adopting || w->snapshot || w->listing || w->list[LIST_WORK].count > 0 ||
	    w->list[LIST_ZIP].count > 0)
		return now;
	/* Who takes what it sends may be waiting for this CPU. */
	if (w->out_count > 0)
		return w->c.yields ? now + SHARED_TX_US : now;
	next = earlier(next, net_next(w->net, now));
	next = earlier(next, deadline_next(w));
	next = earlier(next, w->port->ops->next_us(w->port, now));
	if (w->stalled > 0 || w->list[LIST_DEAD].count > 0 || w->gone != NULL ||
	    w->list[LIST_UP].count > 0)
		next = earlier(next, now + WORKER_ROOM_US);
	if (w->capture_count > 0)
		next = earlier(next, capture_next(w));
	if (w->stopping)
		next = earlier(next, w->stop_us);
	return next;
}

void
worker_wipe(struct worker *w)
{
	for (uint32_t i = 0; i < w->used_slots; i++)
		if (w->conns[i].state == CONN_LIVE)
			conn_gone(w, &w->conns[i], R_DRAIN);
	tcp_wipe(w->tcp);
	net_clear(w->net);
	spare_free(w);
	explicit_bzero(w->scratch, 2u * RECORD_MAX);
	explicit_bzero(w->image, WORKER_IMAGE_MAX);
	explicit_bzero(w->step, WORKER_STEP_MAX);
	explicit_bzero(w->conns, (size_t)w->used_slots * sizeof(struct conn));
}

int
worker_run(void *arg)
{
	struct worker *w = arg;
	uint64_t now = clock_us(), worked = now, gathered = now;

	/* Without ciphers there is nothing to serve. */
	if (cipher_thread_start() != 0)
		abort();
	meter_set(w->meter, METER_CYCLES_SECOND, clock_hz());
	while (!w->stopped) {
		if (worker_poll(w, now = clock_us()) > 0)
			worked = now;
		if (w->c.poll || (!w->c.yields && now - worked < SPIN_US)) {
			if (now - gathered >= GATHER_US) {
				idle_gather(w);
				gathered = now;
			}
			__builtin_ia32_pause();
		} else if (idle_wait(w) > 0) {
			worked = clock_us();
		}
	}
	worker_wipe(w);
	return 0;
}
