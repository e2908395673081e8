/*
 * postern.connection/1, offered by the host: what a plugin does with a connection.
 *
 * A connection is named by a handle. It is valid from when `of` or a callback first
 * tells it until the last channel of it that this host has is gone, and, where the
 * plugin was asked something by requests.h, until `connection_ended` has returned;
 * afterwards every method answers POSTERN_E_CLOSED.
 *
 * All methods and callbacks are [plugin-thread].
 */
#ifndef POSTERN_DRAFT_CONNECTION_H
#define POSTERN_DRAFT_CONNECTION_H

#include "channel.h"

#define POSTERN_IF_CONNECTION "postern.connection/1"

struct postern_connection {
	uint64_t handle; /* 0 is no connection */
};

/* A record: a channel toward the peer, RFC 4254 section 5.1. Views are borrowed
 * until open returns. */
struct postern_open {
	uint32_t size;
	uint32_t kind;             /* POSTERN_OPEN_CHANNEL */
	struct postern_view type;  /* listed in NAME.conf: "Opens TYPE" */
	struct postern_view body;  /* its type specific bytes */
	void *context;             /* of the channel in postern.subsystem/1, and here */

	/*
	 * The peer's answer, always after open has returned. result POSTERN_OK: it is
	 * open. Else it is not, its handle is invalid when this returns, and `closed`
	 * does not follow: POSTERN_E_DENIED: the peer refused, with `code` and `text`
	 * of RFC 4254 section 5.1; POSTERN_E_CLOSED: the connection ended;
	 * POSTERN_E_NOMEM: no channel is free.
	 */
	void (*opened)(void *context, int32_t result, uint32_t code, struct postern_view text);
};

#define POSTERN_OPEN_CHANNEL 1u

struct postern_if_connection {
	/* The connection that a channel belongs to. */
	int32_t (*of)(const struct postern_host *host, struct postern_channel channel,
	    struct postern_connection *connection);

	/*
	 * Answer a request whose callback returned POSTERN_E_AGAIN. success: 1 or 0.
	 * `body` goes to the peer with the success of a global request (RFC 4254
	 * section 4), at most 1024 bytes; else it is empty.
	 */
	int32_t (*reply)(const struct postern_host *host, struct postern_connection connection,
	    uint64_t token, uint32_t success, struct postern_view body);

	/*
	 * Before the answer to a request on a session channel, inside its callback too:
	 * the program that starts there gets this in its environment, if the answer is
	 * success. Names that NAME.conf lists as "Variables NAME"; else
	 * POSTERN_E_DENIED. POSTERN_E_NOMEM beyond 1024 bytes for one request.
	 */
	int32_t (*variable)(const struct postern_host *host, struct postern_connection connection,
	    uint64_t token, struct postern_view name, struct postern_view value);

	/* Facts as of session.h, by connection: *out is valid as long as it is. */
	int32_t (*text)(const struct postern_host *host, struct postern_connection connection,
	    uint32_t what, struct postern_view *out);
	int32_t (*number)(const struct postern_host *host, struct postern_connection connection,
	    uint32_t what, uint64_t *out);

	/*
	 * Ask the peer for a channel. *channel is valid at once for get and close only;
	 * after `opened` it is a channel as any other, whose events come through
	 * postern.subsystem/1 with record->context. POSTERN_E_DENIED: a type that is
	 * not listed, or that the login may not have. POSTERN_E_NOMEM: too many at once.
	 */
	int32_t (*open)(const struct postern_host *host, struct postern_connection connection,
	    const struct postern_open *record, struct postern_channel *channel);

	/*
	 * A global request toward the peer, of a name that NAME.conf lists as "Requests
	 * NAME". With `answered` a reply is wanted; replies come in the order of the
	 * requests. success: 1 or 0, or a negative result: no answer will come.
	 */
	int32_t (*request)(const struct postern_host *host, struct postern_connection connection,
	    struct postern_view name, struct postern_view body,
	    void (*answered)(void *context, int32_t success, struct postern_view body),
	    void *context);
};

#endif
