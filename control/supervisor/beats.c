/*
 * The beat of every host that is ready: read from the kernel, judged, acted upon.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/supervisor/supervisor.h"

/* proc(5), stat: the name, which may hold anything, ends with the last parenthesis;
 * state, then as the third field of times user and system, then threads. */
static bool
sample(pid_t pid, struct beat_sample *now)
{
	char path[32], text[512];
	unsigned long long user, system;
	unsigned threads;
	const char *at;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n <= 0)
		return false;
	text[n] = '\0';
	at = strrchr(text, ')');
	if (at == NULL ||
	    sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %u", &now->state,
		&user, &system, &threads) != 4)
		return false;
	now->ticks = user + system;
	now->threads = threads;
	return true;
}

static void
act(struct host *h, enum beat_verdict v, const struct beat_sample *now)
{
	struct msg ping = { .type = MSG_PING };
	char text[96];

	switch (v) {
	case BEAT_ASK:
		proc_send(&h->proc, &ping);
		break;
	case BEAT_HUNG:
		snprintf(text, sizeof(text), "no answer in %u s (Watchdog), process state %c", h->beat.missed, now->state);
		host_end_for(h, CAUSE_WATCHDOG, text);
		break;
	case BEAT_CROWDED:
		snprintf(text, sizeof(text), "%u, allowed are %u", now->threads, h->limits.threads);
		host_end_for(h, CAUSE_THREADS, text);
		break;
	case BEAT_GREEDY:
		snprintf(text, sizeof(text), "over %u s, allowed are %u %% of a core", BEAT_CPU_WINDOW, h->limits.cpu);
		host_end_for(h, CAUSE_CPU, text);
		break;
	default:
		break;
	}
}

static void
beat_list(struct sup *s, const struct host_list *list)
{
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK) * BEAT_MS / 1000;
	struct beat_sample now;
	struct host *h;

	LIST_FOREACH(h, list, at)
	{
		if (!h->ready || h->ending || h->pid <= 0 || h->proc.line.fd < 0)
			continue;
		s->beating = true;
		if (sample(h->pid, &now))
			act(h, beat_judge(&h->beat, &h->limits, &now, ticks), &now);
	}
}

static void
beat_conn(struct sup *s, struct conn *c, void *ctx)
{
	(void)ctx;
	beat_list(s, &c->hosts);
}

static void
on_beat(void *ctx)
{
	struct sup *s = ctx;

	s->beat_timer = 0;
	s->beating = false;
	beat_list(s, &s->services);
	conns_each(s, beat_conn, NULL);
	if (s->beating)
		beats_start(s);
}

void
beats_start(struct sup *s)
{
	if (s->beat_timer <= 0)
		s->beat_timer = loop_after(s->loop, BEAT_MS, on_beat, s);
}

void
on_pong(struct sup *s, struct proc *p, struct msg *m)
{
	struct host *h = (struct host *)((char *)p - offsetof(struct host, proc));

	(void)s;
	(void)m;
	beat_answered(&h->beat);
}
