#include "control/host/face.h"
#include "control/host/host.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/log.h"
#include "control/msg.h"
#include "control/spawnmsg.h"

#define ASKS_MAX 4096u

enum ask_state { ASK_TERMINAL, ASK_PROGRAM, ASK_RUNS };

/* Something asked of the leader. A program's row stays until it ended. */
struct host_ask {
	struct host_ask *next;
	uint32_t id;            /* the message's tag */
	enum ask_state state;
	uint32_t pid;
	bool forgotten;
	void *context;
	void (*ready)(void *context, int32_t result, uint64_t terminal, int32_t master,
	    struct postern_view name);
	void (*started)(void *context, int32_t result, uint32_t pid, int32_t pidfd,
	    struct postern_view text);
	void (*exited)(void *context, uint32_t status, uint32_t signal, uint32_t core_dumped);
};

static struct host_ask *
ask_find(const struct host *h, uint64_t id)
{
	struct host_ask *a = h->asks;

	while (a != NULL && a->id != id)
		a = a->next;
	return a;
}

static struct host_ask *
ask_new(struct host *h, enum ask_state state)
{
	struct host_ask *a;

	if (h->ask_count >= ASKS_MAX)
		return NULL;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->id = ++h->ask_id;
	a->state = state;
	a->next = h->asks;
	h->asks = a;
	h->ask_count++;
	return a;
}

static void
ask_free(struct host *h, struct host_ask *a)
{
	struct host_ask **at = &h->asks;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	h->ask_count--;
	free(a);
}

static int32_t
result_of(int r)
{
	if (r == 0)
		return POSTERN_OK;
	return r == -EAGAIN ? POSTERN_E_AGAIN : r == -EMSGSIZE ? POSTERN_E_INVAL : POSTERN_E_FAIL;
}

/* ---- postern.spawn/1 ---- */

static int32_t
check(struct host *h)
{
	if (!face_thread(h))
		return POSTERN_E_THREAD;
	return h->leader < 0 ? POSTERN_E_DENIED : POSTERN_OK;
}

static int32_t
spawn_terminal(const struct postern_host *face,
    void (*ready)(void *context, int32_t result, uint64_t terminal, int32_t master,
        struct postern_view name),
    void *context, uint64_t *ask)
{
	struct host *h = host_of(face);
	struct msg m = { .type = MSG_TERMINAL };
	struct host_ask *a;
	int32_t r = check(h);

	if (r != POSTERN_OK)
		return r;
	if (ready == NULL)
		return POSTERN_E_INVAL;
	a = ask_new(h, ASK_TERMINAL);
	if (a == NULL)
		return POSTERN_E_NOMEM;
	m.tag = a->id;
	r = result_of(msg_send(h->leader, &m));
	if (r != POSTERN_OK) {
		ask_free(h, a);
		return r;
	}
	a->ready = ready;
	a->context = context;
	if (ask != NULL)
		*ask = a->id;
	return POSTERN_OK;
}

static int32_t
check_program(const struct postern_spawn *what)
{
	if (what == NULL || what->size < sizeof(*what) || what->kind != POSTERN_SPAWN_PROGRAM ||
	    what->started == NULL || what->exited == NULL || what->terminal > UINT32_MAX)
		return POSTERN_E_INVAL;
	if (what->argc == 0 || what->argv == NULL || what->argc > SPAWN_ARGS_MAX ||
	    what->environment_count > SPAWN_ARGS_MAX ||
	    (what->environment == NULL && what->environment_count > 0))
		return POSTERN_E_INVAL;
	return POSTERN_OK;
}

static void
put_views(struct put *w, const struct postern_view *v, uint64_t count)
{
	uint64_t i;

	put_u32(w, (uint32_t)count);
	for (i = 0; i < count; i++)
		put_string(w, v[i].data, v[i].len);
}

_Static_assert(SPAWN_F_LOGIN == POSTERN_SPAWN_F_LOGIN && SPAWN_F_RC == POSTERN_SPAWN_F_RC &&
	SPAWN_F_SUBSYSTEM == POSTERN_SPAWN_F_SUBSYSTEM,
    "one numbering");

static void
encode(struct host *h, const struct postern_spawn *what, struct msg *m)
{
	struct put w = put_of(h->message, MSG_MAX);
	uint32_t flags = what->flags & SPAWN_F_ABI;
	int i;

	for (i = 0; i < 3 && what->terminal == 0; i++) {
		if (what->fds[i] < 0)
			flags |= SPAWN_F_NULL << i;
		else
			m->fds[m->fd_count++] = what->fds[i];
	}
	put_u32(&w, flags);
	put_u32(&w, (uint32_t)what->terminal);
	put_string(&w, what->program.data, what->program.len);
	put_views(&w, what->argv, what->argc);
	put_views(&w, what->environment, what->environment_count);
	put_string(&w, what->directory.data, what->directory.len);
	m->body = w.bad ? view_of(NULL, 0) : put_view(&w);
}

static int32_t
spawn_start(const struct postern_host *face, const struct postern_spawn *what, uint64_t *child)
{
	struct host *h = host_of(face);
	struct msg m = { .type = MSG_SPAWN };
	struct host_ask *a;
	int32_t r = check(h);

	if (r == POSTERN_OK)
		r = check_program(what);
	if (r != POSTERN_OK)
		return r;
	encode(h, what, &m);
	if (m.body.len == 0)
		return POSTERN_E_INVAL;
	a = ask_new(h, ASK_PROGRAM);
	if (a == NULL)
		return POSTERN_E_NOMEM;
	m.tag = a->id;
	r = result_of(msg_send(h->leader, &m));
	if (r != POSTERN_OK) {
		ask_free(h, a);
		return r;
	}
	a->context = what->context;
	a->started = what->started;
	a->exited = what->exited;
	if (child != NULL)
		*child = a->id;
	return POSTERN_OK;
}

