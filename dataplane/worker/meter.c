#include "dataplane/worker/worker.h"

#include <stddef.h>
#include <string.h>

#include "abi/link/capture.h"
#include "drivers/clock/clock.h"

#define METER_EVERY_US 100000u

/* Every counter of tcp has its row. */
#define ROW(member, id) { offsetof(struct tcp_stats, member), METER_##id }

struct row {
	size_t at;
	enum meter_id id;
};

static const struct row tcp_rows[] = {
	ROW(retransmits, RETRANSMITS),
	ROW(together, TCP_TOGETHER),
	ROW(loss.recoveries, TCP_RECOVERIES),
	ROW(loss.reno, TCP_RENO),
	ROW(loss.rack_lost, TCP_RACK_LOST),
	ROW(loss.lost_again, TCP_LOST_AGAIN),
	ROW(loss.count_lost, TCP_COUNT_LOST),
	ROW(loss.reo_timeouts, TCP_REO_TIMEOUTS),
	ROW(loss.reordering, TCP_REORDERING),
	ROW(loss.reneged, TCP_RENEGED),
	ROW(loss.prr_reduced, TCP_PRR_REDUCED),
	ROW(loss.prr_bound, TCP_PRR_BOUND),
	ROW(loss.doubt, TCP_DOUBT),
	ROW(loss.rescue, TCP_RESCUE),
	ROW(loss.limited, TCP_LIMITED),
	ROW(loss.probes, TCP_PROBES),
	ROW(loss.probes_fresh, TCP_PROBES_FRESH),
	ROW(loss.probe_losses, TCP_PROBE_LOSSES),
	ROW(loss.frto, TCP_FRTO),
	ROW(loss.undo_frto, TCP_UNDO_FRTO),
	ROW(loss.undo_eifel, TCP_UNDO_EIFEL),
	ROW(loss.undo_dsack, TCP_UNDO_DSACK),
	ROW(loss.undo_unsent, TCP_UNDO_UNSENT),
	ROW(loss.dsack_in, TCP_DSACK_IN),
	ROW(loss.dsack_out, TCP_DSACK_OUT),
	ROW(loss.board_grown, TCP_BOARD_GROWN),
	ROW(loss.board_full, TCP_BOARD_FULL),
	ROW(cc.css, TCP_CSS),
	ROW(cc.css_back, TCP_CSS_BACK),
	ROW(cc.css_done, TCP_CSS_DONE),
	ROW(cc.epochs, TCP_EPOCHS),
	ROW(cc.cubic, TCP_CUBIC),
	ROW(cc.friendly, TCP_FRIENDLY),
	ROW(cc.converged, TCP_CONVERGED),
	ROW(cc.shifts, TCP_SHIFTS),
	ROW(cc.idle_restarts, TCP_IDLE_RESTARTS),
	ROW(guard.challenges, TCP_CHALLENGES),
	ROW(guard.cookies_out, TCP_COOKIES_OUT),
	ROW(guard.cookies_in, TCP_COOKIES_IN),
	ROW(buf.rcv_grown, TCP_RCV_GROWN),
	ROW(buf.rcv_capped, TCP_RCV_CAPPED),
	ROW(buf.snd_grown, TCP_SND_GROWN),
	ROW(buf.snd_capped, TCP_SND_CAPPED),
	ROW(buf.refused, TCP_BUF_REFUSED),
	ROW(live.doubts, TCP_DOUBTS),
	ROW(live.keep_probes, TCP_KEEP_PROBES),
	ROW(live.keep_dead, TCP_KEEP_DEAD),
	ROW(live.user_timeouts, TCP_USER_TIMEOUTS),
	ROW(live.persist_probes, TCP_PERSIST_PROBES),
	ROW(live.persist_dead, TCP_PERSIST_DEAD),
	ROW(live.lingered, TCP_LINGERED),
	ROW(live.orphans_shed, TCP_ORPHANS_SHED),
	ROW(live.held, TCP_HELD),
	ROW(live.nagled, TCP_NAGLED),
	ROW(live.quick_again, TCP_QUICK_AGAIN),
	ROW(shed.pressure, TCP_PRESSURE),
	ROW(shed.shedding, TCP_SHEDDING),
	ROW(cc.paced, TCP_PACED),
	ROW(cc.nvp, TCP_NVP),
	ROW(cc.nvp_cuts, TCP_NVP_CUTS),
	ROW(ecn.agreed, TCP_ECN_AGREED),
	ROW(ecn.unasked, TCP_ECN_UNASKED),
	ROW(ecn.ce_in, TCP_CE_IN),
	ROW(ecn.cwr_in, TCP_CWR_IN),
	ROW(ecn.cwr_out, TCP_CWR_OUT),
	ROW(ecn.reduced, TCP_ECN_REDUCED),
	ROW(ecn.holds, TCP_ECN_HOLDS),
	ROW(path.taken, TCP_PATH_TAKEN),
	ROW(path.held, TCP_PATH_HELD),
	ROW(path.confirmed, TCP_PATH_CONFIRMED),
	ROW(path.refuted, TCP_PATH_REFUTED),
	ROW(path.clamped, TCP_PATH_CLAMPED),
	ROW(path.black_holes, TCP_PATH_BLACK_HOLES),
	ROW(path.probes, TCP_PATH_PROBES),
	ROW(path.raised, TCP_PATH_RAISED),
	ROW(path.probes_lost, TCP_PATH_PROBES_LOST),
	ROW(path.rests, TCP_PATH_RESTS),
	ROW(path.cached, TCP_PATH_CACHED),
};

