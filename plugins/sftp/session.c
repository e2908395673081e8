#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LENGTH 4u /* of the length field */
#define HEADER 9u /* it, the type, the id */

/* ---- life ---- */

int
session_expand(char to[PATH_MAX], const char *from, const char *user, const char *home)
{
	size_t have = 0;

	for (; *from != '\0'; from++) {
		char one[2] = { *from, '\0' };
		const char *piece = one;

		if (*from == '%' && from[1] != '\0') {
			from++;
			piece = *from == 'd' ? home : *from == 'u' ? user : "%";
		}
		if (have + strlen(piece) >= PATH_MAX)
			return -1;
		strcpy(to + have, piece);
		have += strlen(piece);
	}
	return 0;
}

static int64_t
seconds(void)
{
	return (int64_t)time(NULL);
}

static uint64_t
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int
session_init(struct session *s, const struct files *files, void *files_ctx, const struct session_io *io,
    void *io_ctx, const struct options *options, const char *user, const char *home)
{
	s->files = files;
	s->files_ctx = files_ctx;
	s->io = io;
	s->io_ctx = io_ctx;
	s->options = *options;
	s->now = seconds;
	s->clock = milliseconds;
	s->handles.max = options->handles;
	snprintf(s->full_text, sizeof(s->full_text), "Too many open handles (MaxHandles %u)",
	    (unsigned)options->handles);
	if (strlen(user) >= sizeof(s->user) || strlen(home) >= sizeof(s->home))
		return -1;
	strcpy(s->user, user);
	strcpy(s->home, home[0] == '/' ? home : "/");
	return session_expand(s->start, options->directory[0] != '\0' ? options->directory : "%d", s->user, s->home);
}

void
session_fini(struct session *s)
{
	uint32_t i;

	jobs_drop(s);
	for (i = 0; i < s->handles.size; i++) {
		struct handle *h = s->handles.place[i];

		if (h->kind == HANDLE_FILE)
			s->files->close(s->files_ctx, h->fd);
		else if (h->kind == HANDLE_DIR)
			s->files->closedir(s->files_ctx, h->dir);
	}
	handles_fini(&s->handles);
	free(s->in);
	free(s->out);
	memset(s, 0, sizeof(*s));
}

static void
close_later(struct session *s, struct handle *h)
{
	struct job j = { .s = s, .op = OP_CLOSE, .h = { h }, .path = { "", "" }, .silent = 1, .wait = 1 };

	order_set(&j);
	/* Without memory for it: session_fini does. */
	if (job_add(s, &j) == 0)
		h->closing = 1;
}

void
session_end(struct session *s)
{
	uint32_t i;

	s->gone = 1;
	atomic_store(&s->stop, 1);
	for (i = 0; i < s->handles.size; i++) {
		struct handle *h = s->handles.place[i];

		if ((h->kind == HANDLE_FILE || h->kind == HANDLE_DIR) && !h->closing)
			close_later(s, h);
	}
	jobs_run(s);
}

int
session_idle(const struct session *s)
{
	return s->first == NULL && s->tasks == 0;
}

