/*
 * What this process may take (plugconf.h), set before the plugin is loaded. Hard
 * limits: it cannot raise them again. The login leader forks a user's programs, so
 * none of it reaches them.
 */
#ifndef POSTERN_CONTROL_HOST_LIMITS_H
#define POSTERN_CONTROL_HOST_LIMITS_H

#include <stdint.h>

#include "control/plugconf.h"

/* limits_set(conf, links): with links made and as many of the workers' to be mapped.
 * 0 or -errno. */
int limits_set(const struct plugconf *conf, uint32_t links);

#endif
