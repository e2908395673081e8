/*
 * Input: a worker that says anything: u8 side (even: gate), u16 length and an adopt
 * image, then entries: u8 op, u8 flags (1: an answer of a role instead), u16
 * length, bytes. No order is kept and no rule: what comes down is still a well
 * formed step, and what was not asked has no effect on memory.
 */
#include <stdlib.h>
#include <string.h>

#include "control/clerk/clerk.h"
#include "control/gate/gate.h"
#include "tests/unit/control/desk/bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct gate_env gate;
	struct clerk_env clerk;
	struct rng rng;
	struct actions act;
	struct link_slot slots[LINK_SLOT_COUNT];
	bool ready;
} f;

static int
slot(void *ctx, const struct link_slot *keys)
{
	(void)ctx;
	return slot_fill(f.slots, keys);
}

static void
start(void)
{
	struct put w;
	uint8_t body[64];

	if (f.ready)
		return;
	rng_fixed(&f.rng, 1);
	gate_env_init(&f.gate, &f.rng);
	clerk_env_init(&f.clerk, &f.rng);
	f.gate.exchange.slot = f.clerk.exchange.slot = slot;
	w = put_of(body, sizeof(body));
	put_u32(&w, 1);
	put_cstr(&w, "blob");
	put_u32(&w, 1);
	put_cstr(&w, "ssh-ed25519");
	put_cstr(&w, "blob");
	hostkeys_decode(&f.gate.exchange.keys, put_view(&w));
	hostkeys_decode(&f.clerk.exchange.keys, put_view(&w));
	actions_init(&f.act);
	f.ready = true;
}

/* Items to the end, none too long, and not more than one request beside. */
static void
check(void)
{
	struct cur c = cur_of(f.act.step.w.start, put_len(&f.act.step.w));

	while (cur_left(&c) > 0) {
		cur_u8(&c);
		cur_string(&c);
	}
	if (c.bad || step_bad(&f.act.step) || f.act.ask.w.bad || (f.act.step.done && f.act.step.serial == 0))
		abort();
	memset(f.slots, 0, sizeof(f.slots));
}

static void
entry(struct link_entry *e, struct cur *c, struct view *payload)
{
	memset(e, 0, sizeof(*e));
	e->op = cur_u8(c);
	e->flags = cur_u8(c);
	*payload = cur_take(c, cur_u16(c));
	e->conn = 1;
	e->gen = 1;
	e->serial = 7;
	e->len = (uint32_t)payload->len;
	e->chan = payload->len > 4 ? payload->data[4] : 0;
	e->arg[0] = payload->len > 0 ? payload->data[0] : 0;
}

static void
run_gate(struct gate_conn *g, struct cur *c)
{
	struct link_entry e;
	struct view payload;

	for (int n = 0; n < 64 && cur_left(c) >= 4; n++) {
		struct msg m = { .tag = 7 };

		entry(&e, c, &payload);
		m.type = e.op;
		m.body = payload;
		if (e.flags & 1)
			gate_answer(&f.gate, g, 1 + (e.flags >> 1) % 3, &m, &f.act);
		else
			gate_up(&f.gate, g, &e, payload, &f.act);
		check();
		if (f.act.forget)
			break;
	}
	gate_free(&f.gate, g);
}

static void
run_clerk(struct clerk_conn *k, struct cur *c)
{
	struct link_entry e;
	struct view payload;

	for (int n = 0; n < 64 && cur_left(c) >= 4; n++) {
		struct msg m = { .tag = 7 };

		entry(&e, c, &payload);
		m.type = e.op;
		m.body = payload;
		if (e.flags & 1)
			clerk_answer(&f.clerk, k, 1 + (e.flags >> 1) % 3, &m, &f.act);
		else
			clerk_up(&f.clerk, k, &e, payload, &f.act);
		check();
		if (f.act.forget)
			break;
		while (clerk_next(&f.clerk, k, &f.act))
			check();
	}
	clerk_free(&f.clerk, k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	uint8_t side = cur_u8(&c);
	struct view image = cur_take(&c, cur_u16(&c));
	struct gate_conn *g = NULL;
	struct clerk_conn *k = NULL;

	start();
	if (c.bad)
		return 0;
	if ((side & 1) == 0 && gate_adopt(&f.gate, 1, 1, image, &g) == 0)
		run_gate(g, &c);
	if ((side & 1) != 0 && clerk_adopt(&f.clerk, 1, 1, image, &k) == 0)
		run_clerk(k, &c);
	return 0;
}
