/*
 * What plugins serve is gated here, outside of their hosts: by the configuration and by
 * the login's restrictions. A name without a row is allowed where it is served.
 */
#include "control/clerk/clerk.h"

#include "abi/link/grant.h"

static bool
tcp_local(const struct conf *c)
{
	return (c->allow_tcp & CONF_FORWARD_LOCAL) != 0;
}

static bool
tcp_remote(const struct conf *c)
{
	return (c->allow_tcp & CONF_FORWARD_REMOTE) != 0;
}

static bool
stream_local(const struct conf *c)
{
	return (c->allow_streamlocal & CONF_FORWARD_LOCAL) != 0;
}

static bool
stream_remote(const struct conf *c)
{
	return (c->allow_streamlocal & CONF_FORWARD_REMOTE) != 0;
}

static bool
agent(const struct conf *c)
{
	return c->allow_agent;
}

static bool
x11(const struct conf *c)
{
	return c->x11_forwarding;
}

static const struct {
	enum serves_kind kind;
	const char *name;
	uint32_t restriction; /* GRANT_NO_*: of a login that may not */
	bool (*allowed)(const struct conf *c);
} rows[] = {
	{ SERVES_OPEN, "direct-tcpip", GRANT_NO_FORWARD, tcp_local },
	{ SERVES_OPEN, "direct-streamlocal@openssh.com", GRANT_NO_FORWARD, stream_local },
	{ SERVES_GLOBAL, "tcpip-forward", GRANT_NO_FORWARD, tcp_remote },
	{ SERVES_GLOBAL, "cancel-tcpip-forward", GRANT_NO_FORWARD, tcp_remote },
	{ SERVES_GLOBAL, "streamlocal-forward@openssh.com", GRANT_NO_FORWARD, stream_remote },
	{ SERVES_GLOBAL, "cancel-streamlocal-forward@openssh.com", GRANT_NO_FORWARD, stream_remote },
	{ SERVES_REQUEST, "auth-agent-req@openssh.com", GRANT_NO_AGENT, agent },
	{ SERVES_REQUEST, "agent-req", GRANT_NO_AGENT, agent },
	{ SERVES_OPENS, "auth-agent@openssh.com", GRANT_NO_AGENT, agent },
	{ SERVES_OPENS, "agent-connect", GRANT_NO_AGENT, agent },
	{ SERVES_REQUEST, "x11-req", GRANT_NO_X11, x11 },
	{ SERVES_OPENS, "x11", GRANT_NO_X11, x11 },
	{ SERVES_OPENS, "forwarded-tcpip", GRANT_NO_FORWARD, tcp_remote },
	{ SERVES_OPENS, "forwarded-streamlocal@openssh.com", GRANT_NO_FORWARD, stream_remote },
};

bool
clerk_may(const struct clerk_env *env, const struct clerk_conn *c, enum serves_kind kind, struct view name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind == kind && view_is(name, rows[i].name))
			return !env->conf.disable_forwarding && (c->restrictions & rows[i].restriction) == 0 &&
			    rows[i].allowed(&env->conf);
	return true;
}
