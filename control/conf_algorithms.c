/*
 * Lists of algorithms, in the forms of sshd_config(5): "a,b" replaces the default,
 * "+a" adds to it, "-a" takes away, "^a" puts in front. Names may be patterns.
 *
 * Files written for sshd name more than is served. Such names are told and left
 * out; a list of which nothing remains is an error.
 */
#include "control/conf_row.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* Cut the next name off a comma separated list. */
static bool
next_name(const char **list, char name[CONF_ALGORITHMS_MAX])
{
	size_t len = strcspn(*list, ",");

	if (**list == '\0')
		return false;
	snprintf(name, CONF_ALGORITHMS_MAX, "%.*s", (int)len, *list);
	*list += len + ((*list)[len] == ',');
	return true;
}

static bool
has_name(const char *list, const char *wanted)
{
	char name[CONF_ALGORITHMS_MAX];

	while (next_name(&list, name))
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

/* A list that is not there yet grows by a name that it does not have. */
static void
add_name(char list[CONF_ALGORITHMS_MAX], const char *name)
{
	size_t used = strlen(list);

	if (!has_name(list, name))
		snprintf(list + used, CONF_ALGORITHMS_MAX - used, "%s%s", used > 0 ? "," : "", name);
}

/* Add what a list of patterns names of those served; what it names beside them
 * goes into `unknown`. */
static void
add_matches(char out[CONF_ALGORITHMS_MAX], char unknown[CONF_ALGORITHMS_MAX], const char *patterns,
    const char *served)
{
	char pattern[CONF_ALGORITHMS_MAX], name[CONF_ALGORITHMS_MAX];

	while (next_name(&patterns, pattern)) {
		const char *at = served;
		bool known = false;

		while (next_name(&at, name)) {
			if (fnmatch(pattern, name, 0) != 0)
				continue;
			known = true;
			add_name(out, name);
		}
		if (!known)
			add_name(unknown, pattern);
	}
}

/* The names of `from` that are not in `without`. */
static void
add_others(char out[CONF_ALGORITHMS_MAX], const char *from, const char *without)
{
	char name[CONF_ALGORITHMS_MAX];

	while (next_name(&from, name))
		if (!has_name(without, name))
			add_name(out, name);
}

void
conf_set_algorithms(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	char named[CONF_ALGORITHMS_MAX] = "", out[CONF_ALGORITHMS_MAX] = "";
	char unknown[CONF_ALGORITHMS_MAX] = "";
	const char *list = a->word[0];
	char form;

	if (!conf_one_word(p, row, a))
		return;
	if (strlen(list) >= sizeof named || conf_has_control(list)) {
		conf_say(p, true, "%s: the list is too long or has control characters", row->name);
		return;
	}
	form = list[0] != '\0' && strchr("+-^", list[0]) != NULL ? *list++ : '\0';
	add_matches(named, unknown, list, row->fine);
	if (form == '+')
		add_others(out, row->fine, "");
	if (form != '-')
		add_others(out, named, "");
	if (form == '-' || form == '^')
		add_others(out, row->fine, named);
	if (out[0] == '\0') {
		conf_say(p, true, "%s: the list excludes all that is served: %s", row->name, row->fine);
		return;
	}
	if (unknown[0] != '\0' && form != '-')
		conf_say(p, false, "%s: not served and left out: %.400s", row->name, unknown);
	memset((char *)c + row->off, 0, row->size);
	memcpy((char *)c + row->off, out, strlen(out));
}
