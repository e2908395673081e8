/*
 * What the plugins of PluginDir serve beside sessions: read from their NAME.conf, told
 * to clerks. A dataplane that cannot hand a peer's open to a host gets no such entry:
 * clerks have an empty table while one of an earlier minor version is attached.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "control/supervisor/supervisor.h"

#define SERVED_MINOR 4 /* of the link: LINK_START_OPEN, ASK */

static int
is_conf(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".conf") == 0;
}

static void
read_one(struct sup *s, const char *file)
{
	struct plugin *p = malloc(sizeof(*p));
	const char *why = "out of memory";

	if (p == NULL || plugin_find(p, s->conf.plugin_dir, file, strlen(file) - 5, &why) != 0 ||
	    serves_lines(&s->served, p->id, p->config, strlen(p->config), &why) != 0)
		log_warn("%s/%s: what it serves is not in effect: %s", s->conf.plugin_dir, file, why);
	free(p);
}

void
served_install(struct sup *s)
{
	struct dirent **list = NULL;
	int n = scandir(s->conf.plugin_dir, &list, is_conf, alphasort);

	s->served.count = 0;
	for (int i = 0; i < n; i++) {
		read_one(s, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

void
served_tell(struct sup *s, struct proc *clerk)
{
	static const struct serves none;
	static uint8_t body[MSG_MAX];
	struct put w = put_of(body, sizeof(body) - 64);
	struct msg m = { .type = MSG_SERVES };

	if (s->attach.state == ATTACH_OFF || s->attach.state == ATTACH_GREETING)
		return;
	serves_encode(s->attach.minor >= SERVED_MINOR ? &s->served : &none, &w);
	m.body = put_view(&w);
	proc_send(clerk, &m);
}

void
served_tell_all(struct sup *s)
{
	for (uint32_t i = 0; i < s->clerks; i++)
		if (proc_up(&s->clerk[i].proc))
			served_tell(s, &s->clerk[i].proc);
}
