#include "abi/link/slot.h"

#include <string.h>
#include <sys/mman.h>

#include "abi/link/memfile.h"
#include "abi/wire/reason.h"

#define SLOTS_SIZE (LINK_SLOT_COUNT * sizeof(struct link_slot))

int
slots_create(struct link_slot **slots, int *fd)
{
	*slots = memfile_create("postern-slots", SLOTS_SIZE, fd, true);
	return *slots != NULL ? 0 : *fd;
}

int
slots_attach(struct link_slot **slots, int fd)
{
	*slots = memfile_attach(fd, SLOTS_SIZE, true);
	return *slots != NULL ? 0 : -R_LINK_SEALS;
}

void
slots_close(struct link_slot *slots)
{
	if (slots == NULL)
		return;
	explicit_bzero(slots, SLOTS_SIZE);
	munmap(slots, SLOTS_SIZE);
}

int
slot_fill(struct link_slot *slots, const struct link_slot *keys)
{
	for (uint32_t i = 0; i < LINK_SLOT_COUNT; i++) {
		struct link_slot *s = &slots[i];

		if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != LINK_SLOT_FREE)
			continue;
		s->conn = keys->conn;
		s->gen = keys->gen;
		s->strict = keys->strict;
		s->in = keys->in;
		s->out = keys->out;
		s->zip_in = keys->zip_in;
		s->zip_out = keys->zip_out;
		__atomic_store_n(&s->state, LINK_SLOT_FULL, __ATOMIC_RELEASE);
		return (int)i;
	}
	return -R_LINK_SLOT;
}

static int
keys_sane(const struct link_keys *k)
{
	return k->key_len <= LINK_KEY_MAX && k->iv_len <= LINK_IV_MAX && k->mac_len <= LINK_MAC_MAX;
}

int
slot_take(struct link_slot *slots, uint32_t index, uint32_t conn, uint32_t gen, struct link_slot *keys)
{
	struct link_slot *s;
	uint32_t state;

	if (index >= LINK_SLOT_COUNT)
		return -R_LINK_SLOT;
	s = &slots[index];
	state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	memcpy(keys, s, sizeof(*keys));
	explicit_bzero(s, sizeof(*s));
	__atomic_store_n(&s->state, LINK_SLOT_FREE, __ATOMIC_RELEASE);
	if (state != LINK_SLOT_FULL || keys->conn != conn || keys->gen != gen ||
	    !keys_sane(&keys->in) || !keys_sane(&keys->out)) {
		explicit_bzero(keys, sizeof(*keys));
		return -R_LINK_SLOT;
	}
	return 0;
}
