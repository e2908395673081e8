/*
 * What one role tells another: the first byte chooses
 *   0  a packet between roles (msg.h), through a socket
 *   1  the configuration: u8 descriptors, u8 length of the body, the body, the file
 *   2  keeper's list of host keys, u16 length, and one that follows it
 *   3  a connection to adopt, as the dataplane tells gate or clerk
 * Each is taken or refused, and what is taken is walked.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/confmsg.h"
#include "control/conobj.h"
#include "control/exchange.h"
#include "control/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
packet(const uint8_t *data, size_t size)
{
	static uint8_t buf[MSG_MAX];
	static int pair[2];
	struct msg m;

	if (pair[0] == 0 && msg_pair(pair) != 0)
		abort();
	if (size == 0 || send(pair[0], data, size, MSG_DONTWAIT) != (ssize_t)size)
		return;
	if (msg_recv(pair[1], &m, buf) == 1) {
		if (m.body.len > size || m.fd_count != 0)
			abort();
		(void)msg_name(m.type);
		msg_drop_fds(&m);
	}
}

static void
configuration(const uint8_t *data, size_t size)
{
	static struct conf c;
	struct cur in = cur_of(data, size);
	struct msg m = { .type = MSG_CONF, .fd_count = cur_u8(&in) % 3 };
	struct view file;

	m.body = cur_take(&in, cur_u8(&in));
	file = cur_take(&in, cur_left(&in));
	for (int i = 0; i < m.fd_count; i++) {
		m.fds[i] = memfd_create("conf", MFD_CLOEXEC);
		if (m.fds[i] < 0 || write(m.fds[i], file.data, file.len) != (ssize_t)file.len)
			abort();
	}
	if (confmsg_read(&c, &m) == 0 && (m.fd_count != 1 || m.body.len != 4))
		abort();
	log_set_level(LOG_L_ERROR);
	msg_drop_fds(&m);
}

static void
host_keys(const uint8_t *data, size_t size)
{
	static struct hostkeys k;
	struct cur in = cur_of(data, size);
	struct view first = cur_take(&in, cur_u16(&in)), second = cur_take(&in, cur_left(&in));

	memset(&k, 0, sizeof(k));
	if (hostkeys_decode(&k, first) != 0)
		return;
	(void)hostkeys_decode(&k, second);
	for (uint32_t i = 0; i < k.list.all_count; i++)
		if (!hostkeys_have(&k, k.list.all[i]))
			abort();
}

static void
adopted(const uint8_t *data, size_t size)
{
	struct adopt a;
	struct conobj p;

	if (adopt_decode(&a, view_of(data, size)) != 0)
		return;
	if (a.chan_count > NOTE_CHAN_MAX || a.note.len > size || a.grant.len > size)
		abort();
	if (conobj_init(&p, 1, 1, &a) == 0)
		conobj_fini(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(const uint8_t *, size_t) = { packet, configuration, host_keys, adopted };
	static bool quiet;

	if (!quiet)
		log_set_level((enum log_level)0);
	quiet = true;
	if (size > 0)
		parts[data[0] % 4](data + 1, size - 1);
	log_set_level((enum log_level)0);
	return 0;
}