#define ROW_COUNT (sizeof(tcp_rows) / sizeof(tcp_rows[0]))

_Static_assert(offsetof(struct tcp_stats, conn_open) == ROW_COUNT * sizeof(uint64_t),
    "each counter of struct tcp_stats has a row here and a METER_ of its own");

static const struct row net_rows[] = {
	{ offsetof(struct net_stats, echoes), METER_NET_ECHOES },
	{ offsetof(struct net_stats, errors_in), METER_NET_ERRORS_IN },
	{ offsetof(struct net_stats, errors_out), METER_NET_ERRORS_OUT },
	{ offsetof(struct net_stats, frags_in), METER_NET_FRAGS_IN },
	{ offsetof(struct net_stats, frags_whole), METER_NET_FRAGS_WHOLE },
	{ offsetof(struct net_stats, neigh_asked), METER_NET_NEIGH_ASKED },
	{ offsetof(struct net_stats, neigh_doubted), METER_NET_NEIGH_DOUBTED },
	{ offsetof(struct net_stats, neigh_confirmed), METER_NET_NEIGH_CONFIRMED },
	{ offsetof(struct net_stats, own_probes), METER_NET_OWN_PROBES },
	{ offsetof(struct net_stats, announced), METER_NET_ANNOUNCED },
	{ offsetof(struct net_stats, duplicates), METER_NET_DUPLICATES },
	{ offsetof(struct net_stats, defended), METER_NET_DEFENDED },
	{ offsetof(struct net_stats, mld_reports), METER_NET_MLD_REPORTS },
	{ offsetof(struct net_stats, vrrp_in), METER_VRRP_IN },
	{ offsetof(struct net_stats, vrrp_out), METER_VRRP_OUT },
	{ offsetof(struct net_stats, vrrp_master), METER_VRRP_MASTER },
	{ offsetof(struct net_stats, vrrp_left), METER_VRRP_LEFT },
};

#define NET_ROW_COUNT (sizeof(net_rows) / sizeof(net_rows[0]))

_Static_assert(sizeof(struct net_stats) == NET_ROW_COUNT * sizeof(uint64_t),
    "each counter of struct net_stats has a row here and a METER_ of its own");

_Static_assert((int)TCP_NORMAL == METER_NORMAL && (int)TCP_PRESSURE == METER_PRESSURE &&
    (int)TCP_SHEDDING == METER_SHEDDING, "the page has the levels of tcp");
_Static_assert(METER_LEVEL_SLOTS == METER_LEVEL_BLOCKS + (int)TCP_RES_SLOTS &&
    METER_LEVEL_PACKETS == METER_LEVEL_BLOCKS + (int)TCP_RES_PACKETS, "and its resources");

