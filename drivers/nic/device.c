#include "drivers/nic/device.h"

#include <ctype.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A frame of the packet ring holds one frame of the wire behind the ring's own header
 * (TPACKET_V2, with room for a socket address, 66 bytes when it is raw). The driver copies
 * it into a packet buffer without asking, which must have as much room. */
#define RING_FRAME 2048u  /* at least */
#define RING_COUNT 2048u  /* of those; RING_JUMBO of larger ones */
#define RING_JUMBO 1024u
#define RING_HEAD 66u
#define RING_HEAD_MIN 52u /* as the driver counts it, when it looks at a buffer's room */
#define RING_ALIGN 512u
#define RING_EACH 8u      /* frames of a block, which is whole pages then, without a gap at its end */
#define ETH_HEAD 18u      /* with a tag */
#define FRAME_ROOM 2048u  /* at least */

/* The system calls of each driver beyond those that the dataplane makes anyhow. */
static const char *const af_packet_calls[] = { "sendto", NULL };
/* recvfrom: busy polling, where it was asked for */
static const char *const af_xdp_calls[] = { "sendto", "recvfrom", NULL };
static const char *const tap_calls[] = { "readv", "writev", NULL };
/* The peer connects when it likes: its memory and eventfds come then, on the
 * thread of DPDK's interrupts, which makes itself a new epoll each time. */
static const char *const memif_calls[] = { "accept", "epoll_create", "epoll_create1", NULL };
/* A client connects, and makes the memory and the eventfds. */
static const char *const memif_client_calls[] = { "epoll_create", "epoll_create1", "socket-unix",
	"connect", "eventfd2", NULL };
static const char *const vfio_calls[] = { "ioctl", NULL };
/* Those of its members, and of who looks after their links. */
static const char *const bond_calls[] = { "readv", "writev", "sendto", "recvfrom", "ioctl", "timerfd_settime", NULL };
static const char *const no_calls[] = { NULL };

static const char *const bond_keys[] = { "mode", "policy", NULL };
static const char *const af_xdp_keys[] = { "force_copy", "busy_budget", "start_queue", "xdp_prog", NULL };
static const char *const memif_keys[] = { "id", "secret", "rsize", "bsize", NULL };
static const char *const memif_client_keys[] = { "role", "id", "secret", "rsize", "bsize", NULL };

static const struct nic_driver drivers[] = {
	{
	    .name = "af_packet",
	    .device = "INTERFACE",
	    .noun = NIC_INTERFACE,
	    .vdev = "net_af_packet0",
	    .first = "iface",
	    .ring = true,
	    .queues = "qpairs",
	    .queue_max = 16,
	    /* a full ring spills over into the next one */
	    .wait = NIC_WAIT_SOCKET,
	    .spread = PORT_SPREAD_LOOSE,
	    .kernel = true,
	    .calls = af_packet_calls,
	},
	{
	    .name = "af_xdp",
	    .device = "INTERFACE",
	    .noun = NIC_INTERFACE,
	    .vdev = "net_af_xdp0",
	    .first = "iface",
	    /* a budget would cost a system call per empty look */
	    .fixed = "busy_budget=0",
	    .queues = "queue_count",
	    .queue_max = 16,
	    .keys = af_xdp_keys,
	    .rx_ring = 2048,
	    .tx_ring = 2048,
	    .wait = NIC_WAIT_SOCKET,
	    .spread = PORT_SPREAD_FLOW,
	    .kernel = true,
	    .channels = true,
	    .keeps = true,
	    .calls = af_xdp_calls,
	},
	{
	    .name = "tap",
	    .device = "INTERFACE",
	    .noun = NIC_INTERFACE,
	    .vdev = "net_tap0",
	    .first = "iface",
	    .queue_max = 16,
	    /* it reads their number as segments per frame */
	    .rx_ring = 8,
	    /* it reads past the end of cut headers */
	    .blind = true,
	    /* the kernel's table follows the queue that sent last */
	    .wait = NIC_WAIT_INTR,
	    .spread = PORT_SPREAD_LOOSE,
	    .mac = true,
	    .twin = true,
	    .keeps = true,
	    .calls = tap_calls,
	},
	{
	    .name = "memif",
	    .device = "SOCKET,role=client",
	    .noun = NIC_PATH,
	    .when = ",role=client",
	    .vdev = "net_memif0",
	    .first = "socket",
	    .fixed = "socket-abstract=no",
	    .queue_max = 1,
	    .keys = memif_client_keys,
	    .wait = NIC_WAIT_NAP,
	    .mac = true,
	    .link = true,
	    .keeps = true,
	    .calls = memif_client_calls,
	},
	{
	    .name = "memif",
	    .device = "SOCKET",
	    .noun = NIC_PATH,
	    .vdev = "net_memif0",
	    .first = "socket",
	    .fixed = "role=server,socket-abstract=no",
	    .queue_max = 1,
	    .keys = memif_keys,
	    .wait = NIC_WAIT_NAP,
	    .mac = true,
	    .link = true,
	    .keeps = true,
	    .listens = true,
	    .calls = memif_calls,
	},
	{
	    .name = "ring",
	    .device = "NAME",
	    .noun = NIC_WORD,
	    .vdev = "net_ring0",
	    .queue_max = 16,
	    .wait = NIC_WAIT_NAP,
	    .spread = PORT_SPREAD_FLOW,
	    .calls = no_calls,
	},
	{
	    .name = "bond",
	    .device = "PORT+PORT[,mode=active-backup|balance]",
	    .noun = NIC_MEMBERS,
	    .vdev = "net_bonding0",
	    .keys = bond_keys,
	    .queue_max = 1,
	    /* what its members say of checksums is not passed on */
	    .blind = true,
	    .wait = NIC_WAIT_NAP,
	    .link = true,
	    .keeps = true,
	    .members = true,
	    .calls = bond_calls,
	},
	{
	    .name = "pci",
	    .device = "DOMAIN:BUS:DEVICE.FUNCTION",
	    .noun = NIC_PCI,
	    .queue_max = 256,
	    .wait = NIC_WAIT_INTR,
	    .spread = PORT_SPREAD_FLOW,
	    .link = true,
	    .keeps = true,
	    .calls = vfio_calls,
	},
	{
	    .name = "vdev",
	    .device = "DPDK-DEVICE",
	    .noun = NIC_ANY,
	    .queue_max = 16,
	    .wait = NIC_WAIT_NAP,
	    .spread = PORT_SPREAD_LOOSE,
	    .keeps = true,
	    .calls = no_calls,
	},
};

