#include "dataplane/tcp/tcp_reasm.h"

#include <string.h>

#include "dataplane/tcp/tcp_seq.h"

static struct tcp_runs *
table(const struct tcp_reasm *r)
{
	return (struct tcp_runs *)(void *)r->table->data;
}

static struct tcp_run *
run_at(const struct tcp_reasm *r, uint32_t i)
{
	return vec_at(&table(r)->list, i, sizeof(struct tcp_run), TCP_RUN_LEAF);
}

static uint32_t
run_end(const struct tcp_run *run)
{
	return run->seq + run->bytes.len;
}

uint32_t
tcp_reasm_blocks(const struct tcp_reasm *r)
{
	return r->blocks + (r->table != NULL ? 1 + vec_blocks(&table(r)->list) : 0);
}

static bool
open_table(struct tcp_reasm *r, struct pool *p)
{
	struct tcp_runs *t;

	if (r->table != NULL)
		return true;
	r->table = pool_get(p);
	if (r->table == NULL)
		return false;
	t = table(r);
	vec_init(&t->list, p, t->home, sizeof(t->home[0]), TCP_RUN_LEAF);
	t->recent_count = 0;
	return true;
}

static void
close_table(struct tcp_reasm *r, struct pool *p)
{
	if (r->count > 0)
		return;
	vec_fini(&table(r)->list);
	pool_put(p, r->table);
	r->table = NULL;
}

/* There is a place for it. */
static struct tcp_run *
insert_run(struct tcp_reasm *r, uint32_t at, uint32_t seq)
{
	struct tcp_run *run;

	vec_insert(&table(r)->list, at);
	r->count++;
	run = run_at(r, at);
	run->seq = seq;
	fifo_init(&run->bytes, false);
	return run;
}

static void
clear_run(struct tcp_reasm *r, struct pool *p, uint32_t at)
{
	struct tcp_run *run = run_at(r, at);

	r->blocks -= run->bytes.blocks;
	fifo_clear(&run->bytes, p);
	r->count--;
}

static void
remove_run(struct tcp_reasm *r, struct pool *p, uint32_t at)
{
	clear_run(r, p, at);
	vec_remove(&table(r)->list, at);
}

/* Something came at `seq`, of a run that was the last before or not. */
static void
note_recent(struct tcp_reasm *r, const struct tcp_run *run)
{
	struct tcp_runs *t = table(r);
	uint32_t i;

	for (i = 0; i < t->recent_count; i++)
		if (seq_leq(run->seq, t->recent[i]) && seq_lt(t->recent[i], run_end(run)))
			break;
	if (i == t->recent_count) {
		if (i < TCP_RUN_RECENT)
			t->recent_count++;
		else
			i--;
	}
	memmove(t->recent + 1, t->recent, i * sizeof(t->recent[0]));
	t->recent[0] = run_end(run) - 1;
}

/* Bytes of one gap: behind the run before it if they touch, else a new run. */
static bool
keep(struct tcp_reasm *r, struct pool *p, uint32_t *at, uint32_t seq, const uint8_t *data,
    uint32_t len, uint32_t blocks_max)
{
	struct vec *list = &table(r)->list;
	struct tcp_run *run = *at > 0 ? run_at(r, *at - 1) : NULL;
	bool fresh = run == NULL || run_end(run) != seq;
	bool leaf = fresh && vec_room(list) == 0;
	uint32_t more = (len + POOL_DATA - 1) / POOL_DATA + (leaf && list->home == NULL);
	uint32_t before;

	if (tcp_reasm_blocks(r) + more > blocks_max)
		return false;
	if (fresh) {
		if (r->count == TCP_RUN_MAX || (leaf && !vec_grow(list)))
			return false;
		run = insert_run(r, *at, seq);
		(*at)++;
	}
	before = run->bytes.blocks;
	if (!fifo_put(&run->bytes, p, data, len)) {
		if (fresh)
			remove_run(r, p, --*at);
		return false;
	}
	r->blocks += run->bytes.blocks - before;
	note_recent(r, run);
	return true;
}

/* Index of the first run that ends behind `seq`. Most segments belong behind
 * the last run, so that is where the search begins. */
static uint32_t
find_run(const struct tcp_reasm *r, uint32_t seq)
{
	uint32_t low = 0, high = r->count;

	if (high == 0 || seq_leq(run_end(run_at(r, high - 1)), seq))
		return high;
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (seq_leq(run_end(run_at(r, mid)), seq))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
tcp_reasm_held(const struct tcp_reasm *r, uint32_t seq, uint32_t end, struct tcp_range *held)
{
	uint32_t i = find_run(r, seq);
	const struct tcp_run *run = i < r->count ? run_at(r, i) : NULL;

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
		struct tcp_run *run = i < r->count ? run_at(r, i) : NULL;
		uint32_t stop = end;

		if (run != NULL && seq_leq(run->seq, pos)) {
			note_recent(r, run);
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
		struct tcp_run *run = run_at(r, 0);
		uint32_t before = run->bytes.blocks;

		if (seq_gt(run->seq, seq))
			return NULL;
		if (seq_gt(run_end(run), seq)) {
			fifo_take(&run->bytes, p, seq - run->seq);
			run->seq = seq;
			r->blocks -= before - run->bytes.blocks;
			return fifo_view(&run->bytes, len);
		}
		clear_run(r, p, 0);
		vec_drop(&table(r)->list, 1);
		close_table(r, p);
	}
	return NULL;
}

/* The range around a run: those that touch are one for the peer. */
static struct tcp_range
range_around(const struct tcp_reasm *r, uint32_t i)
{
	struct tcp_range all = { run_at(r, i)->seq, run_end(run_at(r, i)) };

	for (uint32_t k = i; k > 0 && run_end(run_at(r, k - 1)) == all.start; k--)
		all.start = run_at(r, k - 1)->seq;
	for (uint32_t k = i + 1; k < r->count && run_at(r, k)->seq == all.end; k++)
		all.end = run_end(run_at(r, k));
	return all;
}

/* Unless it is there. */
static uint32_t
put_range(struct tcp_range *out, uint32_t n, struct tcp_range all)
{
	for (uint32_t i = 0; i < n; i++)
		if (out[i].start == all.start)
			return n;
	out[n] = all;
	return n + 1;
}

uint32_t
tcp_reasm_sack(const struct tcp_reasm *r, struct tcp_range *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t k = 0; r->count > 0 && k < table(r)->recent_count && n < max; k++) {
		uint32_t seq = table(r)->recent[k];
		uint32_t i = find_run(r, seq);

		/* What was taken since is no range any more. */
		if (i < r->count && seq_leq(run_at(r, i)->seq, seq))
			n = put_range(out, n, range_around(r, i));
	}
	/* The highest, where too few are remembered. */
	for (uint32_t i = r->count; i > 0 && n < max;) {
		struct tcp_range all = range_around(r, i - 1);

		n = put_range(out, n, all);
		i = find_run(r, all.start);
	}
	return n;
}

void
tcp_reasm_clear(struct tcp_reasm *r, struct pool *p)
{
	if (r->table == NULL)
		return;
	while (r->count > 0)
		remove_run(r, p, r->count - 1);
	close_table(r, p);
	memset(r, 0, sizeof(*r));
}
