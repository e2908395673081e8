/*
 * The operator's socket: u16 length, a line of a client; then what the supervisor answers:
 * u16 length, a table, and the dataplane's rows. A client that is answered gets one line.
 */
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/console/console.h"
#include "control/role.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct console c;
static int supervisor = -1;

static void
begin(void)
{
	int pair[2];

	if (c.loop != NULL)
		return;
	conf_default(&c.conf);
	c.loop = loop_new();
	if (c.loop == NULL || msg_pair(pair) != 0)
		abort();
	supervisor = pair[1];
	if (pair[0] != ROLE_SUPERVISOR_FD && fcntl(ROLE_SUPERVISOR_FD, F_GETFD) < 0) {
		if (dup2(pair[0], ROLE_SUPERVISOR_FD) < 0)
			abort();
		close(pair[0]);
	}
	for (int i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		c.client[i].console = &c;
		c.client[i].fd = -1;
	}
}

static int
file_of(struct view bytes)
{
	int fd = memfd_create("table", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes.data, bytes.len) != (ssize_t)bytes.len)
		abort();
	return fd;
}

static void
answer(struct client *cl, struct view table, struct view rows)
{
	struct msg m = { .type = MSG_STATUS_IS, .tag = cl->tag };

	if (cl->want == WANT_ACTION) {
		m.type = MSG_ACTION_DONE;
		m.body = table;
		request_action_done(&c, &m);
		return;
	}
	m.fds[m.fd_count++] = file_of(table);
	if (rows.len > 0)
		m.fds[m.fd_count++] = file_of(rows);
	request_status_is(&c, &m);
	msg_drop_fds(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char said[1 << 20];
	static uint8_t buf[MSG_MAX];
	struct cur in = cur_of(data, size);
	struct view line = cur_take(&in, cur_u16(&in));
	struct client *cl = &c.client[0];
	struct view table;
	int pair[2];
	ssize_t n;

	begin();
	if (in.bad || line.len > CONSOLE_REQUEST_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
		return 0;
	cl->fd = pair[0];
	cl->group_count = 1;
	request_take(&c, cl, (const char *)line.data, line.len);
	while (recv(supervisor, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	table = cur_take(&in, cur_u16(&in));
	if (cl->fd >= 0 && cl->tag != 0 && cl->want != WANT_NOTHING && cl->want != WANT_CAPTURE && !in.bad)
		answer(cl, table, cur_take(&in, cur_left(&in)));
	n = recv(pair[1], said, sizeof(said), MSG_DONTWAIT);
	if (n > 0 && (size_t)n < sizeof(said) && memchr(said, '\n', (size_t)n) != said + n - 1)
		abort();
	client_close(cl);
	close(pair[1]);
	return 0;
}
