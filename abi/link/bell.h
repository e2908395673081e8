/*
 * Bells: how one side wakes the other.
 *
 * A bell is a pipe, not an eventfd: an eventfd's flags and counter belong to
 * one open file description that both sides share, so a hostile side could
 * clear O_NONBLOCK and fill the counter, and the other side's write would
 * block for ever. The two ends of a pipe are separate descriptions: what one
 * side does to its end cannot make the other side wait.
 */
#ifndef POSTERN_LINK_BELL_H
#define POSTERN_LINK_BELL_H

/* bell_create(wait_fd, ring_fd): both ends, non-blocking, close-on-exec.
 * The sleeper keeps wait_fd and hands ring_fd over. 0 or -errno. */
int bell_create(int *wait_fd, int *ring_fd);

/* bell_adopt(ring_fd): checks that a received descriptor is the write end of a
 * pipe and makes it non-blocking. 0 or -R_LINK_SEALS. */
int bell_adopt(int ring_fd);

/* bell_ring(ring_fd): wake the sleeper. A full pipe is as good as a ring;
 * a closed one is ignored: its owner's death is noticed elsewhere. */
void bell_ring(int ring_fd);

/* bell_hush(wait_fd): take what was rung (bounded), before looking at rings.
 * 0, or -R_PEER_GONE when the ringing side closed its end. */
int bell_hush(int wait_fd);

#endif
