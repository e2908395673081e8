/*
 * SFTP as the logged-in user: sessions (session.h) on channels. What can wait for a
 * file system is done in tasks; the rest on the host's thread, in slices, so that many
 * transfers of a login take turns.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <postern/draft/config.h>
#include <postern/draft/counter.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/session.h>
#include <postern/draft/subsystem.h>
#include <postern/draft/task.h>
#include <postern/postern.h>

#include "session.h"

struct sftp {
	struct postern_plugin plugin;
	const struct postern_host *host;
	const struct postern_if_channel *channels;
	const struct postern_if_session *sessions;
	const struct postern_if_loop *loop;
	const struct postern_if_task *tasks;
	const struct postern_if_config *config;
	const struct postern_if_log *log; /* NULL: none */
	const struct postern_if_counter *counters; /* NULL: none */
	uint32_t requests, received, sent;         /* their numbers; bytes the last two */
	struct files rooted;
	uint32_t umask;                   /* the login's */
};

struct transfer {
	struct sftp *sftp;
	struct postern_channel channel;
	struct session session;
	struct posix_files files;
	uint64_t timer;  /* of session_tick; 0: none */
	int untaken;     /* the host keeps bytes for us */
	int input_ended;
	int closing;
	int closed;      /* the channel is gone: its tasks are waited for */
};

static void
count(const struct sftp *p, uint32_t counter, uint64_t n)
{
	if (p->counters != NULL)
		p->counters->add(p->host, counter, n);
}

/* ---- what a session asks for ---- */

static int64_t
io_write(void *ctx, const uint8_t *bytes, size_t len)
{
	struct transfer *t = ctx;
	uint64_t took = 0;
	int32_t r;

	r = t->sftp->channels->write(
	    t->sftp->host, t->channel, POSTERN_STREAM_DATA, postern_view_of(bytes, len), &took);
	count(t->sftp, t->sftp->sent, took);
	return r == POSTERN_OK ? (int64_t)took : -1;
}

static void
io_log(void *ctx, enum sftp_log level, const char *text)
{
	static const uint32_t levels[] = { POSTERN_LOG_ERROR, POSTERN_LOG_ERROR, POSTERN_LOG_INFO,
		POSTERN_LOG_INFO };
	struct transfer *t = ctx;

	if (t->sftp->log != NULL)
		t->sftp->log->line(t->sftp->host, levels[level], t->channel, postern_text(text));
}

static void settle(struct transfer *t);

static void
on_tick(void *context)
{
	struct transfer *t = context;

	t->timer = 0;
	session_tick(&t->session);
	settle(t);
}

static void
io_tick(void *ctx, uint32_t milliseconds)
{
	struct transfer *t = ctx;

	if (t->sftp->loop->timer(t->sftp->host, milliseconds, on_tick, t, &t->timer) == POSTERN_OK)
		return;
	t->timer = 0;
	session_fail(&t->session, "out of memory");
}

static void
on_work(void *context)
{
	session_work(context);
}

static void
on_done(void *context)
{
	struct job *first = context;
	struct session *s = first->s;

	session_finished(s, first);
	settle(s->io_ctx);
}

static int
io_run(void *ctx, struct job *first)
{
	struct transfer *t = ctx;

	return t->sftp->tasks->run(t->sftp->host, on_work, on_done, first, NULL) == POSTERN_OK ? 0 : -1;
}

static const struct session_io io = { .write = io_write, .log = io_log, .run = io_run, .tick = io_tick };

/* ---- how it ends ---- */

static void
say_why(struct transfer *t)
{
	char text[160];
	uint64_t took;

	snprintf(text, sizeof(text), "sftp: %s\n", t->session.fail_text);
	/* Best effort: somebody may be looking. */
	t->sftp->channels->write(t->sftp->host, t->channel, POSTERN_STREAM_STDERR, postern_text(text), &took);
}

/* After the peer's end of data, or a failure: close when everything is sent. */
static void
check(struct transfer *t)
{
	const struct postern_if_channel *channels = t->sftp->channels;
	const struct postern_host *host = t->sftp->host;

	if (t->closing || (!t->input_ended && !t->session.failed) || !session_done(&t->session))
		return;
	t->closing = 1;
	if (t->session.failed)
		say_why(t);
	channels->eof(host, t->channel);
	channels->exit_status(host, t->channel, t->session.failed ? 1 : 0);
	channels->close(host, t->channel);
}

static void
release(struct transfer *t)
{
	if (t->timer != 0)
		t->sftp->loop->cancel(t->sftp->host, t->timer);
	session_fini(&t->session);
	if (t->files.root >= 0)
		close(t->files.root);
	free(t);
}

/*
 * After anything that may have made replies or room. Replies wait for the end of this
 * turn of the host (writable), so that those that are ready together leave together.
 */
static void
settle(struct transfer *t)
{
	const struct postern_if_channel *channels = t->sftp->channels;

	if (t->closed) {
		if (session_idle(&t->session))
			release(t);
		return;
	}
	if (session_unsent(&t->session) > 0)
		channels->await_credit(t->sftp->host, t->channel);
	/* What waited behind a bound. */
	if (t->untaken && session_wants(&t->session)) {
		t->untaken = 0;
		channels->resume(t->sftp->host, t->channel);
	}
	check(t);
}

/* ---- the channel ---- */

static int
text_of(const struct transfer *t, uint32_t what, char *to, size_t size)
{
	struct postern_view v = { NULL, 0 };

	t->sftp->sessions->text(t->sftp->host, t->channel, what, &v);
	if (v.len >= size)
		return -1;
	if (v.len > 0)
		memcpy(to, v.data, v.len);
	to[v.len] = '\0';
	return 0;
}

