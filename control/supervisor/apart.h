/*
 * Closing what a host sent.
 *
 * A close may block for as long as the sender likes: a file of a file system that
 * the user serves, a TCP socket that lingers. So a descriptor that could be one of
 * those is closed by a process of its own, which shares nothing but the table of
 * descriptors and ends with the supervisor.
 */
#ifndef POSTERN_SUPERVISOR_APART_H
#define POSTERN_SUPERVISOR_APART_H

#include <stdbool.h>

struct loop;

/* apart_start(l): from now on descriptors that came in messages are closed so;
 * l collects those processes. */
void apart_start(struct loop *l);

/* apart_close(fd): 0 or -1. Never blocks. */
int apart_close(int fd);

/* What a host may bring, told without asking whoever serves it: sealed memory, a
 * socket of the bell's kind. */
bool apart_is_memory(int fd);
bool apart_is_bell(int fd);

#endif