static const struct row zip_rows[] = {
	{ offsetof(struct zip_stats, in_wire), METER_ZIP_IN_WIRE },
	{ offsetof(struct zip_stats, in_plain), METER_ZIP_IN_PLAIN },
	{ offsetof(struct zip_stats, out_plain), METER_ZIP_OUT_PLAIN },
	{ offsetof(struct zip_stats, out_wire), METER_ZIP_OUT_WIRE },
	{ offsetof(struct zip_stats, stored), METER_ZIP_STORED },
	{ offsetof(struct zip_stats, taken), METER_ZIP_TAKEN },
	{ offsetof(struct zip_stats, waited), METER_ZIP_WAITED },
	{ offsetof(struct zip_stats, refused), METER_ZIP_REFUSED },
};

static const struct row ssh_rows[] = {
	{ offsetof(struct ssh_stats, held_waits), METER_SSH_HELD_WAITS },
	{ offsetof(struct ssh_stats, grants_short), METER_SSH_GRANTS_SHORT },
	{ offsetof(struct ssh_stats, growth_cut), METER_SSH_GROWTH_CUT },
};

#define SSH_ROW_COUNT (sizeof(ssh_rows) / sizeof(ssh_rows[0]))

_Static_assert(sizeof(struct ssh_stats) == SSH_ROW_COUNT * sizeof(uint64_t),
    "each counter of struct ssh_stats has a row here and a METER_ of its own");

#define ZIP_ROW_COUNT (sizeof(zip_rows) / sizeof(zip_rows[0]))

_Static_assert(sizeof(struct zip_stats) == ZIP_ROW_COUNT * sizeof(uint64_t),
    "each counter of struct zip_stats has a row here and a METER_ of its own");

static void
meter_rows(struct worker *w, const struct row *rows, size_t count, const void *stats)
{
	uint64_t v;

	for (size_t i = 0; i < count; i++) {
		memcpy(&v, (const uint8_t *)stats + rows[i].at, sizeof(v));
		meter_set(w->meter, rows[i].id, v);
	}
}

/* ---- limits ---- */

/* The sum of what bounds the parts of one connection (dataplane/README.md). */
static uint64_t
conn_memory(const struct worker *w, const struct tcp_config *t)
{
	uint64_t pool = (uint64_t)w->pool.count * POOL_BLOCK;
	uint64_t held = (uint64_t)SSH_HELD_HOLD * POOL_BLOCK *
	    (w->pool.count / SSH_HELD_SHARE < SSH_HELD_MAX ? w->pool.count / SSH_HELD_SHARE : SSH_HELD_MAX);
	uint64_t channel = SSH_CHAN_OUT_LEAST + 2 * SSH_CHAN_EXTRA_MAX + 3 * POOL_BLOCK;
	uint64_t control = SSH_CTRL_MAX + SSH_HOLD_MAX + 2 * UP_MAX_BYTES;
	uint64_t sum = (uint64_t)t->rcv_buf + t->snd_buf + t->reasm_max + pool / SSH_GRANT_SHARE +
	    SSH_CHAN_OUT_MAX + held + SSH_CHAN_MAX * channel + control;

	return sum < pool ? sum : pool;
}

static void
limits_of_ssh(struct worker *w)
{
	uint64_t most = conn_memory(w, tcp_get_config(w->tcp));

	meter_limit_each(w->meter, METER_LIMIT_CONN_MEMORY, most, most);
	meter_limit_each(w->meter, METER_LIMIT_CONN_WINDOWS, SSH_WINDOWS_MAX, SSH_WINDOWS_MAX);
	meter_limit_each(w->meter, METER_LIMIT_CONN_GROWTH, SSH_GROWTH_MAX, SSH_GROWTH_MAX);
	meter_limit_each(w->meter, METER_LIMIT_CONN_HELD, SSH_HELD_MAX, SSH_HELD_MAX);
	meter_limit_each(w->meter, METER_LIMIT_CHAN_OUT, SSH_CHAN_OUT_MAX, SSH_CHAN_OUT_MAX);
	meter_limit_each(w->meter, METER_LIMIT_CHAN_EXTRA, SSH_CHAN_EXTRA_MAX, SSH_CHAN_EXTRA_MAX);
}

