/*
 * Values: one function per kind of keyword.
 */
#include "control/conf_row.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef void value_fn(
    struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a);

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

static bool
one_word(struct conf_parser *p, const struct conf_row *row, const struct conf_args *a)
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

static bool
is_control(const char *text)
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
	if (is_control(text)) {
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
	if (one_word(p, row, a) && !flag(a->word[0], field(row, c)))
		conf_say(p, true, "%s: \"%.64s\" found, yes or no expected", row->name, a->word[0]);
}

static void
value_number(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	uint64_t v;

	if (!one_word(p, row, a))
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

	if (!one_word(p, row, a))
		return;
	if (seconds(a->word[0], row->max, &v))
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

	if (!one_word(p, row, a))
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
	if (one_word(p, row, a))
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
	if (!one_word(p, row, a))
		return;
	if (row->min == 0 && strcasecmp(a->word[0], "none") == 0)
		keep(p, row, field(row, c), "");
	else if (strpbrk(a->word[0], " \t") != NULL)
		conf_say(p, true, "%s: a blank in the path", row->name);
	else if (is_path(p, row, a->word[0]))
		keep(p, row, field(row, c), a->word[0]);
}

static void
value_nic(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	static const char driver[] = "af_packet:";

	if (!one_word(p, row, a))
		return;
	if (strncmp(a->word[0], driver, sizeof driver - 1) != 0 || a->word[0][sizeof driver - 1] == '\0' ||
	    strpbrk(a->word[0], " \t") != NULL)
		conf_say(p, true, "Nic: \"%.64s\" found, af_packet:INTERFACE expected", a->word[0]);
	else
		keep(p, row, field(row, c), a->word[0]);
}

static void
value_word(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	char known[256] = "";

	if (!one_word(p, row, a))
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
	if (row->kind == CONF_K_PATHS && !one_word(p, row, a))
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

static bool
ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

static bool
is_plugin_id(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && text[len] == '\0' && len < sizeof((struct conf_subsystem *)NULL)->plugin;
}

static void
value_subsystem(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	static const char plugin[] = "plugin:";
	struct conf_subsystem s = { 0 };

	if (a->count < 2) {
		conf_say(p, true, "%s: a name and plugin:ID or a command are expected", row->name);
		return;
	}
	if (strlen(a->word[0]) >= sizeof s.name || a->word[0][0] == '\0' || is_control(a->word[0]) ||
	    strpbrk(a->word[0], "= \"'\\#,") != NULL) {
		conf_say(p, true, "%s: \"%.64s\" cannot be a subsystem's name", row->name, a->word[0]);
		return;
	}
	for (uint32_t i = 0; i < c->subsystem_count; i++) {
		if (strcmp(c->subsystem[i].name, a->word[0]) == 0) {
			conf_say(p, true, "%s: \"%.64s\" is defined already", row->name, a->word[0]);
			return;
		}
	}
	if (c->subsystem_count == CONF_LIST_MAX) {
		conf_say(p, true, "%s: more than %d subsystems", row->name, CONF_LIST_MAX);
		return;
	}
	memcpy(s.name, a->word[0], strlen(a->word[0]));
	if (strncmp(a->word[1], plugin, sizeof plugin - 1) == 0) {
		const char *id = a->word[1] + sizeof plugin - 1;

		if (a->count != 2 || !is_plugin_id(id)) {
			conf_say(p, true, "%s: \"%.64s\" found, plugin:ID expected", row->name, a->word[1]);
			return;
		}
		memcpy(s.plugin, id, strlen(id));
	} else if (strcmp(a->word[1], "internal-sftp") == 0 || ends_with(a->word[1], "sftp-server")) {
		conf_say(p, true, "%s: \"%.64s\" means the sftp plugin, which is not served yet", row->name,
		    a->word[1]);
		return;
	} else {
		if (strlen(a->rest) >= sizeof s.command || is_control(a->rest)) {
			conf_say(p, true, "%s: command too long or with control characters", row->name);
			return;
		}
		memcpy(s.command, a->rest, strlen(a->rest));
	}
	c->subsystem[c->subsystem_count++] = s;
}

static void
value_include(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	(void)row;
	(void)c;
	for (int i = 0; i < a->count; i++)
		conf_include(p, a->word[i]);
}

static void
value_match(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	(void)c;
	p->skipping = a->count != 1 || strcasecmp(a->word[0], "all") != 0;
	if (p->skipping)
		conf_say(p, true, "%s: not served yet, and the block would restrict or grant for some only",
		    row->name);
}

static bool
listed(const char *list, const char *name, size_t name_len)
{
	while (*list != '\0') {
		size_t len = strcspn(list, " ");

		if (len == name_len && strncasecmp(list, name, len) == 0)
			return true;
		list += len + strspn(list + len, " ");
	}
	return false;
}

/* Does a comma separated pattern list match one of the "a|b" names? */
static bool
names_any(const char *patterns, const char *served)
{
	while (*served != '\0') {
		char name[64], one[128];
		size_t len = strcspn(served, "|");

		snprintf(name, sizeof name, "%.*s", (int)len, served);
		for (const char *at = patterns; *at != '\0';) {
			size_t n = strcspn(at, ",");

			snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), at);
			if (fnmatch(one, name, 0) == 0)
				return true;
			at += n + (at[n] == ',');
		}
		served += len + (served[len] == '|');
	}
	return false;
}

/* sshd's lists: "+x" and "^x" add, "-x" takes away, anything else replaces. */
static void
value_algorithms(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	const char *list = a->word[0];
	bool named, excludes;

	(void)c;
	if (!one_word(p, row, a))
		return;
	named = names_any(list + (strchr("+-^", list[0]) != NULL && list[0] != '\0'), row->fine);
	excludes = list[0] == '-' ? named : list[0] == '+' || list[0] == '^' ? false : !named;
	if (excludes)
		conf_say(p, true, "%s: the list excludes %s, and nothing else is served yet", row->name,
		    row->fine);
	else if (strcmp(list, row->fine) != 0)
		conf_say(p, false, "%s: of this list only %s is served yet", row->name, row->fine);
}

static void
value_unserved(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	bool fine = row->fine != NULL;

	(void)c;
	for (int i = 0; i < a->count && fine; i++)
		fine = listed(row->fine, a->word[i], strlen(a->word[i]));
	if (!fine)
		conf_say(p, row->kind == CONF_K_REFUSE, "%s: %s%s", row->name,
		    row->kind == CONF_K_REFUSE ? "" : "not in effect: ", row->why);
}

static value_fn *const value_of[CONF_K_KIND_COUNT] = {
	[CONF_K_FLAG] = value_flag,
	[CONF_K_NUMBER] = value_number,
	[CONF_K_TIME] = value_time,
	[CONF_K_PORT] = value_port,
	[CONF_K_TEXT] = value_text,
	[CONF_K_PATH] = value_path,
	[CONF_K_NIC] = value_nic,
	[CONF_K_WORD] = value_word,
	[CONF_K_LIST] = value_list,
	[CONF_K_LIST_ONCE] = value_list,
	[CONF_K_PATHS] = value_list,
	[CONF_K_ADDRESSES] = value_addresses,
	[CONF_K_REKEY] = value_rekey,
	[CONF_K_SUBSYSTEM] = value_subsystem,
	[CONF_K_INCLUDE] = value_include,
	[CONF_K_MATCH] = value_match,
	[CONF_K_ALGORITHMS] = value_algorithms,
	[CONF_K_WARN] = value_unserved,
	[CONF_K_REFUSE] = value_unserved,
};

void
conf_value(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	value_of[row->kind](p, row, c, a);
}
