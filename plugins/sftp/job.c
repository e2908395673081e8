#include "session.h"

#include <errno.h>
#include <stdlib.h>

#define REPLY_SMALL 512u /* a STATUS, attributes, numbers */
#define LOOK_FOR_MORE 64u /* jobs that are looked at for one bundle */

size_t
job_room(const struct job *j)
{
	size_t data;

	switch (j->op) {
	case OP_READ:
		data = (j->u32 < SFTP_DATA_MAX ? j->u32 : SFTP_DATA_MAX) + 16;
		return data > REPLY_SMALL ? data : REPLY_SMALL;
	case OP_READDIR:
		return SESSION_NAMES_BYTES + 2048;
	case OP_READLINK:
	case OP_REALPATH:
	case OP_EXPAND_PATH:
	case OP_HOME_DIRECTORY:
		return 2 * PATH_MAX + 64;
	case OP_USERS_GROUPS:
		return SESSION_REPLY_MAX;
	default:
		return REPLY_SMALL;
	}
}

/* ---- in and out of the list ---- */

static void
free_job(struct session *s, struct job *j)
{
	s->count--;
	s->held -= j->held;
	free(j->packet);
	free(j->out.buf);
	free(j);
}

static void
append(struct session *s, struct job *j)
{
	const struct job *e;

	for (e = s->first; e != NULL; e = e->next)
		if (order_waits(j, e)) {
			j->blockers++;
			j->late |= e->late;
		}
	j->prev = s->last;
	if (s->last != NULL)
		s->last->next = j;
	else
		s->first = j;
	s->last = j;
	s->count++;
	s->held += j->held;
}

static void
take_out(struct session *s, struct job *j)
{
	struct job *l;

	for (l = j->next; l != NULL; l = l->next)
		l->blockers -= order_waits(l, j) != 0;
	if (j->prev != NULL)
		j->prev->next = j->next;
	else
		s->first = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	else
		s->last = j->prev;
	j->next = j->prev = NULL;
}

static const char *
keep_text(char **to, const char *text)
{
	size_t size = text != NULL ? strlen(text) + 1 : 0;
	const char *kept = text != NULL ? memcpy(*to, text, size) : NULL;

	*to += size;
	return kept;
}

static void
keep_bytes(char **to, struct text *t)
{
	if (t->len > 0)
		memcpy(*to, t->data, t->len);
	t->data = (const uint8_t *)*to;
	*to += t->len;
}

/* The packet that was gathered becomes the job's; what came whole is copied. */
static int
owns_packet(const struct session *s, const struct job *j)
{
	return s->in != NULL && j->bytes[0].data >= s->in && j->bytes[0].data < s->in + s->in_size;
}

int
job_add(struct session *s, const struct job *from)
{
	int i, take = owns_packet(s, from);
	size_t size = sizeof(*from);
	struct job *j;
	char *at;

	for (i = 0; i < REQUEST_TEXTS; i++)
		size += from->path[i] != NULL ? strlen(from->path[i]) + 1 : 0;
	if (!take)
		size += (size_t)from->bytes[0].len + from->bytes[1].len;
	j = malloc(size);
	if (j == NULL)
		return -1;
	*j = *from;
	at = (char *)(j + 1);
	for (i = 0; i < REQUEST_TEXTS; i++)
		j->path[i] = keep_text(&at, from->path[i]);
	j->held = size + job_room(j);
	if (take) {
		j->packet = s->in;
		j->held += s->in_size;
		s->in = NULL;
		s->in_size = 0;
	} else {
		keep_bytes(&at, &j->bytes[0]);
		keep_bytes(&at, &j->bytes[1]);
	}
	j->out = (struct out){ 0 };
	j->state = JOB_WAITS;
	j->since = s->clock();
	append(s, j);
	return 0;
}

void
job_result(struct job *j, int r)
{
	if (!j->wait && r == -EAGAIN)
		j->again = JOB_AGAIN;
	else
		reply_result(j, r);
}

int
jobs_free_of(const struct session *s, const struct job *j)
{
	const struct job *e;

	for (e = s->first; e != NULL; e = e->next)
		if (order_waits(j, e))
			return 0;
	return 1;
}

/* ---- at the end ---- */

static void
done(struct session *s, struct job *j)
{
	take_out(s, j);
	session_told(s, j);
	ops_finish(j);
	if (s->gone || j->silent) {
		free_job(s, j);
		return;
	}
	j->state = JOB_DONE;
	if (s->done_last != NULL)
		s->done_last->next = j;
	else
		s->done_first = j;
	s->done_last = j;
}

void
jobs_reply(struct session *s)
{
	struct job *j;

	while ((j = s->done_first) != NULL) {
		if (!s->gone) {
			if (session_unsent(s) >= SESSION_OUT_MARK || session_room(s) != 0)
				return;
			memcpy(s->out + s->out_len, j->out.buf, j->out.len);
			s->out_len += j->out.len;
		}
		s->done_first = j->next;
		if (s->done_first == NULL)
			s->done_last = NULL;
		free_job(s, j);
	}
}

