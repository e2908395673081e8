/*
 * What the supervisor remembers of a plugin, beyond the life of its hosts: how many
 * were started, how they ended, and when the next one of a service may start.
 */
#ifndef POSTERN_CONTROL_SUPERVISOR_PLUGS_H
#define POSTERN_CONTROL_SUPERVISOR_PLUGS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/plugconf.h"
#include "control/supervisor/backoff.h"
#include "control/supervisor/plugin.h"

struct sup;
struct js;
struct host;

enum cause {
	CAUSE_NONE = 0,
#define CAUSE(NAME, name, text) CAUSE_##NAME,
#include "control/supervisor/cause.def"
#undef CAUSE
	CAUSE_COUNT
};

struct plug {
	struct plug *next;
	char id[PLUGIN_ID_MAX];
	struct plugconf conf; /* of its last start */
	uint64_t starts;
	uint64_t ends[CAUSE_COUNT];
	uint64_t refused; /* starts, while it had to wait */
	uint64_t reloads;
	char last[192];   /* how its last host ended that should not have */
	uint64_t last_ms; /* unix time */
	struct counters counters; /* of hosts that have ended */
	struct backoff backoff;
};

/* plug_get(s, id): its row, made at the first call; NULL: out of memory. Rows are as
 * many as plugins that are there, and stay. */
struct plug *plug_get(struct sup *s, const char *id);

/* plug_ended(s, h, cause, detail): a host ended, or is being ended, for a cause: told
 * in the log, counted, and a service's next start waits. Once for each host. */
void plug_ended(struct sup *s, struct host *h, enum cause cause, const char *detail);

/* plugs_table(s): all of them for console. */
struct js *plugs_table(struct sup *s);

#endif
