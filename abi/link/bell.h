/*
 * Bells: how one side wakes the other.
 *
 * A bell is a connected pair of sockets, not an eventfd: the flags and the
 * counter of an eventfd belong to one open file description that both sides
 * share, so a hostile side could clear O_NONBLOCK, fill the counter, and make
 * the other side's write block for ever; a pipe's write end that was handed over
 * has the same flaw. On a socket "do not wait" is said with each call, and
 * nothing that the other side does to its descriptor can take that back.
 */
#ifndef POSTERN_LINK_BELL_H
#define POSTERN_LINK_BELL_H

/* bell_create(wait_fd, ring_fd): both ends, close-on-exec. The sleeper keeps
 * wait_fd and hands ring_fd over. 0 or -errno. */
int bell_create(int *wait_fd, int *ring_fd);

/* bell_adopt(ring_fd): is a received descriptor the end of a unix stream
 * socket? 0 or -R_LINK_SEALS. */
int bell_adopt(int ring_fd);

/* bell_ring(ring_fd): wake the sleeper. A full socket is as good as a ring; a
 * closed one is ignored: its owner's death is noticed elsewhere. */
void bell_ring(int ring_fd);

/* bell_hush(wait_fd): take what was rung (bounded), before looking at rings.
 * 0, or -R_PEER_GONE when the ringing side closed its end. */
int bell_hush(int wait_fd);

#endif
