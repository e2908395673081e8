/*
 * X11 forwarding (RFC 4254 section 6.3): a display of the user's on this machine, whose
 * connections become channels to the X server of the peer.
 *
 *   x11.c      the plugin: requests, channels
 *   display.c  the sockets of a display, and the connections to it
 *   xauth.c    xauth, run as the user: the cookie that programs here say
 *
 * A session that asks gets a display of its own. It ends with the session; connections
 * that are open then go on, as sshd's do.
 */
#ifndef X11_H
#define X11_H

#include <postern/draft/config.h>
#include <postern/draft/connection.h>
#include <postern/draft/log.h>
#include <postern/draft/requests.h>
#include <postern/draft/spawn.h>
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

#include "../relay/relay.h"

#define X11_PORT 6000u       /* of display 0 */
#define X11_TRIES 1000u      /* displays that are tried */
#define X11_WORD_MAX 256u    /* authentication protocol, and cookie */
#define X11_CLIENTS_MAX 256u /* connections of one display at one time */
#define X11_XAUTH_MS 20000u  /* so long the session waits for xauth */

struct x11 {
	struct postern_plugin plugin;
	struct relay_env env;
	const struct postern_if_connection *connections;
	const struct postern_if_spawn *spawn;
	const struct postern_if_log *log;
	uint32_t offset;             /* X11DisplayOffset */
	int localhost;               /* X11UseLocalhost */
	char xauth[256];             /* XAuthLocation; "": none */
	struct display *displays;
};

struct display {
	struct display *next;
	struct x11 *x11;
	struct postern_connection connection;
	uint64_t session;
	uint64_t token;              /* of the request, until it is answered */
	int in;                      /* xauth.c: while it is open, xauth has the cookie */
	int out;                     /* -1: it was said, or nobody says it */
	uint64_t timer;              /* for it; 0: none */
	uint32_t refs;               /* itself, its connections, what keeps its cookie */
	uint32_t clients;
	uint32_t number;
	uint32_t screen;
	int single;                  /* one connection is all */
	int fds[2];                  /* -1: not listening */
	char protocol[X11_WORD_MAX + 1];
	char cookie[X11_WORD_MAX + 1];
	char name[300];              /* DISPLAY */
	char auth_name[300];         /* the same, as xauth has it */
};

/* display.c */

/* display_listen(d): the first display that is free. 0, or -1. */
int display_listen(struct display *d);
void display_close(struct display *d);
void display_release(struct display *d); /* one reference less */

extern const struct postern_if_subsystem x11_channels;

/* xauth.c */

/* xauth_begin(d): forget what is stored for this display, and store its cookie. The
 * request is answered when that is done. POSTERN_E_*. xauth_end: forget it again. */
int32_t xauth_begin(struct display *d);
void xauth_end(struct display *d);

/* x11.c */
void x11_answer(struct display *d, int success);
void x11_say(struct x11 *x, uint32_t level, const char *text);

#endif
