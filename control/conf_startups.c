/*
 * How many connections may be before their login: MaxStartups, PerSourceMaxStartups and
 * PerSourceNetBlockSize, as sshd writes them.
 */
#include "control/conf_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Numbers between colons, at most `most`: how many, or 0. */
static int
numbers(const char *text, uint32_t v[], int most)
{
	int count = 0;

	for (;;) {
		char *end;
		unsigned long n = strtoul(text, &end, 10);

		if (text[0] < '0' || text[0] > '9' || n > INT32_MAX || count == most)
			return 0;
		v[count++] = (uint32_t)n;
		if (*end == '\0')
			return count;
		if (*end != ':')
			return 0;
		text = end + 1;
	}
}

static bool
one_word(struct conf_parser *p, const struct conf_row *row, const struct conf_args *a)
{
	if (a->count == 1)
		return true;
	conf_say(p, true, "%s: one value is expected, found %d", row->name, a->count);
	return false;
}

void
conf_set_startups(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint32_t v[3];
	int count;

	if (!one_word(p, row, a))
		return;
	if (strcasecmp(a->word[0], "none") == 0) {
		c->startups_begin = c->startups_rate = c->startups_full = 0;
		return;
	}
	count = numbers(a->word[0], v, 3);
	if (count == 1) { /* no dice: all until then */
		v[1] = 100;
		v[2] = v[0];
	}
	if ((count != 1 && count != 3) || v[0] == 0 || v[1] < 1 || v[1] > 100 || v[2] < v[0]) {
		conf_say(p, true, "%s: \"%.64s\" found, none, a number or START:RATE:FULL expected, with RATE from 1 "
			"to 100 percent and FULL no less than START, which is 1 at least", row->name, a->word[0]);
		return;
	}
	c->startups_begin = v[0];
	c->startups_rate = v[1];
	c->startups_full = v[2];
}

void
conf_set_source_startups(
    struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint32_t v = 0;

	if (!one_word(p, row, a))
		return;
	if (strcasecmp(a->word[0], "none") != 0 && (numbers(a->word[0], &v, 1) != 1 || v == 0)) {
		conf_say(p, true, "%s: \"%.64s\" found, none or a number from 1 expected", row->name, a->word[0]);
		return;
	}
	c->startups_source = v;
}

void
conf_set_net_block(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint32_t v[2] = { 0, 128 };

	if (!one_word(p, row, a))
		return;
	if (numbers(a->word[0], v, 2) == 0 || v[0] > 32 || v[1] > 128) {
		conf_say(p, true, "%s: \"%.64s\" found, BITS of IPv4 addresses (0 to 32), or those and of IPv6 ones (0 "
			"to 128) as 32:128 expected", row->name, a->word[0]);
		return;
	}
	c->net_block4 = v[0];
	c->net_block6 = v[1];
}

void
conf_dump_startups(FILE *f, const struct conf *c)
{
	if (c->startups_full == 0)
		fputs(" none\n", f);
	else
		fprintf(f, " %" PRIu32 ":%" PRIu32 ":%" PRIu32 "\n", c->startups_begin, c->startups_rate,
		    c->startups_full);
}

void
conf_dump_source_startups(FILE *f, const struct conf *c)
{
	if (c->startups_source == 0)
		fputs(" none\n", f);
	else
		fprintf(f, " %" PRIu32 "\n", c->startups_source);
}

void
conf_dump_net_block(FILE *f, const struct conf *c)
{
	fprintf(f, " %" PRIu32 ":%" PRIu32 "\n", c->net_block4, c->net_block6);
}
