/*
 * Every cell of the state table against one written by hand from RFC 9293:
 * figure 5, and sections 3.10.1 to 3.10.8 for what the figure leaves out.
 */
#include <stdio.h>
#include <string.h>

#include "dataplane/tcp/tcp_fsm.h"
#include "tests/lib/suite.h"

/*
 * Columns: the events in the order of enum tcp_event.
 *   passive and active OPEN; SYN; SYN with good ACK; ACK of our SYN; FIN; ACK of
 *   our FIN; RST; CLOSE; ABORT; time-out; 2 MSL over
 * Cells: "-" refused, else the next state.
 *
 * Two cells differ from the text of the RFC on purpose: RST in TIME-WAIT is
 * ignored (RFC 1337), and RST in SYN-RECEIVED ends the block also after a
 * passive open, because the listener is not one.
 */
static const struct {
	int state;
	const char *cells[TCP_EVENT_COUNT];
} expected[] = {
	/*                      pas   act   syn   s+a   aos   fin   aof   rst   clo   abo   tmo   2ms */
	{ TCP_CLOSED,       { "LIS","SYS", "-",  "-",  "-",  "-",  "-",  "-",  "-",  "-",  "-",  "-" } },
	{ TCP_LISTEN,       { "-",  "SYS","SYR", "-",  "-",  "-",  "-",  "-", "CLO","CLO", "-",  "-" } },
	{ TCP_SYN_SENT,     { "-",  "-",  "SYR","EST", "-",  "-",  "-", "CLO","CLO","CLO","CLO", "-" } },
	{ TCP_SYN_RECEIVED, { "-",  "-",  "-",  "-",  "EST","CLW", "-", "CLO","FW1","CLO","CLO", "-" } },
	{ TCP_ESTABLISHED,  { "-",  "-",  "-",  "-",  "-",  "CLW", "-", "CLO","FW1","CLO","CLO", "-" } },
	{ TCP_FIN_WAIT_1,   { "-",  "-",  "-",  "-",  "-",  "CLG","FW2","CLO", "-", "CLO","CLO", "-" } },
	{ TCP_FIN_WAIT_2,   { "-",  "-",  "-",  "-",  "-",  "TIW", "-", "CLO", "-", "CLO","CLO", "-" } },
	{ TCP_CLOSE_WAIT,   { "-",  "-",  "-",  "-",  "-",  "CLW", "-", "CLO","LAK","CLO","CLO", "-" } },
	{ TCP_CLOSING,      { "-",  "-",  "-",  "-",  "-",  "CLG","TIW","CLO", "-", "CLO","CLO", "-" } },
	{ TCP_LAST_ACK,     { "-",  "-",  "-",  "-",  "-",  "LAK","CLO","CLO", "-", "CLO","CLO", "-" } },
	{ TCP_TIME_WAIT,    { "-",  "-",  "-",  "-",  "-",  "TIW", "-", "TIW", "-", "CLO", "-", "CLO" } },
};

static const char *const names[TCP_STATE_COUNT] = { "CLO", "LIS", "SYS", "SYR", "EST", "FW1", "FW2",
	"CLW", "CLG", "LAK", "TIW" };

static void
test_every_cell(void)
{
	unsigned seen = 0;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		for (int e = 0; e < TCP_EVENT_COUNT; e++) {
			int next = tcp_fsm_next(expected[i].state, e);
			const char *got = next < 0 ? "-" : names[next];

			if (strcmp(got, expected[i].cells[e]) != 0)
				printf("\n%s event %d: %s, not %s", tcp_fsm_name(expected[i].state), e, got,
				    expected[i].cells[e]);
			CU_ASSERT_STRING_EQUAL(got, expected[i].cells[e]);
		}
		seen |= 1u << expected[i].state;
	}
	CU_ASSERT_EQUAL(seen, (1u << TCP_STATE_COUNT) - 1);
}

static void
test_outside(void)
{
	CU_ASSERT_EQUAL(tcp_fsm_next(-1, 0), -1);
	CU_ASSERT_EQUAL(tcp_fsm_next(TCP_STATE_COUNT, 0), -1);
	CU_ASSERT_EQUAL(tcp_fsm_next(0, -1), -1);
	CU_ASSERT_EQUAL(tcp_fsm_next(0, TCP_EVENT_COUNT), -1);
	CU_ASSERT_STRING_EQUAL(tcp_fsm_name(TCP_LAST_ACK), "LAST-ACK");
	CU_ASSERT_STRING_EQUAL(tcp_fsm_name(77), "?");
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "every cell is the RFC's", test_every_cell },
		{ "outside the table everything is refused", test_outside },
		CU_TEST_INFO_NULL,
	};

	return suite_run("tcp_fsm", tests);
}
