/*
 * The connection states of RFC 9293 section 3.3.2 and what moves between them.
 *
 * Every change of state goes through this table. Segment arrival is cut into
 * the events below by tcp_in.c, in the order of RFC 9293 section 3.10.7: a
 * segment that acknowledges our FIN and carries one is two events.
 */
#ifndef POSTERN_TCP_FSM_H
#define POSTERN_TCP_FSM_H

enum tcp_state {
	TCP_CLOSED,
	TCP_LISTEN,
	TCP_SYN_SENT,
	TCP_SYN_RECEIVED,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
	TCP_STATE_COUNT
};

enum tcp_event {
	TCP_E_PASSIVE_OPEN,
	TCP_E_ACTIVE_OPEN,
	TCP_E_RCV_SYN,        /* SYN without ACK */
	TCP_E_RCV_SYN_ACK,    /* SYN with an acceptable ACK */
	TCP_E_RCV_ACK_OF_SYN,
	TCP_E_RCV_FIN,        /* in order, after all data */
	TCP_E_RCV_ACK_OF_FIN,
	TCP_E_RCV_RST,        /* acceptable by RFC 5961 */
	TCP_E_CLOSE,
	TCP_E_ABORT,
	TCP_E_TIMEOUT,        /* R2, FIN-WAIT-2 of an orphan, SYN retries */
	TCP_E_2MSL,
	TCP_EVENT_COUNT
};

/* tcp_fsm_next(state, event): the next state, the same one where the event is
 * taken without a change, or -1: the event is refused and nothing may happen. */
int tcp_fsm_next(int state, int event);

const char *tcp_fsm_name(int state);

#endif
