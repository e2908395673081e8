/*
 * Keywords that are more than a value: subsystems, other files, blocks, and what
 * sshd serves and we do not.
 */
#include "control/conf_row.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

void
conf_set_subsystem(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	static const char plugin[] = "plugin:";
	struct conf_subsystem s = { 0 };

	if (a->count < 2) {
		conf_say(p, true, "%s: a name and plugin:ID or a command are expected", row->name);
		return;
	}
	if (strlen(a->word[0]) >= sizeof s.name || a->word[0][0] == '\0' || conf_has_control(a->word[0]) ||
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
	if (c->subsystem_count == CONF_SUBSYSTEMS_MAX) {
		conf_say(p, true, "%s: more than %d subsystems", row->name, CONF_SUBSYSTEMS_MAX);
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
		memcpy(s.plugin, CONF_SFTP, sizeof CONF_SFTP);
		if (conf_sftp(p, row, a, s.arguments, sizeof s.arguments) != 0)
			return;
	} else {
		if (strlen(a->rest) >= sizeof s.command || conf_has_control(a->rest)) {
			conf_say(p, true, "%s: command too long or with control characters", row->name);
			return;
		}
		memcpy(s.command, a->rest, strlen(a->rest));
	}
	c->subsystem[c->subsystem_count++] = s;
}

void
conf_set_include(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	(void)row;
	(void)c;
	for (int i = 0; i < a->count; i++)
		conf_include(p, a->word[i]);
}

void
conf_set_match(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
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

void
conf_set_unserved(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	bool fine = row->fine != NULL;

	(void)c;
	for (int i = 0; i < a->count && fine; i++)
		fine = listed(row->fine, a->word[i], strlen(a->word[i]));
	if (!fine)
		conf_say(p, row->kind == CONF_K_REFUSE, "%s: %s%s", row->name,
		    row->kind == CONF_K_REFUSE ? "" : "not in effect: ", row->why);
}
