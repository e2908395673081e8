#include "dataplane/tcp/tcp_reasm.h"

#include <string.h>

#include "dataplane/tcp/tcp_seq.h"

static struct tcp_run *
runs(const struct tcp_reasm *r)
{
	return (struct tcp_run *)(void *)r->table->data;
}

static uint32_t
run_end(const struct tcp_run *run)
{
	return run->seq + run->bytes.len;
}

uint32_t
tcp_reasm_blocks(const struct tcp_reasm *r)
{
	return r->blocks + (r->table != NULL ? 1 : 0);
}

static bool
open_table(struct tcp_reasm *r, struct pool *p)
{
	if (r->table == NULL)
		r->table = pool_get(p);
	return r->table != NULL;
}

static void
close_table(struct tcp_reasm *r, struct pool *p)
{
	if (r->count == 0) {
		pool_put(p, r->table);
		r->table = NULL;
	}
}

static struct tcp_run *
insert_run(struct tcp_reasm *r, uint32_t at, uint32_t seq)
{
	struct tcp_run *run = runs(r) + at;

	if (r->count == TCP_RUN_MAX)
		return NULL;
	memmove(run + 1, run, (r->count - at) * sizeof(*run));
	r->count++;
	run->seq = seq;
	fifo_init(&run->bytes, false);
	return run;
}

static void
remove_run(struct tcp_reasm *r, struct pool *p, uint32_t at)
{
	struct tcp_run *run = runs(r) + at;

	r->blocks -= run->bytes.blocks;
	fifo_clear(&run->bytes, p);
	r->count--;
	memmove(run, run + 1, (r->count - at) * sizeof(*run));
}

/* Bytes of one gap: behind the run before it if they touch, else a new run. */
static bool
keep(struct tcp_reasm *r, struct pool *p, uint32_t *at, uint32_t seq, const uint8_t *data,
    uint32_t len, uint32_t blocks_max)
{
	struct tcp_run *run = *at > 0 ? runs(r) + *at - 1 : NULL;
	bool fresh = run == NULL || run_end(run) != seq;
	uint32_t before;

	if (tcp_reasm_blocks(r) + (len + POOL_DATA - 1) / POOL_DATA > blocks_max)
		return false;
	if (fresh) {
		run = insert_run(r, *at, seq);
		if (run == NULL)
			return false;
		(*at)++;
	}
	before = run->bytes.blocks;
	if (!fifo_put(&run->bytes, p, data, len)) {
		if (fresh)
			remove_run(r, p, --*at);
		return false;
	}
	run->stamp = ++r->stamp;
	r->blocks += run->bytes.blocks - before;
	return true;
}

/* Index of the first run that ends behind `seq`. Most segments belong behind
 * the last run, so that is where the search begins. */
static uint32_t
find_run(const struct tcp_reasm *r, uint32_t seq)
{
	uint32_t i = r->count;

	while (i > 0 && seq_gt(run_end(runs(r) + i - 1), seq))
		i--;
	return i;
}

bool
tcp_reasm_held(const struct tcp_reasm *r, uint32_t seq, uint32_t end, struct tcp_range *held)
{
	uint32_t i = find_run(r, seq);
	const struct tcp_run *run = i < r->count ? runs(r) + i : NULL;

	if (run == NULL || seq_geq(run->seq, end))
		return false;
	held->start = seq_gt(run->seq, seq) ? run->seq : seq;
	held->end = seq_lt(run_end(run), end) ? run_end(run) : end;
	return true;
}

uint32_t
tcp_reasm_add(struct tcp_reasm *r, struct pool *p, uint32_t seq, const uint8_t *data, uint32_t len,
    uint32_t blocks_max, bool *full)
{
	uint32_t end = seq + len;
	uint32_t kept = 0;
	uint32_t pos = seq;
	uint32_t i;

	*full = !open_table(r, p);
	if (*full)
		return 0;
	i = find_run(r, seq);
	while (seq_lt(pos, end)) {
		struct tcp_run *run = i < r->count ? runs(r) + i : NULL;
		uint32_t stop = end;

		if (run != NULL && seq_leq(run->seq, pos)) {
			run->stamp = ++r->stamp;
			pos = run_end(run);
			i++;
			continue;
		}
		if (run != NULL && seq_lt(run->seq, end))
			stop = run->seq;
		if (!keep(r, p, &i, pos, data + (pos - seq), stop - pos, blocks_max)) {
			*full = true;
			break;
		}
		kept += stop - pos;
		pos = stop;
	}
	close_table(r, p);
	return kept;
}

const uint8_t *
tcp_reasm_next(struct tcp_reasm *r, struct pool *p, uint32_t seq, size_t *len)
{
	*len = 0;
	while (r->count > 0) {
		struct tcp_run *run = runs(r);
		uint32_t before = run->bytes.blocks;

		if (seq_gt(run->seq, seq))
			return NULL;
		if (seq_gt(run_end(run), seq)) {
			fifo_take(&run->bytes, p, seq - run->seq);
			run->seq = seq;
			r->blocks -= before - run->bytes.blocks;
			return fifo_view(&run->bytes, len);
		}
		remove_run(r, p, 0);
		close_table(r, p);
	}
	return NULL;
}

/* Runs that touch are one range for the peer. */
static uint32_t
merge(const struct tcp_reasm *r, struct tcp_range *all, uint32_t *stamp)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->count; i++) {
		const struct tcp_run *run = runs(r) + i;

		if (n > 0 && all[n - 1].end == run->seq) {
			all[n - 1].end = run_end(run);
			if (run->stamp > stamp[n - 1])
				stamp[n - 1] = run->stamp;
			continue;
		}
		all[n] = (struct tcp_range){ run->seq, run_end(run) };
		stamp[n++] = run->stamp;
	}
	return n;
}

uint32_t
tcp_reasm_sack(const struct tcp_reasm *r, struct tcp_range *out, uint32_t max)
{
	struct tcp_range all[TCP_RUN_MAX];
	uint32_t stamp[TCP_RUN_MAX];
	uint32_t n, done;

	if (r->count == 0)
		return 0;
	n = merge(r, all, stamp);
	for (done = 0; done < max && done < n; done++) {
		uint32_t best = 0;

		for (uint32_t i = 1; i < n; i++)
			if (stamp[i] > stamp[best])
				best = i;
		out[done] = all[best];
		stamp[best] = 0;
	}
	return done;
}

void
tcp_reasm_clear(struct tcp_reasm *r, struct pool *p)
{
	while (r->count > 0)
		remove_run(r, p, r->count - 1);
	close_table(r, p);
	memset(r, 0, sizeof(*r));
}
