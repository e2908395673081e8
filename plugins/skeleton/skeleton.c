/*
 * The smallest plugin: a subsystem that greets and closes. Copy it, give it an id
 * of your own, and put your protocol where the greeting is.
 */
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

static const struct postern_host *host;
static const struct postern_if_channel *channels;

/* *context comes back in every other call; here the channel's handle is enough. */
static int32_t
skeleton_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	(void)plugin, (void)start;
	*context = (void *)(uintptr_t)channel.handle;
	return channels->await_credit(host, channel);
}

static int32_t
skeleton_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	(void)context, (void)stream;
	*took = bytes.len;
	return POSTERN_OK;
}

static void
skeleton_writable(void *context, uint64_t credit)
{
	struct postern_channel channel = { (uint64_t)(uintptr_t)context };
	struct postern_view greeting = postern_text("skeleton says hello\n");
	uint64_t took;

	if (credit < greeting.len) {
		channels->await_credit(host, channel);
		return;
	}
	channels->write(host, channel, POSTERN_STREAM_DATA, greeting, &took);
	channels->exit_status(host, channel, 0);
	channels->close(host, channel);
}

static void
skeleton_closed(void *context, uint32_t reason)
{
	(void)context, (void)reason;
}

static const struct postern_serves serves[] = {
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("skeleton") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = 1,
	.open = skeleton_open,
	.data = skeleton_data,
	.closed = skeleton_closed,
	.writable = skeleton_writable,
};

static const void *
skeleton_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static struct postern_plugin instance = { .size = sizeof(instance), .query = skeleton_query };

static int32_t
skeleton_create(const struct postern_host *from, struct postern_plugin **out)
{
	host = from;
	channels = from->query(from, postern_text(POSTERN_IF_CHANNEL));
	*out = &instance;
	return channels != NULL ? POSTERN_OK : POSTERN_E_NOSUCH;
}

const struct postern_entry postern_plugin_v1 = {
	.size = sizeof(postern_plugin_v1),
	.abi_minor = POSTERN_ABI_MINOR,
	.id = POSTERN_LITERAL("org.postern.skeleton"),
	.version = POSTERN_LITERAL("0.1"),
	.create = skeleton_create,
};
