#include "drivers/rng/rng.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Bytes above this are not worth a trip through the buffer. */
#define DIRECT_MIN (RNG_BUFFER / 2)

enum { LEFT, FORKS };

/* Counts forks above this process: a buffer filled in a parent must not be used
 * by its child as well. */
static uint64_t forks = 1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
count_fork(void)
{
	forks++;
}

static void
watch_forks(void)
{
	if (pthread_atfork(NULL, NULL, count_fork) != 0)
		abort();
}

static void
kernel_fill(uint8_t *dst, size_t len)
{
	while (len > 0) {
		ssize_t n = getrandom(dst, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		dst += n;
		len -= (size_t)n;
	}
}

static void
system_fill(struct rng *r, void *dst, size_t len)
{
	uint8_t *from;

	if (len >= DIRECT_MIN) {
		kernel_fill(dst, len);
		return;
	}
	if (r->state[FORKS] != forks || r->state[LEFT] < len) {
		kernel_fill(r->buffer, sizeof(r->buffer));
		r->state[LEFT] = sizeof(r->buffer);
		r->state[FORKS] = forks;
	}
	from = r->buffer + sizeof(r->buffer) - r->state[LEFT];
	memcpy(dst, from, len);
	explicit_bzero(from, len);
	r->state[LEFT] -= len;
}

void
rng_system(struct rng *r)
{
	pthread_once(&once, watch_forks);
	memset(r, 0, sizeof(*r));
	r->fill = system_fill;
}