static void
limits_of_tcp(struct worker *w)
{
	const struct tcp_config *c = tcp_get_config(w->tcp);
	struct tcp_config d;

	tcp_config_default(&d, w->port->mtu);
	meter_limit_set(w->meter, METER_LIMIT_TCP_CONN_MAX, c->conn_max, d.conn_max);
	meter_limit_set(w->meter, METER_LIMIT_TCP_HALF_OPEN, c->half_open_max, d.half_open_max);
	meter_limit_each(w->meter, METER_LIMIT_TCP_HALF_OPEN_SOURCE, c->half_open_source, d.half_open_source);
	meter_limit_set(w->meter, METER_LIMIT_TCP_COOKIE_AT, c->cookie_at, d.cookie_at);
	meter_limit_set(w->meter, METER_LIMIT_TCP_TIMEWAIT, c->timewait_max, d.timewait_max);
	meter_limit_each(w->meter, METER_LIMIT_TCP_CHALLENGE_RATE, c->challenge_max, d.challenge_max);
	meter_limit_each(w->meter, METER_LIMIT_TCP_RECEIVE_BUFFER, c->rcv_buf, d.rcv_buf);
	meter_limit_each(w->meter, METER_LIMIT_TCP_SEND_BUFFER, c->snd_buf, d.snd_buf);
	meter_limit_each(w->meter, METER_LIMIT_TCP_REASSEMBLY, c->reasm_max, d.reasm_max);
	meter_limit_each(w->meter, METER_LIMIT_TCP_PATHS, c->path_entries, d.path_entries);
	meter_limit_set(w->meter, METER_LIMIT_TCP_GROWTH, tcp_get_load(w->tcp).grown_max, d.growth_max);
	meter_limit_set(w->meter, METER_LIMIT_TCP_ORPHANS, c->orphan_max, d.orphan_max);
	meter_limit_each(w->meter, METER_LIMIT_TCP_PERSIST_LOW, c->persist_low_ms, d.persist_low_ms);
	meter_limit_each(w->meter, METER_LIMIT_TCP_SHED_IDLE, c->shed_idle_us, d.shed_idle_us);
}

