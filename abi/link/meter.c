#include "abi/link/meter.h"

#include <sys/mman.h>
#include <unistd.h>

#include "abi/link/memfile.h"

static const char *const names[METER_COUNT][2] = {
#define METER(name, text) [METER_##name] = { #name, text },
	METER_LIST(METER)
#undef METER
};

static const struct meter_limit_info limits[METER_LIMIT_COUNT] = {
#define LIMIT(name, unit, reason, text) [METER_LIMIT_##name] = { #name, unit, text, R_##reason },
	METER_LIMIT_LIST(LIMIT)
#undef LIMIT
};

int
meter_create(struct meter **m, int *fd, uint32_t worker)
{
	*m = memfile_create("postern-meter", METER_SIZE, fd, false);
	if (*m == NULL)
		return *fd;
	(*m)->magic = LINK_MAGIC;
	(*m)->major = LINK_MAJOR;
	(*m)->minor = LINK_MINOR;
	(*m)->worker = worker;
	(*m)->pid = (uint32_t)getpid();
	return 0;
}

const struct meter *
meter_attach(int fd)
{
	const struct meter *m = memfile_attach(fd, METER_SIZE, false);

	if (m != NULL && (m->magic != LINK_MAGIC || m->major != LINK_MAJOR)) {
		meter_detach(m);
		return NULL;
	}
	return m;
}

void
meter_detach(const struct meter *m)
{
	if (m != NULL)
		munmap((void *)(uintptr_t)m, METER_SIZE);
}

const char *
meter_level_name(uint64_t level)
{
	static const char *const text[METER_LEVELS] = { "normal", "pressure", "shedding" };

	return level < METER_LEVELS ? text[level] : "?";
}

const char *
meter_name(int id)
{
	return id >= 0 && id < METER_COUNT ? names[id][0] : "?";
}

const char *
meter_text(int id)
{
	return id >= 0 && id < METER_COUNT ? names[id][1] : "?";
}

const struct meter_limit_info *
meter_limit_info(int id)
{
	return id >= 0 && id < METER_LIMIT_COUNT ? &limits[id] : NULL;
}
