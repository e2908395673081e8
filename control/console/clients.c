/*
 * The control socket: a few local clients, one request at a time each.
 */
#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/console/console.h"
#include "control/log.h"

#define CLIENT_MS 10000u /* for a request to come, and for an answer to be read */

static void on_client(void *ctx, int fd, unsigned events);

void
client_close(struct client *cl)
{
	struct console *c = cl->console;

	if (cl->fd < 0)
		return;
	if (cl->stream != NULL)
		capture_free(cl);
	loop_cancel(c->loop, cl->deadline);
	loop_unwatch(c->loop, cl->fd);
	close(cl->fd);
	free(cl->out);
	memset(cl, 0, sizeof(*cl));
	cl->console = c;
	cl->fd = -1;
}

static void
client_late(void *ctx)
{
	struct client *cl = ctx;

	cl->deadline = 0;
	client_close(cl);
}

static void
client_deadline(struct client *cl)
{
	loop_cancel(cl->console->loop, cl->deadline);
	cl->deadline = loop_after(cl->console->loop, CLIENT_MS, client_late, cl);
}

void
clients_watch(struct client *cl, unsigned events)
{
	loop_watch(cl->console->loop, cl->fd, events, on_client, cl);
}

void
clients_patient(struct client *cl)
{
	loop_cancel(cl->console->loop, cl->deadline);
	cl->deadline = 0;
}

/* ---- out ---- */

static void
client_write(struct client *cl)
{
	while (cl->out_at < cl->out_len) {
		ssize_t n =
		    send(cl->fd, cl->out + cl->out_at, cl->out_len - cl->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			loop_watch(cl->console->loop, cl->fd, LOOP_OUT, on_client, cl);
			return;
		}
		if (n <= 0) {
			client_close(cl);
			return;
		}
		cl->out_at += (size_t)n;
		client_deadline(cl);
	}
	free(cl->out);
	cl->out = NULL;
	cl->out_len = cl->out_at = 0;
	loop_watch(cl->console->loop, cl->fd, LOOP_IN, on_client, cl);
}

void
clients_answer(struct console *c, struct client *cl, struct js *value)
{
	char *text = js_text(value, false);

	(void)c;
	js_free(value);
	if (text == NULL) {
		client_close(cl);
		return;
	}
	free(cl->out);
	cl->want = WANT_NOTHING;
	cl->tag = 0;
	cl->out_len = strlen(text);
	cl->out_at = 0;
	/* The place of the NUL takes the newline. */
	text[cl->out_len++] = '\n';
	cl->out = text;
	client_write(cl);
}

void
clients_error(struct console *c, struct client *cl, const char *text)
{
	struct js *o = js_object();

	js_set_bool(o, "ok", false);
	js_set_str(o, "error", text);
	clients_answer(c, cl, o);
}

/* ---- in ---- */

static void
client_lines(struct client *cl)
{
	char line[CONSOLE_REQUEST_MAX];
	char *end;
	size_t len;

	/* The next request waits until this one is answered. */
	while (cl->fd >= 0 && cl->want == WANT_NOTHING && cl->out == NULL &&
	       (end = memchr(cl->in, '\n', cl->in_len)) != NULL) {
		len = (size_t)(end - cl->in);
		memcpy(line, cl->in, len);
		cl->in_len -= len + 1;
		memmove(cl->in, end + 1, cl->in_len);
		request_take(cl->console, cl, line, len);
	}
}

static void
client_read(struct client *cl)
{
	ssize_t n = recv(cl->fd, cl->in + cl->in_len, sizeof(cl->in) - cl->in_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* The end, or a line longer than any request. */
	if (n <= 0) {
		client_close(cl);
		return;
	}
	cl->in_len += (size_t)n;
	client_deadline(cl);
	client_lines(cl);
}

static void
on_client(void *ctx, int fd, unsigned events)
{
	struct client *cl = ctx;

	(void)fd;
	if (cl->stream != NULL) {
		capture_event(cl, events);
	} else if (events & LOOP_OUT) {
		client_write(cl);
		if (cl->fd >= 0)
			client_lines(cl);
	} else {
		client_read(cl);
	}
}

static struct client *
client_free_place(struct console *c)
{
	int i;

	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++)
		if (c->client[i].fd < 0)
			return &c->client[i];
	return NULL;
}

static bool
is_operator(const struct client *cl, gid_t operators)
{
	uint32_t i;

	if (cl->uid == 0)
		return true;
	for (i = 0; operators != 0 && i < cl->group_count; i++)
		if (cl->group[i] == operators)
			return true;
	return false;
}

/* Who it is, by the kernel's word. One in more groups than fit has its own only. */
static bool
client_who(struct client *cl, int sock)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	socklen_t room = sizeof(cl->group) - sizeof(cl->group[0]);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
		return false;
	cl->uid = who.uid;
	cl->group[0] = who.gid;
	cl->group_count = 1;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERGROUPS, &cl->group[1], &room) == 0)
		cl->group_count += (uint32_t)(room / sizeof(cl->group[0]));
	return true;
}

static void
on_listener(void *ctx, int fd, unsigned events)
{
	struct console *c = ctx;
	struct client *cl;
	int sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (sock < 0)
		return;
	cl = client_free_place(c);
	if (cl == NULL || !client_who(cl, sock) || !is_operator(cl, c->operators) ||
	    loop_watch(c->loop, sock, LOOP_IN, on_client, cl) != 0) {
		close(sock);
		return;
	}
	cl->fd = sock;
	client_deadline(cl);
}

struct client *
clients_by_tag(struct console *c, uint32_t tag)
{
	int i;

	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++)
		if (c->client[i].fd >= 0 && c->client[i].want != WANT_NOTHING && c->client[i].tag == tag)
			return &c->client[i];
	return NULL;
}

/* ---- start ---- */

static void
make_folder(const char *path)
{
	char folder[CONF_NAME_MAX];
	char *slash;

	strcpy(folder, path);
	slash = strrchr(folder, '/');
	if (slash != NULL && slash != folder) {
		*slash = '\0';
		(void)mkdir(folder, 0755);
	}
}

int
clients_listen(struct console *c)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(c->conf.control_socket);
	struct group *gr = NULL;
	mode_t before;
	int i, r;

	for (i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		c->client[i].console = c;
		c->client[i].fd = -1;
	}
	c->listener = -1;
	if (len == 0 || len >= sizeof(at.sun_path)) {
		log_error("ControlSocket: the path is empty or too long");
		return -1;
	}
	memcpy(at.sun_path, c->conf.control_socket, len);
	make_folder(c->conf.control_socket);
	(void)unlink(c->conf.control_socket);
	c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	before = umask(0177);
	r = c->listener < 0 ? -1 : bind(c->listener, (struct sockaddr *)&at, sizeof(at));
	umask(before);
	if (c->conf.control_group[0] != '\0')
		gr = getgrnam(c->conf.control_group);
	c->operators = gr != NULL ? gr->gr_gid : 0;
	if (r == 0 && c->operators != 0 &&
	    (chown(c->conf.control_socket, 0, c->operators) != 0 || chmod(c->conf.control_socket, 0660) != 0))
		log_warn("%s: ControlGroup: %s", c->conf.control_socket, strerror(errno));
	if (r == 0)
		r = listen(c->listener, 8);
	if (r != 0)
		log_error("%s: %s", c->conf.control_socket, strerror(errno));
	return r;
}

int
clients_start(struct console *c)
{
	return loop_watch(c->loop, c->listener, LOOP_IN, on_listener, c);
}
