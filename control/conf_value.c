/*
 * Values: one function per kind of keyword.
 */
#include "control/conf_row.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "drivers/nic/device.h"

static void *
field(const struct conf_row *row, struct conf *c)
{
	return (char *)c + row->off;
}

static uint32_t *
field_count(const struct conf_row *row, struct conf *c)
{
	return (uint32_t *)(void *)((char *)c + row->count_off);
}

bool
conf_one_word(struct conf_parser *p, const struct conf_row *row, const struct conf_args *a)
{
	if (a->count == 1)
		return true;
	conf_say(p, true, "%s: one value is expected, found %d", row->name, a->count);
	return false;
}

/* Decimal digits only, bounded. */
static bool
number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

/* sshd's time: numbers with s m h d w, added up; a bare number is seconds. */
static bool
seconds(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t total = 0;

	if (*text == '\0')
		return false;
	while (*text != '\0') {
		uint64_t v = 0, unit = 1;

		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text); text++)
			if ((v = v * 10 + (uint64_t)(*text - '0')) > max)
				return false;
		switch (tolower((unsigned char)*text)) {
		case '\0':
			break;
		case 's':
			unit = 1;
			break;
		case 'm':
			unit = 60;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'd':
			unit = 86400;
			break;
		case 'w':
			unit = 604800;
			break;
		default:
			return false;
		}
		total += v * unit;
		if (total > max)
			return false;
		if (*text != '\0')
			text++;
	}
	*out = total;
	return true;
}

static bool
flag(const char *text, bool *out)
{
	*out = strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0;
	return *out || strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0;
}

bool
conf_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

static bool
keep(struct conf_parser *p, const struct conf_row *row, char *out, const char *text)
{
	if (strlen(text) >= row->size) {
		conf_say(p, true, "%s: value longer than %" PRIu32 " bytes", row->name, row->size - 1);
		return false;
	}
	if (conf_has_control(text)) {
		conf_say(p, true, "%s: control character in the value", row->name);
		return false;
	}
	memset(out, 0, row->size);
	memcpy(out, text, strlen(text));
	return true;
}

static void
value_flag(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	if (conf_one_word(p, row, a) && !flag(a->word[0], field(row, c)))
		conf_say(p, true, "%s: \"%.64s\" found, yes or no expected", row->name, a->word[0]);
}

static void
value_number(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint64_t v;

	if (!conf_one_word(p, row, a))
		return;
	if (number(a->word[0], row->max, &v) && v >= row->min)
		*(uint32_t *)field(row, c) = (uint32_t)v;
	else if (row->min == row->max)
		conf_say(p, true, "%s: \"%.64s\" found, only %" PRIu32 " is served so far", row->name,
		    a->word[0], row->min);
	else
		conf_say(p, true, "%s: \"%.64s\" found, a number from %" PRIu32 " to %" PRIu32 " expected",
		    row->name, a->word[0], row->min, row->max);
}

static void
value_time(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint64_t v;

	if (!conf_one_word(p, row, a))
		return;
	if (seconds(a->word[0], row->max, &v) && v >= row->min)
		*(uint32_t *)field(row, c) = (uint32_t)v;
	else
		conf_say(p, true, "%s: \"%.64s\" found, a time such as 90, 2m or 1h30m expected", row->name,
		    a->word[0]);
}

static void
value_port(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint16_t *port = field(row, c);
	uint64_t v;

	if (!conf_one_word(p, row, a))
		return;
	if (!number(a->word[0], UINT16_MAX, &v) || v == 0)
		conf_say(p, true, "Port: \"%.64s\" found, a number from 1 to 65535 expected", a->word[0]);
	else if (p->seen[row - conf_rows] != 0 && *port != v)
		conf_say(p, true, "Port: a second port; one is served so far");
	else
		*port = (uint16_t)v;
}

static void
value_text(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	if (conf_one_word(p, row, a))
		keep(p, row, field(row, c), strcasecmp(a->word[0], "none") == 0 ? "" : a->word[0]);
}

static bool
is_path(struct conf_parser *p, const struct conf_row *row, const char *text)
{
	if (text[0] == '/')
		return true;
	conf_say(p, true, "%s: \"%.200s\" found, an absolute path expected", row->name, text);
	return false;
}

