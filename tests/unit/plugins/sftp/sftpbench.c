#include "tests/unit/plugins/sftp/sftpbench.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PACKET_ROOM (SFTP_PACKET_MAX + 4096u)

static int64_t
on_write(void *ctx, const uint8_t *bytes, size_t len)
{
	struct sftpbench *b = ctx;
	size_t n = len < b->room ? len : b->room;

	if (b->closed)
		return -1;
	if (b->sent_len + n > b->sent_size) {
		b->sent_size = (b->sent_len + n) * 2;
		b->sent = realloc(b->sent, b->sent_size);
	}
	memcpy(b->sent + b->sent_len, bytes, n);
	b->sent_len += n;
	b->room -= n;
	return (int64_t)n;
}

static void
on_log(void *ctx, enum sftp_log level, const char *text)
{
	struct sftpbench *b = ctx;
	size_t have = strlen(b->log);

	(void)level;
	snprintf(b->log + have, sizeof(b->log) - have, "%s\n", text);
}

static int
on_run(void *ctx, struct job *first)
{
	struct sftpbench *b = ctx;

	if (b->refuse || b->tasks == SFTPBENCH_TASKS)
		return -1;
	b->task[b->tasks++] = first;
	return 0;
}

static void
on_tick(void *ctx, uint32_t milliseconds)
{
	struct sftpbench *b = ctx;

	(void)milliseconds;
	if (b->ticking)
		abort();
	b->ticking = 1;
}

static const struct session_io io = { .write = on_write, .log = on_log, .run = on_run, .tick = on_tick };

void
sftpbench_run(struct sftpbench *b, unsigned which)
{
	struct job *first = b->task[which];

	memmove(b->task + which, b->task + which + 1, (--b->tasks - which) * sizeof(first));
	b->ran++;
	session_work(first);
	session_finished(&b->s, first);
	session_flush(&b->s);
}

void
sftpbench_run_all(struct sftpbench *b)
{
	while (b->tasks > 0)
		sftpbench_run(b, 0);
}

struct sftpbench *
sftpbench_on(const struct files *files, void *ctx, const char *config)
{
	struct sftpbench *b = calloc(1, sizeof(*b));
	struct options o;
	char why[128];

	b->room = SIZE_MAX;
	b->packet = malloc(PACKET_ROOM);
	b->posix.umask = 022;
	if (options_parse(&o, config, strlen(config), "sftp", 4, why) != 0 ||
	    session_init(&b->s, files, ctx != NULL ? ctx : &b->posix, &io, b, &o, "tester", "/home") != 0)
		abort();
	if (o.umask != OPTIONS_UMASK_LOGIN)
		b->posix.umask = o.umask;
	return b;
}

struct sftpbench *
sftpbench_new(const char *config)
{
	struct sftpbench *b = sftpbench_on(&posix_files, NULL, config);
	char template[] = "/tmp/postern-sftp-XXXXXX";

	if (mkdtemp(template) == NULL || realpath(template, b->s.start) == NULL)
		abort();
	strcpy(b->dir, b->s.start);
	strcpy(b->s.home, b->s.start);
	return b;
}

static int
take_away(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
sftpbench_free(struct sftpbench *b)
{
	session_end(&b->s);
	b->refuse = 0;
	b->ticking = 0;
	session_tick(&b->s);
	sftpbench_run_all(b);
	if (!session_idle(&b->s))
		abort();
	session_fini(&b->s);
	if (b->dir[0] != '\0')
		nftw(b->dir, take_away, 16, FTW_DEPTH | FTW_PHYS);
	free(b->sent);
	free(b->packet);
	free(b);
}

size_t
sftpbench_feed(struct sftpbench *b, const void *bytes, size_t len)
{
	size_t took = 0, n;

	do {
		n = session_input(&b->s, (const uint8_t *)bytes + took, len - took);
		took += n;
		session_flush(&b->s);
		if (!b->hold && b->tasks > 0) {
			sftpbench_run_all(b);
			n = 1;
		}
	} while (took < len && n > 0);
	return took;
}

struct reply
sftpbench_reply(struct sftpbench *b)
{
	static uint8_t copy[SFTP_PACKET_MAX + 4];
	struct reply r = { 0 };
	uint32_t size;

	if (b->sent_len < 5)
		return r;
	size = load_u32(b->sent);
	if (size < 1 || size > SFTP_PACKET_MAX || b->sent_len - 4 < size)
		abort();
	memcpy(copy, b->sent + 4, size);
	b->sent_len -= 4 + size;
	memmove(b->sent, b->sent + 4 + size, b->sent_len);
	r.c = (struct cur){ copy, copy + size, 0 };
	r.type = cur_u8(&r.c);
	r.id = cur_u32(&r.c);
	return r;
}

static size_t
build(struct sftpbench *b, uint8_t type, const char *what, va_list args)
{
	struct out o = { b->packet, 0, PACKET_ROOM, 0 };

	out_u32(&o, 0);
	out_u8(&o, type);
	out_u32(&o, ++b->id);
	for (; *what != '\0'; what++) {
		const void *bytes;

		switch (*what) {
		case 's':
			out_text(&o, va_arg(args, const char *));
			break;
		case 'S':
			bytes = va_arg(args, const void *);
			out_string(&o, bytes, va_arg(args, size_t));
			break;
		case 'u':
			out_u32(&o, va_arg(args, uint32_t));
			break;
		case 'q':
			out_u64(&o, va_arg(args, uint64_t));
			break;
		case 'a':
			attrs_put(&o, va_arg(args, const struct attrs *));
			break;
		default:
			abort();
		}
	}
	if (o.bad)
		abort();
	store_u32(b->packet, (uint32_t)(o.len - 4));
	return o.len;
}

size_t
sftpbench_build(struct sftpbench *b, uint8_t type, const char *what, ...)
{
	va_list args;
	size_t len;

	va_start(args, what);
	len = build(b, type, what, args);
	va_end(args);
	return len;
}

struct reply
sftpbench_ask(struct sftpbench *b, uint8_t type, const char *what, ...)
{
	va_list args;
	size_t len;

	va_start(args, what);
	len = build(b, type, what, args);
	va_end(args);
	b->sent_len = 0;
	sftpbench_feed(b, b->packet, len);
	return sftpbench_reply(b);
}

void
sftpbench_init(struct sftpbench *b)
{
	static const uint8_t init[] = { 0, 0, 0, 5, FXP_INIT, 0, 0, 0, 3 };

	sftpbench_feed(b, init, sizeof(init));
	b->sent_len = 0;
}

int
sftpbench_status(struct sftpbench *b, struct reply r)
{
	uint32_t code = cur_u32(&r.c);

	cur_string(&r.c);
	cur_string(&r.c);
	return r.type == FXP_STATUS && r.id == b->id && !r.c.bad && cur_left(&r.c) == 0 ? (int)code : -1;
}

const char *
sftpbench_path(const struct sftpbench *b, const char *name)
{
	static char path[8][PATH_MAX + 256];
	static unsigned turn;
	char *to = path[turn++ % 8];

	snprintf(to, sizeof(path[0]), "%s/%s", b->dir, name);
	return to;
}
