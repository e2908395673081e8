/*
 * postern.subsystem/1, offered by the plugin: channels that it serves.
 *
 * The host calls `open` for a shell, exec or subsystem request or a channel of
 * another type that the plugin serves, then the other methods with the context that `open` left, and last,
 * once, `closed`. Nothing follows a failed `open`.
 *
 * All methods are [plugin-thread]. Those marked optional may be NULL.
 */
#ifndef POSTERN_DRAFT_SUBSYSTEM_H
#define POSTERN_DRAFT_SUBSYSTEM_H

#include "channel.h"
#include "../plugin.h"

#define POSTERN_IF_SUBSYSTEM "postern.subsystem/1"

/* What started the channel: a request on a session (RFC 4254 section 6.5), or the
 * peer's open of a channel of another type (section 5.1). */
#define POSTERN_START_SHELL 1u
#define POSTERN_START_EXEC 2u
#define POSTERN_START_SUBSYSTEM 3u
#define POSTERN_START_OPEN 4u

/* One row of what a plugin serves. */
struct postern_serves {
	uint32_t kind;             /* POSTERN_START_* */
	uint32_t reserved;         /* 0 */
	struct postern_view name;  /* of a subsystem, where "*" is any; or a channel
	                              type, listed in NAME.conf too: "Serves open TYPE" */
};

/* Columns and rows, and pixels where known (else 0). */
struct postern_window {
	uint32_t columns;
	uint32_t rows;
	uint32_t width;
	uint32_t height;
};

struct postern_variable {
	struct postern_view name;
	struct postern_view value;
};

#define POSTERN_START_HAS_TERMINAL 0x1u /* a pty-req came before */
#define POSTERN_START_IS_SUBSYSTEM 0x2u /* exec: of a command configured for a subsystem */

/* A record: how a channel starts. Its views are valid until open returns. */
struct postern_start {
	uint32_t size;
	uint32_t kind;                     /* POSTERN_START_* */
	uint64_t token;                    /* for reply, when open returns POSTERN_E_AGAIN */
	struct postern_view name;          /* subsystem name, command line or channel
	                                      type, verbatim */
	uint32_t flags;                    /* POSTERN_START_HAS_*, _IS_* */
	uint32_t reserved;
	struct postern_view terminal;      /* TERM */
	struct postern_view modes;         /* encoded terminal modes, RFC 4254 section 8 */
	struct postern_window window;
	const struct postern_variable *environment; /* what policy let through */
	uint64_t environment_count;
	struct postern_view body;          /* OPEN: the type specific bytes of the open */
};

/* Why a channel is gone. */
#define POSTERN_CLOSED_BOTH 0u       /* both sides closed it */
#define POSTERN_CLOSED_CONNECTION 1u /* its connection ended */
#define POSTERN_CLOSED_FAULT 2u      /* the plugin broke a rule on it */

struct postern_if_subsystem {
	const struct postern_serves *serves; /* valid until destroy */
	uint64_t serves_count;

	/*
	 * POSTERN_OK: it runs; *context comes back in every call. POSTERN_E_AGAIN:
	 * it will, and reply() or refuse() tells the peer later. Another code:
	 * refused, the channel is closed by the host and no method is called for it.
	 * Of POSTERN_START_OPEN the peer is told why (RFC 4254 section 5.1):
	 * POSTERN_E_DENIED: prohibited (1), POSTERN_E_NOSUCH: unknown type (3),
	 * POSTERN_E_NOMEM: resource shortage (4), any other: connect failed (2).
	 * The host refuses by itself, as POSTERN_E_NOMEM, while as many of these as
	 * NAME.conf allows ("OpenQueue", 64) are not answered, and one that is not
	 * answered in time ("OpenTimeout", 60 seconds; `closed` follows then).
	 */
	int32_t (*open)(struct postern_plugin *plugin, struct postern_channel channel,
	    const struct postern_start *start, void **context);

	/*
	 * Bytes of the peer. *took (0 when called) is set to how many were taken;
	 * the host keeps the rest within the window that the peer was given, and
	 * offers it again after resume() and after `writable`. The peer's window is
	 * re-opened only by what was taken. A negative result closes the channel.
	 * Optional: without it the bytes wait for read() (channel.h).
	 */
	int32_t (*data)(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took);

	/* The channel is gone and its handle invalid when this returns: release
	 * the context. `reason`: POSTERN_CLOSED_*. */
	void (*closed)(void *context, uint32_t reason);

	/* The peer sends no more; everything before was taken. Optional. */
	void (*eof)(void *context);

	/* `credit` bytes can be written, after a write that was short. Optional. */
	void (*writable)(void *context, uint64_t credit);

	/* RFC 4254 6.7: the terminal's size changed. Optional. */
	void (*window_change)(void *context, const struct postern_window *window);

	/* RFC 4254 6.9: deliver a signal, named without "SIG". Optional. */
	void (*signal)(void *context, struct postern_view name);

	/* RFC 4335: a break of so many milliseconds (already between 500 and 3000).
	 * Result as of `request`. Optional. */
	int32_t (*send_break)(void *context, uint64_t token, uint32_t milliseconds);

	/*
	 * Any other request of the peer. token is 0 when no reply is wanted, else
	 * POSTERN_OK answers success, POSTERN_E_AGAIN means reply() comes later, and
	 * any other code answers failure. Optional: without it, failure.
	 */
	int32_t (*request)(void *context, uint64_t token, struct postern_view name,
	    struct postern_view body);

	/*
	 * The peer closed the channel: it sends and takes no more, and write()
	 * answers POSTERN_E_CLOSED from here on. What may still leave is how it
	 * ended: exit_status() or exit_signal(), then close(). Optional: without
	 * it the host closes at once.
	 */
	void (*hangup)(void *context);
};

#endif
