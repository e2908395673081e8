/*
 * The netconf plugin, inside.
 *
 *   netconf.c   what the host calls; configuration
 *   session.c   one session: bytes of the channel <-> frames of the server's socket
 *   server.c    the server's socket: connecting, reading, writing, facts
 *   framing.c   RFC 6242 on a byte stream, pure
 *   hello.c     which base versions a hello names, pure
 *
 * The server's protocol, on a unix stream socket, one connection per session: a frame is a
 * 32-bit big-endian number and that many bytes; with its highest bit set the message goes on
 * in the next frame. First the facts, "name: value" lines; then a message of the client
 * per message, unframed XML. The server sends its hello and then messages the same way.
 * Who ends its direction sends no more; the server ends the session by closing.
 */
#ifndef NETCONF_NETCONF_H
#define NETCONF_NETCONF_H

#include <postern/draft/config.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/session.h>
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

#include "framing.h"
#include "hello.h"

#define FRAME_HEAD 4u
#define FRAME_MORE 0x80000000u

#define SERVER_PATH_MAX 107u  /* of a unix socket address */
#define SERVER_BUFFER 32768u  /* toward the server, waiting */
#define SERVER_SPARE 64u      /* of it, not for data */
#define CLIENT_BUFFER 16384u  /* of the server, on its way to the client */
#define SERVER_AGAIN_MS 20u   /* between two attempts to connect to a busy server */
#define SERVER_AGAIN_MAX 500u /* attempts */

struct netconf {
	struct postern_plugin plugin;
	const struct postern_host *host;
	const struct postern_if_channel *channels;
	const struct postern_if_session *sessions;
	const struct postern_if_loop *loop;
	const struct postern_if_log *log;
	char server[SERVER_PATH_MAX + 1];
	uint64_t hello_timeout;       /* ms */
	uint64_t hello_max;           /* bytes of a hello */
	uint64_t message_max;         /* bytes of a client's message */
};

struct session {
	struct netconf *n;
	struct postern_channel channel;

	/* the server's socket */
	int fd;
	uint32_t events;              /* watched for */
	uint32_t attempts;
	uint64_t retry;               /* timers; 0: none */
	uint64_t hello_timer;

	/* client -> server */
	struct framing in;
	struct hello client;
	uint64_t message_len;         /* of the present message, so far */
	uint8_t out[SERVER_BUFFER];
	uint32_t out_at, out_len;

	/* server -> client */
	struct hello server;
	uint8_t head[FRAME_HEAD];
	uint32_t head_len;
	uint64_t left;                /* of the present frame */
	uint8_t back[FRAMING_HEAD_MAX + CLIENT_BUFFER + FRAMING_HEAD_MAX];
	uint32_t back_at, back_len;

	uint8_t connected;
	uint8_t client_said;          /* its hello is complete */
	uint8_t server_said;
	uint8_t chunked;              /* both offered base 1.1 */
	uint8_t more;                 /* the present frame is not the message's last */
	uint8_t peer_eof;
	uint8_t server_eof;
	uint8_t ended;                /* close was called */
};

/* ---- session.c ---- */
struct session *session_new(struct netconf *n, struct postern_channel channel);
void session_free(struct session *s);

/* session_take(s, data, len): bytes of the client; how many were taken. */
uint64_t session_take(struct session *s, const uint8_t *data, uint64_t len);
void session_eof(struct session *s);

/* session_back(s): everything of the server's that can go to the client now. */
void session_back(struct session *s);

/* session_end(s, status, why): close the channel after what is written; `why` is logged,
 * NULL for an end as it should be. */
void session_end(struct session *s, uint32_t status, const char *why);

void session_log(struct session *s, uint32_t level, const char *text);

/* ---- server.c ---- */

/* server_connect(s): POSTERN_OK: connected, or it will be; else nobody is there. */
int32_t server_connect(struct session *s);
void server_close(struct session *s);

/* server_put(s, data, len, more): a frame into the buffer. server_room: bytes that a frame
 * may have now. */
void server_put(struct session *s, const uint8_t *data, size_t len, int more);
size_t server_room(const struct session *s);

/* server_facts(s): the first frame. */
void server_facts(struct session *s);

/* server_flush(s): send; 0, or -1: the server is gone. */
int server_flush(struct session *s);

/* server_read(s, to, len): bytes read, 0: none now, -1: end. */
int64_t server_read(struct session *s, uint8_t *to, size_t len);

/* server_watch(s): for what the session can use now. */
void server_watch(struct session *s);

#endif
