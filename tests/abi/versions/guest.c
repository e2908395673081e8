/*
 * A plugin that lives with whatever host loads it. It is compiled with every version of
 * the headers that is kept, and (LATER) with headers of a version that is not there
 * yet, and looks at what it gets as that version says.
 *
 * The subsystem "versions" says how many things were not as promised, then returns what
 * it gets; the request "put-off" is answered by a timer; end of data ends it with status 7.
 */
#include <stdio.h>
#include <string.h>

#include <postern/draft/channel.h>
#include <postern/draft/config.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/session.h>
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

static const struct postern_host *host;
static const struct postern_if_channel *channels;
static const struct postern_if_session *sessions;
static const struct postern_if_loop *loop;
static struct postern_channel channel;
static uint64_t put_off;
static unsigned faults, told;

static void
expect(int good)
{
	faults += good ? 0 : 1;
}

static const void *
ask(const char *id)
{
	return host->query(host, postern_text(id));
}

/* A host of this version or a later one fills all that this version knows; an older one
 * says by its size that it does not. */
static void
look_at_sizes(const struct postern_start *start)
{
#ifdef LATER
	expect(host->size < sizeof(*host) && host->abi_minor < POSTERN_ABI_MINOR);
	expect(start->size < sizeof(*start));
#else
	expect(host->size >= sizeof(*host) && host->abi_minor + 1 > POSTERN_ABI_MINOR);
	expect(start->size >= sizeof(*start));
#endif
	expect(start->kind == POSTERN_START_SUBSYSTEM && postern_view_is(start->name, "versions"));
	expect(start->environment_count == 1 && postern_view_is(start->environment[0].name, "LANG"));
}

static void
look_at_faces(void)
{
	uint64_t value = 99;
	struct postern_view text;

	expect(channels->get(host, channel, POSTERN_CHANNEL_WINDOW, &value) == POSTERN_OK && value == 65536);
	expect(channels->get(host, channel, POSTERN_CHANNEL_MAX_PACKET, &value) == POSTERN_OK && value == 32768);
	expect(channels->get(host, channel, 0xffff0000u, &value) == POSTERN_E_NOSUCH);
	expect(channels->set(host, channel, POSTERN_CHANNEL_CONSUME_BY_HAND, 0) == POSTERN_OK);
	expect(sessions->text(host, channel, POSTERN_SESSION_USER, &text) == POSTERN_OK);
	expect(sessions->number(host, channel, POSTERN_SESSION_CONNECTION, &value) == POSTERN_OK && value != 0);
	expect(sessions->number(host, channel, 0xffff0000u, &value) == POSTERN_E_NOSUCH);
	expect(ask("postern.channel/65536") == NULL && ask("org.example.unheard/1") == NULL);
}

static int32_t
guest_open(struct postern_plugin *plugin, struct postern_channel c, const struct postern_start *start, void **context)
{
	expect(plugin->size == sizeof(*plugin));
	channel = c;
	*context = &channel;
	look_at_sizes(start);
	look_at_faces();
	return channels->await_credit(host, c);
}

static int32_t
guest_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	expect(context == &channel);
	return channels->write(host, channel, stream, bytes, took);
}

static void
guest_writable(void *context, uint64_t credit)
{
	char line[64];
	uint64_t took;
	int n;

	(void)context, (void)credit;
	if (told++ > 0)
		return;
	n = snprintf(line, sizeof(line), "%u faults\n", faults);
	channels->write(host, channel, POSTERN_STREAM_DATA, postern_view_of(line, (uint64_t)n), &took);
}

static void
answer(void *context)
{
	(void)context;
	channels->reply(host, channel, put_off, 1);
}

static int32_t
guest_request(void *context, uint64_t token, struct postern_view name, struct postern_view body)
{
	(void)context, (void)body;
	if (!postern_view_is(name, "put-off"))
		return POSTERN_E_NOSUCH;
	put_off = token;
	return loop->timer(host, 0, answer, NULL, NULL) == POSTERN_OK ? POSTERN_E_AGAIN : POSTERN_E_FAIL;
}

static void
guest_eof(void *context)
{
	(void)context;
	channels->eof(host, channel);
	channels->exit_status(host, channel, 7);
	channels->close(host, channel);
}

static void
guest_closed(void *context, uint32_t reason)
{
	(void)context, (void)reason;
}

static const struct postern_serves serves[] = {
#ifdef LATER
	{ 0x7ffffff0u, 1, POSTERN_LITERAL("of a kind that nobody knows yet") },
#endif
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("versions") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = sizeof(serves) / sizeof(serves[0]),
	.open = guest_open,
	.data = guest_data,
	.closed = guest_closed,
	.eof = guest_eof,
	.writable = guest_writable,
	.request = guest_request,
};

static const void *
guest_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static struct postern_plugin instance = { .size = sizeof(instance), .query = guest_query };

static int32_t
guest_create(const struct postern_host *from, struct postern_plugin **out)
{
	const struct postern_if_config *config;
	const struct postern_if_log *log;

	host = from;
	faults = told = 0;
	channels = ask(POSTERN_IF_CHANNEL);
	sessions = ask(POSTERN_IF_SESSION);
	loop = ask(POSTERN_IF_LOOP);
	config = ask(POSTERN_IF_CONFIG);
	log = ask(POSTERN_IF_LOG);
	if (channels == NULL || sessions == NULL || loop == NULL || config == NULL || log == NULL)
		return POSTERN_E_NOSUCH;
	expect(config->name(host).len > 0);
	log->line(host, POSTERN_LOG_DEBUG, (struct postern_channel){ 0 }, postern_text("made"));
	*out = &instance;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	.size = sizeof(postern_plugin_v1),
	.abi_minor = POSTERN_ABI_MINOR,
	.id = POSTERN_LITERAL("org.postern.versions"),
	.version = POSTERN_LITERAL("1"),
	.create = guest_create,
};
