#include "dataplane/ssh/zip.h"

#include <string.h>

#include "abi/wire/reason.h"

#define HEAD 2u          /* RFC 1950 section 2.2: CMF and FLG */
#define STORED_HEAD 5u   /* RFC 1951 section 3.2.4: three bits and padding, LEN, NLEN */
#define SCRATCH (64u * 1024u)
#define IN_COST 4u       /* inflate is so many times as fast */
#define BLOCK_COST 512u  /* bytes whose inflation costs as much as tables */
#define STORED_COST 16u

_Static_assert(ZIP_BOUND(SSH_PAYLOAD_MAX) + HEAD <= SCRATCH && ZIP_PLAIN_MAX < SCRATCH, "a record fits");
_Static_assert(ZIP_BOUND(ZIP_PLAIN_MAX) + HEAD <= SSH_PAYLOAD_MAX, "an answer as long fits");

struct zip_slot {
	struct zip_slot *prev, *next;
	struct zip_dir *holder;
	uint64_t used_us;
	uint8_t *mem;
};

/* ---- lists ---- */

static void
list_add(struct zip_list *l, struct zip_slot *s)
{
	s->prev = l->last;
	s->next = NULL;
	if (l->last != NULL)
		l->last->next = s;
	else
		l->first = s;
	l->last = s;
	l->count++;
}

static void
list_remove(struct zip_list *l, struct zip_slot *s)
{
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		l->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		l->last = s->prev;
	l->count--;
}

/* The one given back last: its memory has been touched. */
static struct zip_slot *
list_take(struct zip_list *l)
{
	struct zip_slot *s = l->last;

	if (s != NULL)
		list_remove(l, s);
	return s;
}

/* ---- the pool ---- */

static size_t
aligned(size_t size)
{
	return (size + 4095) & ~(size_t)4095;
}

size_t
zip_pool_size(const struct zip_engine *e, uint32_t in_max, uint32_t out_max)
{
	return SCRATCH + aligned(((size_t)in_max + out_max) * sizeof(struct zip_slot)) +
	    in_max * aligned(e->inflate_size) + out_max * aligned(e->deflate_size);
}

/* Slots are taken from the end: the first memory first. */
static uint8_t *
slots_init(struct zip_list *l, struct zip_slot *slots, uint32_t count, uint8_t *mem, size_t size)
{
	for (uint32_t i = count; i > 0; i--) {
		slots[i - 1].mem = mem + (i - 1) * aligned(size);
		list_add(l, &slots[i - 1]);
	}
	return mem + count * aligned(size);
}

void
zip_pool_init(struct zip_pool *p, void *mem, const struct zip_engine *e, uint32_t in_max, uint32_t out_max)
{
	struct zip_slot *slots = (struct zip_slot *)(void *)((uint8_t *)mem + SCRATCH);
	uint8_t *at = (uint8_t *)mem + SCRATCH + aligned(((size_t)in_max + out_max) * sizeof(*slots));

	memset(p, 0, sizeof(*p));
	p->engine = e;
	p->scratch = mem;
	p->in_max = in_max;
	p->out_max = out_max;
	at = slots_init(&p->free_in, slots, in_max, at, e->inflate_size);
	slots_init(&p->free_out, slots + in_max, out_max, at, e->deflate_size);
}

void
zip_pool_poll(struct zip_pool *p, uint64_t now)
{
	p->now = now;
	p->poll_from = p->spent;
}

/* ---- places ---- */

bool
zip_place(struct zip_pool *p, struct zip_conn *z, bool guest)
{
	if (z->place != ZIP_PLACE_NONE)
		return true;
	if (p->places >= p->in_max || (guest && p->guests >= p->in_max / ZIP_GUEST_SHARE)) {
		p->stats.refused++;
		return false;
	}
	z->place = guest ? ZIP_PLACE_GUEST : ZIP_PLACE_USER;
	p->places++;
	p->guests += guest;
	return true;
}

void
zip_login(struct zip_pool *p, struct zip_conn *z)
{
	if (z->place != ZIP_PLACE_GUEST)
		return;
	p->guests--;
	z->place = ZIP_PLACE_USER;
}

void
zip_leave(struct zip_pool *p, struct zip_conn *z)
{
	zip_stop_in(p, z);
	zip_stop_out(p, z);
	zip_login(p, z);
	if (z->place != ZIP_PLACE_NONE)
		p->places--;
	z->place = ZIP_PLACE_NONE;
}

/* ---- the work of a poll ---- */

void
zip_turn(const struct zip_pool *p, struct zip_conn *z)
{
	z->from = p->spent;
	z->stopped = false;
}

bool
zip_may(struct zip_pool *p, struct zip_conn *z)
{
	if (p->spent - p->poll_from < ZIP_POLL && p->spent - z->from < ZIP_SHARE)
		return true;
	z->stopped = true;
	if (p->spent == z->from) {
		z->waits = true;
		p->stats.waited++;
	}
	return false;
}

/* ---- begin and end ---- */

int
zip_begin_in(struct zip_pool *p, struct zip_conn *z)
{
	struct zip_dir *d = &z->in;

	if (d->slot == NULL) {
		d->slot = list_take(&p->free_in);
		if (d->slot == NULL)
			return -R_LIMIT;
		p->busy_in++;
	}
	d->on = true;
	d->awaited = false;
	d->head = false;
	return p->engine->inflate_init(d->slot->mem) == 0 ? 0 : -R_INTERNAL;
}

