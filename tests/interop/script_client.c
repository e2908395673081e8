/*
 * script-client: an SSH client that does what it is told, step by step, for
 * shell tests that stop or kill the server in between.
 *
 * usage: script-client [STEP...]      steps as arguments, or else one per line
 *                                     of standard input
 *
 * One line per step and event on standard output: the step's name and what came
 * of it; "AT NAME" from `pause NAME`, which then waits for a line of standard
 * input. The first step that fails prints "ERROR step: text" and ends the
 * program with 1; a step with "!" in front must fail. `script-client help`
 * lists the steps. See client.h for what the client does by itself.
 */
#include "tests/interop/script_client.h"

#include <ctype.h>
#include <stdlib.h>

static struct client client;
struct client *const c = &client;
static bool verbose;
static bool done;

const char *
word(const struct words *w, int i, const char *otherwise)
{
	return i < w->count ? w->word[i] : otherwise;
}

uint32_t
number(const struct words *w, int i, uint32_t otherwise)
{
	return i < w->count ? (uint32_t)strtoul(w->word[i], NULL, 0) : otherwise;
}

void
print_hex(FILE *f, const char *name, const uint8_t *data, size_t len)
{
	fprintf(f, "%s ", name);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", data[i]);
	fputc('\n', f);
}

ssize_t
unhex(uint8_t *out, size_t max, const char *text)
{
	size_t len = 0;

	for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
		char pair[3] = { text[0], text[1], '\0' };

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]) || len == max)
			return -1;
		out[len++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return text[0] == '\0' ? (ssize_t)len : -1;
}

/* ---- anything ---- */

static int
do_send(const struct words *w)
{
	static uint8_t payload[SSH_PAYLOAD_MAX];
	ssize_t len = unhex(payload, sizeof(payload), w->word[1]);

	return len < 0 ? client_fail(c, "not hex") : client_send(c, view_of(payload, (size_t)len));
}

static int
do_junk(const struct words *w)
{
	size_t len = number(w, 1, 0);
	uint8_t *zeros = calloc(1, len + 1);
	int r = zeros != NULL ? client_raw(c, zeros, len) : client_fail(c, "no memory");

	free(zeros);
	return r;
}

static int
do_flip(const struct words *w)
{
	c->flip = (int)number(w, 1, 0);
	return 0;
}

static int
do_chop(const struct words *w)
{
	c->chop = number(w, 1, 0);
	return 0;
}

static int
do_raw(const struct words *w)
{
	static uint8_t bytes[65536];
	ssize_t len = unhex(bytes, sizeof(bytes), w->word[1]);

	return len < 0 ? client_fail(c, "not hex") : client_raw(c, bytes, (size_t)len);
}

static int
do_expect(const struct words *w)
{
	if (client_expect(c, (uint8_t)number(w, 1, 0)) != 0)
		return -1;
	print_hex(stdout, "record", c->payload.data, c->payload.len < 512 ? c->payload.len : 512);
	return 0;
}

static int
do_see(const struct words *w)
{
	uint8_t begins[256];
	ssize_t len;

	do
		if (client_recv(c) != 0)
			return -1;
	while (c->payload.data[0] != number(w, 1, 0));
	if (w->count < 3)
		return 0;
	len = unhex(begins, sizeof(begins), w->word[2]);
	print_hex(stdout, "record", c->payload.data, c->payload.len < 512 ? c->payload.len : 512);
	if (len < 0 || (size_t)len > c->payload.len || memcmp(c->payload.data, begins, (size_t)len) != 0)
		return client_fail(c, "it begins otherwise");
	return 0;
}

static int
do_pause(const struct words *w)
{
	char line[64];

	printf("AT %s\n", word(w, 1, "pause"));
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL ? 0 : client_fail(c, "standard input ended");
}

static int
do_quiet(const struct words *w)
{
	return client_quiet(c, (int)number(w, 1, 300));
}

static int
do_timeout(const struct words *w)
{
	c->timeout_ms = (int)(1000 * number(w, 1, 15));
	return 0;
}

