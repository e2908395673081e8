#include "control/supervisor/plugin.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/plugconf.h"
#include "control/serves.h"

static bool
id_ok(const char *id, size_t len)
{
	size_t i;

	if (len == 0 || len >= PLUGIN_ID_MAX || id[0] == '.' || id[0] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && strchr("-_.", id[i]) == NULL)
			return false;
	return true;
}

/* Who can write the file decides what runs as the user. */
static bool
trusted(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int
read_config(struct plugin *p, const char *dir, const char **why)
{
	struct plugconf conf;
	char path[sizeof(p->file)];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s.conf", dir, p->id);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	*why = "its configuration cannot be read or belongs to somebody else";
	if (fd < 0)
		return -1;
	if (trusted(fd))
		n = read(fd, p->config, sizeof(p->config) - 1);
	else
		n = -1;
	close(fd);
	if (n < 0)
		return -1;
	p->config[n] = '\0';
	*why = "its configuration is too long";
	if ((size_t)n == sizeof(p->config) - 1 || plugconf_parse(&conf, p->config, (size_t)n, why) != 0 ||
	    counters_lines(&p->counters, p->config, (size_t)n, why) != 0)
		return -1;
	p->user = conf.user;
	p->limits = conf;
	return 0;
}

static int
service_account(struct plugin *p, const char **why)
{
	char name[PLUGIN_ID_MAX + 16];
	struct passwd *pw;

	snprintf(name, sizeof(name), "_postern-%s", p->id);
	pw = getpwnam(name);
	if (pw == NULL)
		pw = getpwnam("_postern-host");
	*why = "there is no account for it";
	if (pw == NULL || pw->pw_uid == 0)
		return -1;
	p->uid = pw->pw_uid;
	p->gid = pw->pw_gid;
	return 0;
}

int
plugin_trial_account(struct plugin *p, const char **why)
{
	return p->user ? service_account(p, why) : 0;
}

int
plugin_find(struct plugin *p, const char *dir, const char *id, size_t len, const char **why)
{
	bool ok;
	int fd;

	memset(p, 0, sizeof(*p));
	plugconf_default(&p->limits);
	*why = "not a plugin's name";
	if (!id_ok(id, len))
		return -1;
	memcpy(p->id, id, len);
	snprintf(p->file, sizeof(p->file), "%s/%s.so", dir, p->id);
	*why = "there is no such plugin";
	fd = open(p->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ok = trusted(fd);
	close(fd);
	*why = "its file belongs to somebody else or can be written by others";
	if (!ok || read_config(p, dir, why) != 0)
		return -1;
	return p->user ? 0 : service_account(p, why);
}

int
plugin_arguments(struct plugin *p, const struct conf *conf)
{
	size_t have = strlen(p->config);
	uint32_t i;
	int n;

	for (i = 0; i < conf->subsystem_count; i++) {
		const struct conf_subsystem *sub = &conf->subsystem[i];

		if (strcmp(sub->plugin, p->id) != 0 || sub->arguments[0] == '\0')
			continue;
		n = snprintf(p->config + have, sizeof(p->config) - have, "%sSubsystem %s %s\n",
		    have > 0 && p->config[have - 1] != '\n' ? "\n" : "", sub->name, sub->arguments);
		if (n < 0 || (size_t)n >= sizeof(p->config) - have)
			return -1;
		have += (size_t)n;
	}
	return 0;
}

/* One line behind the text. */
static int
append(struct plugin *p, const char *line, size_t len)
{
	size_t have = strlen(p->config);
	int n = snprintf(p->config + have, sizeof(p->config) - have, "%s%.*s\n",
	    have > 0 && p->config[have - 1] != '\n' ? "\n" : "", (int)len, line);

	return n < 0 || (size_t)n >= sizeof(p->config) - have ? -1 : 0;
}

static bool
wants(const struct serves *s, const char *line)
{
	size_t len = strcspn(line, " \t\n");

	for (uint32_t i = 0; i < s->count; i++)
		if (s->row[i].kind == SERVES_KEYWORD && strlen(s->row[i].name) == len &&
		    strncasecmp(s->row[i].name, line, len) == 0)
			return true;
	return false;
}

int
plugin_keywords(struct plugin *p, const char *text)
{
	struct serves *s = calloc(1, sizeof(*s));
	const char *why;
	int r = 0;

	if (s == NULL)
		return -1;
	/* Rows that cannot be read were told when the table was made. */
	(void)serves_lines(s, p->id, p->config, strlen(p->config), &why);
	for (const char *at = text, *end; r == 0 && at != NULL && *at != '\0'; at = *end != '\0' ? end + 1 : end) {
		end = at + strcspn(at, "\n");
		if (wants(s, at))
			r = append(p, at, (size_t)(end - at));
	}
	free(s);
	return r;
}
