/*
 * Jobs: requests on their way. What answers at once is done where it arrives; anything
 * else is a job of its session until its reply is written, and its files are touched
 * in a task, off the session's thread.
 *
 * Order (draft-ietf-secsh-filexfer-02 section 6.1): results are as if requests were
 * done one after the other, as OpenSSH's server does them. So a job waits for each
 * earlier one that could change what it sees, or see what it changes (order.c); what
 * cannot, runs beside it, and replies leave as they are ready.
 *
 * Which file a name leads to is not known before it is looked up, so a change by name
 * is taken to concern everything. But nobody waits long behind a file system that
 * hangs: a job that is not done after JOB_LATE_MS holds up only requests on the same
 * file or directory, as far as their names tell.
 *
 * Who may touch what: a job that runs, its reply and (unless a method below says
 * otherwise) the file behind its handles belong to its task; everything else belongs
 * to the session's thread. A task reads of the session only what session_init set.
 */
#ifndef SFTP_JOB_H
#define SFTP_JOB_H

#include <stdatomic.h>

#include "handles.h"
#include "request.h"

#define JOB_LATE_MS 50u
#define JOB_BUNDLE 16u                   /* jobs in one task */
#define JOB_BUNDLE_BYTES (512u * 1024u)
#define JOB_TASKS 16u                    /* of one session at a time */

struct session;

/* What requests see and change. */
#define FACT_NAMES 0x1u    /* which names there are */
#define FACT_ATTRS 0x2u    /* owner, mode */
#define FACT_CONTENT 0x4u  /* bytes, size, times */
#define FACT_HANDLE 0x8u   /* the handle itself: open, its position */

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE };

/* Of a job that must not wait: it would have had to; it always has to. */
enum job_again { JOB_NOT_AGAIN, JOB_AGAIN, JOB_NEVER };

struct job {
	struct session *s;
	struct job *next; /* in the order of arrival; of those that are done, of their end */
	struct job *prev;
	struct job *rest; /* of the same task, in order */
	enum job_state state;
	uint64_t since;   /* when it arrived, milliseconds */
	uint32_t blockers; /* earlier jobs that it waits for */
	uint32_t sees;    /* FACT_* */
	uint32_t changes;
	int late;
	int unhandled;    /* it needs a handle that is not free yet */
	int silent;       /* nobody asked for it: no reply */
	size_t held;      /* bytes that it is charged with */
	uint8_t *packet;  /* what `bytes` points into, where it was taken over */

	/* the request */
	uint32_t id;
	enum op op;
	const char *path[REQUEST_TEXTS]; /* absolute, or the text as it came */
	struct handle *h[2];
	uint32_t u32;
	uint64_t u64[3];
	struct text bytes[2];
	struct attrs attrs;
	uint64_t ahead_off; /* read-ahead to ask for; 0 bytes: none */
	uint32_t ahead_len;
	int wait;           /* 0: only what is in memory */

	/* its result */
	struct out out;     /* the reply */
	enum job_again again;
	enum fx code;       /* of a STATUS */
	const char *why;    /* its text */
	uint64_t moved;     /* bytes */
	int fd;             /* of OPEN, OPENDIR */
	void *dir;
	struct stat st;
	enum files_wait file_wait;
};

/* job_room(j): the bytes that its reply may have. */
size_t job_room(const struct job *j);

/* job_add(s, j): `j`, whose texts and bytes are borrowed, as a job of the session, to
 * be run by jobs_run. -1: no memory. */
int job_add(struct session *s, const struct job *j);

/* job_result(j, r): as reply_result; but what must not wait, and would have had to, is
 * to be done again. [any thread] */
void job_result(struct job *j, int r);

/* jobs_free_of(s, j): 1: nothing that is not done stands in the way of `j`. */
int jobs_free_of(const struct session *s, const struct job *j);

/* jobs_run(s): begin what can begin. */
void jobs_run(struct session *s);

/* jobs_late(s): look for those that take long. */
void jobs_late(struct session *s);

/* jobs_reply(s): the replies of those that are done, as far as there is room. */
void jobs_reply(struct session *s);

/* jobs_drop(s): free those that wait and those that are done. */
void jobs_drop(struct session *s);

/* order.c: what the request sees and changes; must `later` wait for `earlier`? */
void order_set(struct job *j);
int order_waits(const struct job *later, const struct job *earlier);

#endif
