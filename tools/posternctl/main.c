#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/posternctl/posternctl.h"

#define SOCKET_PATH "/run/postern/control.sock"

struct verb {
	const char *name;
	const char *argument;                   /* the request's key for it; NULL: takes none */
	void (*table)(const struct js *answer); /* NULL: says nothing when done */
	const char *text;
};

static const struct verb verbs[] = {
	{ "status", NULL, table_status, "processes, the dataplane, counters and drop reasons" },
	{ "sessions", NULL, table_sessions, "who is logged in" },
	{ "kill", "id", NULL, "ID: close a session" },
	{ "reload", NULL, NULL, "read the configuration again" },
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void
usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: posternctl [-s SOCKET] [--json] VERB [ARGUMENT]\n");
	for (i = 0; i < VERB_COUNT; i++)
		fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].text);
	fprintf(to, "  -s SOCKET  control socket (" SOCKET_PATH ")\n  --json     answers as JSON\n");
}

static const struct verb *
verb_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < VERB_COUNT; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
show(const struct verb *v, const struct js *answer, bool json)
{
	bool ok = js_bool(answer, "ok");
	char *text;

	if (json) {
		text = js_text(answer, true);
		if (text == NULL)
			return CTL_FAILED;
		puts(text);
		free(text);
	} else if (!ok) {
		fprintf(stderr, "posternctl: %s\n", js_str(answer, "error"));
	} else if (v->table != NULL) {
		v->table(answer);
	}
	if (fflush(stdout) != 0)
		return CTL_FAILED;
	return ok ? CTL_DONE : CTL_FAILED;
}

static int
run(const char *path, const struct verb *v, const char *argument, bool json)
{
	struct js *request = js_object();
	struct js *answer;
	int status;

	js_set_str(request, "verb", v->name);
	if (v->argument != NULL)
		js_set_str(request, v->argument, argument);
	answer = ask(path, request);
	js_free(request);
	if (answer == NULL)
		return CTL_NOBODY;
	status = show(v, answer, json);
	js_free(answer);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = SOCKET_PATH;
	const struct verb *v;
	bool json = false;
	int o;

	while ((o = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
		switch (o) {
		case 's':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'V':
			puts("posternctl " POSTERN_VERSION);
			return CTL_DONE;
		case 'h':
			usage(stdout);
			return CTL_DONE;
		default:
			usage(stderr);
			return CTL_USAGE;
		}
	}
	v = optind < argc ? verb_by_name(argv[optind]) : NULL;
	if (v == NULL || argc - optind - 1 != (v->argument != NULL)) {
		if (optind < argc && v == NULL)
			fprintf(stderr, "posternctl: there is no \"%s\"\n", argv[optind]);
		usage(stderr);
		return CTL_USAGE;
	}
	return run(path, v, v->argument != NULL ? argv[optind + 1] : NULL, json);
}
