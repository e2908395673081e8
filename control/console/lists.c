/*
 * Sessions and channels: the supervisor's table of who is logged in, joined with what
 * the dataplane's workers say of each connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/link/op.h"
#include "abi/link/rows.h"
#include "abi/wire/algo.h"
#include "abi/wire/ssh.h"
#include "control/console/console.h"

/* What is known of one connection, from either side. */
struct known {
	uint32_t conn;
	uint32_t gen;
	struct js *session; /* the supervisor's, or NULL before login */
	bool seen;          /* by the dataplane */
	struct row_conn row;
};

struct known_list {
	struct known *at;
	size_t count;
};

static const char *
suite_text(uint16_t number)
{
	switch (number) {
#define SUITE(NAME, id, cipher, key, iv, mac, macname) \
	case id:                                       \
		return macname[0] != '\0' ? cipher "," macname : cipher;
		SUITE_LIST(SUITE)
#undef SUITE
	default:
		return "?";
	}
}

static const char *
phase_text(uint8_t phase)
{
	static const char *const names[SSH_PHASE_COUNT] = {
		[SSH_PHASE_IDENT] = "connected",
		[SSH_PHASE_KEX] = "key exchange",
		[SSH_PHASE_SERVICE] = "encrypted",
		[SSH_PHASE_AUTH] = "authentication",
		[SSH_PHASE_OPEN] = "open",
		[SSH_PHASE_CLOSING] = "closing",
	};

	return phase < SSH_PHASE_COUNT ? names[phase] : "?";
}

static const char *
start_text(uint8_t start)
{
	static const char *const names[] = {
		[0] = "",
		[LINK_START_SHELL] = "shell",
		[LINK_START_EXEC] = "exec",
		[LINK_START_SUBSYSTEM] = "subsystem",
		[LINK_START_COMMAND] = "subsystem",
	};

	return start < sizeof(names) / sizeof(names[0]) ? names[start] : "?";
}

/* ---- joining ---- */

static int
by_conn(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->conn != y->conn)
		return x->conn < y->conn ? -1 : 1;
	if (x->gen != y->gen)
		return x->gen < y->gen ? -1 : 1;
	return 0;
}

static struct known *
find(const struct known_list *l, uint32_t conn, uint32_t gen)
{
	struct known key = { .conn = conn, .gen = gen };

	return l->count > 0 ? bsearch(&key, l->at, l->count, sizeof(key), by_conn) : NULL;
}

static size_t
count_conns(struct view rows)
{
	struct cur c = cur_view(rows);
	struct row r;
	size_t n = 0;

	while (row_next(&c, &r) == 1)
		n += r.kind == ROW_CONN;
	return n;
}

static void
add_session(struct known_list *l, struct js *session)
{
	struct known *k = &l->at[l->count];
	unsigned conn, gen;

	if (sscanf(js_str(session, "id"), "%u-%u", &conn, &gen) != 2)
		return;
	*k = (struct known){ .conn = conn, .gen = gen, .session = session };
	l->count++;
}

/* Those that the supervisor knows first: the rest is looked up among them. */
static bool
join(struct known_list *l, const struct js *sessions, struct view rows)
{
	size_t i, n = js_count(sessions), logged_in;
	struct cur c = cur_view(rows);
	struct row r;

	*l = (struct known_list){ .at = calloc(n + count_conns(rows) + 1, sizeof(*l->at)) };
	if (l->at == NULL)
		return false;
	for (i = 0; i < n; i++)
		add_session(l, js_at(sessions, i));
	qsort(l->at, l->count, sizeof(*l->at), by_conn);
	logged_in = l->count;
	while (row_next(&c, &r) == 1) {
		struct known_list first = { l->at, logged_in };
		struct known *k;

		if (r.kind != ROW_CONN)
			continue;
		k = find(&first, r.conn.conn, r.conn.gen);
		if (k == NULL) {
			k = &l->at[l->count++];
			*k = (struct known){ .conn = r.conn.conn, .gen = r.conn.gen };
		}
		k->seen = true;
		k->row = r.conn;
	}
	qsort(l->at, l->count, sizeof(*l->at), by_conn);
	return true;
}

