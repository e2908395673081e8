/*
 * The configuration as a role gets it: MSG_CONF with the effective settings as
 * text in a sealed memory file. The supervisor sends it first of all.
 */
#ifndef POSTERN_CONTROL_CONFMSG_H
#define POSTERN_CONTROL_CONFMSG_H

#include "control/conf.h"
#include "control/msg.h"

/* confmsg_read(c, m): m is a CONF; its descriptor stays m's. 0, or -1 after a
 * log line: *c is then unchanged. Sets the log level too. Works in any role's
 * sandbox. */
int confmsg_read(struct conf *c, const struct msg *m);

/* confmsg_wait(c, fd): block until the first message on fd, which must be CONF.
 * 0, or -1 after a log line. For a role's start. */
int confmsg_wait(struct conf *c, int fd);

#endif
