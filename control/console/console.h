/*
 * Console: the log lines of every role, the meter pages, and the socket that
 * posternctl speaks to. It knows nothing by itself: tables and actions are asked
 * of the supervisor, with the uid and groups that the kernel gives for the caller.
 *
 * The protocol is one JSON object a line in both directions:
 *	{"verb":"status"}  {"verb":"sessions","all":true}  {"verb":"channels"}
 *	{"verb":"workers"}  {"verb":"drops","all":true}  {"verb":"counters"}  {"verb":"limits"}
 *	{"verb":"tcp","which":"192.0.2.0/24","port":40000,"from":0,"count":1000}
 *	{"verb":"capture","op":"start","which":"3-17","seconds":10,"bytes":0,"packets":0,"snaplen":0}
 *	{"verb":"capture","op":"status"}  {"verb":"capture","op":"stop","which":"1"}
 *	{"verb":"kill","which":"3-17"}  {"verb":"rekey","which":"all"}  {"verb":"reload"}
 * answered by {"ok":true, ...} or {"ok":false,"error":"...", ...}. Behind the answer to
 * a capture's start follows the file; shutting its side down the client ends it.
 */
#ifndef POSTERN_CONTROL_CONSOLE_CONSOLE_H
#define POSTERN_CONTROL_CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/link/filter.h"
#include "abi/link/meter.h"
#include "control/conf.h"
#include "control/console/logline.h"
#include "control/console/lograte.h"
#include "control/console/throttle.h"
#include "control/json.h"
#include "control/loop.h"
#include "control/msg.h"

#define CONSOLE_CLIENTS_MAX 32
#define CONSOLE_REQUEST_MAX 4096u
#define CONSOLE_WORKERS_MAX 64
#define CONSOLE_GROUPS_MAX 256

enum client_want { WANT_NOTHING = 0, WANT_STATUS, WANT_SESSIONS, WANT_CHANNELS, WANT_TCP, WANT_PLUGINS, WANT_LIMITS, WANT_ACTION, WANT_CAPTURE };

struct console;
struct stream;

struct client {
	struct console *console;
	int fd; /* -1: free */
	uid_t uid;
	gid_t group[CONSOLE_GROUPS_MAX]; /* the first is its own, the others beside it */
	uint32_t group_count;
	uint32_t tag; /* of the request that is with the supervisor */
	enum client_want want;
	bool all; /* connections before login too */
	uint32_t from; /* where the page of connections begins */
	struct stream *stream; /* its capture, or NULL: capture.c has the socket */
	int deadline;
	char in[CONSOLE_REQUEST_MAX];
	size_t in_len;
	char *out; /* the answer, what is left of it from out_at */
	size_t out_len;
	size_t out_at;
};

struct console {
	struct loop *loop;
	struct conf conf;
	int log_in;  /* datagrams of the roles */
	int log_out; /* the log file or standard error */
	struct logline_names names;
	struct lograte rate;
	uint64_t lines;
	int listener;
	gid_t operators; /* of ControlGroup; 0: there is none */
	uint32_t next_tag;
	struct client client[CONSOLE_CLIENTS_MAX];
	const struct meter *meter[CONSOLE_WORKERS_MAX];
	uint32_t captures; /* so far: their numbers */
	struct throttle throttled[2]; /* MaxStartups, PerSourceMaxStartups */
};

/* logs.c */
void logs_drain(struct console *c); /* at the end: what is still there */
int logs_start(struct console *c);

/* clients.c */
int clients_listen(struct console *c); /* before the sandbox */
int clients_start(struct console *c);
/* clients_answer(c, tag, value): the value becomes the client's answer; takes it. */
void clients_answer(struct console *c, struct client *cl, struct js *value);
void clients_error(struct console *c, struct client *cl, const char *text);
struct client *clients_by_tag(struct console *c, uint32_t tag);
void client_close(struct client *cl);
/* For who has the client's socket: what is waited for there, and that it may take its
 * time. */
void clients_watch(struct client *cl, unsigned events);
void clients_patient(struct client *cl);

/* requests.c: from a line to the supervisor and back */
void request_take(struct console *c, struct client *cl, const char *line, size_t len);
void request_status_is(struct console *c, struct msg *m);
void request_action_done(struct console *c, struct msg *m);

/* meters.c */
void meters_take(struct console *c, struct msg *m);
struct js *meters_table(const struct console *c);
struct js *meters_cycles(const struct console *c);
/* by reason, all workers; those that never happened only with `all` */
struct js *meters_drops(const struct console *c, bool all);
/* explain.c: a line of what a reason means and what to do about it; "" when unknown */
const char *reason_explained(int reason);
struct js *meters_counters(const struct console *c);
struct js *meters_limits(const struct console *c);
uint64_t meters_dropped(const struct console *c, int reason); /* of all workers */
/* meters_watch: refusals by MaxStartups are logged from now on. */
int meters_watch(struct console *c);
/* limits.c: those of the control plane, by the supervisor's table */
struct js *limits_control(const struct js *status);

/* lists.c: rows is what the dataplane said, or empty */
void lists_sessions(struct js *table, struct view rows, bool all);
struct js *lists_channels(const struct js *table, struct view rows);

/* lists_tcp.c: a page of connections (abi/link/rows.h). The answer's "next", where
 * there is one, is the "from" of the next request. */
bool lists_tcp_ask(const struct js *request, struct put *page); /* false: makes no sense */
void lists_tcp(const struct console *c, struct js *answer, struct view rows, uint32_t from);

/* capture.c: the answer's line, then the file (pcapng) until the end */
void capture_request(struct console *c, struct client *cl, const struct js *request);
/* trace on: like a capture, but what is streamed is a line for each record. */
void trace_request(struct console *c, struct client *cl, const struct js *request);
void capture_is(struct console *c, struct msg *m);
void capture_event(struct client *cl, unsigned events);
void capture_free(struct client *cl);

/* which.c: "which" and "port" of a request; false: neither id nor address. */
bool which_read(const struct js *request, struct link_filter *f);

#endif