#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

const struct nic_driver *
nic_driver_next(const struct nic_driver *d)
{
	if (d == NULL)
		return &drivers[0];
	return ++d < drivers + DRIVERS ? d : NULL;
}

static bool
interface_is(const char *at, size_t len)
{
	(void)at;
	return len < IFNAMSIZ && memchr(at, '/', len) == NULL;
}

static bool
path_is(const char *at, size_t len)
{
	return len < 108 && at[0] == '/'; /* sun_path */
}

static bool
word_is(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)at[i]))
			return false;
	return true;
}

/* "0000:02:00.0", or without its domain. */
static bool
pci_is(const char *at, size_t len)
{
	static const char shape[] = "hhhh:hh:hh.h";
	const char *want = shape;

	if (len == strlen(shape) - 5)
		want += 5;
	else if (len != strlen(shape))
		return false;
	for (size_t i = 0; i < len; i++)
		if (want[i] == 'h' ? !isxdigit((unsigned char)at[i]) : at[i] != want[i])
			return false;
	return true;
}

static bool
any_is(const char *at, size_t len)
{
	return len > 4 && strncmp(at, "net_", 4) == 0;
}

/* Taps and PCI devices, which know whether their links are up; without arguments of
 * their own. */
static bool
members_are(const char *at, size_t len)
{
	char all[NIC_DEVICE_MAX];
	char *rest = all, *member;
	uint32_t count = 0;

	if (len >= sizeof(all))
		return false;
	memcpy(all, at, len);
	all[len] = '\0';
	while ((member = strsep(&rest, "+")) != NULL) {
		const char *wrong;
		const struct nic_driver *d = nic_driver_of(member, &wrong);

		if (d == NULL || d->wait != NIC_WAIT_INTR)
			return false;
		count++;
	}
	return count >= 2 && count <= NIC_MEMBERS_MAX;
}

static bool (*const noun_is[])(const char *at, size_t len) = {
	[NIC_MEMBERS] = members_are,
	[NIC_INTERFACE] = interface_is,
	[NIC_PATH] = path_is,
	[NIC_WORD] = word_is,
	[NIC_PCI] = pci_is,
	[NIC_ANY] = any_is,
};

static bool
key_known(const struct nic_driver *d, const char *at, size_t len)
{
	if (d->noun == NIC_PCI || d->noun == NIC_ANY)
		return true;
	for (const char *const *k = d->keys; k != NULL && *k != NULL; k++)
		if (strlen(*k) == len && strncmp(*k, at, len) == 0)
			return true;
	return false;
}

/* ",KEY=VALUE..." with keys that the row knows. */
static bool
tail_good(const struct nic_driver *d, const char *at)
{
	while (*at == ',') {
		size_t key = strcspn(++at, "=,"), value;

		if (at[key] != '=' || !key_known(d, at, key))
			return false;
		value = strcspn(at + key + 1, ",");
		if (value == 0)
			return false;
		at += key + 1 + value;
	}
	return *at == '\0';
}

