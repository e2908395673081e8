/*
 * One SFTP session: bytes of the peer in, replies out. It knows neither a channel nor
 * a file system nor a thread: all are given.
 *
 *   session.c  packets from the stream, replies to it, what bounds them
 *   ops.c      which function a request has; look.c, names.c, copy.c: one for each
 *   job.c      requests that wait for files, done in tasks; order.c: which waits for which
 *   reply.c    packets toward the peer
 *
 * Bounds. Requests in flight (MaxRequests) and the bytes that they are charged with,
 * their replies included (MaxBuffered); one packet that is not complete; replies up to
 * SESSION_OUT_MARK and one more. While one of these is reached nothing is taken: what
 * the peer sends waits where it came from, within the window that it was given. A call
 * does a slice of work and returns.
 */
#ifndef SFTP_SESSION_H
#define SFTP_SESSION_H

#include "files.h"
#include "handles.h"
#include "job.h"
#include "options.h"
#include "request.h"

#define SESSION_OUT_MARK (256u * 1024u)
#define SESSION_REPLY_MAX (SFTP_PACKET_MAX + 4u)
#define SESSION_SLICE (1024u * 1024u) /* bytes moved in one call */
#define SESSION_REQUEST_COST 2048u    /* of a request that moves none */
#define SESSION_NAMES 100u            /* entries in a reply to READDIR */
#define SESSION_NAMES_BYTES 32768u
#define SESSION_AHEAD (1024u * 1024u) /* read-ahead of one handle */
#define SESSION_RETRY_MS 5u           /* when no task could be had */

struct session_io {
	/* Send: how many bytes were accepted; -1: nobody is there any more. */
	int64_t (*write)(void *ctx, const uint8_t *bytes, size_t len);
	/* One line. */
	void (*log)(void *ctx, enum sftp_log level, const char *text);
	/* Call session_work(first) on another thread, soon, not now, and when it has
	 * returned session_finished(s, first) on this one. -1: not at the moment. */
	int (*run)(void *ctx, struct job *first);
	/* Call session_tick after so many milliseconds, once. */
	void (*tick)(void *ctx, uint32_t milliseconds);
};

struct session {
	const struct files *files;
	void *files_ctx;
	const struct session_io *io;
	void *io_ctx;
	struct options options;
	char user[FILES_NAME_MAX];
	char home[PATH_MAX];
	char start[PATH_MAX]; /* where relative paths begin */
	struct handles handles;
	int64_t (*now)(void);    /* seconds, for the dates of READDIR */
	uint64_t (*clock)(void); /* milliseconds that never go back */
	atomic_int stop;         /* nobody waits for results any more */

	int said_init;
	int failed;        /* framing is lost: nothing more is read */
	char fail_text[128];
	int gone;          /* nobody takes replies any more */
	char full_text[64]; /* there are MaxHandles */
	int told_handles;  /* the log knows */
	int64_t slice;
	int ticking;       /* a call of session_tick is on its way */
	struct request request;
	struct job here;   /* the request that is looked at */

	struct job *first, *last;           /* jobs, in the order of arrival */
	struct job *done_first, *done_last; /* their replies wait for room */
	uint64_t requests; /* that have come */
	uint32_t count;    /* of both */
	size_t held;       /* bytes that they are charged with */
	uint32_t tasks;    /* running */

	uint8_t *in;       /* a packet that is not complete, with its length */
	size_t in_size;
	size_t in_have;
	uint8_t *out;
	size_t out_off;    /* sent */
	size_t out_len;
};

/* session_expand(to, from, user, home): %u, %d and %% of a directory that the operator
 * says. -1: too long. */
int session_expand(char to[PATH_MAX], const char *from, const char *user, const char *home);

/* session_init(s, files, ctx, io, ctx, options, user, home): 0; -1: paths too long. The
 * struct was zeroed. */
int session_init(struct session *s, const struct files *files, void *files_ctx, const struct session_io *io,
    void *io_ctx, const struct options *options, const char *user, const char *home);
void session_fini(struct session *s);

/* session_input(s, bytes, len): how many were taken. Fewer than all: a bound is
 * reached, or the slice is used up (session_wants). */
size_t session_input(struct session *s, const uint8_t *bytes, size_t len);

/* Would more be taken now? */
int session_wants(const struct session *s);

/* session_flush(s): send what waits. 1: nothing is left. */
int session_flush(struct session *s);
size_t session_unsent(const struct session *s);

/* session_work(first): what session_io.run is for; touches nothing but these jobs and
 * their files. [any thread] */
void session_work(struct job *first);

/* session_finished(s, first): it returned. */
void session_finished(struct session *s, struct job *first);

void session_tick(struct session *s);

/* session_end(s): nobody is there any more. What was taken and changes something is
 * still done, then what is open is closed; session_idle tells when session_fini may
 * be called. */
void session_end(struct session *s);
int session_idle(const struct session *s);

/* session_done(s): after the end of input, or a failure: all is answered and sent. */
int session_done(const struct session *s);

/* session_inside(s): the stream stopped in the middle of a packet. */
int session_inside(const struct session *s);

/* ---- within a session ---- */

/* reply.c: packets, in j->out. A reply is opened, written, closed. [any thread] */
void reply_open(struct job *j, enum fxp type);
void reply_close(struct job *j);
void reply_status(struct job *j, enum fx code, const char *text);
/* OK for 0, else by -errno. */
void reply_result(struct job *j, int r);
void reply_attrs(struct job *j, const struct stat *st);
void reply_name(struct job *j, const char *name);
void reply_version(struct session *s);
enum fx fx_of(int error);

/* ops.c. ops_start: the request in s->request, answered or made a job; ops_do: what it
 * does to files, and its reply [any thread]; ops_finish: what follows for the session. */
void ops_start(struct session *s);
void ops_do(struct job *j);
void ops_finish(struct job *j);

/* session_reply(s): what was written to s->here.out is sent. session_told: for the log. session_room: it has
 * somewhere to be written, whatever it is; -1: no memory. */
int session_room(struct session *s);
void session_reply(struct session *s);
void session_told(struct session *s, const struct job *j);

/* session_allows(s, op): by -p, -P; not read-only. */
int session_allows(const struct session *s, enum op op);
void session_fail(struct session *s, const char *text);
void session_log(struct session *s, enum sftp_log level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
