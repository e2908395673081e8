// A plugin in C++17, from the public headers alone.
#include <postern/draft/config.h>
#include <postern/draft/counter.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/session.h>
#include <postern/draft/spawn.h>
#include <postern/draft/subsystem.h>
#include <postern/draft/task.h>
#include <postern/postern.h>

namespace {

int32_t
start(postern_plugin *)
{
	return POSTERN_OK;
}

void
nothing(postern_plugin *)
{
}

const void *
query(postern_plugin *, postern_view)
{
	return nullptr;
}

postern_plugin instance = { sizeof(postern_plugin), 0, nullptr, start, nothing, nothing, query };

int32_t
create(const postern_host *host, postern_plugin **out)
{
	*out = &instance;
	return host->query(host, postern_text(POSTERN_IF_CHANNEL)) != nullptr ? POSTERN_OK : POSTERN_E_NOSUCH;
}

} // namespace

const postern_entry postern_plugin_v1 = { sizeof(postern_entry), POSTERN_ABI_MINOR,
	POSTERN_LITERAL("org.test.cxx"), POSTERN_LITERAL("1"), create };
