/*
 * A server that says anything to a caller: u8 state, then entries: u8 what, u16 length,
 * bytes. What: 0 a record, 1 the identification line, 2 NEWKEYS, 3 the user answers what
 * is wanted, 4 a channel is opened and started, 5 a global request, 6 a channel of the
 * server's is accepted or refused. Every step is well formed, and what is over stays so.
 */
#include <stdlib.h>

#include "control/client/caller.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPENS "forwarded-tcpip,x11,auth-agent@openssh.com,forwarded-streamlocal@openssh.com"

static struct {
	struct caller c;
	struct caller_env env;
	struct kex_offer offer;
	struct rng rng;
	struct step step;
	bool ready;
} f;

static int
slot(void *ctx, const struct link_slot *keys)
{
	(void)ctx;
	(void)keys;
	return 0;
}

static void
told(void *ctx, struct caller *c, const struct caller_event *e)
{
	volatile uint8_t sum = 0;
	struct caller_origin o;

	if (e->told == CALLER_TOLD_OPEN && caller_origin(&o, e->text, e->data) != 0)
		abort();
	(void)ctx;
	(void)c;
	for (size_t i = 0; i < e->text.len; i++)
		sum = (uint8_t)(sum + e->text.data[i]);
	for (size_t i = 0; i < e->data.len; i++)
		sum = (uint8_t)(sum + e->data.data[i]);
}

static void
begin(uint8_t state)
{
	if (!f.ready) {
		rng_fixed(&f.rng, 1);
		f.env = (struct caller_env){ .ident = "SSH-2.0-fuzz", .opens = OPENS, .rng = &f.rng, .slot = slot, .told = told };
		f.offer = *kex_offer_default(false);
		f.offer.kex = "curve25519-sha256";
		step_init(&f.step);
		f.ready = true;
	}
	caller_init(&f.c, &f.env, &f.offer, "alice", 1, 1);
	f.c.state = (enum caller_state)(state % (CALLER_OVER + 1));
	f.c.strict = (state & 0x40) != 0;
	f.c.session_id_len = 32;
	if (f.c.state == CALLER_AUTH)
		f.c.wants = CALLER_WANTS_METHOD;
}

static void
answer(struct view bytes)
{
	static const struct view responses[USERAUTH_PROMPTS_MAX];
	uint8_t which = bytes.len > 0 ? bytes.data[0] : 0;

	switch (f.c.wants) {
	case CALLER_WANTS_TRUST:
		caller_trust(&f.c, which & 1, &f.step);
		break;
	case CALLER_WANTS_METHOD:
		if (which % 5 == 0)
			caller_auth_none(&f.c, &f.step);
		else if (which % 5 == 1)
			caller_auth_password(&f.c, "secret", &f.step);
		else if (which % 5 == 2)
			caller_auth_kbdint(&f.c, "", &f.step);
		else if (which % 5 == 3)
			caller_auth_query(&f.c, "ssh-ed25519", bytes, &f.step);
		else
			caller_auth_key(&f.c, "ssh-ed25519", bytes);
		break;
	case CALLER_WANTS_SIGNATURE:
		caller_signature(&f.c, bytes, &f.step);
		break;
	case CALLER_WANTS_RESPONSES:
		caller_responses(&f.c, responses, f.c.prompts, &f.step);
		break;
	case CALLER_WANTS_PASSWORD:
		caller_auth_new_password(&f.c, "secret", "other", &f.step);
		break;
	case CALLER_WANTS_NOTHING:
		break;
	}
}

static void
entry(uint8_t what, struct view bytes)
{
	static const uint16_t ops[] = { LINK_UP_RECORD, LINK_UP_IDENT, LINK_UP_NEWKEYS };
	const struct view none = { NULL, 0 };
	struct link_entry e = { .conn = 1, .gen = 1, .serial = 7, .chan = LINK_CHAN_NONE };
	bool over = f.c.state == CALLER_OVER;
	int r = 0;

	step_begin(&f.step, 1, 1);
	if (what % 7 < 3) {
		e.op = ops[what % 7];
		e.len = (uint32_t)bytes.len;
		r = caller_up(&f.c, &e, bytes, &f.step);
		if (!over && (!f.step.done || (r != 0) != (f.c.state == CALLER_OVER)))
			abort();
	} else if (what % 7 == 3) {
		answer(bytes);
	} else if (what % 7 == 4) {
		if (caller_start(&f.c, 0, "shell", none, 1, &f.step) != 0)
			caller_open(&f.c, "session", 1000, 32768, none, &f.step);
	} else if (what % 7 == 5) {
		caller_global(&f.c, "g", bytes, true, &f.step);
	} else if (bytes.len > 0) {
		uint32_t chan = bytes.data[0] / 2;

		r = (bytes.data[0] & 1) != 0 ? caller_accept(&f.c, chan, 1000, 32768, 1, &f.step)
					     : caller_refuse(&f.c, chan, 2, "no", &f.step);
		if (r == 0 && f.c.state != CALLER_OPEN)
			abort();
	}
	if (over && f.c.state != CALLER_OVER)
		abort();
}

static void
check(void)
{
	struct cur c = cur_of(f.step.w.start, put_len(&f.step.w));

	while (cur_left(&c) > 0) {
		cur_u8(&c);
		cur_string(&c);
	}
	if (c.bad || step_bad(&f.step))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);

	begin(cur_u8(&c));
	for (int n = 0; n < 64 && cur_left(&c) >= 3; n++) {
		uint8_t what = cur_u8(&c);

		entry(what, cur_take(&c, cur_u16(&c)));
		check();
	}
	caller_wipe(&f.c);
	return 0;
}
