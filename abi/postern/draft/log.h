/*
 * postern.log/1, offered by the host. May be used from create on.
 */
#ifndef POSTERN_DRAFT_LOG_H
#define POSTERN_DRAFT_LOG_H

#include "channel.h"

#define POSTERN_IF_LOG "postern.log/1"

#define POSTERN_LOG_ERROR 3u
#define POSTERN_LOG_WARN 4u
#define POSTERN_LOG_INFO 6u
#define POSTERN_LOG_DEBUG 7u

struct postern_if_log {
	/*
	 * One line, without a newline; what cannot be written at once is dropped
	 * and counted. The host puts plugin and, on the plugin thread, channel
	 * (handle 0: none) with its label in front, and escapes what does not print. Never put a secret in it. [any-thread]
	 */
	void (*line)(const struct postern_host *host, uint32_t level,
	    struct postern_channel channel, struct postern_view text);
};

#endif