static void
value_path(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	if (!conf_one_word(p, row, a))
		return;
	if (row->min == 0 && strcasecmp(a->word[0], "none") == 0)
		keep(p, row, field(row, c), "");
	else if (strpbrk(a->word[0], " \t") != NULL)
		conf_say(p, true, "%s: a blank in the path", row->name);
	else if ((row->fine != NULL && strcmp(a->word[0], row->fine) == 0) || is_path(p, row, a->word[0]))
		keep(p, row, field(row, c), a->word[0]);
}

static void
value_nic(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	const char *wrong;

	if (!conf_one_word(p, row, a))
		return;
	if (nic_driver_of(a->word[0], &wrong) == NULL)
		conf_say(p, true, "Nic: \"%.64s\" found, %s expected", a->word[0], wrong);
	else
		keep(p, row, field(row, c), a->word[0]);
}

static bool
is_cpu_list(const char *text)
{
	size_t digits = 0;

	for (; *text != '\0'; text++) {
		if (*text == ',' ? digits == 0 : *text < '0' || *text > '9')
			return false;
		digits = *text == ',' ? 0 : digits + 1;
	}
	return digits > 0;
}

static void
value_cpus(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	if (!conf_one_word(p, row, a))
		return;
	if (is_cpu_list(a->word[0]))
		keep(p, row, field(row, c), a->word[0]);
	else
		conf_say(p, true, "%s: \"%.64s\" found, CPU numbers with commas expected", row->name, a->word[0]);
}

static void
value_word(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	char known[256] = "";

	if (!conf_one_word(p, row, a))
		return;
	for (const struct conf_word *w = row->words; w->name != NULL; w++) {
		size_t used = strlen(known);

		if (strcasecmp(w->name, a->word[0]) == 0) {
			*(int *)field(row, c) = w->value;
			return;
		}
		snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", w->name);
	}
	conf_say(p, true, "%s: \"%.64s\" found, one of these expected: %s", row->name, a->word[0], known);
}

static void *
element(struct conf_parser *p, const struct conf_row *row, struct conf *c)
{
	uint32_t *count = field_count(row, c);

	if (*count == CONF_LIST_MAX) {
		conf_say(p, true, "%s: more than %d values", row->name, CONF_LIST_MAX);
		return NULL;
	}
	return (char *)field(row, c) + (size_t)*count * row->size;
}

static void
value_list(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	/* the first line replaces the default */
	if (p->seen[row - conf_rows] == 0 || row->kind == CONF_K_LIST_ONCE)
		*field_count(row, c) = 0;
	if (row->kind == CONF_K_LIST_ONCE && a->count == 1 && strcasecmp(a->word[0], "none") == 0)
		return;
	if (row->kind == CONF_K_PATHS && !conf_one_word(p, row, a))
		return;
	if (row->kind == CONF_K_PATHS && row->min == 0 && strcasecmp(a->word[0], "none") == 0)
		return;
	for (int i = 0; i < a->count; i++) {
		char *out = element(p, row, c);

		if (out == NULL || (row->kind == CONF_K_PATHS && !is_path(p, row, a->word[i])))
			return;
		if (a->word[i][0] == '\0')
			conf_say(p, true, "%s: an empty value", row->name);
		else if (keep(p, row, out, a->word[i]))
			++*field_count(row, c);
	}
}

static bool
address(const char *text, bool want_prefix, struct conf_address *out)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	uint64_t prefix;

	memset(out, 0, sizeof *out);
	if (len >= sizeof host || (slash != NULL) != want_prefix)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, out->b) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, host, out->b) == 1)
		out->family = 6;
	else
		return false;
	prefix = out->family == 4 ? 32 : 128;
	if (want_prefix && (!number(slash + 1, prefix, &prefix) || prefix == 0))
		return false;
	out->prefix = (uint8_t)prefix;
	return true;
}

static void
value_addresses(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	for (int i = 0; i < a->count; i++) {
		struct conf_address *out = element(p, row, c);

		if (out == NULL)
			return;
		if (address(a->word[i], row->min != 0, out)) {
			++*field_count(row, c);
			continue;
		}
		memset(out, 0, sizeof *out);
		conf_say(p, true, "%s: \"%.64s\" found, an IPv4 or IPv6 address %s prefix length expected",
		    row->name, a->word[i], row->min != 0 ? "with /" : "without");
	}
}

static void
value_route(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	struct conf_address gateway;
	struct conf_route *r = element(p, row, c);

	if (r == NULL)
		return;
	memset(r, 0, sizeof *r);
	if (a->count == 2 && address(a->word[0], true, &r->to) && address(a->word[1], false, &gateway) &&
	    gateway.family == r->to.family) {
		memcpy(r->gateway, gateway.b, sizeof r->gateway);
		++*field_count(row, c);
		return;
	}
	memset(r, 0, sizeof *r);
	conf_say(p, true, "%s: a network such as 192.0.2.0/24 and a gateway of its family expected", row->name);
}

