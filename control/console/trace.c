/* A trace's records as lines of JSON. Nothing in them is a peer's text. */
#include <inttypes.h>
#include <stdio.h>

#include "abi/wire/ssh.h"
#include "control/console/capture.h"

static const char *const names[256] = {
	[SSH_MSG_DISCONNECT] = "DISCONNECT",
	[SSH_MSG_IGNORE] = "IGNORE",
	[SSH_MSG_UNIMPLEMENTED] = "UNIMPLEMENTED",
	[SSH_MSG_DEBUG] = "DEBUG",
	[SSH_MSG_SERVICE_REQUEST] = "SERVICE_REQUEST",
	[SSH_MSG_SERVICE_ACCEPT] = "SERVICE_ACCEPT",
	[SSH_MSG_EXT_INFO] = "EXT_INFO",
	[SSH_MSG_KEXINIT] = "KEXINIT",
	[SSH_MSG_NEWKEYS] = "NEWKEYS",
	[SSH_MSG_KEX_FIRST... SSH_MSG_KEX_LAST] = "KEX",
	[SSH_MSG_USERAUTH_REQUEST] = "USERAUTH_REQUEST",
	[SSH_MSG_USERAUTH_FAILURE] = "USERAUTH_FAILURE",
	[SSH_MSG_USERAUTH_SUCCESS] = "USERAUTH_SUCCESS",
	[SSH_MSG_USERAUTH_BANNER] = "USERAUTH_BANNER",
	[SSH_MSG_USERAUTH_PK_OK... SSH_MSG_USERAUTH_INFO_RESPONSE] = "USERAUTH_METHOD",
	[SSH_MSG_GLOBAL_REQUEST] = "GLOBAL_REQUEST",
	[SSH_MSG_REQUEST_SUCCESS] = "REQUEST_SUCCESS",
	[SSH_MSG_REQUEST_FAILURE] = "REQUEST_FAILURE",
	[SSH_MSG_CHANNEL_OPEN] = "CHANNEL_OPEN",
	[SSH_MSG_CHANNEL_OPEN_CONFIRMATION] = "CHANNEL_OPEN_CONFIRMATION",
	[SSH_MSG_CHANNEL_OPEN_FAILURE] = "CHANNEL_OPEN_FAILURE",
	[SSH_MSG_CHANNEL_WINDOW_ADJUST] = "CHANNEL_WINDOW_ADJUST",
	[SSH_MSG_CHANNEL_DATA] = "CHANNEL_DATA",
	[SSH_MSG_CHANNEL_EXTENDED_DATA] = "CHANNEL_EXTENDED_DATA",
	[SSH_MSG_CHANNEL_EOF] = "CHANNEL_EOF",
	[SSH_MSG_CHANNEL_CLOSE] = "CHANNEL_CLOSE",
	[SSH_MSG_CHANNEL_REQUEST] = "CHANNEL_REQUEST",
	[SSH_MSG_CHANNEL_SUCCESS] = "CHANNEL_SUCCESS",
	[SSH_MSG_CHANNEL_FAILURE] = "CHANNEL_FAILURE",
	[SSH_MSG_PING] = "PING",
	[SSH_MSG_PONG] = "PONG",
};

static const char *const phases[SSH_PHASE_COUNT] = { "ident", "kex", "service", "auth", "open", "closing" };

size_t
trace_line(char *at, size_t size, const struct link_entry *e)
{
	uint32_t phase = TRACE_PHASE(e->serial);
	char chan[32] = "";
	int n;

	if (e->chan != LINK_CHAN_NONE)
		snprintf(chan, sizeof(chan), ",\"channel\":%" PRIu32, e->chan);
	n = snprintf(at, size,
	    "{\"time_ns\":%" PRIu64 ",\"session\":\"%" PRIu32 "-%" PRIu32 "\",\"direction\":\"%s\",\"seq\":%" PRIu32
	    ",\"phase\":\"%s\",\"message\":%u,\"name\":\"%s\",\"payload\":%" PRIu32 ",\"wire\":%" PRIu64 "%s}\n",
	    e->arg[0], e->conn, e->gen, (e->arg[1] & CAPTURE_OUT) != 0 ? "out" : "in", e->seq,
	    phase < SSH_PHASE_COUNT ? phases[phase] : "?", e->msg, names[e->msg] != NULL ? names[e->msg] : "?",
	    TRACE_PAYLOAD(e->serial), (uint64_t)(e->arg[1] & ~CAPTURE_OUT), chan);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

size_t
trace_last(char *at, size_t size, const struct stream *s)
{
	uint64_t missed = 0;
	int n;

	for (uint32_t i = 0; i < s->legs; i++)
		missed += s->leg[i].missed;
	n = snprintf(at, size, "{\"records\":%" PRIu64 ",\"missed\":%" PRIu64 "}\n", s->frames, missed);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
