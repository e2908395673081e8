#include "control/console/throttle.h"

#include <inttypes.h>
#include <stdio.h>

/* As sshd says it: "12s", "3m05s", "2h00m". */
static void
lasted(char *to, size_t size, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s < 60)
		snprintf(to, size, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(to, size, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(to, size, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
}

static void
say(const struct throttle *t, const char *how, const char *glue, uint64_t now_ms, char *line, size_t size)
{
	char time[32];

	lasted(time, sizeof(time), now_ms - t->from_ms);
	snprintf(line, size, "%s %s throttling %s %s, %" PRIu64 " connections dropped", how, t->what, glue, time,
	    t->count - t->from);
}

bool
throttle_look(struct throttle *t, uint64_t count, uint64_t now_ms, char *line, size_t size)
{
	uint64_t before = t->count;

	/* What was before us has been logged, or is long over. */
	if (!t->seen || count < t->count) {
		t->from = t->on && t->seen ? 0 : count;
		before = t->seen ? 0 : count;
		t->seen = true;
	}
	t->count = count;
	if (count > before) {
		t->last_ms = now_ms;
		if (!t->on) {
			t->on = true;
			t->from = before;
			t->from_ms = t->told_ms = now_ms;
			snprintf(line, size, "beginning %s throttling", t->what);
			return true;
		}
	}
	if (!t->on)
		return false;
	if (now_ms - t->last_ms >= THROTTLE_OVER_MS) {
		t->on = false;
		say(t, "exited", "after", now_ms, line, size);
		return true;
	}
	if (now_ms - t->told_ms < THROTTLE_TELL_MS)
		return false;
	t->told_ms = now_ms;
	say(t, "in", "for", now_ms, line, size);
	return true;
}
