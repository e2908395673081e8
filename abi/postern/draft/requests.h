/*
 * postern.requests/1, offered by the plugin: requests of a connection's peer that
 * are no channel's own.
 *
 * Global requests (RFC 4254 section 4, "tcpip-forward"), and requests on a session
 * channel before its program starts that are another plugin's affair than the
 * program's ("x11-req", "auth-agent-req@openssh.com"). The host calls `request` for
 * those whose rows the plugin has and its NAME.conf lists.
 *
 * The peer gets the replies in the order of its requests, whatever the order of the
 * answers. On a session channel nothing starts before the answer.
 *
 * All methods are [plugin-thread]. Those marked optional may be NULL.
 */
#ifndef POSTERN_DRAFT_REQUESTS_H
#define POSTERN_DRAFT_REQUESTS_H

#include "connection.h"
#include "../plugin.h"

#define POSTERN_IF_REQUESTS "postern.requests/1"

#define POSTERN_REQUEST_GLOBAL 1u
#define POSTERN_REQUEST_SESSION 2u

/* One row of what a plugin answers. */
struct postern_answers {
	uint32_t kind;             /* POSTERN_REQUEST_* */
	uint32_t reserved;         /* 0 */
	struct postern_view name;  /* verbatim, no wildcard */
};

struct postern_if_requests {
	const struct postern_answers *answers; /* valid until destroy */
	uint64_t answers_count;

	/*
	 * A request. `session` names the session channel that it came on, 0 for a
	 * global one; it is never used again while the connection lives. `token` is
	 * never 0. `wanted` is 0 when the peer wants no reply: the answer is given all
	 * the same, and decides what happens next. Views are valid until this returns.
	 * POSTERN_OK answers success; POSTERN_E_AGAIN: reply() comes later; any other
	 * code answers failure. What is not answered in the operator's time (30 seconds,
	 * "PluginAnswerTime") is answered with failure for the plugin; what it says later
	 * reaches nobody.
	 */
	int32_t (*request)(struct postern_plugin *plugin, struct postern_connection connection,
	    uint64_t session, uint64_t token, uint32_t kind, uint32_t wanted,
	    struct postern_view name, struct postern_view body);

	/* A session channel is gone on which the plugin was asked something. What it
	 * still owes there is answered with failure. Optional. */
	void (*session_ended)(struct postern_plugin *plugin, struct postern_connection connection,
	    uint64_t session);

	/* The connection is gone; its handle is invalid when this returns. Channels on
	 * it were closed before. Optional. */
	void (*connection_ended)(struct postern_plugin *plugin, struct postern_connection connection);
};

#endif
