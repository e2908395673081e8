/*
 * Admission of connections before any key exchange has cost something: MaxStartups and
 * PerSourceMaxStartups (sshd_config(5)), of those that have not logged in.
 *
 * From `begin` on a die is thrown, which refuses `rate` percent, and all at `full`. As
 * the one who floods is there already, no die is thrown for a source without another
 * connection before login: only `full` keeps it out.
 *
 * Guests are in buckets by a keyed hash of their source, so that nobody can fill one on
 * purpose but with connections of his own, which the limit of a source bounds.
 */
#include "dataplane/worker/worker.h"

#include <string.h>

#include "dataplane/mem/siphash.h"

struct source {
	uint8_t b[17]; /* the network, and how many bits it has */
};

static bool
is_ip4(const uint8_t a[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a, mapped, sizeof(mapped)) == 0;
}

static struct source
source_of(const struct startups *s, const uint8_t remote[16])
{
	uint32_t bits = is_ip4(remote) ? 96 + s->bits4 : s->bits6;
	struct source n = { { 0 } };

	memcpy(n.b, remote, bits / 8);
	if (bits % 8 != 0)
		n.b[bits / 8] = (uint8_t)(remote[bits / 8] & 0xff << (8 - bits % 8));
	n.b[16] = (uint8_t)bits;
	return n;
}

static bool
same(const struct source *a, const struct source *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static uint32_t
bucket_of(const struct startups *s, const struct source *n)
{
	return (uint32_t)siphash24(s->key, n, sizeof(*n)) % STARTUP_BUCKETS;
}

/* How many are there from the source? No further than `most`. */
static uint32_t
count_of(const struct startups *s, const struct source *n, uint32_t most)
{
	uint32_t found = 0;

	for (const struct conn *c = s->bucket[bucket_of(s, n)]; c != NULL && found < most; c = c->startup_next) {
		struct source other = source_of(s, c->at.remote);

		found += same(&other, n);
	}
	return found;
}

/* sshd's chance: `rate` percent at `begin`, and evenly more until 100 at `full`. */
static bool
die_refuses(struct worker *w, uint64_t count)
{
	const struct startups *s = &w->startups;
	uint64_t percent = s->rate;
	uint32_t die;

	if (s->full > s->begin)
		percent += (100 - s->rate) * (count - s->begin) / (s->full - s->begin);
	rng_fill(w->rng, &die, sizeof(die));
	return die % 100 < percent;
}

static bool
refuse(struct worker *w, int reason)
{
	meter_drop(w->meter, reason);
	return false;
}

bool
startups_admit(struct worker *w, const uint8_t remote[16])
{
	const struct startups *s = &w->startups;
	struct source n = source_of(s, remote);
	uint64_t count = s->count;

	if (s->source_max != 0 && count_of(s, &n, s->source_max) >= s->source_max)
		return refuse(w, R_TCP_STARTUPS_OWN);
	if (s->full == 0)
		return true;
	if (w->c.crew != NULL)
		count += crew_sum(w->c.crew, w->c.index, METER_GUESTS);
	if (count >= s->full ||
	    (count >= s->begin && count_of(s, &n, 1) > 0 && die_refuses(w, count)))
		return refuse(w, R_TCP_STARTUPS);
	return true;
}

static void
link_up(struct startups *s, struct conn *c)
{
	struct source n = source_of(s, c->at.remote);
	uint32_t at = bucket_of(s, &n);

	c->startup_at = (uint16_t)(at + 1);
	c->startup_prev = NULL;
	c->startup_next = s->bucket[at];
	if (c->startup_next != NULL)
		c->startup_next->startup_prev = c;
	s->bucket[at] = c;
}

void
startups_enter(struct worker *w, struct conn *c)
{
	link_up(&w->startups, c);
	w->startups.count++;
}

void
startups_leave(struct worker *w, struct conn *c)
{
	struct startups *s = &w->startups;

	if (c->startup_at == 0)
		return;
	if (c->startup_prev != NULL)
		c->startup_prev->startup_next = c->startup_next;
	else
		s->bucket[c->startup_at - 1] = c->startup_next;
	if (c->startup_next != NULL)
		c->startup_next->startup_prev = c->startup_prev;
	c->startup_at = 0;
	s->count--;
}

void
startups_bits(struct worker *w, uint32_t bits4, uint32_t bits6)
{
	struct startups *s = &w->startups;
	struct conn *all = NULL, *c;

	if (bits4 == s->bits4 && bits6 == s->bits6)
		return;
	s->bits4 = bits4;
	s->bits6 = bits6;
	for (uint32_t i = 0; i < STARTUP_BUCKETS; i++) {
		while ((c = s->bucket[i]) != NULL) {
			s->bucket[i] = c->startup_next;
			c->startup_next = all;
			all = c;
		}
	}
	while ((c = all) != NULL) {
		all = c->startup_next;
		link_up(s, c);
	}
}
