/*
 * The sftp plugin's protocol on files in memory. The input: a byte of options, then
 * steps, each behind a byte: 0: room for replies comes; 1: a task is done, which one
 * says the next byte; 2: time passes; else so many bytes of the stream. INIT comes
 * first unless an option says otherwise.
 *
 * Whatever is sent, and however tasks end: replies are whole packets of known types,
 * each request has one and no more, no more waits than the bounds, and nothing stays
 * open.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/sftp/session.h"
#include "tests/lib/memfiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TASKS 64u
#define IDS 4096u

struct world {
	struct session s;
	size_t room;
	struct job *task[TASKS];
	unsigned tasks;
	int ticking;
	uint64_t time;
	uint32_t id[IDS]; /* not answered */
	unsigned ids;
	uint32_t early[IDS]; /* answered while it was taken */
	unsigned earlies;
	int uncounted;    /* more than are told apart here */
	uint8_t ask[9];   /* of the request that is being taken: length, type, id */
	size_t ask_have;
	uint32_t ask_left;
	uint8_t header[9]; /* of the reply that is being sent */
	size_t have;
	uint32_t left;
};

/* ---- requests and replies ---- */

static int
take_id(uint32_t *list, unsigned *count, uint32_t id)
{
	unsigned i;

	for (i = 0; i < *count && list[i] != id; i++)
		;
	if (i == *count)
		return 0;
	list[i] = list[--*count];
	return 1;
}

static void
put_id(struct world *w, uint32_t *list, unsigned *count, uint32_t id)
{
	if (*count == IDS)
		w->uncounted = 1;
	else
		list[(*count)++] = id;
}

/* A session may send while it takes; what it took is known afterwards. */
static void
answered(struct world *w, uint32_t id)
{
	if (!take_id(w->id, &w->ids, id))
		put_id(w, w->early, &w->earlies, id);
}

static void
asked_one(struct world *w)
{
	uint32_t id = load_u32(w->ask + 5);

	w->ask_have = 0;
	/* Without an id it is INIT, or the end. */
	if (load_u32(w->ask) >= 5 && w->ask[4] != FXP_INIT && !take_id(w->early, &w->earlies, id))
		put_id(w, w->id, &w->ids, id);
}

/* What the session took: the ids of whole requests. */
static void
asked(struct world *w, const uint8_t *bytes, size_t len)
{
	while (len > 0 && !w->s.failed) {
		uint32_t size = w->ask_have >= 4 ? load_u32(w->ask) : 0;

		/* As many as there are, the first few kept. */
		if (w->ask_have < sizeof(w->ask) && (w->ask_have < 4 || w->ask_have < 4 + size)) {
			w->ask[w->ask_have++] = *bytes++;
			len--;
			size = w->ask_have >= 4 ? load_u32(w->ask) : 0;
			w->ask_left = size > 5 ? size - 5 : 0;
		} else {
			size_t step = len < w->ask_left ? len : w->ask_left;

			w->ask_left -= (uint32_t)step;
			bytes += step;
			len -= step;
		}
		if (w->ask_have >= 4 && (w->ask_have == sizeof(w->ask) || w->ask_have == 4 + size) &&
		    w->ask_left == 0)
			asked_one(w);
	}
}

static void
check_header(struct world *w)
{
	uint32_t size = load_u32(w->header);
	uint8_t type = w->header[4];

	if (size < 5 || size > SFTP_PACKET_MAX)
		abort();
	if (type != FXP_VERSION)
		answered(w, load_u32(w->header + 5));
	if (type != FXP_VERSION && (type < FXP_STATUS || type > FXP_ATTRS) && type != FXP_EXTENDED_REPLY)
		abort();
}

static int64_t
on_write(void *ctx, const uint8_t *bytes, size_t len)
{
	struct world *w = ctx;
	size_t n = len < w->room ? len : w->room, i = 0, step;

	w->room -= n;
	while (i < n) {
		if (w->have < sizeof(w->header)) {
			w->header[w->have++] = bytes[i++];
			if (w->have == sizeof(w->header)) {
				check_header(w);
				w->left = load_u32(w->header) - 5;
				if (w->left == 0)
					w->have = 0;
			}
			continue;
		}
		step = n - i < w->left ? n - i : w->left;
		i += step;
		w->left -= (uint32_t)step;
		if (w->left == 0)
			w->have = 0;
	}
	return (int64_t)n;
}

static void
on_log(void *ctx, enum sftp_log level, const char *text)
{
	(void)ctx;
	if (level > SFTP_LOG_DEBUG || text[0] == '\0')
		abort();
}

/* ---- tasks and time ---- */

