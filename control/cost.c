#include "control/cost.h"

#include <arpa/inet.h>
#include <string.h>

#define UNIT 1000u /* of a token */

void
cost_limit(struct cost *k, const struct cost_limits *limits)
{
	k->limits = *limits;
	if (k->bucket.left > (uint64_t)limits->burst * UNIT)
		k->bucket.left = (uint64_t)limits->burst * UNIT;
}

void
cost_init(struct cost *k, const struct cost_limits *limits, uint64_t seed)
{
	memset(k, 0, sizeof(*k));
	TAILQ_INIT(&k->queue);
	k->seed = seed;
	k->limits = *limits;
}

uint32_t
cost_tokens(unsigned bits)
{
	uint64_t square = (uint64_t)bits * bits, one = 2048u * 2048u;

	return square <= one ? 1 : (uint32_t)((square + one - 1) / one);
}

uint64_t
cost_key(const char *address)
{
	uint8_t b[16] = { 0 };
	uint64_t key = 0;
	unsigned n = 8;

	if (inet_pton(AF_INET, address, b) == 1)
		n = 4;
	else if (inet_pton(AF_INET6, address, b) != 1)
		n = 0;
	for (unsigned i = 0; i < n; i++)
		key = key << 8 | b[i];
	return n == 4 ? key | 1ull << 32 : key | 1ull << 63; /* never 0; no IPv6 begins with 0.0.0.1 here */
}

static void
refill(struct cost_bucket *b, uint32_t rate, uint32_t burst, uint64_t now_ms)
{
	uint64_t most = (uint64_t)burst * UNIT, spent = now_ms - b->at_ms, more;

	if (now_ms < b->at_ms)
		spent = 0;
	more = spent > UINT32_MAX ? most : spent * rate; /* UNIT of them is a token each second */
	b->left = most - b->left < more || b->left > most ? most : b->left + more;
	b->at_ms = now_ms;
}

/* A mixer (splitmix64) of key and seed: who does not know the seed cannot choose places. */
static uint32_t
set_of(const struct cost *k, uint64_t key)
{
	uint64_t z = (key ^ k->seed) + 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) % COST_SETS);
}

/* Its place, or that of the source that may do most and has nobody waiting; NULL: all
 * have somebody. */
static struct cost_source *
source_of(struct cost *k, uint64_t key, uint64_t now_ms)
{
	struct cost_source *set = k->source[set_of(k, key)], *best = NULL;

	for (unsigned i = 0; i < COST_WAYS; i++) {
		struct cost_source *s = &set[i];

		if (s->key != 0)
			refill(&s->bucket, k->limits.source_rate, k->limits.source_burst, now_ms);
		if (s->key == key)
			return s;
	}
	for (unsigned i = 0; i < COST_WAYS; i++) {
		struct cost_source *s = &set[i];

		if (s->waiting > 0)
			continue;
		if (best == NULL || s->key == 0 || (best->key != 0 && s->bucket.left > best->bucket.left))
			best = s;
	}
	if (best != NULL) {
		*best = (struct cost_source){ .key = key,
			.bucket = { (uint64_t)k->limits.source_rate * UNIT, k->begun_ms } };
		refill(&best->bucket, k->limits.source_rate, k->limits.source_burst, now_ms);
	}
	return best;
}

static bool
pay(struct cost *k, struct cost_source *s, uint32_t tokens, uint64_t now_ms)
{
	uint64_t price = (uint64_t)tokens * UNIT;

	if (s->bucket.left < price)
		return false;
	refill(&k->bucket, k->limits.rate, k->limits.burst, now_ms);
	if (k->bucket.left < price) {
		k->short_of_all = true;
		return false;
	}
	s->bucket.left -= price;
	k->bucket.left -= price;
	k->counts.exchanges++;
	return true;
}

static void
begin(struct cost *k, uint64_t now_ms)
{
	if (k->begun)
		return;
	k->begun = true;
	k->begun_ms = now_ms;
	k->bucket = (struct cost_bucket){ (uint64_t)k->limits.rate * UNIT, now_ms };
}

enum cost_answer
cost_ask(struct cost *k, struct cost_ticket *t, uint64_t now_ms)
{
	struct cost_source *s;

	begin(k, now_ms);
	s = source_of(k, t->key, now_ms);
	if (s == NULL)
		goto refused;
	if (s->waiting == 0 && !k->short_of_all && pay(k, s, t->tokens, now_ms))
		return COST_GO;
	if (s->waiting >= COST_WAITING_SOURCE || k->waiting >= COST_WAITING_MAX)
		goto refused;
	TAILQ_INSERT_TAIL(&k->queue, t, at);
	t->queued = true;
	s->waiting++;
	k->waiting++;
	k->counts.waited++;
	return COST_WAIT;
refused:
	k->counts.refused++;
	return COST_REFUSED;
}

void
cost_leave(struct cost *k, struct cost_ticket *t)
{
	struct cost_source *set;

	if (!t->queued)
		return;
	TAILQ_REMOVE(&k->queue, t, at);
	t->queued = false;
	k->waiting--;
	set = k->source[set_of(k, t->key)];
	for (unsigned i = 0; i < COST_WAYS; i++)
		if (set[i].key == t->key && set[i].waiting > 0)
			set[i].waiting--;
	if (k->waiting == 0)
		k->short_of_all = false;
}

/* Who waits for its own source's tokens holds nobody else up; who waits for the common
 * ones does. */
struct cost_ticket *
cost_next(struct cost *k, uint64_t now_ms)
{
	struct cost_ticket *t;

	k->short_of_all = false;
	TAILQ_FOREACH(t, &k->queue, at) {
		struct cost_source *s = source_of(k, t->key, now_ms);

		if (s != NULL && pay(k, s, t->tokens, now_ms)) {
			cost_leave(k, t);
			return t;
		}
		if (k->short_of_all)
			break;
	}
	return NULL;
}
