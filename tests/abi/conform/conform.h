/* The parts of the conformance plugin. */
#ifndef CONFORM_H
#define CONFORM_H

#include <stddef.h>
#include <stdint.h>

#include <postern/draft/connection.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/requests.h>
#include <postern/draft/session.h>
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

#define WAITING_MAX 8
#define LINES_MAX 4096

struct chan {
	struct postern_channel id;
	uint32_t takes;          /* data() takes what it gets */
	uint32_t later;          /* requests are answered by "answer" */
	uint64_t data, extended; /* bytes that came */
	uint32_t stream;         /* of the last ones */
	uint64_t left;           /* bytes that "write" has not written, of this stream */
	uint32_t left_stream;
	int64_t end;             /* the exit status that follows them, -1: none */
	uint64_t token[WAITING_MAX];
	unsigned tokens;
	char start[1024];
	char events[1024];
	char lines[LINES_MAX];   /* not written yet */
	size_t lines_len;
	struct chan *parent;     /* that asked for this one */
};

/* What waits: opens of the peer, and its global requests. */
struct waiting_open {
	struct postern_channel channel;
	uint64_t token;
};

struct waiting_global {
	struct postern_connection connection;
	uint64_t token;
};

struct conform {
	const struct postern_host *host;
	const struct postern_if_channel *channels;
	const struct postern_if_session *sessions;
	const struct postern_if_connection *connections;
	const struct postern_if_log *logs;
	const struct postern_if_loop *loop;
	struct waiting_open open[WAITING_MAX];
	struct waiting_global global[WAITING_MAX];
	unsigned opens;
	unsigned closed[3]; /* channels that were told, by reason */
};

extern struct conform self;

struct chan *chan_new(struct postern_channel id);

/* Write what is left to write. */
void push(struct chan *c);
/* A line of data; a word of what "told" says. */
void tell(struct chan *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void event(struct chan *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A command: up to four words, the last one is the rest. */
struct words {
	char text[512];
	char *word[4];
};

struct command {
	const char *name;
	int32_t (*run)(struct chan *c, const struct words *w);
};

/* Until a row without a name. */
extern const struct command commands_channel[]; /* a method of one channel each */
extern const struct command commands_more[];    /* its connection, and what was told */

const char *word_of(const struct words *w, int i);
uint64_t number_of(const struct words *w, int i);
struct postern_view view_of(const struct words *w, int i);

#endif
