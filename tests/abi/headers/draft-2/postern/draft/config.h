/*
 * postern.config/1, offered by the host. May be used from create on.
 */
#ifndef POSTERN_DRAFT_CONFIG_H
#define POSTERN_DRAFT_CONFIG_H

#include "../host.h"

#define POSTERN_IF_CONFIG "postern.config/1"

struct postern_if_config {
	/* The plugin's own configuration text, as the operator wrote it, and behind
	 * it "Subsystem NAME ARGUMENTS" for each subsystem that is configured to be
	 * this plugin with arguments; empty when there is none of both. Valid until
	 * destroy. [plugin-thread] */
	struct postern_view (*text)(const struct postern_host *host);

	/* The name under which this plugin was configured. Valid until destroy.
	 * [plugin-thread] */
	struct postern_view (*name)(const struct postern_host *host);
};

#endif
