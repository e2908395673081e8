#include "dataplane/tcp/tcp_fsm.h"

#include <stdint.h>

/* Cells hold the next state plus one, so that what is not listed is refused. */
#define TO(state) ((uint8_t)(TCP_##state + 1))

static const uint8_t table[TCP_STATE_COUNT][TCP_EVENT_COUNT] = {
	[TCP_CLOSED] = {
	    [TCP_E_PASSIVE_OPEN] = TO(LISTEN),
	    [TCP_E_ACTIVE_OPEN] = TO(SYN_SENT),
	},
	[TCP_LISTEN] = {
	    [TCP_E_ACTIVE_OPEN] = TO(SYN_SENT),
	    [TCP_E_RCV_SYN] = TO(SYN_RECEIVED),
	    [TCP_E_CLOSE] = TO(CLOSED),
	    [TCP_E_ABORT] = TO(CLOSED),
	},
	[TCP_SYN_SENT] = {
	    [TCP_E_RCV_SYN] = TO(SYN_RECEIVED),
	    [TCP_E_RCV_SYN_ACK] = TO(ESTABLISHED),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_CLOSE] = TO(CLOSED),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	[TCP_SYN_RECEIVED] = {
	    [TCP_E_RCV_ACK_OF_SYN] = TO(ESTABLISHED),
	    [TCP_E_RCV_FIN] = TO(CLOSE_WAIT),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_CLOSE] = TO(FIN_WAIT_1),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	[TCP_ESTABLISHED] = {
	    [TCP_E_RCV_FIN] = TO(CLOSE_WAIT),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_CLOSE] = TO(FIN_WAIT_1),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	[TCP_FIN_WAIT_1] = {
	    [TCP_E_RCV_FIN] = TO(CLOSING),
	    [TCP_E_RCV_ACK_OF_FIN] = TO(FIN_WAIT_2),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	[TCP_FIN_WAIT_2] = {
	    [TCP_E_RCV_FIN] = TO(TIME_WAIT),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	[TCP_CLOSE_WAIT] = {
	    [TCP_E_RCV_FIN] = TO(CLOSE_WAIT),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_CLOSE] = TO(LAST_ACK),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	[TCP_CLOSING] = {
	    [TCP_E_RCV_FIN] = TO(CLOSING),
	    [TCP_E_RCV_ACK_OF_FIN] = TO(TIME_WAIT),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	[TCP_LAST_ACK] = {
	    [TCP_E_RCV_FIN] = TO(LAST_ACK),
	    [TCP_E_RCV_ACK_OF_FIN] = TO(CLOSED),
	    [TCP_E_RCV_RST] = TO(CLOSED),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_TIMEOUT] = TO(CLOSED),
	},
	/* A reset does not end TIME-WAIT (RFC 1337 section 3, fix F1). */
	[TCP_TIME_WAIT] = {
	    [TCP_E_RCV_FIN] = TO(TIME_WAIT),
	    [TCP_E_RCV_RST] = TO(TIME_WAIT),
	    [TCP_E_ABORT] = TO(CLOSED),
	    [TCP_E_2MSL] = TO(CLOSED),
	},
};

int
tcp_fsm_next(int state, int event)
{
	if (state < 0 || state >= TCP_STATE_COUNT || event < 0 || event >= TCP_EVENT_COUNT)
		return -1;
	return (int)table[state][event] - 1;
}

const char *
tcp_fsm_name(int state)
{
	static const char *const names[TCP_STATE_COUNT] = { "CLOSED", "LISTEN", "SYN-SENT",
		"SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",
		"LAST-ACK", "TIME-WAIT" };

	return state >= 0 && state < TCP_STATE_COUNT ? names[state] : "?";
}