static int32_t
refuse(struct transfer *t, const char *why)
{
	io_log(t, SFTP_LOG_ERROR, why);
	if (t->files.root >= 0)
		close(t->files.root);
	free(t);
	return POSTERN_E_FAIL;
}

/* Which files; with a root, home is that. -1: there is none, so nothing is served. */
static int
choose_files(struct transfer *t, const struct options *o, const char *user, char home[PATH_MAX],
    const struct files **files)
{
	char root[PATH_MAX];

	*files = &posix_files;
	if (o->root[0] == '\0')
		return 0;
	if (session_expand(root, o->root, user, home) != 0 || root[0] != '/')
		return -1;
	t->files.root = files_root(root);
	*files = &t->sftp->rooted;
	strcpy(home, "/");
	return t->files.root >= 0 ? 0 : -1;
}

static int32_t
sftp_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	struct sftp *p = plugin->impl;
	struct postern_view text = p->config->text(p->host);
	struct transfer *t = calloc(1, sizeof(*t));
	char why[128], user[FILES_NAME_MAX], home[PATH_MAX];
	const struct files *files;
	struct options options;

	if (t == NULL)
		return POSTERN_E_NOMEM;
	t->sftp = p;
	t->channel = channel;
	t->files.root = -1;
	if (options_parse(&options, text.data, text.len, start->name.data, start->name.len, why) != 0)
		return refuse(t, why);
	if (text_of(t, POSTERN_SESSION_USER, user, sizeof(user)) != 0 ||
	    text_of(t, POSTERN_SESSION_HOME, home, sizeof(home)) != 0)
		return refuse(t, "a name too long");
	t->files.umask = options.umask != OPTIONS_UMASK_LOGIN ? options.umask : p->umask;
	if (choose_files(t, &options, user, home, &files) != 0)
		return refuse(t, "the Root is not an absolute directory, or cannot be opened");
	if (session_init(&t->session, files, &t->files, &io, t, &options, user, home) != 0)
		return refuse(t, "the start directory is too long");
	*context = t;
	return POSTERN_OK;
}

static int32_t
sftp_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct transfer *t = context;
	uint64_t requests = t->session.requests;

	*took = bytes.len;
	if (stream != POSTERN_STREAM_DATA)
		return POSTERN_OK;
	*took = session_input(&t->session, bytes.data, bytes.len);
	count(t->sftp, t->sftp->received, *took);
	count(t->sftp, t->sftp->requests, t->session.requests - requests);
	t->untaken = *took < bytes.len;
	settle(t);
	return POSTERN_OK;
}

static void
sftp_writable(void *context, uint64_t credit)
{
	struct transfer *t = context;

	(void)credit;
	session_flush(&t->session);
	settle(t);
}

static void
sftp_eof(void *context)
{
	struct transfer *t = context;

	t->input_ended = 1;
	if (session_inside(&t->session) && !t->session.failed)
		session_fail(&t->session, "the stream ended inside a packet");
	check(t);
}

static void
sftp_closed(void *context, uint32_t reason)
{
	struct transfer *t = context;

	(void)reason;
	t->closed = 1;
	session_end(&t->session);
	settle(t);
}

/* ---- the plugin ---- */

static const struct postern_serves serves[] = {
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("*") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = sizeof(serves) / sizeof(serves[0]),
	.open = sftp_open,
	.data = sftp_data,
	.closed = sftp_closed,
	.eof = sftp_eof,
	.writable = sftp_writable,
};

static void
sftp_destroy(struct postern_plugin *plugin)
{
	free(plugin->impl);
}

static const void *
sftp_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

/* Those that NAME.conf does not have stay 0, and count nothing. */
static void
find_counters(struct sftp *p)
{
	p->counters = p->host->query(p->host, postern_text(POSTERN_IF_COUNTER));
	if (p->counters == NULL)
		return;
	(void)p->counters->of(p->host, postern_text("requests"), &p->requests);
	(void)p->counters->of(p->host, postern_text("bytes-received"), &p->received);
	(void)p->counters->of(p->host, postern_text("bytes-sent"), &p->sent);
}

static int32_t
sftp_create(const struct postern_host *host, struct postern_plugin **out)
{
	struct sftp *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return POSTERN_E_NOMEM;
	p->host = host;
	p->channels = host->query(host, postern_text(POSTERN_IF_CHANNEL));
	p->sessions = host->query(host, postern_text(POSTERN_IF_SESSION));
	p->loop = host->query(host, postern_text(POSTERN_IF_LOOP));
	p->tasks = host->query(host, postern_text(POSTERN_IF_TASK));
	p->config = host->query(host, postern_text(POSTERN_IF_CONFIG));
	p->log = host->query(host, postern_text(POSTERN_IF_LOG));
	if (p->channels == NULL || p->sessions == NULL || p->loop == NULL ||
	    p->tasks == NULL || p->config == NULL) {
		free(p);
		return POSTERN_E_NOSUCH;
	}
	find_counters(p);
	/* A file that may not grow further is an error of write, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	files_rooted(&p->rooted);
	p->umask = umask(022);
	umask((mode_t)p->umask);
	p->plugin.size = sizeof(p->plugin);
	p->plugin.impl = p;
	p->plugin.destroy = sftp_destroy;
	p->plugin.query = sftp_query;
	*out = &p->plugin;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	sizeof(struct postern_entry), POSTERN_ABI_MINOR, POSTERN_LITERAL("org.postern.sftp"),
	POSTERN_LITERAL("0.1"), sftp_create,
};
