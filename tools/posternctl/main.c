#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/posternctl/posternctl.h"

#define SOCKET_PATH "/run/postern/control.sock"
#define SECONDS_MAX 3600
#define PORT_MAX 65535
#define LIMIT_MAX (1ll << 40)
#define OPTION_LIMIT 256

enum { LIMIT_SECONDS, LIMIT_BYTES, LIMIT_PACKETS, LIMIT_SNAPLEN, LIMIT_COUNT };

static const char *const limit_names[LIMIT_COUNT] = { "seconds", "bytes", "packets", "snaplen" };

struct request {
	const char *path;
	const struct verb *verb;
	const char *argument; /* NULL: none */
	const char *second;   /* of two */
	const char *file;
	long port;            /* of the peer; 0: any */
	long long limit[LIMIT_COUNT]; /* of a capture; 0: the usual ones */
	bool json;
	bool all;
	bool explain;
};

struct verb {
	const char *name;
	const char *argument; /* what it is called; NULL: takes none */
	bool needed;
	bool seconds; /* its argument is a number of seconds */
	bool takes_all;
	bool takes_port;
	bool takes_two; /* arguments, and a capture's options */
	bool takes_explain;
	bool takes_name; /* a second argument, needed */
	bool switches;  /* its second argument is on or off */
	int (*run)(const struct request *r);
	void (*table)(const struct js *answer); /* NULL: its own */
	const char *text;
};

/* ---- asking and showing ---- */

static struct js *
ask_from(const struct request *r, uint64_t from)
{
	struct js *o = js_object();
	struct js *answer;

	js_set_str(o, "verb", r->verb->name);
	if (r->all)
		js_set_bool(o, "all", true);
	if (r->argument != NULL && !r->verb->seconds)
		js_set_str(o, "which", r->argument);
	if (r->port != 0)
		js_set_u64(o, "port", (uint64_t)r->port);
	if (from != 0)
		js_set_u64(o, "from", from);
	answer = ask(r->path, o);
	js_free(o);
	return answer;
}

static struct js *
ask_for(const struct request *r)
{
	return ask_from(r, 0);
}

static int
show_json(const struct js *answer)
{
	char *text = js_text(answer, true);

	if (text == NULL)
		return CTL_FAILED;
	puts(text);
	free(text);
	return js_bool(answer, "ok") ? CTL_DONE : CTL_FAILED;
}

static void
lines(const char *before, const struct js *list)
{
	size_t i;

	for (i = 0; i < js_count(list); i++)
		fprintf(stderr, "posternctl: %s%s\n", before, plain(js_str_at(list, i)));
}

static int
refused(const struct js *answer)
{
	lines("", js_get(answer, "errors"));
	fprintf(stderr, "posternctl: %s\n", plain(js_str(answer, "error")));
	return CTL_FAILED;
}

/* True when there is nothing more to show: *status says how it went. */
static bool
shown(const struct request *r, const struct js *answer, int *status)
{
	*status = CTL_DONE;
	if (answer == NULL)
		*status = CTL_NOBODY;
	else if (r->json)
		*status = show_json(answer);
	else if (!js_bool(answer, "ok"))
		*status = refused(answer);
	else
		return false;
	return true;
}

static int
run_table(const struct request *r)
{
	struct js *answer = ask_for(r);
	int status;

	if (!shown(r, answer, &status))
		r->verb->table(answer);
	js_free(answer);
	return status;
}

/* One object, however many pages: a connection a line. */
static void
page_json(const struct js *list, bool first)
{
	size_t i;

	for (i = 0; i < js_count(list); i++) {
		char *text = js_text(js_at(list, i), false);

		if (text != NULL)
			printf("%s%s", first && i == 0 ? "" : ",\n", text);
		free(text);
	}
}

static int
run_tcp(const struct request *r)
{
	struct js *answer = ask_from(r, 0);
	bool complete = true, first = true;
	uint64_t from = 0;
	int status = CTL_DONE;

	if (!js_bool(answer, "ok")) {
		(void)shown(r, answer, &status);
		goto out;
	}
	if (r->json)
		printf("{\"connections\":[\n");
	else
		table_tcp_head();
	for (;;) {
		if (r->json)
			page_json(js_get(answer, "connections"), first);
		else
			table_tcp(answer);
		first = first && js_count(js_get(answer, "connections")) == 0;
		complete = complete && js_bool(answer, "complete");
		from = js_u64(answer, "next");
		if (from == 0 || !complete)
			break;
		js_free(answer);
		answer = ask_from(r, from);
		if (!js_bool(answer, "ok"))
			complete = false;
	}
	if (r->json)
		printf("],\"complete\":%s,\"ok\":true}\n", complete ? "true" : "false");
	else if (!complete)
		printf("(the dataplane did not answer: what only it knows is missing)\n");
out:
	js_free(answer);
	return status;
}

