/*
 * What the supervisor knows of a plugin without loading it.
 *
 * A plugin is <plugin_dir>/<id>.so. Beside it may stand <plugin_dir>/<id>.conf: who
 * its host runs as and in which sandbox (plugconf.h).
 *
 *   RunAs service: acts for nobody. One host for all connections, under the account
 *            _postern-<id> where there is one, else _postern-host.
 *   RunAs user:    acts for the login. One host per login, as the grant's user,
 *            started by the login's leader.
 *
 * The whole text goes to the plugin with HOST_CONF
 * ("str plugin config"). An id is letters, digits, '-', '_' and inner dots: it
 * never names another folder. Both files must belong to root (or to the account
 * that this process runs as) and be writable by nobody else, or the plugin does not
 * exist.
 */
#ifndef POSTERN_CONTROL_SUPERVISOR_PLUGIN_H
#define POSTERN_CONTROL_SUPERVISOR_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "control/conf.h"
#include "control/counters.h"
#include "control/plugconf.h"

#define PLUGIN_ID_MAX 64
#define PLUGIN_CONFIG_MAX 8192

struct plugin {
	char id[PLUGIN_ID_MAX];
	char file[512];
	char config[PLUGIN_CONFIG_MAX];
	bool user; /* RunAs user */
	uid_t uid; /* service: identity to take */
	gid_t gid;
	struct plugconf limits;
	struct counters counters; /* their names */
};

/* plugin_find(p, dir, id, len, why): 0, or -1 and *why says what is wrong. */
int plugin_find(struct plugin *p, const char *dir, const char *id, size_t len, const char **why);

/* plugin_trial_account(p, why): of a user's plugin too, uid and gid of an account that it
 * may be tried as. */
int plugin_trial_account(struct plugin *p, const char **why);

/* plugin_arguments(p, conf): put "Subsystem NAME ARGUMENTS" behind its text for
 * each subsystem that is this plugin with arguments. -1: no room for them. */
int plugin_arguments(struct plugin *p, const struct conf *conf);

/* plugin_keywords(p, text): put those lines of the configuration in effect behind its
 * text whose keywords its rows name ("Keyword NAME", serves.h). -1: no room. */
int plugin_keywords(struct plugin *p, const char *text);

#endif
