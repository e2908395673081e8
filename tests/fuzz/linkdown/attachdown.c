/*
 * What a supervisor says to the dataplane, in whole packets: u8 descriptors, u16 length,
 * the packet from its type on. HELLO and a configuration came before. The steward reads
 * them as from the socket, the worker acts on them, and serves on.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/dataplane/worker/rig.h"

#define PACKETS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct steward s;
static struct rig *r;
static int command_bell, supervisor;

static void
must(bool yes)
{
	if (!yes)
		abort();
}

static void
begin(void)
{
	int pair[2];

	r = rig_open();
	memset(&s, 0, sizeof(s));
	s.worker_count = 1;
	s.signals = -1;
	s.owner = getuid();
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	s.listener = dup(pair[0]);
	must(bell_create(&r->command_wait, &command_bell) == 0 && bell_create(&s.event_bell, &r->w->event_bell) == 0);
	s.worker[0].commands = r->commands;
	s.worker[0].events = r->events;
	s.worker[0].meter_fd = r->meter_fd;
	s.worker[0].command_bell = command_bell;
	must(steward_init(&s) == 0);
	r->steward = &s;
	s.supervisor = pair[0];
	must(steward_watch(&s, pair[0], EPOLLIN, WATCH_SUPERVISOR) == 0);
	supervisor = pair[1];
}

static void
end(void)
{
	int event_ring = r->w->event_bell;

	worker_wipe(r->w);
	steward_fini(&s);
	close(s.listener);
	close(supervisor);
	close(command_bell);
	close(s.event_bell);
	close(event_ring);
	close(r->command_wait);
	rig_close(r);
}

static void
hear(void)
{
	static uint8_t buf[ATTACH_MESSAGE_MAX];
	int fds[PACKET_FDS_MAX], n;
	size_t len;

	while (packet_recv(supervisor, buf, sizeof(buf), &len, fds, &n) == 1)
		for (int i = 0; i < n; i++)
			close(fds[i]);
}

static void
say(struct view packet, int count)
{
	int fds[3] = { -1, -1, -1 }, n = 0;

	while (n < count)
		fds[n++] = dup(supervisor);
	(void)packet_send(supervisor, packet, fds, n);
	while (n > 0)
		close(fds[--n]);
	rig_run(r, 4);
	hear();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t hello[] = { 0, ATTACH_HELLO, 0, 0, 0, LINK_MAJOR, 0, 0, 0, NOTE_VERSION, 0, 0, 0, 1 };
	static const uint8_t conf[] = { 0, ATTACH_CONF, 0, 0, 0, 0, 0, 1, ATTACH_CONF_ADDRESS, 0, 0, 0, 6, 4, 192, 0, 2,
		1, 24, ATTACH_CONF_PORT, 0, 0, 0, 2, 0, RIG_PORT };
	struct cur c = cur_of(data, size);

	begin();
	say(view_of(hello, sizeof(hello)), 0);
	say(view_of(conf, sizeof(conf)), 0);
	must(s.hello);
	for (int i = 0; i < PACKETS_MAX && cur_left(&c) >= 3 && s.supervisor >= 0; i++) {
		uint8_t fds = cur_u8(&c);

		say(cur_take(&c, cur_u16(&c)), fds % 4);
	}
	rig_run(r, 5);
	end();
	return 0;
}
