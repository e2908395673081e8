#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netconf.h"

void
session_log(struct session *s, uint32_t level, const char *text)
{
	s->n->log->line(s->n->host, level, s->channel, postern_text(text));
}

void
session_end(struct session *s, uint32_t status, const char *why)
{
	const struct netconf *n = s->n;

	if (s->ended)
		return;
	s->ended = 1;
	if (why != NULL)
		session_log(s, POSTERN_LOG_INFO, why);
	server_close(s);
	n->channels->eof(n->host, s->channel);
	n->channels->exit_status(n->host, s->channel, status);
	n->channels->close(n->host, s->channel);
}

/* ---- hello ---- */

static void
hello_late(void *context)
{
	struct session *s = context;

	s->hello_timer = 0;
	session_end(s, 1, "no hello in time");
}

/*
 * Both have said hello: RFC 6241 section 8.1, and the framing of all that follows: RFC 6242
 * section 4.1. A base version in common there must be.
 */
static void
agree(struct session *s)
{
	uint32_t common = s->client.offers & s->server.offers;

	if (!s->client_said || !s->server_said || s->ended)
		return;
	if (s->hello_timer != 0)
		s->n->loop->cancel(s->n->host, s->hello_timer);
	s->hello_timer = 0;
	if (common == 0) {
		session_end(s, 1, "no base version of NETCONF in common");
		return;
	}
	s->chunked = (common & HELLO_BASE_1_1) != 0;
	if (s->chunked)
		framing_chunks(&s->in);
	s->n->channels->resume(s->n->host, s->channel);
	server_watch(s);
}

/* ---- client to server ---- */

static void
message_done(struct session *s)
{
	server_put(s, NULL, 0, 0);
	s->message_len = 0;
	if (s->client_said)
		return;
	s->client_said = 1;
	agree(s);
}

static void
piece_in(struct session *s, const struct framing_piece *piece)
{
	s->message_len += piece->len;
	if (!s->client_said)
		hello_feed(&s->client, piece->data, piece->len);
	if (s->message_len > (s->client_said ? s->n->message_max : s->n->hello_max)) {
		session_end(s, 1, "a message is too long");
		return;
	}
	server_put(s, piece->data, piece->len, 1);
}

/* What follows the client's hello is looked at when the framing is known. */
static int
may_take(const struct session *s)
{
	return !s->ended && (!s->client_said || s->server_said);
}

/* Into the buffer, as far as there is room: what is kept back of a mark, and the message's
 * end, fit behind. How much was taken. */
static uint64_t
fill(struct session *s, const uint8_t *data, uint64_t len)
{
	struct framing_piece piece;
	uint64_t took = 0;
	size_t used, n;
	int r;

	while (took < len && may_take(s) && server_room(s) > SERVER_SPARE) {
		n = server_room(s) - SERVER_SPARE;
		r = framing_take(&s->in, data + took, len - took < n ? (size_t)(len - took) : n, &used, &piece);
		took += used;
		if (r == FRAMING_BAD)
			session_end(s, 1, "malformed chunks");
		else if (r == FRAMING_END)
			message_done(s);
		else if (r == FRAMING_PIECE)
			piece_in(s, &piece);
	}
	return took;
}

/* What is not taken is offered again when the server has taken of its buffer, or when both
 * have said hello. */
uint64_t
session_take(struct session *s, const uint8_t *data, uint64_t len)
{
	uint64_t took = 0, n;

	do {
		n = fill(s, data + took, len - took);
		took += n;
		if (!s->ended && server_flush(s) != 0)
			session_end(s, 1, "the server is gone");
	} while (!s->ended && n > 0 && took < len);
	if (s->ended)
		return len;
	server_watch(s);
	return took;
}

/* Everything before was taken. */
void
session_eof(struct session *s)
{
	if (s->ended)
		return;
	s->peer_eof = 1;
	if (!framing_between(&s->in))
		session_end(s, 1, "the client ended inside a message");
	else if (server_flush(s) != 0)
		session_end(s, 1, "the server is gone");
	else
		server_watch(s);
}

/* ---- server to client ---- */