static void
set_view(struct js *o, const char *key, struct view text)
{
	char copy[256];
	size_t i, len = text.len < sizeof(copy) ? text.len : sizeof(copy) - 1;

	for (i = 0; i < len; i++)
		copy[i] = text.data[i] != '\0' ? (char)text.data[i] : '?';
	copy[len] = '\0';
	js_set_str(o, key, copy);
}

static void
set_id(struct js *o, const char *key, uint32_t conn, uint32_t gen)
{
	char id[32];

	snprintf(id, sizeof(id), "%u-%u", conn, gen);
	js_set_str(o, key, id);
}

/* ---- sessions ---- */

static void
set_numbers(struct js *o, const struct row_conn *r)
{
	js_set_str(o, "state", phase_text(r->phase));
	js_set_u64(o, "worker", r->conn >> 24);
	js_set_u64(o, "channels", r->chans);
	js_set_u64(o, "bytes_in", r->bytes_in);
	js_set_u64(o, "bytes_out", r->bytes_out);
	js_set_u64(o, "rtt_us", r->rtt_us);
	js_set_str(o, "cipher_in", suite_text(r->suite_in));
	js_set_str(o, "cipher_out", suite_text(r->suite_out));
}

/* A connection that nobody has logged in on. */
static struct js *
stranger(const struct known *k)
{
	struct js *o = js_object();

	set_id(o, "id", k->conn, k->gen);
	js_set_str(o, "user", "");
	set_view(o, "peer", k->row.peer);
	js_set_u64(o, "port", k->row.peer_port);
	js_set_u64(o, "since", k->row.opened_ms / 1000);
	return o;
}

void
lists_sessions(struct js *table, struct view rows, bool all)
{
	struct js *sessions = js_get(table, "sessions");
	struct known_list l;
	size_t i;

	if (!join(&l, sessions, rows))
		return;
	for (i = 0; i < l.count; i++) {
		struct known *k = &l.at[i];

		if (!k->seen || (k->session == NULL && !all))
			continue;
		if (k->session == NULL)
			js_add(sessions, k->session = stranger(k));
		set_numbers(k->session, &k->row);
	}
	free(l.at);
}

/* ---- channels ---- */

static struct js *
channel(const struct row_chan *r, const struct known *k)
{
	struct js *o = js_object();

	set_id(o, "session", r->conn, r->gen);
	js_set_u64(o, "channel", r->ours);
	js_set_u64(o, "peer_channel", r->peers);
	js_set_str(o, "user", k != NULL && k->session != NULL ? js_str(k->session, "user") : "");
	js_set_str(o, "type", "session");
	js_set_str(o, "kind", start_text(r->start));
	set_view(o, "what", r->what);
	js_set_bool(o, "started", r->flags & ROW_CHAN_STARTED);
	js_set_bool(o, "eof_in", r->flags & ROW_CHAN_EOF_IN);
	js_set_bool(o, "eof_out", r->flags & ROW_CHAN_EOF_OUT);
	js_set_bool(o, "closing", r->flags & (ROW_CHAN_CLOSE_IN | ROW_CHAN_CLOSE_OUT));
	js_set_u64(o, "since", r->opened_ms / 1000);
	js_set_u64(o, "bytes_in", r->bytes_in);
	js_set_u64(o, "bytes_out", r->bytes_out);
	js_set_u64(o, "window_in", r->window_in);
	js_set_u64(o, "window_out", r->window_out);
	js_set_u64(o, "queued", r->queued);
	js_set_u64(o, "held", r->held);
	js_set_u64(o, "unread", r->unread);
	return o;
}

struct js *
lists_channels(const struct js *table, struct view rows)
{
	struct js *list = js_array();
	struct cur c = cur_view(rows);
	struct known_list l;
	struct row r;

	if (!join(&l, js_get(table, "sessions"), rows))
		return list;
	while (row_next(&c, &r) == 1)
		if (r.kind == ROW_CHAN)
			js_add(list, channel(&r.chan, find(&l, r.chan.conn, r.chan.gen)));
	free(l.at);
	return list;
}