static int
capture_start(const struct request *r)
{
	struct js *o = js_object();
	int i, status;

	js_set_str(o, "verb", "capture");
	js_set_str(o, "op", "start");
	js_set_str(o, "which", r->argument);
	js_set_u64(o, "port", (uint64_t)r->port);
	for (i = 0; i < LIMIT_COUNT; i++)
		js_set_u64(o, limit_names[i], (uint64_t)r->limit[i]);
	status = capture_run(r->path, o, r->file);
	js_free(o);
	return status;
}

static int
run_capture(const struct request *r)
{
	bool stop = strcmp(r->argument, "stop") == 0;
	struct js *o, *answer;
	int status;

	if (!stop && strcmp(r->argument, "status") != 0)
		return capture_start(r);
	o = js_object();
	js_set_str(o, "verb", "capture");
	js_set_str(o, "op", r->argument);
	js_set_str(o, "which", r->second != NULL ? r->second : "all");
	answer = ask(r->path, o);
	js_free(o);
	if (!shown(r, answer, &status)) {
		if (stop)
			printf("%llu stopped\n", (unsigned long long)js_u64(answer, "stopped"));
		else
			table_captures(answer);
	}
	js_free(answer);
	return status;
}

static void
print_line(const char *text)
{
	puts(text);
}

static int
trace_off(const struct request *r, const struct js *o)
{
	struct js *answer = ask(r->path, o);
	int status;

	if (!shown(r, answer, &status))
		printf("%llu stopped\n", (unsigned long long)js_u64(answer, "stopped"));
	js_free(answer);
	return status;
}

static int
run_trace(const struct request *r)
{
	bool off = r->second != NULL && strcmp(r->second, "off") == 0;
	struct js *o = js_object();
	int status;

	js_set_str(o, "verb", "trace");
	js_set_str(o, "op", off ? "off" : "on");
	js_set_str(o, "which", r->argument);
	js_set_u64(o, "port", (uint64_t)r->port);
	js_set_u64(o, "seconds", (uint64_t)r->limit[LIMIT_SECONDS]);
	js_set_u64(o, "packets", (uint64_t)r->limit[LIMIT_PACKETS]);
	status = off ? trace_off(r, o) : lines_run(r->path, o, r->json ? print_line : trace_print);
	js_free(o);
	return status;
}

static int
run_kill(const struct request *r)
{
	struct js *answer = ask_for(r);
	int status;

	if (!shown(r, answer, &status))
		printf("%llu closed\n", (unsigned long long)js_u64(answer, "killed"));
	js_free(answer);
	return status;
}

static int
run_rekey(const struct request *r)
{
	struct js *answer = ask_for(r);
	int status;

	if (!shown(r, answer, &status))
		printf("%llu asked\n", (unsigned long long)js_u64(answer, "asked"));
	js_free(answer);
	return status;
}

static int
run_reload(const struct request *r)
{
	struct js *answer = ask_for(r);
	int status;

	if (!shown(r, answer, &status)) {
		lines("warning: ", js_get(answer, "warnings"));
		lines("not applied: ", js_get(answer, "not_applied"));
		printf("configuration generation %llu is in effect\n",
		    (unsigned long long)js_u64(answer, "generation"));
	}
	js_free(answer);
	return status;
}

static int
run_plugin(const struct request *r)
{
	struct js *o = js_object();
	struct js *answer;
	int status;

	js_set_str(o, "verb", "plugin");
	js_set_str(o, "op", r->argument);
	js_set_str(o, "which", r->second != NULL ? r->second : "");
	answer = ask(r->path, o);
	js_free(o);
	if (!shown(r, answer, &status))
		printf("reloaded; %llu old hosts finish what they have\n", (unsigned long long)js_u64(answer, "retired"));
	js_free(answer);
	return status;
}

static double
clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Asks; with a number of seconds twice, and *seconds is what was between. */
static struct js *
ask_since(const struct request *r, struct js **before, double *seconds)
{
	double begin;
	struct js *answer;

	*before = NULL;
	*seconds = 0;
	if (r->argument == NULL)
		return ask_for(r);
	*before = ask_for(r);
	if (*before == NULL)
		return NULL;
	begin = clock_s();
	sleep((unsigned)atoi(r->argument));
	answer = ask_for(r);
	*seconds = clock_s() - begin;
	return answer;
}

static int
run_workers(const struct request *r)
{
	double seconds;
	struct js *before, *answer = ask_since(r, &before, &seconds);
	int status;

	if (!shown(r, answer, &status))
		table_workers(answer, before, seconds);
	js_free(answer);
	js_free(before);
	return status;
}

