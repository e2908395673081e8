/* The words of an impairment. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/nic/impair.h"

#define REORDER_US 1500u     /* how late, where nothing is said */
#define REORDER_MAX_US 20000u /* how long a frame waits for others to pass it */
#define QUEUE_BYTES 262144u
#define TIME_MAX_US 60e6

/* "5ms", "300us", "1s" or a bare number of microseconds. */
static bool
parse_time(const char *text, uint32_t *us)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || !(v >= 0))
		return false;
	if (strcmp(end, "ms") == 0)
		v *= 1e3;
	else if (strcmp(end, "s") == 0)
		v *= 1e6;
	else if (*end != '\0' && strcmp(end, "us") != 0)
		return false;
	if (v > TIME_MAX_US)
		return false;
	*us = (uint32_t)v;
	return true;
}

/* "0.01" or "1%". */
static bool
parse_chance(const char *text, uint32_t *millionths)
{
	char *end;
	double p = strtod(text, &end);

	if (end != text && strcmp(end, "%") == 0) {
		p /= 100;
		end++;
	}
	if (end == text || *end != '\0' || !(p >= 0 && p <= 1))
		return false;
	*millionths = (uint32_t)(p * WIRE_MILLION + 0.5);
	return true;
}

/* "100mbit": the number, and the unit as a pointer. */
static bool
parse_number(const char *text, double max, double *v, const char **unit)
{
	char *end;

	*v = strtod(text, &end);
	*unit = end;
	return end != text && *v >= 0 && *v <= max;
}

static bool
parse_loss(struct wire_conf *c, char *v)
{
	return parse_chance(v, &c->loss);
}

static bool
parse_dup(struct wire_conf *c, char *v)
{
	return parse_chance(v, &c->duplicate);
}

static bool
parse_corrupt(struct wire_conf *c, char *v)
{
	return parse_chance(v, &c->corrupt);
}

static bool
parse_truncate(struct wire_conf *c, char *v)
{
	return parse_chance(v, &c->truncate);
}

static bool
parse_delay(struct wire_conf *c, char *v)
{
	return parse_time(v, &c->delay_us);
}

static bool
parse_jitter(struct wire_conf *c, char *v)
{
	return parse_time(v, &c->jitter_us);
}

