#include "control/keeper/agentlink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/kex/agent.h"

#define IN_SIZE (AGENT_MESSAGE_MAX + 4)

static void
stop_timer(struct agentlink *a, int *timer)
{
	if (*timer > 0)
		loop_cancel(a->loop, *timer);
	*timer = 0;
}

static void
want(void *ctx)
{
	struct agentlink *a = ctx;

	a->timer = 0;
	a->state = AGENTLINK_WANTED;
	a->ops->wanted(a->ctx);
}

static void
hang_up(struct agentlink *a)
{
	if (a->fd >= 0) {
		loop_unwatch(a->loop, a->fd);
		close(a->fd);
	}
	a->fd = -1;
	stop_timer(a, &a->timer);
	stop_timer(a, &a->look_timer);
	a->in_len = a->out_len = a->out_at = 0;
}

static void
later(struct agentlink *a)
{
	a->state = AGENTLINK_OFF;
	a->timer = loop_after(a->loop, AGENTLINK_RETRY_MS, want, a);
}

/* The connection is of no use any more. One that has answered may only have been
 * restarted: the next one is asked for at once, and the keys stay meanwhile. */
static void
broken(struct agentlink *a, const char *why)
{
	bool signing = a->state == AGENTLINK_SIGNS, again = a->answered && why == NULL;

	hang_up(a);
	if (signing)
		a->ops->lost(a->ctx);
	if (again) {
		want(a);
		return;
	}
	a->ops->gone(a->ctx, why != NULL ? why : "it hangs up");
	later(a);
}

static void
late(void *ctx)
{
	struct agentlink *a = ctx;

	a->timer = 0;
	broken(a, "no answer");
}

/* ---- out ---- */

static void on_fd(void *ctx, int fd, unsigned events);

/* False: the connection is gone. */
static bool
flush(struct agentlink *a)
{
	while (a->out_at < a->out_len) {
		ssize_t n = send(a->fd, a->out + a->out_at, a->out_len - a->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0)
			return false;
		a->out_at += (size_t)n;
	}
	return loop_watch(a->loop, a->fd, a->out_at < a->out_len ? LOOP_IN | LOOP_OUT : LOOP_IN, on_fd, a) == 0;
}

static bool
say(struct agentlink *a, const struct put *w, enum agentlink_state state)
{
	if (w->bad)
		return false;
	a->out_len = put_len(w);
	a->out_at = 0;
	a->state = state;
	a->timer = loop_after(a->loop, AGENTLINK_REPLY_MS, late, a);
	if (!flush(a))
		broken(a, NULL);
	return true;
}

static void
ask_list(struct agentlink *a)
{
	struct put w = put_of(a->out, sizeof(a->out));

	a->look = false;
	stop_timer(a, &a->look_timer);
	agent_put_list(&w);
	(void)say(a, &w, AGENTLINK_LISTS);
}

bool
agentlink_sign(struct agentlink *a, struct view key, const char *algorithm, struct view data)
{
	struct put w = put_of(a->out, sizeof(a->out));

	if (a->state != AGENTLINK_IDLE)
		return false;
	a->algorithm = algorithm;
	agent_put_sign(&w, key, algorithm, data);
	return say(a, &w, AGENTLINK_SIGNS) && a->state == AGENTLINK_SIGNS;
}

static void
look(void *ctx)
{
	struct agentlink *a = ctx;

	a->look_timer = 0;
	a->look = true;
	if (a->state == AGENTLINK_IDLE)
		ask_list(a);
}

/* ---- in ---- */

static void
idle(struct agentlink *a)
{
	a->state = AGENTLINK_IDLE;
	if (a->look)
		ask_list(a);
}

/* False: it makes no sense. */
static bool
take_list(struct agentlink *a, struct view message)
{
	struct view keys;

	if (agent_list(message, &keys) != 0)
		return false;
	if (!a->ops->listed(a->ctx, keys))
		a->look_timer = loop_after(a->loop, AGENTLINK_LOOK_MS, look, a);
	return true;
}

static bool
take_message(struct agentlink *a, struct view message)
{
	struct view signature = { NULL, 0 };
	int r;

	if (a->state == AGENTLINK_LISTS)
		return take_list(a, message);
	if (a->state != AGENTLINK_SIGNS)
		return false;
	r = agent_signature(message, a->algorithm, &signature);
	if (r == -R_SHORT)
		return false;
	a->state = AGENTLINK_IDLE;
	/* A refusal: has it the key still? */
	a->look = r != 0;
	a->ops->signed_by(a->ctx, r == 0 ? signature : view_of(NULL, 0));
	return true;
}

/* One answer to one request: what comes beyond it was not asked for. */
static bool
take(struct agentlink *a)
{
	struct view message;
	int r = agent_whole(view_of(a->in, a->in_len), &message);

	if (r <= 0)
		return r == 0 && a->in_len < IN_SIZE;
	if (message.len + 4 != a->in_len || a->out_at < a->out_len)
		return false;
	stop_timer(a, &a->timer);
	a->answered = true;
	if (!take_message(a, message))
		return false;
	a->in_len = 0;
	idle(a);
	return true;
}

static void
on_fd(void *ctx, int fd, unsigned events)
{
	struct agentlink *a = ctx;
	ssize_t n;

	if ((events & LOOP_OUT) != 0 && !flush(a)) {
		broken(a, NULL);
		return;
	}
	if ((events & (LOOP_IN | LOOP_HUP)) == 0)
		return;
	n = recv(fd, a->in + a->in_len, IN_SIZE - a->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		broken(a, NULL);
		return;
	}
	a->in_len += (size_t)n;
	if (!take(a))
		broken(a, "what it says makes no sense");
}

/* ---- life ---- */

int
agentlink_start(struct agentlink *a, struct loop *loop, const struct agentlink_ops *ops, void *ctx)
{
	memset(a, 0, sizeof(*a));
	a->loop = loop;
	a->ops = ops;
	a->ctx = ctx;
	a->fd = -1;
	a->in = malloc(IN_SIZE);
	if (a->in == NULL)
		return -1;
	want(a);
	return 0;
}

void
agentlink_end(struct agentlink *a)
{
	if (a->in == NULL)
		return;
	hang_up(a);
	free(a->in);
	memset(a, 0, sizeof(*a));
}

void
agentlink_take(struct agentlink *a, int fd, const char *why)
{
	if (a->state != AGENTLINK_WANTED || fd < 0) {
		if (fd >= 0)
			close(fd);
		if (a->state == AGENTLINK_WANTED) {
			a->ops->gone(a->ctx, why);
			later(a);
		}
		return;
	}
	a->fd = fd;
	a->answered = false;
	ask_list(a);
}
