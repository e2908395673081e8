/*
 * IPQoS: what sshd says as a type of service, we say as a DSCP (RFC 2474), because the
 * lower two bits of that octet are ECN's (RFC 3168 section 5).
 */
#include "control/conf_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOS_MAX 255u
#define TOS_SHIFT 2u

/* The dump writes the first name of a value. RFC 2597 section 6, RFC 2474 section
 * 4.2.2, RFC 3246 section 2, RFC 8622 section 4, RFC 1349 section 4. */
static const struct {
	const char *name;
	uint8_t dscp;
} words[] = {
	{ "af11", 10 }, { "af12", 12 }, { "af13", 14 }, { "af21", 18 }, { "af22", 20 }, { "af23", 22 },
	{ "af31", 26 }, { "af32", 28 }, { "af33", 30 }, { "af41", 34 }, { "af42", 36 }, { "af43", 38 },
	{ "cs0", 0 }, { "cs1", 8 }, { "cs2", 16 }, { "cs3", 24 }, { "cs4", 32 }, { "cs5", 40 },
	{ "cs6", 48 }, { "cs7", 56 }, { "ef", 46 }, { "le", 1 }, { "lowdelay", 4 }, { "throughput", 2 },
	{ "reliability", 1 }, { "none", CONF_QOS_NONE },
};

#define WORDS (sizeof words / sizeof words[0])

static bool
class_of(const char *text, uint32_t *dscp)
{
	unsigned long tos;
	char *end;

	for (size_t i = 0; i < WORDS; i++) {
		if (strcasecmp(words[i].name, text) == 0) {
			*dscp = words[i].dscp;
			return true;
		}
	}
	if (text[0] < '0' || text[0] > '9')
		return false;
	tos = strtoul(text, &end, 0);
	*dscp = (uint32_t)tos >> TOS_SHIFT;
	return *end == '\0' && tos <= TOS_MAX;
}

void
conf_set_qos(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint32_t dscp[2];

	if (a->count > 2) {
		conf_say(p, true, "%s: at most two values are expected, found %d", row->name, a->count);
		return;
	}
	for (int i = 0; i < a->count; i++) {
		if (!class_of(a->word[i], &dscp[i])) {
			conf_say(p, true, "%s: \"%.64s\" found, one of af11 to af43, cs0 to cs7, ef, le, lowdelay, "
			    "throughput, reliability, none or a type of service from 0 to 255 expected", row->name,
			    a->word[i]);
			return;
		}
	}
	c->qos_interactive = dscp[0];
	c->qos_bulk = dscp[a->count - 1];
}

static void
dump_class(FILE *f, uint32_t dscp)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (words[i].dscp == dscp) {
			fprintf(f, " %s", words[i].name);
			return;
		}
	}
	fprintf(f, " 0x%02x", (unsigned)(dscp << TOS_SHIFT));
}

void
conf_dump_qos(FILE *f, const struct conf *c)
{
	dump_class(f, c->qos_interactive);
	dump_class(f, c->qos_bulk);
	fputc('\n', f);
}
