/*
 * The sftp plugin's protocol on files in memory. The input: a byte of options, then
 * pieces of the stream, each behind a byte for its length (0: room for replies comes
 * and goes instead). INIT comes first unless an option says otherwise.
 *
 * Whatever is sent: replies are whole packets of known types, no more waits than the
 * bound, and nothing stays open.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/sftp/session.h"
#include "tests/lib/memfiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct session s;
	size_t room;
	int later;
	uint8_t header[5]; /* of the reply that is being sent */
	size_t have;
	uint32_t left;
};

static void
check_header(const struct world *w)
{
	uint32_t size = load_u32(w->header);
	uint8_t type = w->header[4];

	if (size < 5 || size > SFTP_PACKET_MAX)
		abort();
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
				w->left = load_u32(w->header) - 1;
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

static void
on_later(void *ctx)
{
	((struct world *)ctx)->later = 1;
}

static const struct session_io io = { .write = on_write, .log = on_log, .later = on_later };

static int64_t
noon(void)
{
	return 1700000000;
}

static void
turn(struct world *w)
{
	session_flush(&w->s);
	if (w->later) {
		w->later = 0;
		session_go(&w->s);
	}
	if (session_unsent(&w->s) > SESSION_OUT_MARK + SESSION_REPLY_MAX)
		abort();
}

static void
feed(struct world *w, const uint8_t *bytes, size_t len)
{
	size_t took;
	int idle = 0;

	while (len > 0 && idle < 3) {
		took = session_input(&w->s, bytes, len);
		if (took > len)
			abort();
		bytes += took;
		len -= took;
		turn(w);
		/* No room for replies: it comes. */
		if (took == 0 && !session_wants(&w->s))
			w->room = SIZE_MAX / 2;
		idle = took == 0 ? idle + 1 : 0;
	}
	/* What it wants it takes. */
	if (len > 0 && session_wants(&w->s) && !w->later)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t init[] = { 0, 0, 0, 5, FXP_INIT, 0, 0, 0, 3 };
	static const char *const configs[] = { "", "Subsystem sftp -R\n",
		"MaxHandles 2\nSubsystem sftp -l DEBUG\n", "Subsystem sftp -P read,stat -d /%u\n" };
	struct memfiles *m = memfiles_new();
	struct world *w = calloc(1, sizeof(*w));
	struct options o;
	uint8_t flags = size > 0 ? data[0] : 0;
	const char *config = configs[flags & 3];
	char why[128];
	size_t at = 1, len;

	if (w == NULL || options_parse(&o, config, strlen(config), "sftp", 4, why) != 0 ||
	    session_init(&w->s, &memfiles, m, &io, w, &o, "name", "/home") != 0)
		abort();
	w->s.now = noon;
	w->room = flags & 4 ? 100 : SIZE_MAX / 2;
	m->write_max = flags & 8 ? 7 : 0;
	if (!(flags & 16))
		feed(w, init, sizeof(init));
	while (at < size) {
		len = data[at++];
		if (len == 0) {
			w->room += 1000;
			turn(w);
			continue;
		}
		/* Most inputs come whole. */
		if (len == 255 || len > size - at)
			len = size - at;
		feed(w, data + at, len);
		at += len;
	}
	session_fini(&w->s);
	if (memfiles_opened(m) != 0)
		abort();
	free(w);
	memfiles_free(m);
	return 0;
}
