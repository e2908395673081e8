/*
 * posternctl: what an operator asks of a running postern.
 *
 * Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 nobody answers at
 * the socket.
 */
#ifndef POSTERN_TOOLS_POSTERNCTL_H
#define POSTERN_TOOLS_POSTERNCTL_H

#include <stdbool.h>
#include <stdint.h>

#include "control/json.h"

#define CTL_DONE 0
#define CTL_FAILED 1
#define CTL_USAGE 2
#define CTL_NOBODY 3

/* ask.c: send one request, wait for its answer. NULL after a line on stderr. */
struct js *ask(const char *socket_path, const struct js *request);

/* capture.c: the file behind the answer goes to `file`, which is made by the caller's
 * own rights, or to standard output (NULL or "-"), until the end, or until the user
 * interrupts. CTL_*. */
int capture_run(const char *socket_path, const struct js *request, const char *file);

/* The same for what comes in lines: each is handed on, without its end. */
int lines_run(const char *socket_path, const struct js *request, void (*line)(const char *text));

/* trace.c: prints a record of a trace. */
void trace_print(const char *text);

/* ask.c: connect, send a request, and read its answer's line alone; what follows is
 * still in the socket. -1 and NULL after a line on stderr. */
int ask_open(const char *socket_path, const struct js *request, struct js **answer);

/* Tables for people. */
void table_status(const struct js *answer);
void table_sessions(const struct js *answer);
void table_channels(const struct js *answer);
/* a page; its head is printed once */
void table_tcp_head(void);
void table_tcp(const struct js *answer);
void table_plugins(const struct js *answer);
void table_captures(const struct js *answer);
void table_limits(const struct js *answer);
/* since the answer before, which is so many seconds old, or since the start (NULL) */
void table_workers(const struct js *answer, const struct js *before, double seconds);

/* What is counted, by name: the list and its rows' key, and whether names that did
 * not occur are shown, and what they mean. */
struct count_view {
	const char *list;
	const char *name;
	bool all;
	bool explain;
	double seconds; /* between `before` and `answer`; 0: since the start */
};
void table_counts(const struct js *answer, const struct js *before, const struct count_view *v);

/* text.c: what is printed. The text lives until a few more calls. */
/* Nothing that a peer chose may reach the terminal as a control character. */
const char *plain(const char *text);
const char *span(uint64_t seconds);
const char *age(uint64_t since); /* unix time */
const char *amount(uint64_t n);  /* three digits and a letter */

#endif