static int
on_run(void *ctx, struct job *first)
{
	struct world *w = ctx;

	if (w->tasks == TASKS)
		return -1;
	w->task[w->tasks++] = first;
	return 0;
}

static void
on_tick(void *ctx, uint32_t milliseconds)
{
	struct world *w = ctx;

	if (w->ticking || milliseconds == 0)
		abort();
	w->ticking = 1;
}

static const struct session_io io = { .write = on_write, .log = on_log, .run = on_run, .tick = on_tick };

static struct world *now;

static uint64_t
now_ms(void)
{
	return now->time;
}

static int64_t
noon(void)
{
	return 1700000000;
}

static void
turn(struct world *w)
{
	session_flush(&w->s);
	if (session_unsent(&w->s) > SESSION_OUT_MARK + SESSION_REPLY_MAX)
		abort();
	/* One more than the bounds: the request that reached them. */
	if (w->s.count > w->s.options.requests || w->s.tasks > JOB_TASKS ||
	    w->s.held > w->s.options.buffered + 3 * SESSION_REPLY_MAX)
		abort();
}

static void
run(struct world *w, unsigned which)
{
	struct job *first;

	if (w->tasks == 0)
		return;
	which %= w->tasks;
	first = w->task[which];
	w->task[which] = w->task[--w->tasks];
	session_work(first);
	session_finished(&w->s, first);
	turn(w);
}

static void
tick(struct world *w)
{
	w->time += 30;
	if (!w->ticking)
		return;
	w->ticking = 0;
	session_tick(&w->s);
	turn(w);
}

static void
feed(struct world *w, const uint8_t *bytes, size_t len)
{
	size_t took;

	while (len > 0) {
		took = session_input(&w->s, bytes, len);
		if (took > len)
			abort();
		asked(w, bytes, took);
		if (w->earlies > 0 && !w->s.failed && !w->uncounted)
			abort();
		bytes += took;
		len -= took;
		turn(w);
		/* What it wants it takes. */
		if (took == 0 && session_wants(&w->s))
			abort();
		if (took == 0 && w->tasks > 0)
			run(w, 0);
		else if (took == 0)
			w->room = SIZE_MAX / 2;
	}
}

/* Everything is done and answered; `end`: after nobody waits for it any more. */
static void
finish(struct world *w, int end)
{
	if (end)
		session_end(&w->s);
	w->room = SIZE_MAX / 2;
	turn(w);
	while (w->tasks > 0)
		run(w, 0);
	if (!session_idle(&w->s) || (!end && !session_done(&w->s)))
		abort();
	if (!end && !w->s.failed && !w->uncounted && (w->ids > 0 || w->have > 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t init[] = { 0, 0, 0, 5, FXP_INIT, 0, 0, 0, 3 };
	static const char *const configs[] = { "", "Subsystem sftp -R\n",
		"MaxHandles 2\nMaxRequests 9\nSubsystem sftp -l DEBUG\n", "Subsystem sftp -P read,stat -d /%u\n" };
	struct memfiles *m = memfiles_new();
	struct world *w = calloc(1, sizeof(*w));
	struct options o;
	uint8_t flags = size > 0 ? data[0] : 0;
	const char *config = configs[flags & 3];
	char why[128];
	size_t at = 1, len;

	now = w;
	if (w == NULL || options_parse(&o, config, strlen(config), "sftp", 4, why) != 0 ||
	    session_init(&w->s, &memfiles, m, &io, w, &o, "name", "/home") != 0)
		abort();
	w->s.now = noon;
	w->s.clock = now_ms;
	w->room = flags & 4 ? 100 : SIZE_MAX / 2;
	m->write_max = flags & 8 ? 7 : 0;
	m->cold = (flags & 32) != 0;
	m->wait = flags & 64 ? FILES_WAIT_ANY : flags & 32 ? FILES_WAIT_DISK : FILES_WAIT_NOTHING;
	if (!(flags & 16))
		feed(w, init, sizeof(init));
	while (at < size) {
		len = data[at++];
		if (len == 0) {
			w->room += w->room < SIZE_MAX / 2 ? 1000 : 0;
			turn(w);
			continue;
		}
		if (len == 1) {
			run(w, at < size ? data[at++] : 0);
			continue;
		}
		if (len == 2) {
			tick(w);
			continue;
		}
		/* Most inputs come whole. */
		if (len == 255 || len > size - at)
			len = size - at;
		feed(w, data + at, len);
		at += len;
	}
	if (!(flags & 128))
		finish(w, 0);
	finish(w, 1);
	session_fini(&w->s);
	if (memfiles_opened(m) != 0)
		abort();
	free(w);
	memfiles_free(m);
	return 0;
}
