#include "control/confmsg.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control/log.h"

#define CONFMSG_TEXT_MAX (1024 * 1024)

static void
told(void *ctx, bool fatal, const char *line)
{
	(void)ctx;
	if (fatal)
		log_error("configuration: %s", line);
}

/* The descriptor's offset is shared with the other roles: it is mapped, not read. */
static int
parse_file(struct conf *c, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct conf *fresh = malloc(sizeof *fresh);
	void *text = MAP_FAILED;
	int r = -1;

	if (fresh == NULL || size <= 0 || size > CONFMSG_TEXT_MAX)
		goto out;
	text = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		goto out;
	r = conf_parse(fresh, text, (size_t)size, "configuration", told, NULL);
	if (r == 0) {
		*c = *fresh;
		log_set_level((enum log_level)c->log_level);
	}
	munmap(text, (size_t)size);
out:
	free(fresh);
	return r;
}

int
confmsg_read(struct conf *c, const struct msg *m)
{
	struct cur body = cur_view(m->body);

	cur_u32(&body);
	if (m->type == MSG_CONF && cur_done(&body) && m->fd_count == 1 && m->fds[0] >= 0 &&
	    parse_file(c, m->fds[0]) == 0)
		return 0;
	log_error("configuration from the supervisor cannot be read");
	return -1;
}

int
confmsg_wait(struct conf *c, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t *buf = malloc(MSG_MAX);
	struct msg m;
	int r = 0;

	while (buf != NULL && r == 0) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			break;
		r = msg_recv(fd, &m, buf);
	}
	if (r == 1) {
		r = confmsg_read(c, &m);
		msg_drop_fds(&m);
	} else {
		log_error("no configuration from the supervisor");
		r = -1;
	}
	free(buf);
	return r;
}
