/*
 * Between a socket of the plugin's own and a channel, both ways: nothing is taken from
 * the peer that the socket does not take, nothing is read that the peer has no room for.
 * Each direction ends by itself; with both the channel is closed.
 *
 *   relay_new      a socket that is connected; it is not read yet
 *   relay_open     the channel is there
 *   relay_data ..  the channel's callbacks, passed on
 *   relay_free     the channel is gone, or never came
 */
#ifndef RELAY_H
#define RELAY_H

#include <postern/draft/channel.h>
#include <postern/draft/loop.h>

#define RELAY_CHUNK 32768u

struct relay_env {
	const struct postern_host *host;
	const struct postern_if_channel *channels;
	const struct postern_if_loop *loop;
	char buf[RELAY_CHUNK];
};

struct relay {
	struct relay_env *env;
	struct postern_channel channel;
	int fd;                 /* non-blocking; -1: closed */
	int open;               /* the peer has the channel */
	int watched;
	int read_end;           /* the socket says no more */
	int write_end;          /* the socket takes no more, or is told no more */
	int eof_sent;
	int paused;             /* the peer has no room */
	int blocked;            /* the socket has none */
	int closing;
	char *held;             /* read, and not accepted: at most a chunk */
	uint64_t held_len;
	uint64_t held_off;
};

/* The descriptor is the relay's from here on, also when it fails (NULL). */
struct relay *relay_new(struct relay_env *env, int fd);

void relay_open(struct relay *r, struct postern_channel channel);
int32_t relay_data(struct relay *r, struct postern_view bytes, uint64_t *took);
void relay_eof(struct relay *r);
void relay_writable(struct relay *r);

/* The peer closed: nobody listens. */
void relay_hangup(struct relay *r);

void relay_free(struct relay *r);

#endif