void
zip_stop_in(struct zip_pool *p, struct zip_conn *z)
{
	struct zip_dir *d = &z->in;

	if (d->slot != NULL) {
		explicit_bzero(d->slot->mem, p->engine->inflate_size);
		list_add(&p->free_in, d->slot);
		p->busy_in--;
	}
	memset(d, 0, sizeof(*d));
}

static void
slot_release(struct zip_pool *p, struct zip_dir *d)
{
	if (d->slot == NULL)
		return;
	explicit_bzero(d->slot->mem, p->engine->deflate_size);
	list_remove(&p->busy_out, d->slot);
	list_add(&p->free_out, d->slot);
	d->slot = NULL;
}

void
zip_begin_out(struct zip_pool *p, struct zip_conn *z)
{
	slot_release(p, &z->out);
	z->out.on = true;
	z->out.head = false;
}

void
zip_stop_out(struct zip_pool *p, struct zip_conn *z)
{
	slot_release(p, &z->out);
	memset(&z->out, 0, sizeof(z->out));
}

/* ---- records ---- */

bool
zip_head(struct view bytes)
{
	const uint8_t *b = bytes.data;

	/* deflate with a window of 32 KiB at most, no dictionary */
	return bytes.len >= HEAD && (b[0] & 0x0f) == 8 && b[0] >> 4 <= 7 && (b[1] & 0x20) == 0 &&
	    (b[0] << 8 | b[1]) % 31 == 0;
}

static int
inflate_reason(int error)
{
	if (error == ZIP_FULL)
		return -R_SSH_INFLATE_SIZE;
	return error == ZIP_SHREDS ? -R_SSH_INFLATE_BLOCKS : -R_SSH_INFLATE;
}

int
zip_open(struct zip_pool *p, struct zip_conn *z, struct view payload, struct view *plain)
{
	struct zip_dir *d = &z->in;
	const uint8_t *at = payload.data;
	size_t len = payload.len;
	uint32_t blocks;
	int n;

	if (!d->head && !zip_head(payload))
		return -R_SSH_INFLATE;
	if (!d->head) {
		at += HEAD;
		len -= HEAD;
		d->head = true;
	}
	n = p->engine->inflate(d->slot->mem, p->scratch, ZIP_PLAIN_MAX, at, len, &blocks);
	p->spent += (payload.len + (n > 0 ? (size_t)n : 0) + (size_t)blocks * BLOCK_COST) / IN_COST + 1;
	if (n < 0)
		return inflate_reason(n);
	if (n == 0)
		return -R_SSH_EMPTY;
	p->stats.in_wire += payload.len;
	p->stats.in_plain += (size_t)n;
	*plain = view_of(p->scratch, (size_t)n);
	return 0;
}

size_t
zip_wire(size_t len)
{
	return ZIP_BOUND(len) + HEAD;
}

/* Memory to compress with, of who has not used it for long if need be. */
static struct zip_slot *
slot_for(struct zip_pool *p, struct zip_dir *d)
{
	struct zip_slot *s = d->slot;

	if (s == NULL) {
		struct zip_slot *oldest = p->busy_out.first;

		if (p->free_out.count == 0 && oldest != NULL && p->now - oldest->used_us >= ZIP_STALE_US) {
			slot_release(p, oldest->holder);
			p->stats.taken++;
		}
		s = list_take(&p->free_out);
		if (s == NULL)
			return NULL;
		if (p->engine->deflate_init(s->mem) != 0) {
			list_add(&p->free_out, s);
			return NULL;
		}
		s->holder = d;
		d->slot = s;
	} else {
		list_remove(&p->busy_out, s);
	}
	s->used_us = p->now;
	list_add(&p->busy_out, s);
	return s;
}

/* One stored block, not the last one: it ends where a byte does. */
static size_t
store(uint8_t *dst, struct view plain)
{
	const uint16_t len = (uint16_t)plain.len, not = (uint16_t)~len;

	dst[0] = 0;
	dst[1] = (uint8_t)len;
	dst[2] = (uint8_t)(len >> 8);
	dst[3] = (uint8_t)not;
	dst[4] = (uint8_t)(not >> 8);
	memcpy(dst + STORED_HEAD, plain.data, plain.len);
	return STORED_HEAD + plain.len;
}

int
zip_seal(struct zip_pool *p, struct zip_conn *z, struct view plain, struct view *payload)
{
	static const uint8_t head[HEAD] = { 0x78, 0x01 };
	struct zip_dir *d = &z->out;
	struct zip_slot *s = slot_for(p, d);
	size_t len = 0;

	if (!d->head) {
		memcpy(p->scratch, head, HEAD);
		len = HEAD;
		d->head = true;
	}
	if (s != NULL) {
		int n = p->engine->deflate(s->mem, p->scratch + len, SCRATCH - len, plain.data, plain.len);

		if (n < 0)
			return -R_INTERNAL;
		len += (size_t)n;
		p->spent += plain.len + 1;
	} else {
		len += store(p->scratch + len, plain);
		p->spent += plain.len / STORED_COST + 1;
		p->stats.stored++;
	}
	p->stats.out_plain += plain.len;
	p->stats.out_wire += len;
	*payload = view_of(p->scratch, len);
	return 0;
}