/* False: the client takes no more now. */
static int
write_back(struct session *s)
{
	const struct netconf *n = s->n;
	uint64_t took = 0;
	int32_t r;

	if (s->back_at == s->back_len)
		return 1;
	r = n->channels->write(n->host, s->channel, POSTERN_STREAM_DATA,
	    postern_view_of(s->back + s->back_at, s->back_len - s->back_at), &took);
	s->back_at += (uint32_t)took;
	if (r != POSTERN_OK)
		s->back_at = s->back_len; /* nobody is there to take it */
	return s->back_at == s->back_len;
}

static void
put_back(struct session *s, const uint8_t *data, size_t len)
{
	memcpy(s->back + s->back_len, data, len);
	s->back_len += (uint32_t)len;
}

static void
frame_done(struct session *s)
{
	uint8_t tail[FRAMING_HEAD_MAX];

	if (s->more)
		return;
	put_back(s, tail, framing_tail(s->chunked, tail));
	if (s->server_said)
		return;
	s->server_said = 1;
	agree(s);
}

/* 1: a frame has begun, 0: not yet, -1: the server's end. */
static int
read_head(struct session *s)
{
	int64_t n = server_read(s, s->head + s->head_len, FRAME_HEAD - s->head_len);
	uint32_t number;

	if (n <= 0)
		return (int)n;
	s->head_len += (uint32_t)n;
	if (s->head_len < FRAME_HEAD)
		return 0;
	number = (uint32_t)s->head[0] << 24 | (uint32_t)s->head[1] << 16 | (uint32_t)s->head[2] << 8 | s->head[3];
	s->more = (number & FRAME_MORE) != 0;
	s->left = number & ~FRAME_MORE;
	if (s->left == 0) {
		s->head_len = 0;
		frame_done(s);
	}
	return 1;
}

static int
read_body(struct session *s)
{
	uint8_t head[FRAMING_HEAD_MAX];
	uint8_t *body = s->back + FRAMING_HEAD_MAX;
	size_t want = s->left < CLIENT_BUFFER ? (size_t)s->left : CLIENT_BUFFER, head_len;
	int64_t n = server_read(s, body, want);

	if (n <= 0)
		return (int)n;
	if (!s->server_said)
		hello_feed(&s->server, body, (size_t)n);
	head_len = framing_head(s->chunked, (size_t)n, head);
	s->back_at = FRAMING_HEAD_MAX - (uint32_t)head_len;
	memcpy(s->back + s->back_at, head, head_len);
	s->back_len = FRAMING_HEAD_MAX + (uint32_t)n;
	s->left -= (uint64_t)n;
	if (s->left == 0) {
		s->head_len = 0;
		frame_done(s);
	}
	return 1;
}

/* A server speaks first, and then not before the client's hello. */
static int
may_read(const struct session *s)
{
	return !s->ended && s->connected && !s->server_eof && (!s->server_said || s->client_said);
}

static uint32_t
cut(const struct session *s)
{
	return !s->server_said || s->left > 0 || s->head_len > 0;
}

#define TURNS 64 /* then the other sessions have theirs */

void
session_back(struct session *s)
{
	int r = 1, turns;

	for (turns = 0; turns < TURNS && r > 0 && write_back(s) && may_read(s); turns++) {
		s->back_at = s->back_len = 0;
		r = s->head_len < FRAME_HEAD ? read_head(s) : read_body(s);
		if (r < 0)
			s->server_eof = 1;
	}
	if (s->server_eof && s->back_at == s->back_len)
		session_end(s, cut(s), cut(s) ? "the server ended without a hello, or inside a message" : NULL);
	else
		server_watch(s);
}

/* ---- its life ---- */

struct session *
session_new(struct netconf *n, struct postern_channel channel)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->n = n;
	s->channel = channel;
	s->fd = -1;
	framing_init(&s->in);
	server_facts(s);
	if (server_connect(s) != POSTERN_OK ||
	    n->loop->timer(n->host, n->hello_timeout, hello_late, s, &s->hello_timer) != POSTERN_OK) {
		session_free(s);
		return NULL;
	}
	return s;
}

void
session_free(struct session *s)
{
	server_close(s);
	if (s->hello_timer != 0)
		s->n->loop->cancel(s->n->host, s->hello_timer);
	free(s);
}
