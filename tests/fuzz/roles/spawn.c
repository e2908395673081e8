/*
 * A host that asks its login's leader for anything: messages of u8 kind (SPAWN, SIGNAL,
 * TERMINAL), u8 descriptors, u16 length, body. No process is made here: fork says that
 * there is none left. Every SPAWN and TERMINAL is answered, or the message is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/login/login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

pid_t
fork(void)
{
	errno = EAGAIN;
	return -1;
}

static struct login l;
static struct login_host host;
static int peer;

static void
begin(void)
{
	int pair[2];

	log_set_level((enum log_level)0);
	if (l.loop != NULL)
		return;
	conf_default(&l.conf);
	l.loop = loop_new();
	if (l.loop == NULL || msg_pair(pair) != 0)
		abort();
	l.started = true;
	host = (struct login_host){ .login = &l, .pid = 1, .pidfd = -1, .sock = pair[0] };
	peer = pair[1];
}

static unsigned
answers(void)
{
	static uint8_t buf[MSG_MAX];
	struct msg m;
	unsigned n = 0;

	while (msg_recv(peer, &m, buf) == 1) {
		n++;
		msg_drop_fds(&m);
	}
	return n;
}

static void
one(uint8_t kind, unsigned fds, struct view body)
{
	static int (*const kinds[])(struct login_host *, struct msg *) = { program_spawn, program_signal,
		terminal_open };
	struct msg m = { .type = MSG_SPAWN, .tag = 7, .body = body };
	int r;

	for (unsigned i = 0; i < fds % 4; i++)
		m.fds[m.fd_count++] = dup(peer);
	r = kinds[kind % 3](&host, &m);
	msg_drop_fds(&m);
	if (answers() != (r == 0 && kind % 3 != 1 ? 1u : 0u) || l.program_count != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);

	begin();
	for (int i = 0; i < 16 && cur_left(&c) >= 4; i++) {
		uint8_t kind = cur_u8(&c), fds = cur_u8(&c);

		one(kind, fds, cur_take(&c, cur_u16(&c)));
	}
	terminal_orphan(&host);
	return 0;
}