/* What may change in a run too: told now and then. */
static void
limits_tell(struct worker *w)
{
	meter_limit_set(w->meter, METER_LIMIT_CONN_MAX, w->conn_limit, w->c.conn_max);
	meter_limit_each(w->meter, METER_LIMIT_CONN_CHAN_MAX, w->chan_max, SSH_CHAN_MAX);
	meter_limit_set(w->meter, METER_LIMIT_POOL_BLOCKS, w->pool.count, w->pool.count);
	meter_limit_set(w->meter, METER_LIMIT_TCP_TIMERS, w->c.conn_max, w->c.conn_max);
	meter_limit_set(w->meter, METER_LIMIT_DEADLINES, w->c.conn_max, w->c.conn_max);
	meter_limit_set(w->meter, METER_LIMIT_GUEST_BLOCKS, guest_share(w), guest_share(w));
	meter_limit_set(w->meter, METER_LIMIT_STARTUPS, w->startups.full != 0 ? w->startups.full : w->conn_limit,
	    w->c.conn_max);
	meter_limit_each(w->meter, METER_LIMIT_STARTUPS_SOURCE,
	    w->startups.source_max != 0 ? w->startups.source_max : w->conn_limit, w->c.conn_max);
	meter_limit_each(w->meter, METER_LIMIT_QUERIES, LINK_QUERIES_MAX, LINK_QUERIES_MAX);
	meter_limit_each(w->meter, METER_LIMIT_ANSWER_TIME, w->answer_us / 1000000u, WORKER_ANSWER_S);
	meter_limit_each(w->meter, METER_LIMIT_ASKS, LINK_ASKS_MAX, LINK_ASKS_MAX);
	meter_limit_each(w->meter, METER_LIMIT_ASKED_GLOBALS, SSH_ASKED_MAX, SSH_ASKED_MAX);
	meter_limit_set(w->meter, METER_LIMIT_PACKET_RESERVE, WORKER_SPARE, WORKER_SPARE);
	meter_limit_set(w->meter, METER_LIMIT_NET_TX_QUEUE, WORKER_TX_QUEUE, WORKER_TX_QUEUE);
	if (w->c.crew != NULL)
		meter_limit_each(w->meter, METER_LIMIT_NET_HANDOFF, CREW_RING, CREW_RING);
	meter_limit_set(w->meter, METER_LIMIT_NET_NEIGHBOURS, NET_NEIGH_MAX, NET_NEIGH_MAX);
	meter_limit_set(w->meter, METER_LIMIT_NET_NEIGHBOURS_ASKED, NET_NEIGH_ASKED_MAX, NET_NEIGH_ASKED_MAX);
	meter_limit_each(w->meter, METER_LIMIT_NET_NEIGHBOURS_CLAIMED, NET_NEIGH_PER_MAC, NET_NEIGH_PER_MAC);
	meter_limit_each(w->meter, METER_LIMIT_NET_NEIGHBOUR_QUEUE, NET_NEIGH_WAIT, NET_NEIGH_WAIT);
	meter_limit_set(w->meter, METER_LIMIT_NET_FRAGS, NET_FRAG_MAX, NET_FRAG_MAX);
	meter_limit_set(w->meter, METER_LIMIT_NET_FRAG_BYTES, NET_FRAG_BYTES, NET_FRAG_BYTES);
	meter_limit_each(w->meter, METER_LIMIT_NET_FRAG_SOURCE, NET_FRAG_SOURCE_BYTES, NET_FRAG_SOURCE_BYTES);
	meter_limit_each(w->meter, METER_LIMIT_NET_ICMP_ECHO, ICMP_ECHO_RATE, ICMP_ECHO_RATE);
	meter_limit_each(w->meter, METER_LIMIT_NET_ICMP_ERROR, ICMP_ERROR_RATE, ICMP_ERROR_RATE);
	meter_limit_set(w->meter, METER_LIMIT_CAPTURE_MAX, CAPTURE_MAX, CAPTURE_MAX);
	meter_limit_each(w->meter, METER_LIMIT_CAPTURE_RING, CAPTURE_ARENA, CAPTURE_ARENA);
	meter_limit_set(w->meter, METER_LIMIT_ZIP_PLACES, w->zip.in_max, w->zip.in_max);
	meter_limit_set(w->meter, METER_LIMIT_ZIP_GUESTS, w->zip.in_max / ZIP_GUEST_SHARE,
	    w->zip.in_max / ZIP_GUEST_SHARE);
	meter_limit_set(w->meter, METER_LIMIT_ZIP_INFLATE, w->zip.in_max, w->zip.in_max);
	meter_limit_set(w->meter, METER_LIMIT_ZIP_DEFLATE, w->zip.out_max, w->zip.out_max);
	limits_of_ssh(w);
	limits_of_tcp(w);
}

/* In every poll: what comes and goes within a moment would not be seen otherwise. */
static void
limits_now(struct worker *w)
{
	struct tcp_load load = tcp_get_load(w->tcp);
	struct net_load net = net_get_load(w->net);

	meter_limit_now(w->meter, METER_LIMIT_CONN_MAX, w->used_slots - w->free_count);
	meter_limit_now(w->meter, METER_LIMIT_POOL_BLOCKS, w->pool.count - w->pool.free_count);
	meter_limit_now(w->meter, METER_LIMIT_NET_TX_QUEUE, w->out_count);
	meter_limit_now(w->meter, METER_LIMIT_NET_NEIGHBOURS, net.neighbours);
	meter_limit_now(w->meter, METER_LIMIT_NET_NEIGHBOURS_ASKED, net.asked);
	/* Those who follow would be counted once more. */
	meter_set(w->meter, METER_VRRP_ROUTERS, w->c.index == 0 ? net.virtual_routers : 0);
	meter_set(w->meter, METER_VRRP_MASTERS, w->c.index == 0 ? net.masters : 0);
	meter_limit_now(w->meter, METER_LIMIT_CAPTURE_MAX, w->capture_count);
	meter_limit_now(w->meter, METER_LIMIT_NET_FRAGS, net.frags);
	meter_limit_now(w->meter, METER_LIMIT_NET_FRAG_BYTES, net.frag_bytes);
	meter_limit_now(w->meter, METER_LIMIT_TCP_CONN_MAX, load.conn_open);
	meter_limit_now(w->meter, METER_LIMIT_TCP_HALF_OPEN, load.half_open);
	meter_limit_now(w->meter, METER_LIMIT_TCP_COOKIE_AT, load.half_open);
	meter_limit_now(w->meter, METER_LIMIT_TCP_TIMEWAIT, load.timewait);
	meter_limit_now(w->meter, METER_LIMIT_TCP_GROWTH, load.grown);
	meter_limit_now(w->meter, METER_LIMIT_TCP_TIMERS, load.timers);
	meter_limit_now(w->meter, METER_LIMIT_TCP_ORPHANS, load.orphans);
	meter_limit_now(w->meter, METER_LIMIT_DEADLINES, w->heap_count);
	meter_limit_now(w->meter, METER_LIMIT_GUEST_BLOCKS, w->guest_blocks);
	meter_limit_now(w->meter, METER_LIMIT_STARTUPS, w->startups.count);
	meter_limit_now(w->meter, METER_LIMIT_PACKET_RESERVE, WORKER_SPARE - w->spare_count);
	meter_limit_now(w->meter, METER_LIMIT_ZIP_PLACES, w->zip.places);
	meter_limit_now(w->meter, METER_LIMIT_ZIP_GUESTS, w->zip.guests);
	meter_limit_now(w->meter, METER_LIMIT_ZIP_INFLATE, w->zip.busy_in);
	meter_limit_now(w->meter, METER_LIMIT_ZIP_DEFLATE, w->zip.busy_out.count);
	for (int i = 0; i < TCP_RES_COUNT; i++)
		meter_set(w->meter, METER_LEVEL_BLOCKS + (enum meter_id)i, load.level[i]);
}