/* Cuts at the next slash; what follows it, or NULL. */
static char *
rest_of(char *v)
{
	char *slash = strchr(v, '/');

	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

static bool
parse_burst(struct wire_conf *c, char *v)
{
	char *out = rest_of(v);
	char *in_burst = out != NULL ? rest_of(out) : NULL;

	c->burst_loss = WIRE_MILLION;
	return out != NULL && parse_chance(v, &c->burst_in) && parse_chance(out, &c->burst_out) &&
	    (in_burst == NULL || parse_chance(in_burst, &c->burst_loss));
}

static bool
parse_reorder(struct wire_conf *c, char *v)
{
	char *how = rest_of(v);
	const char *unit;
	double n;

	c->reorder_us = REORDER_US;
	c->reorder_by = 0;
	c->reorder_max_us = REORDER_MAX_US;
	if (!parse_chance(v, &c->reorder))
		return false;
	if (how == NULL)
		return true;
	if (!parse_number(how, 1e9, &n, &unit) || n < 1)
		return false;
	if (strcmp(unit, "pkt") != 0)
		return parse_time(how, &c->reorder_us);
	c->reorder_us = 0;
	c->reorder_by = (uint32_t)n;
	return true;
}

static bool
parse_stall(struct wire_conf *c, char *v)
{
	char *how_long = rest_of(v);

	return how_long != NULL && parse_chance(v, &c->stall) && parse_time(how_long, &c->stall_us);
}

static bool
parse_rate(struct wire_conf *c, char *v)
{
	const char *unit;
	double n;

	if (!parse_number(v, 1e12, &n, &unit))
		return false;
	if (strcmp(unit, "kbit") == 0)
		n *= 1e3;
	else if (strcmp(unit, "mbit") == 0)
		n *= 1e6;
	else if (strcmp(unit, "gbit") == 0)
		n *= 1e9;
	else if (*unit != '\0')
		return false;
	if (n < 1000 || n > 1e12)
		return false;
	c->rate = (uint64_t)n;
	return true;
}

static bool
parse_queue(struct wire_conf *c, char *v)
{
	const char *unit;
	double n;

	if (!parse_number(v, 1e9, &n, &unit) || n < 1)
		return false;
	c->queue_bytes = c->queue_frames = 0;
	if (strcmp(unit, "pkt") == 0) {
		c->queue_frames = (uint32_t)n;
		return n <= WIRE_QUEUE_FRAMES;
	}
	if (strcmp(unit, "k") == 0)
		n *= 1024;
	else if (strcmp(unit, "m") == 0)
		n *= 1048576;
	else if (*unit != '\0')
		return false;
	if (n > 1e9)
		return false;
	c->queue_bytes = (uint32_t)n;
	return true;
}

static const struct word {
	const char *name;
	bool (*parse)(struct wire_conf *, char *value);
	const char *want;
} words[] = {
	{ "loss", parse_loss, "loss: want 0..1 or a percentage" },
	{ "burst-loss", parse_burst, "burst-loss: want IN/OUT or IN/OUT/LOSS, each 0..1 or a percentage" },
	{ "reorder", parse_reorder, "reorder: want 0..1 or a percentage, perhaps /TIME or /Npkt" },
	{ "dup", parse_dup, "dup: want 0..1 or a percentage" },
	{ "corrupt", parse_corrupt, "corrupt: want 0..1 or a percentage" },
	{ "truncate", parse_truncate, "truncate: want 0..1 or a percentage" },
	{ "delay", parse_delay, "delay: want a time such as 5ms" },
	{ "jitter", parse_jitter, "jitter: want a time such as 1ms" },
	{ "stall", parse_stall, "stall: want 0..1 or a percentage, /, a time" },
	{ "rate", parse_rate, "rate: want bits per second such as 100mbit, 1kbit at least" },
	{ "queue", parse_queue, "queue: want bytes such as 256k, or up to 1024pkt" },
};

static const char *
parse_seed(struct impair_config *c, const char *value)
{
	char *end;

	c->seed = strtoull(value, &end, 0);
	return end != value && *end == '\0' ? NULL : "seed: want a number";
}

/* A parser may cut its value up: the second direction has a copy. */
static const char *
parse_word(struct impair_config *c, const char *name, char *value)
{
	bool up = strncmp(name, "up.", 3) == 0, down = strncmp(name, "down.", 5) == 0;
	char again[64];

	if (strcmp(name, "seed") == 0)
		return parse_seed(c, value);
	name += up ? 3 : down ? 5 : 0;
	memcpy(again, value, strlen(value) + 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct word *w = &words[i];

		if (strcmp(w->name, name) != 0)
			continue;
		return (down || w->parse(&c->up, value)) && (up || w->parse(&c->down, again)) ? NULL : w->want;
	}
	return "want loss, burst-loss, reorder, dup, corrupt, truncate, delay, jitter, stall, rate, queue or seed";
}

int
impair_parse(struct impair_config *c, const char *text, const char **error)
{
	char word[64];

	memset(c, 0, sizeof(*c));
	c->up.queue_bytes = c->down.queue_bytes = QUEUE_BYTES;
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		char *value;

		if (len >= sizeof(word)) {
			*error = "word too long";
			return -1;
		}
		memcpy(word, text, len);
		word[len] = '\0';
		value = strchr(word, '=');
		if (value == NULL) {
			*error = "want NAME=VALUE";
			return -1;
		}
		*value++ = '\0';
		*error = parse_word(c, word, value);
		if (*error != NULL)
			return -1;
		text += len;
		if (*text == ',')
			text++;
	}
	return 0;
}
