/* The commands own and hold: settings of one connection. */
#include <stdio.h>
#include <string.h>

#include "tests/script/run.h"

#define HERE 22u

static const struct {
	const char *name;
	size_t off;
} keys[] = {
#define KEY(name) { #name, offsetof(struct tcp_own, name) }
	KEY(keepalive), KEY(keep_idle_ms), KEY(keep_interval_ms), KEY(keep_count),
	KEY(user_timeout_ms), KEY(syn_retries), KEY(linger_ms), KEY(nagle), KEY(mss), KEY(rcv_buf),
	KEY(snd_buf), KEY(hop_limit), KEY(dscp),
#undef KEY
};

static bool
assign(char **w)
{
	for (size_t i = 0; w[0] != NULL && i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint32_t v;

		if (strcmp(w[0], keys[i].name) != 0)
			continue;
		v = number(w[1]);
		memcpy((uint8_t *)&run.own + keys[i].off, &v, sizeof(v));
		return true;
	}
	if (w[0] == NULL || w[1] == NULL || strcmp(w[0], "congestion") != 0)
		return false;
	run.own.congestion = (uint32_t)tcp_congestion(w[1]);
	return true;
}

/* Of the connection; where there is none, of what is accepted or opened next. */
void
do_own(char **w)
{
	int r = 0;

	if (!assign(w))
		fail("no such setting");
	else if (run.t != NULL)
		r = tcp_set_own(run.t, &run.own, run.now);
	else if (run.listens)
		r = tcp_listen_own(run.stack, HERE, &run.own);
	if (r != 0)
		fail("setting refused: %s", reason_name(-r));
	poll_stack();
}

void
do_hold(char **w)
{
	if (run.t == NULL || w[0] == NULL)
		fail("on or off, of a connection");
	else
		tcp_hold(run.t, strcmp(w[0], "on") == 0);
	poll_stack();
}
