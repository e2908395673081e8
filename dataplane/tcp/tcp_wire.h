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

/* tcp_seg_build(o, buf, size): header with a zero checksum, options, payload.
 * Returns the length, or -R_SHORT when `size` is too small. */
int tcp_seg_build(const struct tcp_seg_out *o, uint8_t *buf, uint32_t size);

#endif
