/*
 * One function per public struct, so that abidw sees them: interfaces are handed
 * out as untyped pointers, and what no exported symbol reaches it leaves out.
 */
#include <postern/postern.h>
#include <postern/draft/channel.h>
#include <postern/draft/config.h>
#include <postern/draft/connection.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/requests.h>
#include <postern/draft/session.h>
#include <postern/draft/spawn.h>
#include <postern/draft/subsystem.h>

#define WITNESS(type) \
	POSTERN_EXPORT uint64_t witness_##type(const struct type *p); \
	uint64_t witness_##type(const struct type *p) \
	{ \
		return (uint64_t)sizeof(*p); \
	}

WITNESS(postern_view)
WITNESS(postern_host)
WITNESS(postern_plugin)
WITNESS(postern_entry)
WITNESS(postern_channel)
WITNESS(postern_if_channel)
WITNESS(postern_connection)
WITNESS(postern_open)
WITNESS(postern_if_connection)
WITNESS(postern_answers)
WITNESS(postern_if_requests)
WITNESS(postern_serves)
WITNESS(postern_window)
WITNESS(postern_variable)
WITNESS(postern_start)
WITNESS(postern_if_subsystem)
WITNESS(postern_spawn)
WITNESS(postern_if_spawn)
WITNESS(postern_if_loop)
WITNESS(postern_if_log)
WITNESS(postern_if_session)
WITNESS(postern_if_config)
