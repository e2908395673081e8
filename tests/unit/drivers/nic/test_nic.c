#include <string.h>

#include "drivers/nic/impair.h"
#include "drivers/nic/pair.h"
#include "tests/lib/suite.h"

#define FRAMES 2000u

static struct port *a, *b;

static void
send_number(struct port *p, uint32_t n, uint64_t now)
{
	struct pkt *k = p->ops->alloc(p);

	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	memcpy(k->data, &n, sizeof(n));
	k->len = 60;
	CU_ASSERT_EQUAL(p->ops->tx(p, &k, 1, now), 1);
}

static uint32_t
take(struct port *p, uint64_t now, uint32_t *numbers, uint32_t max)
{
	uint32_t total = 0, n;
	struct pkt *k[PORT_BURST];

	while (total + PORT_BURST <= max && (n = p->ops->rx(p, k, PORT_BURST, now)) > 0)
		for (uint32_t i = 0; i < n; i++) {
			memcpy(&numbers[total++], k[i]->data, sizeof(numbers[0]));
			p->ops->free(p, k[i]);
		}
	return total;
}

static void
pair_carries_in_order(void)
{
	uint32_t got[64];

	CU_ASSERT_EQUAL_FATAL(pair_open(&a, &b, 16, 1500), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(a->mac, b->mac, 6), 0);
	CU_ASSERT_EQUAL(b->ops->next_us(b, 0), UINT64_MAX);
	for (uint32_t i = 0; i < 16; i++)
		send_number(a, i, 0);
	CU_ASSERT_EQUAL(b->ops->next_us(b, 0), 0);
	CU_ASSERT_EQUAL_FATAL(take(b, 0, got, 64), 16);
	for (uint32_t i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(got[i], i);
	CU_ASSERT_EQUAL(take(a, 0, got, 64), 0);
	a->ops->close(a);
	b->ops->close(b);
}

static void
pair_full_keeps_the_rest(void)
{
	struct pkt *k[4];

	CU_ASSERT_EQUAL_FATAL(pair_open(&a, &b, 3, 1500), 0);
	for (int i = 0; i < 4; i++)
		k[i] = a->ops->alloc(a);
	CU_ASSERT_EQUAL(a->ops->tx(a, k, 4, 0), 3);
	a->ops->free(a, k[3]);
	a->ops->close(a);
	b->ops->close(b);
	CU_ASSERT_NOT_EQUAL(pair_open(&a, &b, 0, 1500), 0);
}

/* Frames of one run, as the receiver sees them. */
static uint32_t
run(const char *spec, uint32_t *got, uint32_t max)
{
	struct impair_config c;
	struct port *far;
	const char *error;
	uint32_t n = 0;

	CU_ASSERT_EQUAL_FATAL(impair_parse(&c, spec, &error), 0);
	CU_ASSERT_EQUAL_FATAL(pair_open(&a, &b, 64, 1500), 0);
	far = impair_open(b, &c);
	CU_ASSERT_PTR_NOT_NULL_FATAL(far);
	for (uint32_t i = 0; i < FRAMES; i++) {
		send_number(a, i, i * 100);
		n += take(far, i * 100, got + n, max - n);
	}
	while (far->ops->next_us(far, 0) != UINT64_MAX) {
		uint64_t next = far->ops->next_us(far, 0);

		n += take(far, next, got + n, max - n);
	}
	far->ops->close(far);
	a->ops->close(a);
	return n;
}

static void
impair_loses_by_seed(void)
{
	static uint32_t one[2 * FRAMES], two[2 * FRAMES];
	uint32_t n = run("loss=10%,seed=3", one, 2 * FRAMES);

	CU_ASSERT_TRUE(n > FRAMES * 85 / 100 && n < FRAMES * 95 / 100);
	CU_ASSERT_EQUAL(run("loss=0.1,seed=3", two, 2 * FRAMES), n);
	CU_ASSERT_EQUAL(memcmp(one, two, n * sizeof(one[0])), 0);
	(void)run("loss=0.1,seed=4", two, 2 * FRAMES);
	CU_ASSERT_NOT_EQUAL(memcmp(one, two, n * sizeof(one[0])), 0);
}

static uint32_t
inversions(const uint32_t *got, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i < n; i++)
		count += got[i] < got[i - 1];
	return count;
}

static void
impair_reorders_only_when_asked(void)
{
	static uint32_t got[2 * FRAMES];

	CU_ASSERT_EQUAL(run("delay=2ms,jitter=1ms,seed=1", got, 2 * FRAMES), FRAMES);
	CU_ASSERT_EQUAL(inversions(got, FRAMES), 0);
	CU_ASSERT_EQUAL(run("reorder=0.1,seed=1", got, 2 * FRAMES), FRAMES);
	CU_ASSERT_TRUE(inversions(got, FRAMES) > FRAMES / 50);
}

static void
impair_duplicates(void)
{
	static uint32_t got[2 * FRAMES];
	uint32_t n = run("dup=0.25,seed=9", got, 2 * FRAMES);

	CU_ASSERT_TRUE(n > FRAMES * 120 / 100 && n < FRAMES * 130 / 100);
}

static void
impair_refuses_nonsense(void)
{
	static const char *const wrong[] = { "loss", "loss=2", "loss=-1", "loss=nan", "delay=5parsec",
		"speed=1", "seed=x", "delay=", "loss=0.1,,dup=0.1" };
	struct impair_config c;
	const char *error;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error = NULL;
		CU_ASSERT_EQUAL(impair_parse(&c, wrong[i], &error), -1);
		CU_ASSERT_PTR_NOT_NULL(error);
	}
	CU_ASSERT_EQUAL(impair_parse(&c, "loss=0.01,reorder=0.02,dup=0,delay=5ms,seed=7", &error), 0);
	CU_ASSERT_EQUAL(c.up.delay_us, 5000);
	CU_ASSERT_EQUAL(c.seed, 7);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a pair carries in order", pair_carries_in_order },
		{ "a full pair keeps the rest with the sender", pair_full_keeps_the_rest },
		{ "loss follows the seed", impair_loses_by_seed },
		{ "delay and jitter keep the order, reorder does not", impair_reorders_only_when_asked },
		{ "duplicates", impair_duplicates },
		{ "nonsense is refused", impair_refuses_nonsense },
		CU_TEST_INFO_NULL,
	};

	return suite_run("nic", tests);
}
