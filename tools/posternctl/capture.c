#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/posternctl/posternctl.h"

static bool
write_all(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* The signals that mean enough, to be read. */
static int
enough(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Where it goes: into a file, or by lines. */
struct sink {
	int fd;
	void (*line)(const char *text);
	char text[1024];
	size_t len;
};

static bool
sink_lines(struct sink *s, const char *at, size_t len)
{
	for (; len > 0; at++, len--) {
		if (*at != '\n') {
			if (s->len < sizeof(s->text) - 1)
				s->text[s->len++] = *at;
			continue;
		}
		s->text[s->len] = '\0';
		s->len = 0;
		s->line(s->text);
	}
	return fflush(stdout) == 0;
}

static bool
sink_put(struct sink *s, const char *at, size_t len)
{
	return s->line != NULL ? sink_lines(s, at, len) : write_all(s->fd, at, len);
}

/* Until the end. Whoever has enough says so and gets the statistics yet. */
static int
stream(int from, struct sink *to, int signals)
{
	struct pollfd p[2] = { { .fd = from, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	static char buf[65536];
	uint64_t bytes = 0;

	for (;;) {
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return CTL_FAILED;
		if (p[1].revents & POLLIN) {
			(void)shutdown(from, SHUT_WR);
			p[1].fd = -1;
		}
		if ((p[0].revents & (POLLIN | POLLHUP)) == 0)
			continue;
		n = recv(from, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		if (!sink_put(to, buf, (size_t)n)) {
			fprintf(stderr, "posternctl: %s\n", strerror(errno));
			return CTL_FAILED;
		}
		bytes += (uint64_t)n;
	}
	if (to->line == NULL)
		fprintf(stderr, "%" PRIu64 " bytes written\n", bytes);
	return CTL_DONE;
}

static int
file_open(const char *file)
{
	int fd;

	if (file != NULL && strcmp(file, "-") != 0) {
		fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0)
			fprintf(stderr, "posternctl: %s: %s\n", file, strerror(errno));
		return fd;
	}
	if (!isatty(STDOUT_FILENO))
		return dup(STDOUT_FILENO);
	fprintf(stderr, "posternctl: a capture is no text: name a file (--write) or pipe it on\n");
	return -1;
}

/* `line`, or else a file. */
static int
run(const char *path, const struct js *request, const char *file, void (*line)(const char *text))
{
	struct sink to = { .fd = -1, .line = line };
	struct js *answer;
	int signals = enough(), fd = ask_open(path, request, &answer), status = CTL_FAILED;

	if (fd < 0) {
		status = CTL_NOBODY;
	} else if (!js_bool(answer, "ok")) {
		fprintf(stderr, "posternctl: %s\n", plain(js_str(answer, "error")));
	} else if (line != NULL || (to.fd = file_open(file)) >= 0) {
		fprintf(stderr, "%s %" PRIu64 " begins\n", line != NULL ? "trace" : "capture",
		    js_u64(answer, "capture"));
		status = stream(fd, &to, signals);
		if (to.fd >= 0 && close(to.fd) != 0)
			status = CTL_FAILED;
	}
	js_free(answer);
	if (fd >= 0)
		close(fd);
	if (signals >= 0)
		close(signals);
	return status;
}

int
capture_run(const char *path, const struct js *request, const char *file)
{
	return run(path, request, file, NULL);
}

int
lines_run(const char *path, const struct js *request, void (*line)(const char *text))
{
	return run(path, request, NULL, line);
}

void
table_captures(const struct js *a)
{
	const struct js *list = js_get(a, "captures");
	size_t i;

	printf("%-8s %8s %8s %10s %10s %10s  %s\n", "CAPTURE", "UID", "AGE", "FRAMES", "BYTES", "MISSED", "OF");
	for (i = 0; i < js_count(list); i++) {
		const struct js *c = js_at(list, i);

		printf("%-8" PRIu64 " %8" PRIu64 " %8s %10" PRIu64 " %10s %10" PRIu64 "  %s", js_u64(c, "capture"),
		    js_u64(c, "uid"), age(js_u64(c, "since")), js_u64(c, "packets"), amount(js_u64(c, "bytes")),
		    js_u64(c, "missed"), plain(js_str(c, "which")));
		if (js_u64(c, "port") != 0)
			printf(" port %" PRIu64, js_u64(c, "port"));
		printf(" (at most %s, %" PRIu64 " frames, %s bytes)\n", span(js_u64(c, "max_seconds")),
		    js_u64(c, "max_packets"), amount(js_u64(c, "max_bytes")));
	}
}
