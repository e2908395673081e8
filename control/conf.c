#include "control/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/conf_row.h"
#include "control/kex/names.h"
#include "control/log.h"

static void
set(char *out, size_t size, const char *text)
{
	memset(out, 0, size);
	memcpy(out, text, strnlen(text, size - 1));
}

#define SET(field, text) set(field, sizeof field, text)

void
conf_default(struct conf *c)
{
	memset(c, 0, sizeof *c);
	c->address_detection = CONF_DAD_OPTIMISTIC;
	c->workers = 1;
	c->gates = 2;
	c->clerks = 2;
	c->memory_mb = 256;
	c->conn_max = 1000;
	c->time_wait_s = 60;
	c->port = 22;
	SET(c->host_key[0], "/etc/ssh/ssh_host_ed25519_key");
	SET(c->host_key[1], "/etc/ssh/ssh_host_ecdsa_key");
	SET(c->host_key[2], "/etc/ssh/ssh_host_rsa_key");
	c->host_key_count = 3;
	c->required_rsa_size = 2048;
	SET(c->authorized_keys[0], ".ssh/authorized_keys");
	SET(c->authorized_keys[1], ".ssh/authorized_keys2");
	c->authorized_keys_count = 2;
	SET(c->kex_algorithms, KEX_NAMES);
	SET(c->host_key_algorithms, HOST_KEY_NAMES);
	SET(c->pubkey_algorithms, SIGN_NAMES);
	SET(c->ciphers, CIPHER_NAMES);
	SET(c->macs, MAC_NAMES);
	c->pubkey_authentication = true;
	c->strict_modes = true;
	c->password_authentication = true;
	c->kbd_interactive = true;
	c->use_pam = true;
	c->compression = CONF_COMPRESSION_YES;
	c->permit_root_login = CONF_ROOT_PROHIBIT_PASSWORD;
	c->login_grace_s = 120;
	c->max_auth_tries = 6;
	c->max_sessions = 10;
	c->max_channels = 256;
	c->alive_count_max = 3;
	c->tcp_keepalive = true;
	c->net_block4 = 32;
	c->net_block6 = 128;
	c->qos_interactive = 18; /* af21 */
	c->qos_bulk = 8;         /* cs1 */
	c->log_level = LOG_L_INFO;
	c->print_motd = true;
	c->print_last_log = true;
	c->permit_tty = true;
	c->permit_user_rc = true;
	c->allow_tcp = CONF_FORWARD_YES;
	c->allow_streamlocal = CONF_FORWARD_YES;
	c->streamlocal_mask = 0177;
	c->x11_localhost = true;
	c->x11_offset = 10;
	SET(c->xauth, CONF_XAUTH);
	SET(c->pam_service, "postern");
	c->dialogue_s = 120;
	c->answer_s = 30;
	c->dialogues_max = 64;
	c->dialogues_per_source = 8;
	SET(c->plugin_dir, "/usr/lib/postern/plugins");
	SET(c->dataplane_socket, "/run/postern/dp.sock");
	SET(c->control_socket, "/run/postern/control.sock");
	SET(c->control_group, "postern-admin");
}

/* In sshd's order. Passwords are PAM's to judge: without it they are not offered. */
const char *
conf_methods(const struct conf *c)
{
	static const char *const lists[] = { "", "publickey", "password", "publickey,password",
		"keyboard-interactive", "publickey,keyboard-interactive", "password,keyboard-interactive",
		"publickey,password,keyboard-interactive" };
	unsigned at = c->pubkey_authentication ? 1 : 0;

	if (c->use_pam && c->password_authentication)
		at |= 2;
	if (c->use_pam && c->kbd_interactive)
		at |= 4;
	return lists[at];
}

static int
begin(struct conf_parser *p, struct conf *c, const char *file, conf_report_fn *report, void *ctx)
{
	*p = (struct conf_parser){ .conf = c, .report = report, .ctx = ctx, .file = file };
	conf_default(c);
	p->spare = malloc(sizeof *p->spare);
	p->seen = calloc(conf_row_count, 1);
	p->wanted = calloc(CONF_LIST_COUNT, sizeof *p->wanted);
	if (p->spare == NULL || p->seen == NULL || p->wanted == NULL) {
		conf_say(p, true, "out of memory");
		return -1;
	}
	conf_default(p->spare);
	return 0;
}

/* Said by the file and without effect, which its writer would not notice. */
static void
tell_passwords(struct conf_parser *p, const char *name, bool on)
{
	if (!on || p->conf->use_pam || p->seen == NULL || p->seen[conf_row_find(name) - conf_rows] == 0)
		return;
	p->line = 0;
	conf_say(p, false, "%s: not in effect: passwords are PAM's to judge, and UsePAM is no", name);
}

