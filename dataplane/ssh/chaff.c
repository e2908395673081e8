/*
 * Chaff: IGNORE records (RFC 4253 section 11.2) at even times after what looks typed, so
 * that nobody on the wire sees which keys were echoed, and when. As large as an echo.
 */
#include "dataplane/ssh/inner.h"

#define TYPED_MAX 64u             /* bytes of a message with keys */
#define CHAFF_FOR_US 1000000u     /* goes on for so long after the last of them */
#define CHAFF_LEAST 10u           /* random bytes of one record */
#define CHAFF_SPREAD 32u

void
chaff_heard(struct ssh_conn *c, uint8_t msg, size_t len, uint64_t now)
{
	if (c->env->chaff_us != 0 && msg == SSH_MSG_CHANNEL_DATA && len <= TYPED_MAX)
		c->typed_us = now;
}

/* Not behind a queue: a peer that does not read gets none. */
static void
chaff_put(struct ssh_conn *c)
{
	uint8_t random[1 + CHAFF_LEAST + CHAFF_SPREAD], buf[64];
	struct put w = put_of(buf, sizeof(buf));

	if (c->ctrl.len > 0)
		return;
	c->env->ops->random(c->env->owner, random, sizeof(random));
	put_u8(&w, SSH_MSG_IGNORE);
	put_string(&w, random + 1, CHAFF_LEAST + random[0] % CHAFF_SPREAD);
	ctrl_put(c, put_view(&w));
}

uint64_t
chaff_tick(struct ssh_conn *c, uint64_t now)
{
	uint64_t every = c->env->chaff_us;

	if (every == 0 || c->phase != SSH_PHASE_OPEN || exchanging(c) || c->typed_us == 0 ||
	    now >= c->typed_us + CHAFF_FOR_US)
		return UINT64_MAX;
	if (now < c->chaff_us + every)
		return c->chaff_us + every;
	chaff_put(c);
	c->chaff_us = now;
	return now + every;
}
