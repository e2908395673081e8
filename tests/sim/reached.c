/*
 * What all runs together have met: a run that never came to a path of the code, or a
 * wire that never did one of its things, has not tested it.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "tests/lib/suite.h"

static struct tcp_stats met;
static struct wire_stats wires;

#define LOSS(name) { #name, offsetof(struct tcp_stats, loss.name) }
#define CC(name) { #name, offsetof(struct tcp_stats, cc.name) }
#define ECN(name) { #name, offsetof(struct tcp_stats, ecn.name) }
#define BUF(name) { #name, offsetof(struct tcp_stats, buf.name) }
#define PATH(name) { #name, offsetof(struct tcp_stats, path.name) }
#define GUARD(name) { #name, offsetof(struct tcp_stats, guard.name) }
#define LIVE(name) { #name, offsetof(struct tcp_stats, live.name) }
#define SHED(name) { #name, offsetof(struct tcp_stats, shed.name) }
static const struct row {
	const char *name;
	size_t off;
} rows[] = {
	LOSS(recoveries), LOSS(reno), LOSS(rack_lost), LOSS(lost_again), LOSS(count_lost),
	LOSS(reo_timeouts), LOSS(reordering), LOSS(reneged), LOSS(prr_reduced), LOSS(prr_bound),
	LOSS(doubt), LOSS(rescue), LOSS(limited), LOSS(probes), LOSS(probes_fresh), LOSS(probe_losses),
	LOSS(frto), LOSS(undo_frto), LOSS(undo_eifel), LOSS(undo_dsack), LOSS(undo_unsent), LOSS(dsack_in), LOSS(dsack_out),
	CC(css), CC(css_back), CC(css_done), CC(epochs), CC(cubic), CC(friendly), CC(converged),
	CC(shifts), CC(idle_restarts), CC(nvp), CC(paced),
	BUF(rcv_grown), BUF(rcv_capped), BUF(snd_grown), BUF(snd_capped), BUF(refused),
	ECN(agreed), ECN(unasked), ECN(ce_in), ECN(cwr_in), ECN(cwr_out), ECN(reduced), ECN(holds),
	PATH(taken), PATH(held), PATH(confirmed), PATH(refuted), PATH(clamped), PATH(black_holes), PATH(probes),
	PATH(raised), PATH(probes_lost), PATH(rests),
	{ "together", offsetof(struct tcp_stats, together) }, GUARD(challenges), GUARD(cookies_out), GUARD(cookies_in),
	SHED(pressure), SHED(shedding),
	LIVE(doubts), LIVE(keep_probes), LIVE(keep_dead), LIVE(user_timeouts), LIVE(persist_probes),
	LIVE(persist_dead), LIVE(lingered), LIVE(orphans_shed), LIVE(held), LIVE(nagled), LIVE(quick_again),
};
#undef LOSS
#undef CC
#undef BUF
#undef ECN
#undef GUARD
#undef SHED
#undef LIVE
#undef PATH

#define WIRE(name) { #name, offsetof(struct wire_stats, name) }
static const struct row wire_rows[] = {
	WIRE(lost), WIRE(burst_lost), WIRE(queue_lost), WIRE(stalls), WIRE(late), WIRE(duplicated),
	WIRE(corrupted), WIRE(truncated),
};
#undef WIRE

#define RUN(name) { #name, offsetof(struct sim_reached, name) }
static const struct row run_rows[] = {
	RUN(rto), RUN(fast), RUN(reassembled), RUN(zero), RUN(first_a), RUN(first_b), RUN(together),
	RUN(both_open), RUN(wrapped), RUN(rst), RUN(damaged), RUN(two_hops), RUN(narrow), RUN(runs), RUN(pruned),
};
#undef RUN

static uint64_t *
at(void *stats, const struct row *r)
{
	return (uint64_t *)(void *)((uint8_t *)stats + r->off);
}

void
sim_count_stats(struct tcp_stats *st)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		*at(&met, &rows[i]) += *at(st, &rows[i]);
}

void
sim_count_path(struct sim *s)
{
	struct wire_stats st;

	path_stats(&s->path, &st);
	for (size_t i = 0; i < sizeof(wire_rows) / sizeof(wire_rows[0]); i++)
		*at(&wires, &wire_rows[i]) += *at(&st, &wire_rows[i]);
	if (st.full > 0)
		sim_fail(s, "the simulator's wires are too short");
	sim_reached.damaged += s->path.damaged;
	sim_reached.narrow += s->narrow.dropped > 0;
	sim_reached.two_hops += s->path.conf.hops[0] + s->path.conf.hops[1] > 2;
}

static void
show(void *stats, const struct row *table, size_t count)
{
	printf("\n ");
	for (size_t i = 0; i < count; i++) {
		printf(" %s %" PRIu64, table[i].name, *at(stats, &table[i]));
		if (*at(stats, &table[i]) == 0)
			printf(" (NEVER)");
		CU_ASSERT(*at(stats, &table[i]) > 0);
	}
}

void
test_reached(void)
{
	printf("\n  %" PRIu64 " MiB", sim_reached.bytes >> 20);
	show(&sim_reached, run_rows, sizeof(run_rows) / sizeof(run_rows[0]));
	show(&met, rows, sizeof(rows) / sizeof(rows[0]));
	show(&wires, wire_rows, sizeof(wire_rows) / sizeof(wire_rows[0]));
	printf(" ");
}