/* One that is not ours would never hear anybody. */
static void
check_listen(struct conf_parser *p)
{
	static const struct conf_address all;
	const struct conf *c = p->conf;

	for (uint32_t i = 0; i < c->listen_count; i++) {
		const struct conf_address *l = &c->listen[i];
		bool ours = memcmp(l->b, all.b, sizeof l->b) == 0;

		for (uint32_t k = 0; k < c->address_count; k++)
			ours |= c->address[k].family == l->family &&
			    memcmp(c->address[k].b, l->b, sizeof l->b) == 0;
		for (uint32_t k = 0; k < c->vrrp_count; k++)
			for (uint32_t m = 0; m < c->vrrp[k].addr_count; m++)
				ours |= c->vrrp[k].family == l->family &&
				    memcmp(c->vrrp[k].addr[m], l->b, sizeof l->b) == 0;
		if (!ours) {
			p->line = 0;
			conf_say(p, true, "ListenAddress: not one that Address or VirtualRouter says");
		}
	}
}

static int
finish(struct conf_parser *p)
{
	if (p->seen != NULL && p->wanted != NULL)
		conf_finish_algorithms(p);
	check_listen(p);
	tell_passwords(p, "PasswordAuthentication", p->conf->password_authentication);
	tell_passwords(p, "KbdInteractiveAuthentication", p->conf->kbd_interactive);
	free(p->spare);
	free(p->seen);
	free(p->wanted);
	return p->errors == 0 ? 0 : -1;
}

int
conf_parse(struct conf *c, const char *text, size_t len, const char *file, conf_report_fn *report, void *ctx)
{
	struct conf_parser p;

	if (begin(&p, c, file, report, ctx) == 0)
		conf_text(&p, text, len, file);
	return finish(&p);
}

/* The whole of a regular file, bounded; NULL after telling why not. */
static char *
read_file(struct conf_parser *p, const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0) {
		conf_say(p, true, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > CONF_FILE_MAX) {
		conf_say(p, true, "%s: not a regular file of at most %u bytes", path, CONF_FILE_MAX);
		goto out;
	}
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL) {
		conf_say(p, true, "out of memory");
		goto out;
	}
	for (*len = 0; *len < (size_t)st.st_size; *len += (size_t)n) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n <= 0)
			break;
	}
	if (n < 0) {
		conf_say(p, true, "%s: %s", path, strerror(errno));
		free(text);
		text = NULL;
	}
out:
	if (fd >= 0)
		close(fd);
	return text;
}

static void
one_file(struct conf_parser *p, const char *path)
{
	size_t len = 0;
	char *text = read_file(p, path, &len);

	if (text == NULL)
		return;
	conf_text(p, text, len, path);
	free(text);
}

/* As sshd: a relative pattern is relative to the directory of the first file,
 * and a pattern that matches nothing is no error. */
void
conf_include(struct conf_parser *p, const char *pattern)
{
	char path[2 * CONF_NAME_MAX];
	glob_t found;
	int n;

	if (p->dir == NULL || p->depth >= CONF_DEPTH_MAX) {
		conf_say(p, true, "Include: %s", p->dir == NULL ? "not possible here" : "nested too deeply");
		return;
	}
	n = snprintf(path, sizeof path, "%s%s%s", pattern[0] == '/' ? "" : p->dir,
	    pattern[0] == '/' ? "" : "/", pattern);
	if (n < 0 || (size_t)n >= sizeof path) {
		conf_say(p, true, "Include: path too long");
		return;
	}
	switch (glob(path, 0, NULL, &found)) {
	case 0:
		p->depth++;
		for (size_t i = 0; i < found.gl_pathc; i++)
			one_file(p, found.gl_pathv[i]);
		p->depth--;
		globfree(&found);
		break;
	case GLOB_NOMATCH:
		break;
	default:
		conf_say(p, true, "Include: %s: cannot be searched", path);
	}
}

int
conf_load(struct conf *c, const char *path, conf_report_fn *report, void *ctx)
{
	struct conf_parser p;
	char dir[CONF_NAME_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		SET(dir, ".");
	else
		snprintf(dir, sizeof dir, "%.*s", (int)(slash == path ? 1 : slash - path), path);
	if (begin(&p, c, path, report, ctx) == 0) {
		p.dir = dir;
		one_file(&p, path);
	}
	return finish(&p);
}
