/*
 * What becomes of a neighbour, by its state and by what happens: RFC 4861 section
 * 7.3.2 and appendix C, with one deviation. There a solicitation or an overriding
 * advertisement changes whatever is known; here who is in use (REACHABLE, DELAY,
 * PROBE) is asked by unicast first, as RFC 826 lets nobody prove anything.
 */
#include "dataplane/net/net_priv.h"

#define STAY(state) { NEIGH_##state, NEIGH_A_NONE }
#define GO(state) { NEIGH_##state, NEIGH_A_GO }
#define ADOPT(state) { NEIGH_##state, NEIGH_A_ADOPT }
#define DOUBT { NEIGH_PROBE, NEIGH_A_DOUBT }

static const struct neigh_cell cells[NEIGH_STATES][NEIGH_EVENTS] = {
	[NEIGH_INCOMPLETE] = {
	    [NEIGH_E_USED] = STAY(INCOMPLETE),
	    [NEIGH_E_ANSWER_SAME] = STAY(INCOMPLETE),
	    [NEIGH_E_ANSWER_OTHER] = ADOPT(REACHABLE),
	    [NEIGH_E_SAYS_SAME] = STAY(INCOMPLETE),
	    [NEIGH_E_SAYS_OTHER] = ADOPT(STALE),
	    [NEIGH_E_CONFIRM] = STAY(INCOMPLETE),
	    [NEIGH_E_TIME] = STAY(INCOMPLETE),
	},
	[NEIGH_REACHABLE] = {
	    [NEIGH_E_USED] = STAY(REACHABLE),
	    [NEIGH_E_ANSWER_SAME] = GO(REACHABLE),
	    [NEIGH_E_ANSWER_OTHER] = DOUBT,
	    [NEIGH_E_SAYS_SAME] = STAY(REACHABLE),
	    [NEIGH_E_SAYS_OTHER] = DOUBT,
	    [NEIGH_E_CONFIRM] = GO(REACHABLE),
	    [NEIGH_E_TIME] = STAY(REACHABLE),
	},
	[NEIGH_STALE] = {
	    [NEIGH_E_USED] = { NEIGH_DELAY, NEIGH_A_WAIT },
	    [NEIGH_E_ANSWER_SAME] = GO(REACHABLE),
	    [NEIGH_E_ANSWER_OTHER] = ADOPT(STALE),
	    [NEIGH_E_SAYS_SAME] = STAY(STALE),
	    [NEIGH_E_SAYS_OTHER] = ADOPT(STALE),
	    [NEIGH_E_CONFIRM] = GO(REACHABLE),
	    [NEIGH_E_TIME] = STAY(STALE),
	},
	[NEIGH_DELAY] = {
	    [NEIGH_E_USED] = STAY(DELAY),
	    [NEIGH_E_ANSWER_SAME] = GO(REACHABLE),
	    [NEIGH_E_ANSWER_OTHER] = DOUBT,
	    [NEIGH_E_SAYS_SAME] = STAY(DELAY),
	    [NEIGH_E_SAYS_OTHER] = DOUBT,
	    [NEIGH_E_CONFIRM] = GO(REACHABLE),
	    [NEIGH_E_TIME] = { NEIGH_PROBE, NEIGH_A_ASK },
	},
	[NEIGH_PROBE] = {
	    [NEIGH_E_USED] = STAY(PROBE),
	    [NEIGH_E_ANSWER_SAME] = GO(REACHABLE),
	    [NEIGH_E_ANSWER_OTHER] = STAY(PROBE),
	    [NEIGH_E_SAYS_SAME] = STAY(PROBE),
	    [NEIGH_E_SAYS_OTHER] = STAY(PROBE),
	    [NEIGH_E_CONFIRM] = GO(REACHABLE),
	    [NEIGH_E_TIME] = STAY(PROBE),
	},
};

const struct neigh_cell *
neigh_cell(enum neigh_state state, enum neigh_event event)
{
	return &cells[state][event];
}
