/*
 * The TCP of connections, a page of them at a time.
 */
#include <stdio.h>
#include <string.h>

#include "abi/link/rows.h"
#include "control/console/console.h"

#define UNKNOWN32 UINT32_MAX

static void
set_text(struct js *o, const char *key, struct view text)
{
	char copy[64];
	size_t i, len = text.len < sizeof(copy) ? text.len : sizeof(copy) - 1;

	for (i = 0; i < len; i++)
		copy[i] = text.data[i] >= 0x20 && text.data[i] < 0x7f ? (char)text.data[i] : '?';
	copy[len] = '\0';
	js_set_str(o, key, copy);
}

/* What is not known, not running or not bounded has no number. */
static bool
is_number(uint64_t v, int bits)
{
	return bits == 8 || v != (bits == 32 ? UNKNOWN32 : UINT64_MAX);
}

static void
set_options(struct js *o, uint8_t options)
{
	js_set_bool(o, "timestamps", options & ROW_TCP_TIMESTAMPS);
	js_set_bool(o, "sack", options & ROW_TCP_SACK);
	js_set_bool(o, "window_scaling", options & ROW_TCP_SCALE);
	js_set_bool(o, "ecn", options & ROW_TCP_ECN);
	js_set_bool(o, "ecn_seen", options & ROW_TCP_ECN_SEEN);
}

static void
set_limits(struct js *o, uint8_t limits)
{
	static const char *const names[] = { "peer_window_was_shut", "peer_window", "congestion_window",
		"send_buffer", "memory" };
	struct js *list = js_array();
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (limits & 1u << i)
			js_add_str(list, names[i]);
	js_set(o, "limited_by", list);
}

static struct js *
connection(const struct row_tcp *r)
{
	struct js *o = js_object();
	char id[32] = "";

	if (r->conn != LINK_CONN_NONE)
		snprintf(id, sizeof(id), "%u-%u", r->conn, r->gen);
	js_set_str(o, "id", id);
	set_text(o, "state", r->state);
	set_text(o, "local", r->local);
	js_set_u64(o, "local_port", r->local_port);
	set_text(o, "peer", r->peer);
	js_set_u64(o, "port", r->peer_port);
	set_text(o, "congestion", r->congestion);
	set_text(o, "recovery", r->recovery);
	set_options(o, r->options);
	set_limits(o, r->limits);
#define FIELD(bits, name)                                                                     \
	if (is_number(r->name, bits) && strcmp(#name, "options") != 0 && strcmp(#name, "limits") != 0) \
		js_set_u64(o, #name, r->name);
	ROW_TCP_FIELDS(FIELD)
#undef FIELD
	return o;
}

bool
lists_tcp_ask(const struct js *request, struct put *page)
{
	uint64_t from = js_u64(request, "from"), count = js_u64(request, "count");
	struct row_page p;

	if (from > UINT32_MAX || !which_read(request, &p.filter))
		return false;
	p.from = (uint32_t)from;
	p.count = count == 0 || count > ROW_PAGE_MAX ? ROW_PAGE_MAX : (uint32_t)count;
	row_page_put(page, &p);
	return true;
}

/* The worker behind this one, or 0: page 0 begins with the first. */
static uint64_t
next_worker(const struct console *c, uint32_t worker)
{
	uint32_t w;

	for (w = worker + 1; w < CONSOLE_WORKERS_MAX; w++)
		if (c->meter[w] != NULL)
			return (uint64_t)w << LINK_WORKER_SHIFT;
	return 0;
}

void
lists_tcp(const struct console *c, struct js *answer, struct view rows, uint32_t from)
{
	struct js *list = js_array();
	struct cur cur = cur_view(rows);
	uint64_t next = 0;
	struct row r;

	while (row_next(&cur, &r) == 1) {
		if (r.kind == ROW_TCP)
			js_add(list, connection(&r.tcp));
		else if (r.kind == ROW_NEXT)
			next = r.next != LINK_CONN_NONE ? r.next : next_worker(c, from >> LINK_WORKER_SHIFT);
	}
	js_set(answer, "connections", list);
	/* A page that does not lead on would be asked for again for ever. */
	if (next > from)
		js_set_u64(answer, "next", next);
}
