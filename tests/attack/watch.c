#include "tests/attack/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 4096u    /* what the peer may send before a forgery arrives */
#define WINDOW 60000u /* every receiver offers more */

static void
stamp(struct watch *w, const struct raw_seg *s)
{
	if (s->options_len < 12 || s->options[0] != 1 || s->options[1] != 1 || s->options[2] != 8)
		return;
	memcpy(w->stamp, s->options, 12);
	w->stamp_on = true;
}

void
watch_see(struct raw *r, struct watch *w, const struct raw_seg *s)
{
	uint32_t end = s->seq + s->data_len + ((s->flags & (RAW_SYN | RAW_FIN)) ? 1u : 0u);

	if (s->from == r->self && s->from_port == w->port && s->to == r->victim) {
		if (w->up && (int32_t)(end - w->next) < 0)
			return;
		w->next = end;
		w->acked = s->ack;
		w->window = s->window;
		stamp(w, s);
		w->up = true;
	} else if (s->from == r->victim && s->to == r->self && s->to_port == w->port) {
		if (!w->down || (int32_t)(end - w->victim_next) > 0)
			w->victim_next = end;
		w->down = true;
	}
}

bool
watch_look(struct raw *r, struct watch *w)
{
	uint64_t end = raw_now_ms() + 20000;
	uint8_t buf[RAW_FRAME];
	struct raw_seg s;
	bool sent;

	for (;;) {
		bool ready = w->up && w->down;
		uint32_t n = raw_recv(r, buf, sizeof(buf), ready ? 0 : 100, &sent);

		if (n == 0 && (ready || raw_now_ms() > end))
			return ready;
		if (n > 0 && raw_read(buf, n, &s))
			watch_see(r, w, &s);
	}
}

struct raw_seg
watch_segment(struct raw *r, const struct watch *w)
{
	struct raw_seg s = { .from = r->self, .to = r->victim, .from_port = w->port, .to_port = r->port,
		.seq = w->next, .ack = w->acked, .flags = RAW_ACK, .window = w->window };

	if (w->stamp_on) {
		s.options = w->stamp;
		s.options_len = 12;
	}
	return s;
}

uint32_t
watch_inside(struct raw *r, const struct watch *w)
{
	return w->next + NEAR + raw_below(r, WINDOW - NEAR);
}

bool
watch_begin(struct raw *r, struct watch *w, const char *port)
{
	w->port = (uint16_t)strtoul(port, NULL, 10);
	if (watch_look(r, w))
		return true;
	fprintf(stderr, "the connection is not seen\n");
	return false;
}