static int32_t
spawn_signal(const struct postern_host *face, uint64_t child, uint32_t number)
{
	struct host *h = host_of(face);
	struct msg m = { .type = MSG_SIGNAL };
	uint8_t body[16];
	struct put w = put_of(body, sizeof(body));
	struct host_ask *a;
	int32_t r = check(h);

	if (r != POSTERN_OK)
		return r;
	a = ask_find(h, child);
	if (a == NULL || a->state != ASK_RUNS)
		return POSTERN_E_NOSUCH;
	if (number == 0 || number >= NSIG)
		return POSTERN_E_INVAL;
	put_u32(&w, a->pid);
	put_u32(&w, number);
	put_u8(&w, 1);
	m.tag = a->id;
	m.body = put_view(&w);
	return result_of(msg_send(h->leader, &m));
}

static int32_t
spawn_forget(const struct postern_host *face, uint64_t id)
{
	struct host *h = host_of(face);
	struct host_ask *a;
	int32_t r = check(h);

	if (r != POSTERN_OK)
		return r;
	a = ask_find(h, id);
	if (a == NULL || a->forgotten)
		return POSTERN_E_NOSUCH;
	a->forgotten = true;
	return POSTERN_OK;
}

const struct postern_if_spawn face_spawn = {
	.terminal = spawn_terminal,
	.start = spawn_start,
	.signal = spawn_signal,
	.forget = spawn_forget,
};

/* ---- answers ---- */

static int
on_terminal_is(struct host *h, struct host_ask *a, struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t terminal = cur_u32(&c);
	struct view name;
	struct host_ask was = *a;
	int fd;

	cur_u32(&c); /* errno: the log of the leader tells it */
	name = cur_string(&c);
	if (!cur_done(&c) || a->state != ASK_TERMINAL || (terminal != 0 && m->fd_count != 1))
		return -1;
	ask_free(h, a);
	fd = terminal != 0 ? msg_take_fd(m, 0) : -1;
	if (was.forgotten) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	was.ready(was.context, terminal != 0 ? POSTERN_OK : POSTERN_E_FAIL, terminal, fd, view_out(name));
	return 0;
}

static int
on_spawned(struct host *h, struct host_ask *a, struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t pid = cur_u32(&c);
	struct view text;
	struct host_ask was = *a;

	cur_u32(&c);
	text = cur_string(&c);
	if (!cur_done(&c) || a->state != ASK_PROGRAM || (pid != 0 && m->fd_count != 1))
		return -1;
	a->state = ASK_RUNS;
	a->pid = pid;
	if (pid == 0)
		ask_free(h, a);
	if (!was.forgotten)
		was.started(was.context, pid != 0 ? POSTERN_OK : POSTERN_E_FAIL, pid,
		    pid != 0 ? msg_take_fd(m, 0) : -1, view_out(text));
	return 0;
}

static int
on_exited(struct host *h, struct host_ask *a, struct msg *m)
{
	struct cur c = cur_view(m->body);
	uint32_t pid = cur_u32(&c);
	int status = (int)cur_u32(&c);
	struct host_ask was = *a;

	if (!cur_done(&c) || a->state != ASK_RUNS || pid != a->pid)
		return -1;
	ask_free(h, a);
	if (was.forgotten)
		return 0;
	if (WIFSIGNALED(status))
		was.exited(was.context, 0, (uint32_t)WTERMSIG(status), WCOREDUMP(status) ? 1 : 0);
	else
		was.exited(was.context, (uint32_t)WEXITSTATUS(status), 0, 0);
	return 0;
}

static int
on_message(struct host *h, struct msg *m)
{
	struct host_ask *a = ask_find(h, m->tag);

	if (a == NULL)
		return -1;
	switch (m->type) {
	case MSG_TERMINAL_IS:
		return on_terminal_is(h, a, m);
	case MSG_SPAWNED:
		return on_spawned(h, a, m);
	case MSG_EXITED:
		return on_exited(h, a, m);
	default:
		return -1;
	}
}

/* A leader's death is its login's end, and its hosts' with it. */
static void
on_leader(void *ctx, int fd, unsigned events)
{
	struct host *h = ctx;
	struct msg m;
	int r = 0;

	(void)events;
	while (h->leader >= 0 && (r = msg_recv(fd, &m, h->message)) == 1) {
		if (on_message(h, &m) != 0) {
			log_error("host %s: unexpected %s from its leader", h->name, msg_name(m.type));
			msg_drop_fds(&m);
			r = -1;
			break;
		}
		msg_drop_fds(&m);
	}
	if (r < 0) {
		loop_unwatch(h->loop, fd);
		loop_stop(h->loop);
	}
}

int
leader_init(struct host *h, int sock)
{
	h->message = malloc(MSG_MAX);
	if (h->message == NULL)
		return -1;
	h->leader = sock;
	return loop_watch(h->loop, sock, LOOP_IN, on_leader, h);
}

void
leader_fini(struct host *h)
{
	while (h->asks != NULL)
		ask_free(h, h->asks);
	free(h->message);
	h->message = NULL;
}
