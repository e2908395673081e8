/*
 * One SFTP session: bytes of the peer in, replies out. It knows neither a channel nor
 * a file system: both are given.
 *
 *   session.c  packets from the stream, replies to it, what bounds them
 *   ops.c      which function a request has; look.c, names.c: one for each
 *   copy.c     copy-data, which goes on over many turns
 *   reply.c    packets toward the peer
 *
 * Bounds. Requests are answered in order, and one at a time: what a peer pipelines
 * waits where it came from, within the window that it was given. Here are at most one
 * packet that is not complete, and replies up to SESSION_OUT_MARK and one more; while
 * so much could not be sent nothing is taken. A call does a slice of work and returns.
 */
#ifndef SFTP_SESSION_H
#define SFTP_SESSION_H

#include "files.h"
#include "handles.h"
#include "options.h"
#include "request.h"

#define SESSION_OUT_MARK (256u * 1024u)
#define SESSION_REPLY_MAX (SFTP_PACKET_MAX + 4u)
#define SESSION_SLICE (1024u * 1024u) /* bytes moved in one call */
#define SESSION_REQUEST_COST 2048u    /* of a request that moves none */
#define SESSION_SLOW_COST (128u * 1024u) /* of one that looks at many files or at the disk */
#define SESSION_NAMES 100u            /* entries in a reply to READDIR */
#define SESSION_NAMES_BYTES 32768u

struct session_io {
	/* Send: how many bytes were accepted; -1: nobody is there any more. */
	int64_t (*write)(void *ctx, const uint8_t *bytes, size_t len);
	/* One line. */
	void (*log)(void *ctx, enum sftp_log level, const char *text);
	/* Call session_go soon, not now. */
	void (*later)(void *ctx);
};

/* copy-data in progress. */
struct copy {
	int active;
	uint32_t id;
	struct handle *from;
	struct handle *to;
	uint64_t from_off;
	uint64_t to_off;
	uint64_t left;
	int to_end; /* as far as there is something */
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
	int64_t (*now)(void); /* seconds, for the dates of READDIR */

	int said_init;
	int failed;        /* framing is lost: nothing more is read */
	char fail_text[128];
	int gone;          /* nobody takes replies any more */
	int told_handles;  /* the log knows that MaxHandles was reached */
	int64_t slice;
	struct copy copy;
	struct request request;

	uint8_t *in;       /* a packet that is not complete, with its length */
	size_t in_size;
	size_t in_have;
	uint8_t *out;
	size_t out_off;    /* sent */
	size_t out_len;
};

/* session_init(s, files, ctx, io, ctx, options, user, home): 0; -1: paths too long. The
 * struct was zeroed. */
int session_init(struct session *s, const struct files *files, void *files_ctx, const struct session_io *io,
    void *io_ctx, const struct options *options, const char *user, const char *home);
void session_fini(struct session *s);

/* session_input(s, bytes, len): how many were taken. Fewer than all: replies are
 * waiting, a copy goes on, or the slice is used up (session_wants). */
size_t session_input(struct session *s, const uint8_t *bytes, size_t len);

/* Would more be taken now? */
int session_wants(const struct session *s);

/* session_flush(s): send what waits. 1: nothing is left. */
int session_flush(struct session *s);
size_t session_unsent(const struct session *s);

/* session_go(s): the next slice of a copy. */
void session_go(struct session *s);

/* session_done(s): after the end of input, or a failure: all is sent and nothing goes
 * on. */
int session_done(const struct session *s);

/* session_inside(s): the stream stopped in the middle of a packet. */
int session_inside(const struct session *s);

/* ---- within a session ---- */

/* reply.c: packets. A reply is opened, written through the returned struct, closed. */
void reply_open(struct session *s, struct out *o, enum fxp type, uint32_t id);
void reply_close(struct session *s, struct out *o);
void reply_status(struct session *s, uint32_t id, enum fx code, const char *text);
/* OK for 0, else by -errno. */
void reply_result(struct session *s, uint32_t id, int r);
void reply_attrs(struct session *s, uint32_t id, const struct stat *st);
void reply_name(struct session *s, uint32_t id, const char *name);
void reply_version(struct session *s);
enum fx fx_of(int error);

/* ops.c */
void ops_run(struct session *s, const struct request *r);

/* session_allows(s, op): by -p, -P; not read-only. */
int session_allows(const struct session *s, enum op op);
void session_fail(struct session *s, const char *text);
void session_log(struct session *s, enum sftp_log level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* copy.c */
void copy_start(struct session *s, const struct request *r);
void copy_go(struct session *s);

#endif
