#include "tools/pluginrun/run.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/counters.h"
#include "control/log.h"
#include "control/plugconf.h"

#define CONF_MAX 65536u

static int
usage(void)
{
	fprintf(stderr,
	    "usage: postern-plugin-run [-pv] [-c conf] [-n name] [-s subsystem | -e command | -S]\n"
	    "           [-E name=value] [-f fact=value] [-o bytes] [-t term] [-w bytes] plugin.so\n");
	return 2;
}

/* ---- options ---- */

static bool
get_bytes(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *out > 0 && *out <= RUN_WINDOW_MAX;
}

static bool
option(struct run *r, int o, const char *arg)
{
	uint64_t n;

	switch (o) {
	case 'c':
		r->conf = arg;
		return true;
	case 'n':
		return snprintf(r->host.name, sizeof(r->host.name), "%s", arg) < (int)sizeof(r->host.name);
	case 's':
	case 'e':
		r->kind = o == 's' ? LINK_START_SUBSYSTEM : LINK_START_EXEC;
		r->name = arg;
		return true;
	case 'S':
		r->kind = LINK_START_SHELL;
		r->name = "";
		return true;
	case 'E':
		if (strchr(arg, '=') == NULL || r->environment_count == RUN_ENV_MAX)
			return false;
		r->environment[r->environment_count++] = arg;
		return true;
	case 'f':
		return facts_set(r, arg) == 0;
	case 't':
		r->term = arg;
		return true;
	case 'o':
		return get_bytes(arg, &r->credit);
	case 'w':
		if (!get_bytes(arg, &n))
			return false;
		r->window = (uint32_t)n;
		return true;
	case 'p':
		r->programs = true;
		return true;
	case 'v':
		r->verbose = true;
		return true;
	default:
		return false;
	}
}

/* NAME of .../NAME.so, unless -n said it. */
static void
name_plugin(struct run *r)
{
	const char *base = strrchr(r->file, '/');
	size_t len;

	base = base != NULL ? base + 1 : r->file;
	len = strcspn(base, ".");
	if (r->host.name[0] == '\0')
		snprintf(r->host.name, sizeof(r->host.name), "%.*s", (int)len, base);
}

/* The text that the plugin gets, as the supervisor reads it for a host. */
static int
read_conf(struct run *r)
{
	char beside[PATH_MAX];
	ssize_t n = 0;
	int fd;

	snprintf(beside, sizeof(beside), "%.*s.conf", (int)(strlen(r->file) - 3), r->file);
	fd = open(r->conf != NULL ? r->conf : beside, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (r->conf != NULL || errno != ENOENT))
		return -1;
	r->host.config = malloc(CONF_MAX);
	if (r->host.config != NULL && fd >= 0)
		n = read(fd, r->host.config, CONF_MAX);
	if (fd >= 0)
		close(fd);
	if (r->host.config == NULL || n < 0)
		return -1;
	r->host.config_len = (size_t)n;
	return 0;
}

/* ---- the plugin ---- */

/* What a host would refuse is said, and loaded all the same: the file is the author's own. */
static int
load(struct run *r)
{
	char path[PATH_MAX], why[256];

	if (realpath(r->file, path) == NULL) {
		fprintf(stderr, "postern-plugin-run: %s: %s\n", r->file, strerror(errno));
		return -1;
	}
	if (load_check(path, getuid(), why) != 0)
		fprintf(stderr, "postern-plugin-run: a host would not load it: %s\n", why);
	if (load_file(&r->host, path, why) != 0) {
		fprintf(stderr, "postern-plugin-run: %s: %s\n", r->file, why);
		return -1;
	}
	if (load_start(&r->host) != POSTERN_OK) {
		fprintf(stderr, "postern-plugin-run: %s: does not start\n", r->file);
		return -1;
	}
	return 0;
}

/* Without -s, -e and -S: the first subsystem that it serves. */
static void
choose(struct run *r)
{
	static char name[256];
	const struct postern_if_subsystem *s = r->host.subsystem;
	uint64_t i;

	if (r->name != NULL)
		return;
	r->name = r->host.name;
	for (i = 0; i < s->serves_count; i++) {
		const struct postern_serves *row = &s->serves[i];

		if (row->kind != POSTERN_START_SUBSYSTEM || postern_view_is(row->name, "*"))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)row->name.len, (const char *)row->name.data);
		r->name = name;
		return;
	}
}