/* sshd's words for every address: of a family, or of both. */
static void
value_listen(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	struct conf_address *out = element(p, row, c);
	char text[INET6_ADDRSTRLEN + 2];
	size_t len;

	if (out == NULL || !conf_one_word(p, row, a))
		return;
	if (strcmp(a->word[0], "*") == 0) {
		*field_count(row, c) = 0;
		return;
	}
	len = strlen(a->word[0]);
	snprintf(text, sizeof text, "%s", a->word[0]);
	if (text[0] == '[' && len < sizeof text && text[len - 1] == ']') {
		memmove(text, text + 1, len);
		text[len - 2] = '\0';
	}
	if (address(text, false, out)) {
		++*field_count(row, c);
		return;
	}
	memset(out, 0, sizeof *out);
	conf_say(p, true, "%s: \"%.64s\" found, an address without a port expected: Port says it", row->name,
	    a->word[0]);
}

/* RekeyLimit BYTES|default [TIME|none]; 0 stands for default and for none. */
static void
value_rekey(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	char digits[24];
	uint64_t bytes = 0, unit = 1, time = 0;
	size_t len = strlen(a->word[0]);

	if (a->count > 2) {
		conf_say(p, true, "%s: at most two values are expected", row->name);
		return;
	}
	if (strcasecmp(a->word[0], "default") != 0) {
		const char *suffix = "KMG",
			   *at = len > 1 ? strchr(suffix, toupper((unsigned char)a->word[0][len - 1])) : NULL;

		if (at != NULL) {
			unit = (uint64_t)1 << (10 * (at - suffix + 1));
			len--;
		}
		snprintf(digits, sizeof digits, "%.*s", (int)(len < sizeof digits ? len : sizeof digits - 1),
		    a->word[0]);
		if (len >= sizeof digits || !number(digits, (uint64_t)INT64_MAX / unit, &bytes) ||
		    bytes * unit < 16) {
			conf_say(p, true, "%s: \"%.64s\" found, default or a size such as 512M expected",
			    row->name, a->word[0]);
			return;
		}
	}
	if (a->count == 2 && strcasecmp(a->word[1], "none") != 0 && !seconds(a->word[1], INT32_MAX, &time)) {
		conf_say(p, true, "%s: \"%.64s\" found, none or a time expected", row->name, a->word[1]);
		return;
	}
	c->rekey_bytes = bytes * unit;
	c->rekey_s = (uint32_t)time;
}

static conf_value_fn *const value_of[CONF_K_KIND_COUNT] = {
	[CONF_K_FLAG] = value_flag,
	[CONF_K_NUMBER] = value_number,
	[CONF_K_TIME] = value_time,
	[CONF_K_PORT] = value_port,
	[CONF_K_TEXT] = value_text,
	[CONF_K_PATH] = value_path,
	[CONF_K_NIC] = value_nic,
	[CONF_K_CPUS] = value_cpus,
	[CONF_K_WORD] = value_word,
	[CONF_K_LIST] = value_list,
	[CONF_K_LIST_ONCE] = value_list,
	[CONF_K_PATHS] = value_list,
	[CONF_K_ADDRESSES] = value_addresses,
	[CONF_K_ROUTE] = value_route,
	[CONF_K_LISTEN] = value_listen,
	[CONF_K_VRRP] = conf_set_vrrp,
	[CONF_K_REKEY] = value_rekey,
	[CONF_K_QOS] = conf_set_qos,
	[CONF_K_STARTUPS] = conf_set_startups,
	[CONF_K_SOURCE_STARTUPS] = conf_set_source_startups,
	[CONF_K_NET_BLOCK] = conf_set_net_block,
	[CONF_K_PERMIT] = conf_set_permit,
	[CONF_K_MASK] = conf_set_mask,
	[CONF_K_SUBSYSTEM] = conf_set_subsystem,
	[CONF_K_INCLUDE] = conf_set_include,
	[CONF_K_MATCH] = conf_set_match,
	[CONF_K_ALGORITHMS] = conf_set_algorithms,
	[CONF_K_WARN] = conf_set_unserved,
	[CONF_K_REFUSE] = conf_set_unserved,
};

void
conf_value(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	value_of[row->kind](p, row, c, a);
}
