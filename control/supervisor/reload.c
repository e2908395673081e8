/*
 * The configuration in effect, and taking a new one: whole or not at all.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/supervisor/supervisor.h"

static int
sealed_file(const char *text)
{
	size_t len = strlen(text);
	int fd = memfd_create("postern-conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (write(fd, text, len) != (ssize_t)len ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
conf_install(struct sup *s, const struct conf *conf)
{
	char *text = conf_dump(conf);
	int fd = text != NULL ? sealed_file(text) : -1;

	if (fd < 0) {
		free(text);
		return -1;
	}
	if (s->conf_fd >= 0)
		close(s->conf_fd);
	free(s->conf_text);
	s->conf_fd = fd;
	s->conf_text = text;
	s->conf = *conf;
	s->generation++;
	return 0;
}

static void
report(void *ctx, bool fatal, const char *line)
{
	(void)ctx;
	if (fatal)
		log_error("%s", line);
	else
		log_warn("%s", line);
}

/* What is fixed when the processes start. */
static void
warn_fixed(const struct conf *old, const struct conf *fresh)
{
	if (strcmp(old->nic, fresh->nic) != 0 || old->workers != fresh->workers ||
	    old->memory_mb != fresh->memory_mb || old->huge_pages != fresh->huge_pages)
		log_warn("reload: Nic, Workers, DataplaneMemory and HugePages change when postern-dp starts "
			 "again");
	if (old->gates != fresh->gates || old->clerks != fresh->clerks ||
	    strcmp(old->control_socket, fresh->control_socket) != 0 ||
	    strcmp(old->dataplane_socket, fresh->dataplane_socket) != 0)
		log_warn("reload: process counts and sockets change when posternd starts again");
}

int
conf_reload(struct sup *s, const char **why)
{
	struct conf *fresh = calloc(1, sizeof(*fresh));
	int r = -1;

	*why = "out of memory";
	if (fresh == NULL)
		return -1;
	*why = "the file has errors; nothing was changed (see the log)";
	if (conf_load(fresh, s->conf_path, report, NULL) != 0)
		goto out;
	warn_fixed(&s->conf, fresh);
	/* The counts are those that run. */
	fresh->gates = s->conf.gates;
	fresh->clerks = s->conf.clerks;
	if (conf_install(s, fresh) != 0)
		goto out;
	log_info("configuration generation %u is in effect", s->generation);
	children_conf(s);
	if (attach_on(s))
		attach_conf(s);
	r = 0;
out:
	if (r != 0)
		log_error("reload: %s", *why);
	free(fresh);
	return r;
}
