#include "dataplane/worker/worker.h"

#include <arpa/inet.h>
#include <string.h>

#include "abi/link/rows.h"
#include "dataplane/tcp/tcp_fsm.h"
#include "dataplane/tcp/tcp_info.h"

/*
 * A page of connections' TCP, half-open ones included, in pieces of one poll each.
 * The table's places are what pages are cut by: whoever comes or goes meanwhile is
 * in it or not, nobody is in it twice.
 */

#define TCP_BUDGET 256u /* places looked at in one poll */
#define NEXT_ROOM 16u

_Static_assert(TCP_INFO_TIMESTAMPS == ROW_TCP_TIMESTAMPS && TCP_INFO_SACK == ROW_TCP_SACK &&
	TCP_INFO_SCALE == ROW_TCP_SCALE && TCP_INFO_ECN == ROW_TCP_ECN && TCP_INFO_ECN_SEEN == ROW_TCP_ECN_SEEN,
    "options are passed on");
_Static_assert(TCP_LIMIT_PEER_WINDOW == ROW_TCP_PEER_WINDOW && TCP_LIMIT_SHUT == ROW_TCP_SHUT &&
	TCP_LIMIT_CWND == ROW_TCP_CWND && TCP_LIMIT_ROOM == ROW_TCP_ROOM && TCP_LIMIT_POOL == ROW_TCP_POOL,
    "limits are passed on");

static const char *
recovery_name(uint8_t state)
{
	static const char *const names[] = {
		[TCP_CA_OPEN] = "open",
		[TCP_CA_DISORDER] = "disorder",
		[TCP_CA_REDUCED] = "reduced",
		[TCP_CA_RECOVERY] = "recovery",
		[TCP_CA_LOSS] = "loss",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void
put_tcp(struct worker *w, const struct tcp *t, const struct conn *c, struct put *p)
{
	char peer[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN];
	const struct tcp_tuple *at = tcp_tuple(t);
	struct tcp_info info;
	struct row_tcp r = {
		.conn = c != NULL ? conn_id(w, c) : LINK_CONN_NONE,
		.gen = c != NULL ? c->gen : 0,
		.peer_port = at->remote_port,
		.local_port = at->local_port,
	};

	tcp_get_info(t, w->now, &info);
	image_address(peer, at->remote.b);
	image_address(local, at->local.b);
	r.peer = view_str(peer);
	r.local = view_str(local);
	r.state = view_str(tcp_fsm_name(info.state));
	r.recovery = view_str(recovery_name(info.ca_state));
	r.congestion = view_str(info.congestion);
#define FIELD(bits, name) r.name = info.name;
	ROW_TCP_FIELDS(FIELD)
#undef FIELD
	row_tcp_put(p, &r);
}

void
list_tcp_start(struct worker *w, uint32_t tag, struct view page)
{
	struct cur c = cur_view(page);
	struct row_page p;

	/* What makes no sense is an empty page: an answer is owed. */
	if (row_page_get(&c, &p) != 0 || !cur_done(&c))
		p = (struct row_page){ .from = LINK_SLOT_MASK };
	w->listing = true;
	w->list_is_tcp = true;
	w->list_tag = tag;
	w->list_at = p.from & LINK_SLOT_MASK;
	w->list_left = p.count;
	w->list_filter = p.filter;
}

static bool
wanted(const struct worker *w, const struct tcp *t, const struct conn *c)
{
	const struct tcp_tuple *at = tcp_tuple(t);
	const struct link_filter *f = &w->list_filter;

	return filter_peer(f, at->remote.b, at->remote_port) &&
	    filter_conn(f, c != NULL ? conn_id(w, c) : LINK_CONN_NONE, c != NULL ? c->gen : 0);
}

bool
list_tcp_piece(struct worker *w, struct put *p)
{
	uint32_t end = tcp_places(w->tcp);

	for (uint32_t n = TCP_BUDGET; n > 0 && w->list_at < end && w->list_left > 0; n--) {
		const struct tcp *t;
		const struct conn *c;

		if (put_left(p) < ROW_TCP_MAX + NEXT_ROOM)
			return true;
		if ((t = tcp_at(w->tcp, w->list_at++)) == NULL)
			continue;
		c = tcp_user(t);
		if (!wanted(w, t, c))
			continue;
		put_tcp(w, t, c, p);
		w->list_left--;
	}
	if (w->list_at < end && w->list_left > 0)
		return true;
	row_next_put(p, w->list_at < end ? w->c.index << LINK_WORKER_SHIFT | w->list_at : LINK_CONN_NONE);
	return false;
}