void
session_log(struct session *s, enum sftp_log level, const char *format, ...)
{
	char text[2 * PATH_MAX + 128];
	va_list args;

	if (level > s->options.log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	s->io->log(s->io_ctx, level, text);
}

void
session_fail(struct session *s, const char *text)
{
	s->failed = 1;
	snprintf(s->fail_text, sizeof(s->fail_text), "%s", text);
	session_log(s, SFTP_LOG_ERROR, "closed: %s", text);
}

int
session_allows(const struct session *s, enum op op)
{
	return (s->options.allowed >> op & 1) != 0 && !(s->options.read_only && request_rows[op].changes);
}

/* ---- out ---- */

size_t
session_unsent(const struct session *s)
{
	return s->out_len - s->out_off;
}

int
session_flush(struct session *s)
{
	int64_t n;

	if (s->out_off < s->out_len && !s->gone) {
		n = s->io->write(s->io_ctx, s->out + s->out_off, s->out_len - s->out_off);
		s->gone = n < 0;
		s->out_off += n > 0 ? (size_t)n : 0;
	}
	if (s->gone || s->out_off == s->out_len)
		s->out_off = s->out_len = 0;
	jobs_reply(s);
	return s->out_len == 0;
}

int
session_room(struct session *s)
{
	if (s->out == NULL)
		s->out = malloc(SESSION_OUT_MARK + SESSION_REPLY_MAX);
	if (s->out == NULL) {
		session_fail(s, "out of memory");
		return -1;
	}
	if (SESSION_OUT_MARK + SESSION_REPLY_MAX - s->out_len < SESSION_REPLY_MAX) {
		memmove(s->out, s->out + s->out_off, session_unsent(s));
		s->out_len -= s->out_off;
		s->out_off = 0;
	}
	s->here.out = (struct out){ s->out + s->out_len, 0, SESSION_REPLY_MAX, 0 };
	return 0;
}

void
session_told(struct session *s, const struct job *j)
{
	if (j->code != FX_OK && j->code != FX_EOF)
		session_log(s, SFTP_LOG_DEBUG, "request %u: %s", (unsigned)j->id, j->why);
}

void
session_reply(struct session *s)
{
	s->out_len += s->here.out.len;
	session_told(s, &s->here);
}

/* ---- in ---- */

static void
on_init(struct session *s, const uint8_t *packet, size_t len)
{
	struct cur c = { packet + 1, packet + len, 0 };
	uint32_t version = cur_u32(&c);

	if (c.bad) {
		session_fail(s, "an INIT without a version");
		return;
	}
	s->said_init = 1;
	session_log(
	    s, SFTP_LOG_INFO, "session opened for user %s, client version %u", s->user, (unsigned)version);
	reply_version(s);
}

static void
refuse(struct session *s, enum fx code)
{
	reply_status(&s->here, code, NULL);
	session_reply(s);
}

static void
on_packet(struct session *s, const uint8_t *packet, size_t len)
{
	struct request *r = &s->request;
	enum request_result result;

	s->slice -= SESSION_REQUEST_COST;
	if (session_room(s) != 0)
		return;
	if (packet[0] == FXP_INIT) {
		on_init(s, packet, len);
		return;
	}
	if (!s->said_init) {
		session_fail(s, "a request before INIT");
		return;
	}
	s->requests++;
	result = request_parse(r, packet, len);
	s->here = (struct job){ .s = s, .id = r->id, .out = s->here.out };
	switch (result) {
	case REQUEST_OK:
		ops_start(s);
		break;
	case REQUEST_NO_ID:
		session_fail(s, "a request without an id");
		break;
	case REQUEST_UNKNOWN:
		refuse(s, FX_OP_UNSUPPORTED);
		break;
	case REQUEST_BAD:
		refuse(s, FX_BAD_MESSAGE);
		break;
	case REQUEST_LONG:
		reply_result(&s->here, -ENAMETOOLONG);
		session_reply(s);
		break;
	}
}

/* A length that cannot be: where the next packet begins is not known any more. */
static void
lost(struct session *s, const uint8_t *header, size_t have)
{
	char text[96];

	snprintf(text, sizeof(text), "a packet of %u bytes; 1 to %u are allowed", (unsigned)load_u32(header),
	    SFTP_PACKET_MAX);
	if (have >= HEADER && header[LENGTH] != FXP_INIT && session_room(s) == 0) {
		s->here.id = load_u32(header + LENGTH + 1);
		reply_status(&s->here, FX_BAD_MESSAGE, text);
		session_reply(s);
	}
	session_fail(s, text);
}

static int
sane(uint32_t size)
{
	return size > 0 && size <= SFTP_PACKET_MAX;
}

/* How many bytes the packet in s->in still lacks; what cannot be a packet is read as
 * far as the id that it would have. */
static size_t
lacking(const struct session *s)
{
	uint32_t size;

	if (s->in_have < LENGTH)
		return LENGTH - s->in_have;
	size = load_u32(s->in);
	if (sane(size))
		return LENGTH + size - s->in_have;
	return size != 0 && s->in_have < HEADER ? HEADER - s->in_have : 0;
}

static int
gather_room(struct session *s, size_t need)
{
	uint8_t *grown;

	if (need <= s->in_size)
		return 0;
	grown = realloc(s->in, need);
	if (grown == NULL) {
		session_fail(s, "out of memory");
		return -1;
	}
	s->in = grown;
	s->in_size = need;
	return 0;
}

/* Part of a packet: kept until it is whole. */
static size_t
gather(struct session *s, const uint8_t *bytes, size_t len)
{
	size_t need = lacking(s), n = need < len ? need : len;

	/* The whole packet at once, when its length is known. */
	if (gather_room(s, s->in_have + (s->in_have < LENGTH ? HEADER : need)) != 0)
		return len;
	memcpy(s->in + s->in_have, bytes, n);
	s->in_have += n;
	if (lacking(s) > 0)
		return n;
	if (sane(load_u32(s->in)))
		on_packet(s, s->in + LENGTH, s->in_have - LENGTH);
	else
		lost(s, s->in, s->in_have);
	s->in_have = 0;
	return n;
}

static size_t
one_packet(struct session *s, const uint8_t *bytes, size_t len)
{
	uint32_t size;

	if (s->in_have > 0 || len < LENGTH)
		return gather(s, bytes, len);
	size = load_u32(bytes);
	if (!sane(size) || len - LENGTH < size)
		return gather(s, bytes, len);
	on_packet(s, bytes + LENGTH, size);
	return LENGTH + size;
}

int
session_wants(const struct session *s)
{
	return session_unsent(s) < SESSION_OUT_MARK && s->count < s->options.requests &&
	       s->held < s->options.buffered;
}

size_t
session_input(struct session *s, const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	s->slice = SESSION_SLICE;
	while (done < len && !s->failed && !s->gone && session_wants(s) && s->slice > 0) {
		done += one_packet(s, bytes + done, len - done);
		if (session_unsent(s) >= SESSION_OUT_MARK)
			session_flush(s);
	}
	jobs_run(s);
	return s->failed || s->gone ? len : done;
}

/* ---- jobs ---- */

void
session_tick(struct session *s)
{
	s->ticking = 0;
	jobs_late(s);
	jobs_run(s);
}

int
session_done(const struct session *s)
{
	return s->gone || (session_unsent(s) == 0 && s->count == 0);
}

int
session_inside(const struct session *s)
{
	return s->in_have > 0;
}