/* ---- the loop ---- */

static int
before_wait(void *ctx)
{
	struct run *r = ctx;
	bool work;
	int n;

	do {
		n = host_poll(&r->host);
		if (n < 0) {
			fprintf(stderr, "postern-plugin-run: the link: %s\n", reason_text(-n));
			r->status = 255;
			loop_stop(r->loop);
			return 1;
		}
		work = channel_step(r);
	} while (work || n > 0);
	if (r->closed && r->host.chans.count == 0) {
		loop_stop(r->loop);
		return 1;
	}
	return 0;
}

/* As if the connection had broken. */
static void
on_signal(void *ctx, int fd, unsigned events)
{
	struct signalfd_siginfo info;
	struct run *r = ctx;

	(void)events;
	if (read(fd, &info, sizeof(info)) == sizeof(info))
		channel_cut(r);
}

static int
serve(struct run *r)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || loop_watch(r->loop, fd, LOOP_IN, on_signal, r) != 0)
		return -1;
	if (channel_begin(r) != 0) {
		fprintf(stderr, "postern-plugin-run: the start is too long\n");
		return -1;
	}
	if (loop_run(r->loop, before_wait, r) != 0)
		return -1;
	close(fd);
	return 0;
}

/* The host's own lines of it, as control/host/main.c takes them; limits and sandbox are a
 * process's of a server. */
static int
configure(struct run *r)
{
	struct plugconf conf;
	const char *wrong = NULL;

	if (read_conf(r) != 0) {
		fprintf(stderr, "postern-plugin-run: %s: %s\n", r->conf, strerror(errno));
		return -1;
	}
	if (plugconf_parse(&conf, r->host.config, r->host.config_len, &wrong) != 0) {
		fprintf(stderr, "postern-plugin-run: %s\n", wrong);
		return -1;
	}
	r->host.tasks.thread_max = conf.task_threads;
	r->host.tasks.queue_max = conf.task_queue;
	r->host.open_max = conf.open_queue;
	r->host.open_ms = conf.open_timeout * 1000;
	if (face_counter_make(&r->host, &wrong) != 0) {
		fprintf(stderr, "postern-plugin-run: %s\n", wrong);
		return -1;
	}
	(void)serves_lines(&r->host.serves, r->host.name, r->host.config, r->host.config_len, &wrong);
	return 0;
}

static void
say_counters(const struct counters *c)
{
	for (uint32_t i = 0; c != NULL && i < c->count; i++)
		fprintf(stderr, "postern-plugin-run: counted: %s %" PRIu64 "\n", c->row[i].name, c->row[i].value);
}

static int
run(struct run *r)
{
	if (configure(r) != 0)
		return 1;
	if (r->programs && run_leader_begin(r) != 0)
		return 1;
	if (double_join(&r->link, &r->host.link[0]) != 0)
		return 1;
	if (load(r) != 0)
		return 1;
	choose(r);
	if (serve(r) != 0)
		return 1;
	chan_end_all(&r->host);
	if (load_stop(&r->host) != 0)
		_exit(1);
	return r->status;
}

int
main(int argc, char **argv)
{
	static struct run r;
	int o, status;

	log_start("postern-plugin-run", -1);
	r.loop = loop_new();
	if (r.loop == NULL || facts_init(&r) != 0)
		return 1;
	host_init(&r.host, r.loop);
	r.host.debug = true;
	r.host.thread = pthread_self();
	r.leader = -1;
	r.kind = LINK_START_SUBSYSTEM;
	r.window = HOST_WINDOW_DEFAULT;
	r.credit = HOST_WINDOW_DEFAULT;
	r.out.fd = STDOUT_FILENO;
	r.err.fd = STDERR_FILENO;
	while ((o = getopt(argc, argv, "c:e:E:f:n:o:ps:St:vw:")) != -1)
		if (!option(&r, o, optarg))
			return usage();
	if (optind != argc - 1 || strlen(argv[optind]) < 4)
		return usage();
	r.file = argv[optind];
	if (r.verbose)
		log_set_level(LOG_L_DEBUG);
	name_plugin(&r);
	status = run(&r);
	if (r.verbose)
		say_counters(r.host.counters);
	host_fini(&r.host);
	run_leader_end(&r);
	double_leave(&r.link);
	loop_free(r.loop);
	return status;
}