/* Gauges, and what other rooms count themselves: now and then. */
void
worker_meter(struct worker *w, uint64_t now)
{
	struct tcp_stats st;
	struct net_stats net;

	meter_set(w->meter, METER_CONN_OPEN, w->used_slots - w->free_count);
	meter_set(w->meter, METER_GUESTS, w->startups.count);
	meter_set(w->meter, METER_POOL_FREE, w->pool.free_count);
	meter_set(w->meter, METER_CHAN_OPEN, w->chan_open);
	limits_now(w);
	if (now - w->metered_us < METER_EVERY_US)
		return;
	w->metered_us = now;
	tcp_get_stats(w->tcp, &st);
	meter_rows(w, tcp_rows, ROW_COUNT, &st);
	net_get_stats(w->net, &net);
	meter_rows(w, net_rows, NET_ROW_COUNT, &net);
	meter_rows(w, zip_rows, ZIP_ROW_COUNT, &w->zip.stats);
	meter_rows(w, ssh_rows, SSH_ROW_COUNT, &w->ssh_stats);
	limits_tell(w);
}

static void
stage_switch(struct worker *w, enum meter_stage to)
{
	uint64_t now = clock_cycles();

	w->stage_cycles[w->stage] += now - w->stage_since;
	w->stage_since = now;
	w->stage = to;
}

enum meter_stage
stage_enter(struct worker *w, enum meter_stage to)
{
	enum meter_stage from = w->stage;

	if (from != to)
		stage_switch(w, to);
	w->stage_calls[to]++;
	return from;
}

void
stage_back(struct worker *w, enum meter_stage to)
{
	if (w->stage != to)
		stage_switch(w, to);
}

void
stage_begin(struct worker *w)
{
	memset(w->stage_cycles, 0, sizeof(w->stage_cycles));
	memset(w->stage_calls, 0, sizeof(w->stage_calls));
	w->stage = STAGE_LINK;
	w->stage_since = clock_cycles();
}

void
stage_end(struct worker *w, bool useful)
{
	uint64_t total = 0;

	stage_switch(w, STAGE_LINK);
	for (int i = 0; i < STAGE_COUNT; i++) {
		total += w->stage_cycles[i];
		if (!useful || w->stage_cycles[i] == 0)
			continue;
		meter_add(w->meter, METER_CYCLES_RX + (enum meter_id)i, w->stage_cycles[i]);
		meter_add(w->meter, METER_CALLS_RX + (enum meter_id)i, w->stage_calls[i]);
	}
	meter_add(w->meter, METER_CYCLES_TOTAL, total);
	if (useful)
		meter_add(w->meter, METER_CYCLES_USEFUL, total);
}
