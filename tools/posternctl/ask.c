#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/posternctl/posternctl.h"

#define WAIT_S 10

static int
dial(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = WAIT_S };
	int fd;

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
send_all(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* One line, however long a table is. */
static char *
read_line(int fd, size_t *len)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	*len = 0;
	for (;;) {
		if (*len == room) {
			char *grown = realloc(line, room = room == 0 ? 65536 : room * 2);

			if (grown == NULL)
				break;
			line = grown;
		}
		n = recv(fd, line + *len, room - *len, 0);
		if (n <= 0)
			break;
		*len += (size_t)n;
		if (line[*len - 1] == '\n')
			return line;
	}
	free(line);
	return NULL;
}

/* A short line, byte by byte: what is behind it is somebody else's. */
static size_t
read_head(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len < size && recv(fd, line + len, 1, 0) == 1)
		if (line[len++] == '\n')
			return len;
	return 0;
}

int
ask_open(const char *path, const struct js *request, struct js **answer)
{
	char *text = js_text(request, false);
	char line[4096];
	size_t len = 0;
	int fd = dial(path);

	*answer = NULL;
	if (fd < 0)
		fprintf(stderr, "posternctl: %s: %s\n", path, strerror(errno));
	else if (text != NULL && send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1))
		len = read_head(fd, line, sizeof(line));
	if (len > 0)
		*answer = js_parse(line, len);
	if (fd >= 0 && *answer == NULL)
		fprintf(stderr, "posternctl: %s: no answer\n", path);
	if (fd >= 0 && *answer == NULL)
		close(fd);
	free(text);
	return *answer != NULL ? fd : -1;
}

struct js *
ask(const char *path, const struct js *request)
{
	char *text = js_text(request, false);
	char *line = NULL;
	struct js *answer = NULL;
	size_t len;
	int fd = dial(path);

	if (fd < 0) {
		fprintf(stderr, "posternctl: %s: %s\n", path, strerror(errno));
		goto out;
	}
	if (text != NULL && send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1))
		line = read_line(fd, &len);
	if (line != NULL)
		answer = js_parse(line, len);
	if (answer == NULL)
		fprintf(stderr, "posternctl: %s: no answer\n", path);
	close(fd);
out:
	free(line);
	free(text);
	return answer;
}
