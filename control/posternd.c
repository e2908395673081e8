/*
 * posternd: the control plane. Without a role it is the supervisor, which starts
 * this program again for every other process.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/link/layout.h"
#include "control/conf.h"
#include "control/log.h"
#include "control/role.h"
#include "control/supervisor/supervisor.h"

static int (*const mains[ROLE_COUNT])(uint32_t index) = {
	[ROLE_KEEPER] = keeper_main,
	[ROLE_WARDEN] = warden_main,
	[ROLE_READER] = reader_main,
	[ROLE_PAM] = pam_main,
	[ROLE_GATE] = gate_main,
	[ROLE_CLERK] = clerk_main,
	[ROLE_LOGIN] = login_main,
	[ROLE_HOST] = host_main,
	[ROLE_CONSOLE] = console_main,
};

static const char usage_text[] = "usage: posternd [-t | -T | --dataplane-args] [-f FILE]\n"
				 "  -f, --file FILE        configuration file (" CONF_PATH ")\n"
				 "  -t, --test             check the configuration and exit\n"
				 "  -T, --dump             print the configuration in effect and exit\n"
				 "      --dataplane-args   print the options for postern-dp and exit\n"
				 "      --version, --help\n";

enum action { RUN = 0, TEST, DUMP, DATAPLANE_ARGS };

static void
report(void *ctx, bool fatal, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s%s\n", fatal ? "" : "warning: ", line);
}

static int
run_role(int argc, char **argv)
{
	const struct role *r = argc == 4 ? role_by_name(argv[2]) : NULL;
	char name[32];
	struct stat st;

	if (r == NULL || mains[r->id] == NULL || fstat(ROLE_SUPERVISOR_FD, &st) != 0 ||
	    !S_ISSOCK(st.st_mode)) {
		fputs("posternd: roles are started by the supervisor\n", stderr);
		return 2;
	}
	snprintf(name, sizeof(name), "postern-%s", r->name);
	prctl(PR_SET_NAME, name);
	log_start(r->name, r->id == ROLE_CONSOLE ? ROLE_CONSOLE_LOG_FD : ROLE_LOG_FD);
	return mains[r->id]((uint32_t)strtoul(argv[3], NULL, 10));
}

static int
dump(const struct conf *c)
{
	char *text = conf_dump(c);

	if (text == NULL)
		return 1;
	fputs(text, stdout);
	free(text);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* One line, for a service file or a script: no value here can hold a space. */
static int
dataplane_args(const struct conf *c)
{
	bool cpus = c->worker_cpus[0] != '\0';

	printf("--nic %s --control %s --memory %u --conn-max %u --workers %u%s%s%s%s\n", c->nic, c->dataplane_socket,
	    c->memory_mb, c->conn_max, c->workers, cpus ? " --worker-cpu " : "", c->worker_cpus,
	    c->huge_pages ? "" : " --no-huge", c->vrrp_count > 0 ? " --promiscuous" : "");
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
act(enum action what, const char *file)
{
	struct conf *c = calloc(1, sizeof(*c));
	int status = 1;

	if (c == NULL || conf_load(c, file, report, NULL) != 0)
		goto out;
	switch (what) {
	case TEST:
		status = 0;
		break;
	case DUMP:
		status = dump(c);
		break;
	case DATAPLANE_ARGS:
		status = dataplane_args(c);
		break;
	case RUN:
		if (geteuid() != 0)
			fputs("posternd: must be started as root\n", stderr);
		else
			status = supervisor_run(file, c);
		break;
	}
out:
	free(c);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "test", no_argument, NULL, 't' },
		{ "dump", no_argument, NULL, 'T' },
		{ "dataplane-args", no_argument, NULL, 'd' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *file = CONF_PATH;
	enum action what = RUN;
	int o;

	if (argc > 1 && strcmp(argv[1], "role") == 0)
		return run_role(argc, argv);
	while ((o = getopt_long(argc, argv, "f:tTh", options, NULL)) != -1) {
		switch (o) {
		case 'f':
			file = optarg;
			break;
		case 't':
			what = TEST;
			break;
		case 'T':
			what = DUMP;
			break;
		case 'd':
			what = DATAPLANE_ARGS;
			break;
		case 'V':
			printf("posternd %s, link %u.%u, note %u\n", POSTERN_VERSION, LINK_MAJOR, LINK_MINOR,
			    NOTE_VERSION);
			return 0;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs(usage_text, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage_text, stderr);
		return 2;
	}
	return act(what, file);
}
