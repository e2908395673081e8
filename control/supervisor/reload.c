/*
 * The configuration in effect, and taking a new one: whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/json.h"
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

/* ---- host keys: keeper reads them before its sandbox, so another keeper does ---- */

static uint64_t
mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len-- > 0)
		h = (h ^ *at++) * 0x100000001b3u; /* FNV-1a */
	return h;
}

static bool
mix_file(uint64_t *h, const char *path)
{
	struct stat st;

	*h = mix(*h, path, strlen(path) + 1);
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	*h = mix(*h, &st.st_ino, sizeof(st.st_ino));
	*h = mix(*h, &st.st_mtim, sizeof(st.st_mtim));
	*h = mix(*h, &st.st_size, sizeof(st.st_size));
	return true;
}

/* Which files they are, and as of when. *count: how many can be read; with an agent a
 * public half beside the name is enough. */
static uint64_t
keys_stamp(const struct conf *c, uint32_t *count)
{
	uint64_t h = mix(0xcbf29ce484222325u, &c->required_rsa_size, sizeof(c->required_rsa_size));
	char beside[CONF_NAME_MAX + 4];
	bool agent = c->host_key_agent[0] != '\0', there;
	uint32_t i;

	h = mix(h, c->host_key_agent, strlen(c->host_key_agent) + 1);
	*count = 0;
	for (i = 0; i < c->host_key_count; i++) {
		there = mix_file(&h, c->host_key[i]);
		snprintf(beside, sizeof(beside), "%s.pub", c->host_key[i]);
		if (agent && mix_file(&h, beside))
			there = true;
		*count += there;
	}
	for (i = 0; i < c->host_certificate_count; i++)
		mix_file(&h, c->host_certificate[i]);
	return h;
}

int
conf_install(struct sup *s, const struct conf *conf)
{
	uint32_t readable;
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
	s->keys_stamp = keys_stamp(conf, &readable);
	s->generation++;
	return 0;
}

/* What was said of the file: to the log, and to whoever asked. */
static void
report(void *ctx, bool fatal, const char *line)
{
	struct js *said = ctx;

	if (fatal)
		log_error("%s", line);
	else
		log_warn("%s", line);
	js_add_str(js_get(said, fatal ? "errors" : "warnings"), line);
}

static void
tell_keys(const struct conf *c, struct js *said)
{
	char line[CONF_NAME_MAX + 128];
	struct stat st;
	uint32_t i;

	for (i = 0; i < c->host_key_count; i++) {
		if (stat(c->host_key[i], &st) == 0 || c->host_key_agent[0] != '\0')
			continue;
		snprintf(line, sizeof(line), "HostKey %s: %s", c->host_key[i], strerror(errno));
		js_add_str(js_get(said, "warnings"), line);
	}
	for (i = 0; i < c->host_certificate_count; i++) {
		if (stat(c->host_certificate[i], &st) == 0)
			continue;
		snprintf(line, sizeof(line), "HostCertificate %s: %s", c->host_certificate[i], strerror(errno));
		js_add_str(js_get(said, "warnings"), line);
	}
}

/* What is fixed when the processes start, and which. */
static const struct {
	const char *name;
	size_t off;
	size_t size;
	const char *whose;
} fixed[] = {
#define FIXED(name, field, whose)                                                               \
	{                                                                                       \
		name, offsetof(struct conf, field), sizeof(((struct conf *)NULL)->field), whose \
	}
	FIXED("Nic", nic, "postern-dp"),
	FIXED("Workers", workers, "postern-dp"),
	FIXED("WorkerCPUs", worker_cpus, "postern-dp"),
	FIXED("DataplaneMemory", memory_mb, "postern-dp"),
	FIXED("HugePages", huge_pages, "postern-dp"),
	FIXED("GateProcesses", gates, "posternd"),
	FIXED("ClerkProcesses", clerks, "posternd"),
	FIXED("ControlSocket", control_socket, "posternd"),
	FIXED("ControlGroup", control_group, "posternd"),
	FIXED("DataplaneSocket", dataplane_socket, "posternd"),
#undef FIXED
};

/* They stay what they are. */
static void
keep_fixed(const struct conf *old, struct conf *fresh, struct js *said)
{
	struct js *list = js_array();
	char line[128];
	size_t i;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		const char *was = (const char *)old + fixed[i].off;
		char *is = (char *)fresh + fixed[i].off;

		if (memcmp(was, is, fixed[i].size) == 0)
			continue;
		memcpy(is, was, fixed[i].size);
		snprintf(
		    line, sizeof(line), "%s changes when %s starts again", fixed[i].name, fixed[i].whose);
		log_warn("reload: %s", line);
		js_add_str(list, line);
	}
	if (fresh->conn_max > old->conn_max)
		js_add_str(list,
		    "MaxConnections grows beyond what it was at its start when postern-dp starts again");
	js_set(said, "not_applied", list);
}

static struct js *
said_new(void)
{
	struct js *said = js_object();

	js_set(said, "errors", js_array());
	js_set(said, "warnings", js_array());
	return said;
}

int
conf_reload(struct sup *s, const char **why, struct js **said)
{
	struct conf *fresh = calloc(1, sizeof(*fresh));
	uint32_t readable;
	uint64_t keys;
	bool rekeyed;
	int r = -1;

	*said = said_new();
	*why = "out of memory";
	if (fresh == NULL)
		return -1;
	*why = "the file has errors; nothing was changed";
	if (conf_load(fresh, s->conf_path, report, *said) != 0)
		goto out;
	keys = keys_stamp(fresh, &readable);
	*why = "none of the HostKey files can be read; nothing was changed";
	if (keys != s->keys_stamp && readable == 0)
		goto out;
	tell_keys(fresh, *said);
	keep_fixed(&s->conf, fresh, *said);
	rekeyed = keys != s->keys_stamp;
	*why = "out of memory";
	if (conf_install(s, fresh) != 0)
		goto out;
	moduli_install(s, s->conf.moduli_file, *said);
	served_install(s);
	log_info("configuration generation %u is in effect", s->generation);
	js_set_u64(*said, "generation", s->generation);
	children_conf(s);
	served_tell_all(s);
	if (rekeyed)
		children_stop(s, ROLE_BIT(ROLE_KEEPER));
	if (attach_on(s))
		attach_conf(s);
	r = 0;
out:
	if (r != 0)
		log_error("reload: %s", *why);
	free(fresh);
	return r;
}