static bool
text_plain(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)text[i]))
			return false;
	return len > 0 && len < NIC_DEVICE_MAX;
}

static const struct nic_driver *
row_of(const char *device, const char **rest)
{
	size_t len = strcspn(device, ":");

	/* DPDK's own names of virtual devices need no word in front. */
	if (any_is(device, strlen(device))) {
		*rest = device;
		return &drivers[DRIVERS - 1];
	}
	*rest = device + len + (device[len] == ':');
	for (size_t i = 0; i < DRIVERS; i++)
		if (strlen(drivers[i].name) == len && strncmp(drivers[i].name, device, len) == 0 &&
		    (drivers[i].when == NULL || strstr(device, drivers[i].when) != NULL))
			return &drivers[i];
	return NULL;
}

const struct nic_driver *
nic_driver_of(const char *device, const char **wrong)
{
	const struct nic_driver *d;
	const char *rest;
	size_t len;

	*wrong = "DRIVER:DEVICE, DRIVER one of af_packet, af_xdp, tap, memif, ring, bond, pci";
	if (!text_plain(device) || (d = row_of(device, &rest)) == NULL)
		return NULL;
	*wrong = d->device;
	len = strcspn(rest, ",");
	if (len == 0 || !noun_is[d->noun](rest, len))
		return NULL;
	*wrong = "KEY=VALUE with a key that this driver has";
	return tail_good(d, rest + len) ? d : NULL;
}

void
nic_device_name(const char *device, char *dst, size_t size)
{
	const char *rest = device;

	(void)row_of(device, &rest);
	(void)snprintf(dst, size, "%.*s", (int)strcspn(rest, ","), rest);
}

/* FNV-1a over the names of the machine and the device. */
void
nic_device_mac(const char *device, uint8_t mac[6])
{
	char name[64 + NIC_DEVICE_MAX] = "";
	uint64_t h = 0xcbf29ce484222325u;

	(void)gethostname(name, 64);
	(void)snprintf(name + strlen(name), sizeof(name) - strlen(name), " %s", device);
	for (const char *at = name; *at != '\0'; at++)
		h = (h ^ (uint8_t)*at) * 0x100000001b3u;
	memcpy(mac, &h, 6);
	mac[0] = (uint8_t)((mac[0] & 0xfcu) | 0x02u);
}

struct text {
	char *dst;
	size_t size;
	size_t len; /* as it would be */
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *format, ...)
{
	size_t left = t->len < t->size ? t->size - t->len : 0;
	va_list ap;

	va_start(ap, format);
	t->len += (size_t)vsnprintf(left > 0 ? t->dst + t->len : NULL, left, format, ap);
	va_end(ap);
}

static uint32_t
ring_frame(uint16_t mtu)
{
	uint32_t frame = (RING_HEAD + ETH_HEAD + mtu + RING_ALIGN - 1) & ~(RING_ALIGN - 1);

	return frame > RING_FRAME ? frame : RING_FRAME;
}

uint32_t
nic_frame_room(uint16_t mtu)
{
	uint32_t room = ring_frame(mtu) - RING_HEAD_MIN;

	return room > FRAME_ROOM ? room : FRAME_ROOM;
}

/* The kernel wants blocks of whole pages, and the driver frames without gaps. */
static void
add_ring(struct text *t, uint16_t mtu)
{
	uint32_t frame = ring_frame(mtu);
	uint32_t each = frame > RING_FRAME ? RING_EACH : 4 * RING_EACH;

	add(t, ",blocksz=%u,framesz=%u,framecnt=%u", each * frame, frame,
	    frame > RING_FRAME ? RING_JUMBO : RING_COUNT);
}

int
nic_device_args(const char *device, uint32_t queues, uint16_t mtu, char *dst, size_t size)
{
	struct text t = { .dst = dst, .size = size };
	const char *rest, *tail;
	const struct nic_driver *d = row_of(device, &rest);

	if (d == NULL)
		return -1;
	tail = rest + strcspn(rest, ",");
	add(&t, "%s", d->vdev != NULL ? d->vdev : "");
	if (d->vdev == NULL)
		add(&t, "%.*s", (int)(tail - rest), rest);
	if (d->first != NULL)
		add(&t, ",%s=%.*s", d->first, (int)(tail - rest), rest);
	if (d->fixed != NULL)
		add(&t, ",%s", d->fixed);
	if (d->ring)
		add_ring(&t, mtu);
	if (d->mac) {
		uint8_t m[6];

		nic_device_mac(device, m);
		add(&t, ",mac=%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	}
	if (d->queues != NULL && queues > 1)
		add(&t, ",%s=%u", d->queues, queues);
	add(&t, "%s", tail);
	return t.len < size ? (int)t.len : -1;
}
