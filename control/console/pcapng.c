#include "control/console/pcapng.h"

#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_STATISTICS 5u
#define BLOCK_FRAME 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1u
#define NANOSECONDS 9u

#define OPT_END 0u
#define OPT_COMMENT 1u
#define SHB_APPLICATION 4u
#define IF_NAME 2u
#define IF_DESCRIPTION 3u
#define IF_TSRESOL 9u
#define EPB_FLAGS 2u
#define EPB_INBOUND 1u
#define EPB_OUTBOUND 2u
#define ISB_START 2u
#define ISB_END 3u
#define ISB_RECEIVED 4u
#define ISB_DROPPED 5u
#define ISB_DELIVERED 8u

struct block {
	uint8_t *start;
	uint8_t *p;
};

static void
native(struct block *b, const void *value, size_t size)
{
	memcpy(b->p, value, size);
	b->p += size;
}

static void
native16(struct block *b, uint16_t v)
{
	native(b, &v, sizeof(v));
}

static void
native32(struct block *b, uint32_t v)
{
	native(b, &v, sizeof(v));
}

/* The half with the higher bits first, whatever the byte order. */
static void
halves(struct block *b, uint64_t v)
{
	native32(b, (uint32_t)(v >> 32));
	native32(b, (uint32_t)v);
}

static void
padded(struct block *b, const void *data, size_t len)
{
	static const uint8_t zeros[4];

	if (len > 0)
		native(b, data, len);
	native(b, zeros, (4 - len % 4) % 4);
}

static void
option(struct block *b, uint16_t code, const void *value, size_t len)
{
	native16(b, code);
	native16(b, (uint16_t)len);
	padded(b, value, len);
}

static void
text(struct block *b, uint16_t code, const char *value)
{
	size_t len = strnlen(value, PCAPNG_TEXT_MAX);

	if (len > 0)
		option(b, code, value, len);
}

static void
number(struct block *b, uint16_t code, uint64_t value)
{
	option(b, code, &value, sizeof(value));
}

static void
moment(struct block *b, uint16_t code, uint64_t ns)
{
	native16(b, code);
	native16(b, 8);
	halves(b, ns);
}

static struct block
begin(uint8_t *dst, uint32_t type)
{
	struct block b = { dst, dst };

	native32(&b, type);
	native32(&b, 0);
	return b;
}

/* The length stands at both ends. */
static size_t
end(struct block *b)
{
	uint32_t len;

	native16(b, OPT_END);
	native16(b, 0);
	len = (uint32_t)(b->p - b->start) + 4;
	native32(b, len);
	memcpy(b->start + 4, &len, sizeof(len));
	return len;
}

size_t
pcapng_section(uint8_t *dst, const char *application, const char *comment)
{
	struct block b = begin(dst, BLOCK_SECTION);

	native32(&b, BYTE_ORDER_MAGIC);
	native16(&b, 1);
	native16(&b, 0);
	halves(&b, UINT64_MAX); /* its length is not known */
	text(&b, SHB_APPLICATION, application);
	text(&b, OPT_COMMENT, comment);
	return end(&b);
}

size_t
pcapng_interface(uint8_t *dst, const char *name, const char *description, uint32_t snap)
{
	struct block b = begin(dst, BLOCK_INTERFACE);
	uint8_t resolution = NANOSECONDS;

	native16(&b, LINKTYPE_ETHERNET);
	native16(&b, 0);
	native32(&b, snap);
	text(&b, IF_NAME, name);
	text(&b, IF_DESCRIPTION, description);
	option(&b, IF_TSRESOL, &resolution, 1);
	return end(&b);
}

size_t
pcapng_frame(uint8_t *dst, const struct pcapng_frame *f)
{
	struct block b = begin(dst, BLOCK_FRAME);
	uint32_t flags = f->out ? EPB_OUTBOUND : EPB_INBOUND;

	native32(&b, f->interface);
	halves(&b, f->ns);
	native32(&b, (uint32_t)f->kept.len);
	native32(&b, f->len);
	padded(&b, f->kept.data, f->kept.len);
	option(&b, EPB_FLAGS, &flags, sizeof(flags));
	return end(&b);
}

size_t
pcapng_stats(uint8_t *dst, const struct pcapng_stats *s)
{
	struct block b = begin(dst, BLOCK_STATISTICS);

	native32(&b, s->interface);
	halves(&b, s->end_ns);
	text(&b, OPT_COMMENT, s->comment);
	moment(&b, ISB_START, s->begin_ns);
	moment(&b, ISB_END, s->end_ns);
	number(&b, ISB_RECEIVED, s->received);
	number(&b, ISB_DROPPED, s->dropped);
	number(&b, ISB_DELIVERED, s->delivered);
	return end(&b);
}
