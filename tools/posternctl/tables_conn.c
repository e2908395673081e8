#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/posternctl/posternctl.h"

static void
incomplete(const struct js *a)
{
	if (!js_bool(a, "complete"))
		printf("(the dataplane did not answer: what only it knows is missing)\n");
}

static void
session_row(const struct js *s)
{
	const char *user = js_str(s, "user");
	char peer[320];

	snprintf(peer, sizeof(peer), "%s port %" PRIu64, plain(js_str(s, "peer")), js_u64(s, "port"));
	printf("%-12s %-14s %-28s %7s %5" PRIu64 " %7s %7s  %s %s\n", plain(js_str(s, "id")),
	    user[0] != '\0' ? plain(user) : "-", peer, age(js_u64(s, "since")), js_u64(s, "channels"),
	    amount(js_u64(s, "bytes_in")), amount(js_u64(s, "bytes_out")),
	    user[0] != '\0' ? plain(js_str(s, "methods")) : plain(js_str(s, "state")),
	    plain(js_str(s, "key")));
}

void
table_sessions(const struct js *a)
{
	const struct js *list = js_get(a, "sessions");
	size_t i;

	printf("%-12s %-14s %-28s %7s %5s %7s %7s  %s\n", "ID", "USER", "PEER", "AGE", "CHANS", "IN", "OUT",
	    "LOGIN");
	for (i = 0; i < js_count(list); i++)
		session_row(js_at(list, i));
	incomplete(a);
}

static const char *
channel_state(const struct js *c)
{
	if (js_bool(c, "closing"))
		return "closing";
	if (!js_bool(c, "started"))
		return "opened";
	if (js_bool(c, "eof_in"))
		return js_bool(c, "eof_out") ? "eof both" : "eof in";
	return js_bool(c, "eof_out") ? "eof out" : "open";
}

static void
channel_row(const struct js *c)
{
	printf("%-12s %4" PRIu64 " %-14s %-8s %7s %7s %7s %8s %8s %7s  %s %s\n", plain(js_str(c, "session")),
	    js_u64(c, "channel"), plain(js_str(c, "user")), channel_state(c), age(js_u64(c, "since")),
	    amount(js_u64(c, "bytes_in")), amount(js_u64(c, "bytes_out")), amount(js_u64(c, "window_in")),
	    amount(js_u64(c, "window_out")), amount(js_u64(c, "queued")), plain(js_str(c, "kind")),
	    plain(js_str(c, "what")));
}

void
table_channels(const struct js *a)
{
	const struct js *list = js_get(a, "channels");
	size_t i;

	printf("%-12s %4s %-14s %-8s %7s %7s %7s %8s %8s %7s  %s\n", "SESSION", "CHAN", "USER", "STATE",
	    "AGE", "IN", "OUT", "WINDOWIN", "WINDOWOUT", "QUEUED", "WHAT");
	for (i = 0; i < js_count(list); i++)
		channel_row(js_at(list, i));
	incomplete(a);
}