void
jobs_drop(struct session *s)
{
	struct job *j;

	s->gone = 1;
	jobs_reply(s);
	while ((j = s->first) != NULL) {
		s->first = j->next;
		free_job(s, j);
	}
	s->last = NULL;
}

/* ---- running ---- */

static int
reply_buffer(struct job *j)
{
	size_t room = job_room(j);
	uint8_t *buf = malloc(room);

	if (buf == NULL)
		return -1;
	j->out = (struct out){ buf, 0, room, 0 };
	return 0;
}

static int
moves(const struct job *j)
{
	return j->op == OP_READ || j->op == OP_WRITE;
}

/* Does `l` wait for nothing but what is in the bundle? */
static int
only_for(const struct job *l, const struct job *bundle)
{
	uint32_t n = 0;

	for (; bundle != NULL; bundle = bundle->rest)
		n += order_waits(l, bundle) != 0;
	return l->blockers == n;
}

/* A row of reads and writes of one handle is one task: fewer turns, the same order. */
static void
gather(struct job *first)
{
	size_t bytes = first->held, looked = 0, n = 1;
	struct job *last = first, *l;

	first->rest = NULL;
	first->state = JOB_RUNS;
	if (!moves(first))
		return;
	for (l = first->next; l != NULL && n < JOB_BUNDLE && looked < LOOK_FOR_MORE; l = l->next, looked++) {
		if (l->h[0] != first->h[0] || l->state != JOB_WAITS)
			continue;
		bytes += l->held;
		if (!moves(l) || bytes > JOB_BUNDLE_BYTES || !only_for(l, first) || reply_buffer(l) != 0)
			return;
		last->rest = l;
		l->rest = NULL;
		l->state = JOB_RUNS;
		last = l;
		n++;
	}
}

static void
put_back(struct job *first)
{
	for (; first != NULL; first = first->rest) {
		first->state = JOB_WAITS;
		free(first->out.buf);
		first->out = (struct out){ 0 };
	}
}

static int
begin(struct session *s, struct job *j)
{
	if (reply_buffer(j) != 0)
		return -1;
	gather(j);
	if (s->io->run(s->io_ctx, j) != 0) {
		put_back(j);
		return -1;
	}
	s->tasks++;
	return 0;
}

/* What waited for a handle takes it now. */
static int
has_handle(struct session *s, struct job *j)
{
	if (!j->unhandled || j->h[0] != NULL)
		return 1;
	j->h[0] = handles_new(&s->handles);
	return j->h[0] != NULL;
}

static void
refuse(struct session *s, struct job *j)
{
	if (reply_buffer(j) != 0) {
		session_fail(s, "out of memory");
		j->silent = 1;
	} else {
		reply_status(j, FX_FAILURE, s->full_text);
	}
	done(s, j);
}

void
jobs_run(struct session *s)
{
	struct job *j, *next;
	int refused = 0, waiting = 0;

	for (j = s->first; j != NULL && !refused && s->tasks < JOB_TASKS; j = next) {
		next = j->next;
		if (j->state != JOB_WAITS)
			continue;
		if (j->blockers > 0)
			waiting = 1;
		else if (!has_handle(s, j))
			refuse(s, j);
		else
			refused = begin(s, j) != 0;
	}
	jobs_reply(s);
	if ((refused || waiting || j != NULL) && !s->ticking) {
		s->ticking = 1;
		s->io->tick(s->io_ctx, refused ? SESSION_RETRY_MS : JOB_LATE_MS);
	}
}

void
session_work(struct job *first)
{
	struct job *j;

	for (j = first; j != NULL; j = j->rest)
		/* What changes something was taken, and is done. */
		if (!atomic_load(&j->s->stop) || j->changes != 0)
			ops_do(j);
}

void
session_finished(struct session *s, struct job *first)
{
	struct job *j, *rest;

	s->tasks--;
	for (j = first; j != NULL; j = rest) {
		rest = j->rest;
		done(s, j);
	}
	jobs_run(s);
}

/* ---- what takes long ---- */

static int
takes_long(const struct session *s, const struct job *j)
{
	const struct job *e;

	if (j->state == JOB_RUNS)
		return s->clock() - j->since >= JOB_LATE_MS;
	for (e = s->first; e != j; e = e->next)
		if (e->late && order_waits(j, e))
			return 1;
	return 0;
}

static void
set_late(struct job *j)
{
	uint8_t before;
	struct job *l;

	for (l = j->next; l != NULL; l = l->next) {
		before = order_waits(l, j) != 0;
		j->late = 1;
		l->blockers -= before && !order_waits(l, j);
		j->late = 0;
	}
	j->late = 1;
}

void
jobs_late(struct session *s)
{
	struct job *j;

	for (j = s->first; j != NULL; j = j->next)
		if (!j->late && takes_long(s, j))
			set_late(j);
}
