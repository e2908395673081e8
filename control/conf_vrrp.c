/*
 * VirtualRouter VRID ADDRESS... [priority=N] [interval=CENTISECONDS] [preempt=yes|no]
 * [accept=yes|no]: a line each.
 */
#include "control/conf_row.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRIORITY_DEFAULT 100 /* RFC 5798 section 6.1, */
#define INTERVAL_DEFAULT 100 /* as well */
#define INTERVAL_MAX 4095    /* 12 bits: section 5.2.7 */

static bool
number(const char *text, unsigned long min, unsigned long max, unsigned long *v)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*v = strtoul(text, &end, 10);
	return *end == '\0' && *v >= min && *v <= max;
}

static bool
flag(const char *text, bool *v)
{
	*v = strcmp(text, "yes") == 0;
	return *v || strcmp(text, "no") == 0;
}

/* key=value; false when it is none of ours or makes no sense. */
static bool
setting(struct conf_vrrp *v, const char *word, const char *value)
{
	size_t len = (size_t)(value - word) - 1;
	unsigned long n;

	if (strncmp(word, "priority", len) == 0 && len == 8 && number(value, 1, 255, &n)) {
		v->priority = (uint8_t)n;
		return true;
	}
	if (strncmp(word, "interval", len) == 0 && len == 8 && number(value, 1, INTERVAL_MAX, &n)) {
		v->interval = (uint16_t)n;
		return true;
	}
	if (strncmp(word, "preempt", len) == 0 && len == 7)
		return flag(value, &v->preempt);
	if (strncmp(word, "accept", len) == 0 && len == 6)
		return flag(value, &v->accept);
	return false;
}

static bool
address(struct conf_vrrp *v, const char *word)
{
	uint8_t b[16] = { 0 };
	uint8_t family;

	if (inet_pton(AF_INET, word, b) == 1)
		family = 4;
	else if (inet_pton(AF_INET6, word, b) == 1)
		family = 6;
	else
		return false;
	if (v->addr_count == CONF_VRRP_ADDRS || (v->addr_count > 0 && family != v->family))
		return false;
	v->family = family;
	memcpy(v->addr[v->addr_count++], b, sizeof b);
	return true;
}

/* RFC 5798 section 5.2.9: the virtual router's link-local address comes first. */
static bool
first_good(const struct conf_vrrp *v)
{
	return v->family != 6 || (v->addr[0][0] == 0xfe && (v->addr[0][1] & 0xc0) == 0x80);
}

static bool
twice(const struct conf *c, const struct conf_vrrp *v)
{
	for (uint32_t i = 0; i < c->vrrp_count; i++)
		if (c->vrrp[i].vrid == v->vrid && c->vrrp[i].family == v->family)
			return true;
	return false;
}

void
conf_set_vrrp(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	struct conf_vrrp v = { .priority = PRIORITY_DEFAULT, .interval = INTERVAL_DEFAULT, .preempt = true,
		.accept = true };
	unsigned long vrid;

	if (!number(a->word[0], 1, 255, &vrid)) {
		conf_say(p, true, "%s: \"%.64s\" found, a VRID from 1 to 255 expected", row->name, a->word[0]);
		return;
	}
	v.vrid = (uint8_t)vrid;
	for (int i = 1; i < a->count; i++) {
		const char *equals = strchr(a->word[i], '=');

		if (equals != NULL ? !setting(&v, a->word[i], equals + 1) : !address(&v, a->word[i])) {
			conf_say(p, true, "%s: \"%.64s\" found, up to %d addresses of one family, priority=1..255, "
			    "interval=1..%d, preempt=yes|no or accept=yes|no expected", row->name, a->word[i],
			    CONF_VRRP_ADDRS, INTERVAL_MAX);
			return;
		}
	}
	if (v.addr_count == 0 || !first_good(&v))
		conf_say(p, true, "%s: an address expected, of IPv6 a link-local one first", row->name);
	else if (twice(c, &v))
		conf_say(p, true, "%s: %u a second time for this family", row->name, v.vrid);
	else if (c->vrrp_count == CONF_VRRP_MAX)
		conf_say(p, true, "%s: more than %d", row->name, CONF_VRRP_MAX);
	else
		c->vrrp[c->vrrp_count++] = v;
}
