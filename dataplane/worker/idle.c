#include "dataplane/worker/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "drivers/clock/clock.h"

/*
 * Sleeping: wait in epoll for the port's own socket, a bell of a link, a
 * command, or the next deadline. The order that loses no wake-up: arm every
 * ring and the port, look at each again, poll once more, and only then wait. A
 * port that is armed but not waited for is quiet after its next wake-up.
 */

#define IDLE_EVENTS 32

enum { IDLE_PORT = 1, IDLE_COMMAND, IDLE_TIMER, IDLE_LINK, IDLE_CREW };

struct idle {
	int epfd;
	int timer;
	int command_bell;
	int port_fd;
	bool timer_armed;
};

static int
watch(struct idle *i, int fd, uint32_t kind, uint32_t id, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.u64 = (uint64_t)kind << 32 | id };

	return epoll_ctl(i->epfd, EPOLL_CTL_ADD, fd, &e);
}

struct idle *
idle_open(struct worker *w, int command_bell)
{
	struct idle *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->command_bell = command_bell;
	i->port_fd = w->port->ops->wait_fd(w->port);
	i->epfd = epoll_create1(EPOLL_CLOEXEC);
	i->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	/* The timer and the crew's bell are edge-triggered: they need not be read. */
	if (i->epfd < 0 || i->timer < 0 || watch(i, i->timer, IDLE_TIMER, 0, EPOLLIN | EPOLLET) != 0 ||
	    watch(i, command_bell, IDLE_COMMAND, 0, EPOLLIN) != 0 ||
	    (i->port_fd >= 0 && watch(i, i->port_fd, IDLE_PORT, 0, EPOLLIN) != 0) ||
	    (w->c.crew != NULL &&
	        watch(i, w->c.crew->seat[w->c.index].bell, IDLE_CREW, 0, EPOLLIN | EPOLLET) != 0)) {
		idle_close(i);
		return NULL;
	}
	return i;
}

void
idle_close(struct idle *i)
{
	if (i == NULL)
		return;
	if (i->epfd >= 0)
		close(i->epfd);
	if (i->timer >= 0)
		close(i->timer);
	free(i);
}

void
idle_watch(struct idle *i, struct link *l)
{
	if (l->wait_fd >= 0)
		(void)watch(i, l->wait_fd, IDLE_LINK, l->id, EPOLLIN);
}

void
idle_unwatch(struct idle *i, struct link *l)
{
	if (l->wait_fd >= 0)
		(void)epoll_ctl(i->epfd, EPOLL_CTL_DEL, l->wait_fd, NULL);
}

static void
gather(struct worker *w, int timeout)
{
	struct epoll_event e[IDLE_EVENTS];
	int n = epoll_wait(w->idle->epfd, e, IDLE_EVENTS, timeout);

	for (int k = 0; k < n; k++) {
		struct link *l;

		switch (e[k].data.u64 >> 32) {
		case IDLE_LINK:
			if ((l = link_find(w, (uint32_t)e[k].data.u64)) != NULL)
				link_rang(w, l);
			break;
		case IDLE_COMMAND:
			(void)bell_hush(w->idle->command_bell);
			break;
		case IDLE_PORT:
			w->port->ops->wake(w->port, (e[k].events & EPOLLERR) != 0);
			break;
		default:
			break;
		}
	}
}

void
idle_gather(struct worker *w)
{
	gather(w, 0);
}

/* Arm; links whose ring is found empty after that go cold. */
static bool
arm_all(struct worker *w)
{
	bool pending = w->c.crew != NULL && crew_arm(w->c.crew, w->c.index);

	for (uint32_t i = w->hot_count; i > 0; i--) {
		struct link *l = w->hot[i - 1];

		ring_arm(&l->own);
		if (ring_pending(&l->in)) {
			ring_disarm(&l->own);
			pending = true;
		} else {
			link_cool(w, l);
		}
	}
	return pending;
}

/* False: the moment has come already. */
static bool
set_timer(struct worker *w)
{
	struct idle *i = w->idle;
	struct itimerspec at = { .it_value = { 0, 0 } };
	uint64_t next = worker_next(w, w->now), wait;

	if (next <= w->now)
		return false;
	if (next == UINT64_MAX && !i->timer_armed)
		return true;
	if (next != UINT64_MAX) {
		wait = next - w->now;
		at.it_value.tv_sec = (time_t)(wait / 1000000u);
		at.it_value.tv_nsec = (long)(wait % 1000000u) * 1000;
	}
	i->timer_armed = next != UINT64_MAX;
	return timerfd_settime(i->timer, 0, &at, NULL) == 0;
}

static uint32_t
wait_armed(struct worker *w)
{
	uint64_t asleep;
	uint32_t done;

	if (arm_all(w))
		return 1;
	w->port->ops->arm(w->port);
	done = worker_poll(w, clock_us());
	if (done > 0 || cmd_peek(w->commands) != NULL || !set_timer(w))
		return done;
	/* A link that this last poll made hot is armed no more. */
	if (w->hot_count > 0 && arm_all(w))
		return 1;
	meter_add(w->meter, METER_SLEEPS, 1);
	asleep = clock_cycles();
	gather(w, -1);
	meter_add(w->meter, METER_CYCLES_ASLEEP, clock_cycles() - asleep);
	return 0;
}

uint32_t
idle_wait(struct worker *w)
{
	uint32_t done = wait_armed(w);

	if (w->c.crew != NULL)
		crew_disarm(w->c.crew, w->c.index);
	return done;
}
