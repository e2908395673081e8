/*
 * Shell and exec as the logged-in user; a command line that the configuration
 * puts behind a subsystem's name comes as exec too.
 *
 *   exec.c     the plugin, and what the host calls
 *   launch.c   terminal and program: asked for, waited for
 *   output.c   from the program to the peer
 *   session.c  input, and how a session ends
 *   modes.c    encoded terminal modes
 *   signals.c  signal names
 *
 * Nothing is stored without bound in either direction: input is taken when the
 * program takes it; output is read when the peer has room for it.
 */
#ifndef EXEC_H
#define EXEC_H

#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/session.h>
#include <postern/draft/spawn.h>
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

#define EXEC_CHUNK 32768u
#define EXEC_QUIET_MS 50u /* a terminal without its program that says nothing so long is done */

struct exec {
	struct postern_plugin plugin;
	const struct postern_host *host;
	const struct postern_if_channel *channels;
	const struct postern_if_session *sessions;
	const struct postern_if_loop *loop;
	const struct postern_if_spawn *spawn;
	char buf[EXEC_CHUNK];
};

/* What to start, kept until it runs. */
struct plan {
	char *command;          /* NULL: a shell */
	int subsystem;          /* the command serves one */
	char *shell;
	char **variables;       /* "NAME=value", NULL at the end */
	uint64_t variable_count;
	char *modes;
	uint64_t modes_len;
	struct postern_window window;
};

/* One way out of the program. */
struct output {
	int fd;                 /* -1: ended */
	uint32_t stream;
	int drained;            /* nothing was left when last looked at */
};

struct session {
	struct exec *exec;
	struct postern_channel channel;
	uint64_t token;         /* of the start, until it is answered */
	uint64_t ask;           /* terminal or child */
	struct plan *plan;
	int terminal;           /* it has one: in and out[0] are its master */
	int in;                 /* -1: takes no more */
	int in_blocked;         /* the program does not read now */
	struct output out[2];   /* data, stderr */
	int paused;             /* the peer has no room */
	char *held;             /* read and not accepted: at most a chunk */
	uint64_t held_len;
	uint64_t held_off;
	uint32_t held_stream;
	int exited;
	uint32_t status;
	uint32_t signal;
	uint32_t core;
	int status_sent;
	int eof_sent;
	int closing;
	int hung_up;            /* the peer closed: only the status is left to say */
	uint64_t quiet;         /* timer, 0: none */
};

/* launch.c */
struct plan *plan_new(struct session *s, const struct postern_start *start);
void plan_free(struct plan *p);
int32_t launch(struct session *s);

/* output.c */

/* output_pump(s, o): read and pass on, until there is nothing or no room. */
void output_pump(struct session *s, struct output *o);
void output_close(struct session *s, struct output *o);
void output_resume(struct session *s);

/* session.c */

/* session_watch(s): ask the loop for what the session waits for now. */
void session_watch(struct session *s);
int32_t session_input(struct session *s, struct postern_view bytes, uint64_t *took);
void session_input_end(struct session *s);

/* session_hangup(s): nobody listens: the program learns it from its pipes or its
 * terminal; its status is sent when it ends. */
void session_hangup(struct session *s);
void session_exited(struct session *s, uint32_t status, uint32_t signal, uint32_t core);

/* session_check(s): say what has become due: status, end of data, close. */
void session_check(struct session *s);
void session_free(struct session *s);

#endif
