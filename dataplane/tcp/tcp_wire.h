/*
 * A TCP header's bytes to struct tcp_seg, and struct tcp_seg_out to bytes.
 */
#ifndef POSTERN_TCP_WIRE_H
#define POSTERN_TCP_WIRE_H

#include "dataplane/tcp/tcp.h"

#define TCP_HEADER_SIZE 20u

/* tcp_seg_parse(seg, bytes, len, local, remote): 0, or -R_TCP_SHORT. The
 * checksum was verified before; `seg` borrows from bytes. */
int tcp_seg_parse(struct tcp_seg *seg, const uint8_t *bytes, uint32_t len, const uint8_t local[16],
    const uint8_t remote[16]);

#define TCP_HEADER_MAX 60u

/* tcp_seg_header(o, buf): header with a zero checksum, and options. Its length. */
uint32_t tcp_seg_header(const struct tcp_seg_out *o, uint8_t buf[TCP_HEADER_MAX]);

/* tcp_seg_build(o, buf, size): the same with all the payload. Returns the length,
 * or -R_SHORT when `size` is too small. */
int tcp_seg_build(const struct tcp_seg_out *o, uint8_t *buf, uint32_t size);

/* tcp_cut(run, off, one): the segment at byte `off` of the payload of a run, 0 for the
 * first. PSH and FIN are the last one's, CWR is the first one's. Returns where the next is; 0: there is none. */
uint32_t tcp_cut(const struct tcp_seg_out *run, uint32_t off, struct tcp_seg_out *one);

#endif
