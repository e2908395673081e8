/* What a server does of itself: the keys it tells, channels that it opens. */
#include "tests/interop/engine_client.h"

#include <stdio.h>
#include <stdlib.h>

#define RSA_BITS_MIN 2048u

/* ---- its other keys ---- */

static void
told_keys(struct engine *x, struct view data)
{
	if (!x->o.update || x->hosts_told)
		return;
	x->hosts_told = true;
	if (hostupdate_take(&x->hosts, data) != 0)
		fprintf(stderr, "host keys: no list\n");
}

static void
ask_proof(struct engine *x)
{
	static uint8_t body[SSH_CHAN_PACKET_MAX];
	struct put w = put_of(body, sizeof(body));
	uint32_t count = hostupdate_ask(&x->hosts, &w, engine_known_hosts(x), x->o.name,
	    (uint16_t)atoi(x->o.port), x->e->conf.offer.host_keys, RSA_BITS_MIN);

	x->hosts.count = count > 0 ? x->hosts.count : 0;
	if (count == 0 || w.bad)
		return;
	x->hosts_wait =
	    caller_global(&x->e->caller, HOSTUPDATE_PROVE, put_view(&w), true, callend_step(x->e)) == 0;
	callend_do(x->e);
}

static void
proved(struct engine *x, const struct caller_event *v)
{
	const struct caller *c = &x->e->caller;
	struct view key;

	x->hosts_wait = false;
	if (!v->ok || hostupdate_proved(&x->hosts, view_of(c->session_id, c->session_id_len), v->data) != 0) {
		fprintf(stderr, "host keys: not proved\n");
		x->hosts.count = 0;
		return;
	}
	for (uint32_t i = 0; (key = hostupdate_new(&x->hosts, i)).len > 0; i++) {
		struct cur k = cur_view(key);
		struct view name = cur_string(&k);

		fprintf(stderr, "new host key: %.*s\n", (int)name.len, (const char *)name.data);
		engine_learn(x, key);
	}
}

/* ---- a port there ---- */

/* RFC 4254 section 7.1 */
static void
ask_forward(struct engine *x)
{
	uint8_t body[64];
	struct put w = put_of(body, sizeof(body));

	put_cstr(&w, "127.0.0.1");
	put_u32(&w, (uint32_t)atoi(x->o.forward));
	x->forward_waits =
	    caller_global(&x->e->caller, "tcpip-forward", put_view(&w), true, callend_step(x->e)) == 0;
	callend_do(x->e);
}

/* One channel, of the port that was asked for; others are refused. */
static void
told_open(struct engine *x, const struct caller_event *v)
{
	struct caller_origin o;

	caller_origin(&o, v->text, v->data);
	fprintf(stderr, "%.*s: port %u\n", (int)v->text.len, (const char *)v->text.data, o.port);
	x->echo_chan = v->chan;
	x->knocked = true;
	x->forwarded = !x->forwarded && o.port == (uint32_t)atoi(x->o.forward);
}

static void
answer_open(struct engine *x)
{
	struct caller *c = &x->e->caller;

	if (x->forwarded)
		caller_accept(c, x->echo_chan, sizeof(x->echo), SSH_CHAN_PACKET_MAX, CALLEND_LINK, callend_step(x->e));
	else
		caller_refuse(c, x->echo_chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, "", callend_step(x->e));
	callend_do(x->e);
	x->knocked = false;
}

/* The window is as large as what is kept. */
static void
echo(struct engine *x)
{
	struct ssh_chan *ch = callend_chan(x->e, x->echo_chan);
	int64_t n = 0;

	if (ch == NULL)
		return;
	if (x->echo_len > 0)
		n = callend_write(x->e, x->echo_chan, view_of(x->echo, x->echo_len));
	if (n > 0) {
		memmove(x->echo, x->echo + n, x->echo_len - (size_t)n);
		x->echo_len -= (size_t)n;
		ssh_host_took(&x->e->m.conn, ch, (uint32_t)n);
	}
	if (x->echo_eof && x->echo_len == 0 && !x->echo_closed) {
		ssh_host_close(&x->e->m.conn, ch);
		x->echo_closed = true;
	}
}

/* ---- */

void
engine_more_told(struct engine *x, const struct caller_event *v)
{
	if (v->told == CALLER_TOLD_OPEN) {
		told_open(x, v);
	} else if (v->told == CALLER_TOLD_GLOBAL) {
		if (view_is(v->text, HOSTUPDATE_TOLD))
			told_keys(x, v->data);
	} else if (x->forward_waits) {
		x->forward_waits = false;
		if (!v->ok)
			fprintf(stderr, "no port there\n");
	} else if (x->hosts_wait) {
		proved(x, v);
	}
}

bool
engine_more_chan(struct engine *x, uint32_t n, enum chan_up kind, struct view bytes)
{
	if (n != x->echo_chan)
		return true;
	if (kind == CHAN_UP_DATA && bytes.len <= sizeof(x->echo) - x->echo_len) {
		memcpy(x->echo + x->echo_len, bytes.data, bytes.len);
		x->echo_len += bytes.len;
	}
	x->echo_eof |= kind == CHAN_UP_EOF || kind == CHAN_UP_SHUT;
	return true;
}

void
engine_more(struct engine *x)
{
	if (x->o.forward != NULL && !x->forward_asked) {
		x->forward_asked = true;
		ask_forward(x);
	}
	if (!x->forward_waits && x->hosts.count > 0 && hostupdate_new(&x->hosts, 0).len == 0 && !x->hosts_wait)
		ask_proof(x);
	if (x->knocked)
		answer_open(x);
	echo(x);
}

bool
engine_more_waits(const struct engine *x)
{
	return x->hosts_wait || (x->o.update && !x->hosts_told);
}
