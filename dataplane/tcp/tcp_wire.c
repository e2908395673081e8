#include "dataplane/tcp/tcp_wire.h"

#include "abi/wire/cursor.h"

#define OFFSET_SHIFT 12u
#define FLAGS_MASK 0xffu

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
	seg->ecn = TCP_ECN_NONE;
	seg->options = bytes + TCP_HEADER_SIZE;
	seg->options_len = header - TCP_HEADER_SIZE;
	seg->data = bytes + header;
	seg->data_len = len - header;
	return 0;
}

uint32_t
tcp_seg_header(const struct tcp_seg_out *o, uint8_t buf[TCP_HEADER_MAX])
{
	struct put w = put_of(buf, TCP_HEADER_MAX);
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
	return (uint32_t)put_len(&w);
}

int
tcp_seg_build(const struct tcp_seg_out *o, uint8_t *buf, uint32_t size)
{
	uint8_t header[TCP_HEADER_MAX];
	struct put w = put_of(buf, size);
	struct fifo_pos at = o->at;
	uint32_t left = o->len;

	put_bytes(&w, header, tcp_seg_header(o, header));
	while (left > 0) {
		size_t n = left;
		const uint8_t *piece = fifo_read(o->from, &at, &n);

		if (piece == NULL)
			return -R_SHORT;
		put_bytes(&w, piece, n);
		left -= (uint32_t)n;
	}
	return w.bad ? -R_SHORT : (int)put_len(&w);
}

uint32_t
tcp_cut(const struct tcp_seg_out *run, uint32_t off, struct tcp_seg_out *one)
{
	uint32_t left = run->len - off;

	*one = *run;
	one->seq += off;
	if (off > 0) {
		fifo_skip(run->from, &one->at, off);
		one->flags &= (uint8_t)~TCP_CWR;
	}
	if (left <= run->mss || run->mss == 0) {
		one->len = left;
		return 0;
	}
	one->len = run->mss;
	one->flags &= (uint8_t)~(TCP_PSH | TCP_FIN);
	return off + run->mss;
}