static int
do_verbose(const struct words *w)
{
	(void)w;
	verbose = true;
	return 0;
}

static int
do_quit(const struct words *w)
{
	(void)w;
	done = true;
	return 0;
}

static int do_help(const struct words *w);

static const struct command others[] = {
	{ "send", 2, 2, do_send, "HEX: a payload, sealed" },
	{ "raw", 2, 2, do_raw, "HEX: bytes as they are" },
	{ "junk", 2, 2, do_junk, "N: so many zeros as they are" },
	{ "flip", 2, 2, do_flip, "N: change a bit of the Nth byte of the next record; -1: the last" },
	{ "chop", 2, 2, do_chop, "N: send in pieces of N bytes; 0: whole" },
	{ "expect", 2, 2, do_expect, "NUMBER: until a record with that message number" },
	{ "see", 2, 3, do_see, "NUMBER [HEX]: the same, and nothing is done about what comes; it begins so" },
	{ "pause", 1, 2, do_pause, "NAME: print AT NAME, wait for a line on standard input" },
	{ "quiet", 1, 2, do_quiet, "[MS]: the server's TCP has taken all that was sent, and nothing comes" },
	{ "timeout", 2, 2, do_timeout, "SECONDS: of every wait" },
	{ "verbose", 1, 1, do_verbose, "print every record's number" },
	{ "help", 1, 1, do_help, "this list" },
	{ "quit", 1, 1, do_quit, "" },
	{ .name = NULL },
};

static const struct command *const tables[] = { script_login, script_channel, script_wire, others };

static int
do_help(const struct words *w)
{
	(void)w;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct command *at = tables[i]; at->name != NULL; at++)
			printf("  %-16s %s\n", at->name, at->help);
	done = true;
	return 0;
}

static const struct command *
command_of(const char *line)
{
	size_t len = strcspn(line, " \t");

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct command *at = tables[i]; at->name != NULL; at++)
			if (strlen(at->name) == len && strncmp(at->name, line, len) == 0)
				return at;
	return NULL;
}

/* At most `most` words; the last one is what is left of the line. */
static void
split(struct words *w, char *line, int most)
{
	w->count = 0;
	while (w->count < most) {
		line += strspn(line, " \t");
		if (*line == '\0')
			break;
		w->word[w->count++] = line;
		if (w->count == most)
			break;
		line += strcspn(line, " \t");
		if (*line != '\0')
			*line++ = '\0';
	}
}

static int
run_step(const char *step)
{
	static char line[2 * SSH_PAYLOAD_MAX + 64];
	bool must_fail = step[0] == '!';
	const struct command *cmd;
	struct words w;
	int r;

	snprintf(line, sizeof(line), "%s", step + (must_fail ? 1 : 0));
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	cmd = command_of(line);
	if (cmd != NULL)
		split(&w, line, cmd->most);
	if (cmd == NULL || w.count < cmd->least) {
		printf("ERROR %s: no such step, or words are missing\n", line);
		return -1;
	}
	r = cmd->run(&w);
	if ((r != 0) != must_fail) {
		printf("ERROR %s: %s\n", cmd->name, r != 0 ? c->error : "did not fail");
		return -1;
	}
	printf("%s %s%s\n", cmd->name, r != 0 ? "failed: " : "ok", r != 0 ? c->error : "");
	fflush(stdout);
	return 0;
}

static void
watch(struct client *cl, void *arg, struct view payload)
{
	(void)cl;
	(void)arg;
	if (verbose)
		printf("* %u %zu\n", payload.data[0], payload.len);
}

int
main(int argc, char **argv)
{
	static char line[2 * SSH_PAYLOAD_MAX + 64];
	int r = client_init(c, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	c->watch = watch;
	if (r != 0)
		printf("ERROR init: %s\n", c->error);
	for (int i = 1; i < argc && r == 0 && !done; i++)
		r = run_step(argv[i]);
	while (argc == 1 && r == 0 && !done && fgets(line, sizeof(line), stdin) != NULL)
		r = run_step(line);
	client_fini(c);
	return r == 0 ? 0 : 1;
}