static int
run_counts(const struct request *r)
{
	bool drops = strcmp(r->verb->name, "drops") == 0;
	struct count_view v = { .list = r->verb->name, .name = drops ? "reason" : "name", .all = r->all,
		.explain = r->explain };
	struct js *before, *answer = ask_since(r, &before, &v.seconds);
	int status;

	if (!shown(r, answer, &status))
		table_counts(answer, before, &v);
	js_free(answer);
	js_free(before);
	return status;
}

static int run_help(const struct request *r);

static const struct verb verbs[] = {
	{ .name = "status",
	    .run = run_table,
	    .table = table_status,
	    .text = "processes, the dataplane, counters and drop reasons" },
	{ .name = "sessions",
	    .takes_all = true,
	    .run = run_table,
	    .table = table_sessions,
	    .text = "who is logged in; with --all every connection" },
	{ .name = "channels",
	    .run = run_table,
	    .table = table_channels,
	    .text = "what runs in the sessions: bytes, windows, queues" },
	{ .name = "tcp",
	    .argument = "ID|ADDRESS[/LENGTH]",
	    .takes_port = true,
	    .run = run_tcp,
	    .text = "how the TCP of connections is, half-open ones included" },
	{ .name = "plugins",
	    .run = run_table,
	    .table = table_plugins,
	    .text = "plugins: their hosts, starts, and how hosts ended that should not have, what they count" },
	{ .name = "workers",
	    .argument = "SECONDS",
	    .seconds = true,
	    .run = run_workers,
	    .text = "where the dataplane's cycles go, since its start or in so many seconds" },
	{ .name = "counters",
	    .argument = "SECONDS",
	    .seconds = true,
	    .takes_all = true,
	    .run = run_counts,
	    .text = "what the dataplane has counted, or does in so many seconds" },
	{ .name = "drops",
	    .argument = "SECONDS",
	    .seconds = true,
	    .takes_all = true,
	    .takes_explain = true,
	    .run = run_counts,
	    .text = "what was dropped, refused or closed, by reason; with --all every reason" },
	{ .name = "limits",
	    .run = run_table,
	    .table = table_limits,
	    .text = "what is bounded: the limit, its default, now, the most so far, refused" },
	{ .name = "capture",
	    .argument = "ID|ADDRESS[/LENGTH]|all|status|stop",
	    .needed = true,
	    .takes_port = true,
	    .takes_two = true,
	    .run = run_capture,
	    .text = "frames of connections as pcapng; which captures there are; stop N or all" },
	{ .name = "trace",
	    .argument = "ID|ADDRESS[/LENGTH]|all [on|off]",
	    .needed = true,
	    .takes_port = true,
	    .takes_two = true,
	    .switches = true,
	    .run = run_trace,
	    .text = "what the records of connections are, not what is in them" },
	{ .name = "kill",
	    .argument = "ID|user:NAME|all",
	    .needed = true,
	    .run = run_kill,
	    .text = "close sessions" },
	{ .name = "rekey",
	    .argument = "ID|user:NAME|all",
	    .needed = true,
	    .run = run_rekey,
	    .text = "new keys for sessions, now" },
	{ .name = "reload", .run = run_reload, .text = "read the configuration again, as SIGHUP does" },
	{ .name = "plugin",
	    .argument = "reload NAME",
	    .needed = true,
	    .takes_name = true,
	    .run = run_plugin,
	    .text = "serve new channels from a plugin's new file, while old ones finish in the old" },
	{ .name = "help", .run = run_help, .text = "this" },
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void
usage(FILE *to)
{
	char line[64];
	size_t i;

	fprintf(to, "usage: posternctl [-s SOCKET] [--json] VERB [ARGUMENT]\n");
	for (i = 0; i < VERB_COUNT; i++) {
		const struct verb *v = &verbs[i];

		snprintf(line, sizeof(line), v->argument == NULL || v->needed ? "%s %s" : "%s [%s]", v->name,
		    v->argument != NULL ? v->argument : "");
		fprintf(to, "  %-22s %s\n", line, v->text);
	}
	fprintf(to, "  -s, --socket SOCKET    control socket (" SOCKET_PATH ")\n"
		    "  -j, --json             answers as JSON\n"
		    "  -a, --all              with sessions, counters and drops: all of them\n"
		    "  -e, --explain          with drops: what each reason means\n"
		    "  -p, --port PORT        with tcp, capture and trace: those of this port of the peer\n"
		    "  -w, --write FILE       of a capture; else to standard output\n"
		    "      --seconds N, --packets N, --bytes N, --snaplen N\n"
		    "                         limits of a capture; the first two also of a trace\n"
		    "exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 nobody answers\n");
}

static int
run_help(const struct request *r)
{
	(void)r;
	usage(stdout);
	return CTL_DONE;
}

/* ---- the command line ---- */

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
wrong(const char *format, const char *what)
{
	fprintf(stderr, "posternctl: ");
	fprintf(stderr, format, what);
	fprintf(stderr, "\nTry \"posternctl help\".\n");
	return CTL_USAGE;
}

static bool
is_number(const char *text, long most)
{
	char *end;
	long n = strtol(text, &end, 10);

	return text[0] != '\0' && *end == '\0' && n > 0 && n <= most;
}

static bool
has_limits(const struct request *r)
{
	int i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (r->limit[i] != 0)
			return true;
	return false;
}

/* What is left of the line, checked. 0 or CTL_USAGE. */
static int
take_words(struct request *r, char *const *word, int count)
{
	if (count == 0)
		return wrong("say what to do%s", "");
	r->verb = verb_by_name(word[0]);
	if (r->verb == NULL)
		return wrong("there is no \"%s\"", word[0]);
	if (count > 1 && r->verb->argument == NULL)
		return wrong("%s takes no argument", word[0]);
	if (count > 2 && r->verb->switches) {
		if (count > 3 || (strcmp(word[2], "on") != 0 && strcmp(word[2], "off") != 0))
			return wrong("%s is switched on or off", word[0]);
	} else if (count > 1 && r->verb->takes_name) {
		if (count != 3)
			return wrong("it needs %s", r->verb->argument);
	} else if (count > 2 && !(r->verb->takes_two && count == 3 && strcmp(word[1], "stop") == 0))
		return wrong("%s takes one argument", word[0]);
	if (count < 2 && r->verb->needed)
		return wrong("it needs %s", r->verb->argument);
	if (r->all && !r->verb->takes_all)
		return wrong("%s has no --all", word[0]);
	if (r->explain && !r->verb->takes_explain)
		return wrong("%s has no --explain", word[0]);
	r->argument = count > 1 ? word[1] : NULL;
	r->second = count > 2 ? word[2] : NULL;
	if ((has_limits(r) || r->file != NULL) && !r->verb->takes_two)
		return wrong("%s has no such option", word[0]);
	if (r->port != 0 && !r->verb->takes_port)
		return wrong("%s has no --port", word[0]);
	if (r->argument != NULL && r->verb->seconds && !is_number(r->argument, SECONDS_MAX))
		return wrong("\"%s\" is not a number of seconds", r->argument);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "all", no_argument, NULL, 'a' },
		{ "explain", no_argument, NULL, 'e' },
		{ "port", required_argument, NULL, 'p' },
		{ "write", required_argument, NULL, 'w' },
		{ "seconds", required_argument, NULL, OPTION_LIMIT + LIMIT_SECONDS },
		{ "bytes", required_argument, NULL, OPTION_LIMIT + LIMIT_BYTES },
		{ "packets", required_argument, NULL, OPTION_LIMIT + LIMIT_PACKETS },
		{ "snaplen", required_argument, NULL, OPTION_LIMIT + LIMIT_SNAPLEN },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct request r = { .path = SOCKET_PATH };
	int o, status;

	while ((o = getopt_long(argc, argv, "s:jaep:w:hV", options, NULL)) != -1) {
		switch (o) {
		case 's':
			r.path = optarg;
			break;
		case 'j':
			r.json = true;
			break;
		case 'a':
			r.all = true;
			break;
		case 'p':
			if (!is_number(optarg, PORT_MAX))
				return wrong("\"%s\" is not a port", optarg);
			r.port = atol(optarg);
			break;
		case 'w':
			r.file = optarg;
			break;
		case OPTION_LIMIT + LIMIT_SECONDS:
		case OPTION_LIMIT + LIMIT_BYTES:
		case OPTION_LIMIT + LIMIT_PACKETS:
		case OPTION_LIMIT + LIMIT_SNAPLEN:
			if (!is_number(optarg, LIMIT_MAX))
				return wrong("\"%s\" is not a number", optarg);
			r.limit[o - OPTION_LIMIT] = atoll(optarg);
			break;
		case 'e':
			r.explain = true;
			break;
		case 'V':
			puts("posternctl " POSTERN_VERSION);
			return CTL_DONE;
		case 'h':
			usage(stdout);
			return CTL_DONE;
		default:
			return wrong("see above%s", "");
		}
	}
	status = take_words(&r, argv + optind, argc - optind);
	if (status == 0)
		status = r.verb->run(&r);
	if (fflush(stdout) != 0 && status == CTL_DONE)
		status = CTL_FAILED;
	return status;
}
