#include "dataplane/tcp/tcp_wire.h"

#include "abi/wire/cursor.h"

#define OFFSET_SHIFT 12u
#define FLAGS_MASK 0x3fu

int
tcp_seg_parse(struct tcp_seg *seg, const uint8_t *bytes, uint32_t len, const uint8_t local[16],
    const uint8_t remote[16])
{
	struct cur c = cur_of(bytes, len);
	uint16_t word;
	uint32_t header;

	memcpy(seg->tuple.local.b, local, 16);
	memcpy(seg->tuple.remote.b, remote, 16);
	seg->tuple.remote_port = cur_u16(&c);
	seg->tuple.local_port = cur_u16(&c);
	seg->seq = cur_u32(&c);
	seg->ack = cur_u32(&c);
	word = cur_u16(&c);
	seg->window = cur_u16(&c);
	cur_u16(&c);
	seg->urgent = cur_u16(&c);
	header = (uint32_t)(word >> OFFSET_SHIFT) * 4u;
	if (c.bad || header < TCP_HEADER_SIZE || header > len)
		return -R_TCP_SHORT;
	seg->flags = word & FLAGS_MASK;
	seg->via = 0;
	seg->options = bytes + TCP_HEADER_SIZE;
	seg->options_len = header - TCP_HEADER_SIZE;
	seg->data = bytes + header;
	seg->data_len = len - header;
	return 0;
}

int
tcp_seg_build(const struct tcp_seg_out *o, uint8_t *buf, uint32_t size)
{
	struct put w = put_of(buf, size);
	uint16_t header = (uint16_t)((TCP_HEADER_SIZE + o->options_len) / 4u);

	put_u16(&w, o->tuple.local_port);
	put_u16(&w, o->tuple.remote_port);
	put_u32(&w, o->seq);
	put_u32(&w, o->ack);
	put_u16(&w, (uint16_t)(header << OFFSET_SHIFT | o->flags));
	put_u16(&w, o->window);
	put_u16(&w, 0);
	put_u16(&w, 0);
	put_bytes(&w, o->options, o->options_len);
	put_bytes(&w, o->data[0], o->data_len[0]);
	put_bytes(&w, o->data[1], o->data_len[1]);
	return w.bad ? -R_SHORT : (int)put_len(&w);
}
