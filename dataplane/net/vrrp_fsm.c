#include "dataplane/net/vrrp.h"

/* RFC 5798 sections 6.4.1 to 6.4.3. A Master that hears a lesser one says at once that
 * it is there, as RFC 9568 section 6.4.3 (which replaces them) has it: two Masters meet
 * sooner. */
static const struct vrrp_cell cells[VRRP_STATES][VRRP_EVENTS] = {
	[VRRP_INITIALIZE] = {
	    [VRRP_E_START] = { VRRP_BACKUP, VRRP_A_DOWN_TIMER },
	    [VRRP_E_START_OWNER] = { VRRP_MASTER, VRRP_A_ADVERTISE | VRRP_A_ANNOUNCE | VRRP_A_ADVER_TIMER },
	    [VRRP_E_SHUTDOWN] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_TIME] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_ZERO] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_ABOVE] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_EQUAL_ABOVE] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_EQUAL] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_BELOW] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_BELOW_KEEP] = { VRRP_INITIALIZE, 0 },
	},
	[VRRP_BACKUP] = {
	    [VRRP_E_START] = { VRRP_BACKUP, 0 },
	    [VRRP_E_START_OWNER] = { VRRP_BACKUP, 0 },
	    [VRRP_E_SHUTDOWN] = { VRRP_INITIALIZE, 0 },
	    [VRRP_E_TIME] = { VRRP_MASTER, VRRP_A_ADVERTISE | VRRP_A_ANNOUNCE | VRRP_A_ADVER_TIMER },
	    [VRRP_E_ZERO] = { VRRP_BACKUP, VRRP_A_SKEW_TIMER },
	    [VRRP_E_ABOVE] = { VRRP_BACKUP, VRRP_A_INTERVAL | VRRP_A_DOWN_TIMER },
	    [VRRP_E_EQUAL_ABOVE] = { VRRP_BACKUP, VRRP_A_INTERVAL | VRRP_A_DOWN_TIMER },
	    [VRRP_E_EQUAL] = { VRRP_BACKUP, VRRP_A_INTERVAL | VRRP_A_DOWN_TIMER },
	    [VRRP_E_BELOW] = { VRRP_BACKUP, 0 },
	    [VRRP_E_BELOW_KEEP] = { VRRP_BACKUP, VRRP_A_INTERVAL | VRRP_A_DOWN_TIMER },
	},
	[VRRP_MASTER] = {
	    [VRRP_E_START] = { VRRP_MASTER, 0 },
	    [VRRP_E_START_OWNER] = { VRRP_MASTER, 0 },
	    [VRRP_E_SHUTDOWN] = { VRRP_INITIALIZE, VRRP_A_RESIGN },
	    [VRRP_E_TIME] = { VRRP_MASTER, VRRP_A_ADVERTISE | VRRP_A_ADVER_TIMER },
	    [VRRP_E_ZERO] = { VRRP_MASTER, VRRP_A_ADVERTISE | VRRP_A_ADVER_TIMER },
	    [VRRP_E_ABOVE] = { VRRP_BACKUP, VRRP_A_INTERVAL | VRRP_A_DOWN_TIMER },
	    [VRRP_E_EQUAL_ABOVE] = { VRRP_BACKUP, VRRP_A_INTERVAL | VRRP_A_DOWN_TIMER },
	    [VRRP_E_EQUAL] = { VRRP_MASTER, VRRP_A_ADVERTISE },
	    [VRRP_E_BELOW] = { VRRP_MASTER, VRRP_A_ADVERTISE },
	    [VRRP_E_BELOW_KEEP] = { VRRP_MASTER, VRRP_A_ADVERTISE },
	},
};

const struct vrrp_cell *
vrrp_cell(enum vrrp_state state, enum vrrp_event event)
{
	return &cells[state][event];
}

uint64_t
vrrp_skew_us(uint8_t priority, uint16_t master_interval)
{
	return (256u - priority) * (uint64_t)master_interval * VRRP_CENTISECOND_US / 256u;
}

uint64_t
vrrp_down_us(uint8_t priority, uint16_t master_interval)
{
	return 3u * (uint64_t)master_interval * VRRP_CENTISECOND_US + vrrp_skew_us(priority, master_interval);
}
