#include <stdlib.h>
#include <string.h>

#include "control/warden/warden.h"

#define ADDRESS_MAX 64u

struct warden_ask *
ask_by_tag(struct warden *w, uint32_t tag)
{
	for (uint32_t i = 0; i < w->ask_count; i++)
		if (w->ask[i]->tag == tag)
			return w->ask[i];
	return NULL;
}

void
ask_free(struct warden_ask *a)
{
	struct warden *w = a->w;

	for (uint32_t i = 0; i < w->ask_count; i++) {
		if (w->ask[i] == a) {
			w->ask[i] = w->ask[--w->ask_count];
			break;
		}
	}
	if (a->timer > 0)
		loop_cancel(w->loop, a->timer);
	dialogue_drop(a);
	free(a->prompt);
	explicit_bzero(a->body, a->body_len);
	free(a);
}

/* A gate has one question a connection. It cannot take back another gate's, but one
 * of a gate that is gone. */
static void
drop_older(struct warden *w, uint32_t gate, uint32_t conn, uint32_t gen)
{
	for (uint32_t i = w->ask_count; i-- > 0;)
		if ((w->ask[i]->gate == gate || w->ask[i]->gate == 0) && w->ask[i]->conn == conn &&
		    w->ask[i]->gen == gen)
			ask_free(w->ask[i]);
}

static void
parse_form(struct warden_ask *a, struct cur *c)
{
	switch (a->request) {
	case JUDGE_NONE:
		a->method = cur_string(c);
		break;
	case JUDGE_PASSWORD:
		a->auth_flags = cur_u8(c);
		a->password = cur_string(c);
		break;
	case JUDGE_KBDINT:
		cur_string(c); /* submethods: PAM is the only one */
		break;
	default:
		a->algorithm = cur_string(c);
		a->blob = cur_string(c);
	}
	if (a->request == JUDGE_PROOF) {
		a->signature = cur_string(c);
		a->host_key = cur_string(c);
	}
}

static bool
parse(struct warden_ask *a)
{
	struct cur c = cur_of(a->body, a->body_len);

	a->user = cur_string(&c);
	a->service = cur_string(&c);
	parse_form(a, &c);
	a->peer = cur_string(&c);
	a->peer_port = cur_u16(&c);
	a->local = cur_string(&c);
	a->local_port = cur_u16(&c);
	return cur_done(&c) && a->peer.len < ADDRESS_MAX && a->local.len < ADDRESS_MAX;
}

struct warden_ask *
ask_new(struct warden *w, const struct role_peer *gate, const struct msg *m, enum judge_request request,
    bool *malformed)
{
	struct warden_ask *a = NULL;

	*malformed = false;
	drop_older(w, gate->serial, m->conn, m->gen);
	if (w->ask_count < WARDEN_ASKS_MAX)
		a = calloc(1, sizeof *a + m->body.len);
	if (a == NULL)
		return NULL;
	a->w = w;
	a->request = request;
	a->conn = m->conn;
	a->gen = m->gen;
	a->gate = gate->serial;
	a->gate_tag = m->tag;
	a->tag = ++w->next_tag;
	a->since_ms = loop_now_ms();
	a->body_len = m->body.len;
	if (m->body.len > 0)
		memcpy(a->body, m->body.data, m->body.len);
	w->ask[w->ask_count++] = a;
	if (!parse(a)) {
		*malformed = true;
		ask_free(a);
		return NULL;
	}
	return a;
}
