/*
 * Lists of algorithms, in the forms of sshd_config(5): "a,b" replaces the default,
 * "+a" adds to it, "-a" takes away, "^a" puts in front. Names may be patterns. The
 * default is the profile's, which may stand on a later line: names are judged line by
 * line, lists are made when all lines are read.
 *
 * Files written for sshd name more than is served. Such names are told and left out;
 * a name that nobody knows is an error, and so is a list of which nothing remains.
 */
#include "control/conf_row.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "control/kex/names.h"

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

/* Does a list of patterns have the name, or a list of names the pattern? */
static bool
has_match(const char *list, const char *wanted)
{
	char entry[CONF_ALGORITHMS_MAX];

	while (next_name(&list, entry))
		if (fnmatch(entry, wanted, 0) == 0 || fnmatch(wanted, entry, 0) == 0)
			return true;
	return false;
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

/* What a list of patterns names of those served, in the order of the patterns. */
static void
add_matches(char out[CONF_ALGORITHMS_MAX], const char *patterns, const char *served)
{
	char pattern[CONF_ALGORITHMS_MAX], name[CONF_ALGORITHMS_MAX];

	while (next_name(&patterns, pattern)) {
		const char *at = served;

		while (next_name(&at, name))
			if (fnmatch(pattern, name, 0) == 0)
				add_name(out, name);
	}
}

/* The names of `from` that no pattern of `without` matches. */
static void
add_others(char out[CONF_ALGORITHMS_MAX], const char *from, const char *without)
{
	char name[CONF_ALGORITHMS_MAX];

	while (next_name(&from, name))
		if (!has_match(without, name))
			add_name(out, name);
}

static char
form_of(const char **list)
{
	return (*list)[0] != '\0' && strchr("+-^", (*list)[0]) != NULL ? *(*list)++ : '\0';
}

static void
tell_unknown(struct conf_parser *p, const struct conf_row *row, const char *name)
{
	char near[CONF_NEAREST_MAX];

	if (conf_nearest_of(row->fine, name, near))
		conf_say(p, true, "%s: unknown algorithm \"%.64s\"; the nearest that is served is \"%s\"",
		    row->name, name, near);
	else
		conf_say(p, true, "%s: unknown algorithm \"%.64s\"; served are %.600s", row->name, name,
		    row->fine);
}

/* What is named and not served is left out where sshd knows it, or where a pattern
 * matches nothing. */
static void
judge_names(struct conf_parser *p, const struct conf_row *row, const char *list)
{
	char name[CONF_ALGORITHMS_MAX], left_out[CONF_ALGORITHMS_MAX] = "";

	while (next_name(&list, name)) {
		if (has_match(row->fine, name))
			continue;
		if (strpbrk(name, "*?") != NULL || has_match(row->foreign, name))
			add_name(left_out, name);
		else
			tell_unknown(p, row, name);
	}
	if (left_out[0] != '\0')
		conf_say(p, false, "%s: not served and left out: %.400s", row->name, left_out);
}

void
conf_set_algorithms(struct conf_parser *p, const struct conf_row *row, struct conf *c, const struct conf_args *a)
{
	const char *list = a->word[0];

	if (!conf_one_word(p, row, a))
		return;
	if (strlen(list) >= CONF_ALGORITHMS_MAX || conf_has_control(list)) {
		conf_say(p, true, "%s: the list is too long or has control characters", row->name);
		return;
	}
	if (c == p->conf) {
		struct conf_wanted *w = &p->wanted[row->list];

		w->line = p->line;
		snprintf(w->file, sizeof w->file, "%s", p->file);
		snprintf(w->text, sizeof w->text, "%s", list);
	}
	if (form_of(&list) != '-')
		judge_names(p, row, list);
}

/* One list, from the profile's and from what the file says, which may be nothing. */
static void
assemble(struct conf_parser *p, const struct conf_row *row, const char *usual, const char *list)
{
	char named[CONF_ALGORITHMS_MAX] = "", out[CONF_ALGORITHMS_MAX] = "";
	char form = form_of(&list);

	if (form != '-')
		add_matches(named, list, row->fine);
	if (form == '+')
		add_others(out, usual, "");
	add_others(out, named, "");
	if (form == '-')
		add_others(out, usual, list);
	if (form == '^')
		add_others(out, usual, "");
	if (out[0] == '\0') {
		conf_say(p, true, "%s: the list excludes all that is served: %.700s", row->name, row->fine);
		return;
	}
	memset((char *)p->conf + row->off, 0, row->size);
	memcpy((char *)p->conf + row->off, out, strlen(out));
}

void
conf_finish_list(struct conf_parser *p, const struct conf_row *row)
{
	const struct conf_wanted *w = &p->wanted[row->list];
	const char *usual = row->profiles[p->conf->profile];

	p->line = w->line;
	p->file = w->file;
	assemble(p, row, usual, w->line > 0 ? w->text : usual);
}

void
conf_finish_algorithms(struct conf_parser *p)
{
	const struct conf_row *rsa = conf_row_find("RequiredRSASize");

	for (size_t i = 0; i < conf_row_count; i++)
		if (conf_rows[i].kind == CONF_K_ALGORITHMS)
			conf_finish_list(p, &conf_rows[i]);
	p->line = 0;
	if (p->conf->profile == CONF_PROFILE_CNSA && p->seen[rsa - conf_rows] == 0)
		p->conf->required_rsa_size = CNSA_RSA_BITS;
}
