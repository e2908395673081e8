/*
 * The state machine of a virtual router (RFC 5798 section 6.4) and its times, apart
 * from packets: what happens by state and event is a table, and time is an argument.
 */
#ifndef POSTERN_NET_VRRP_H
#define POSTERN_NET_VRRP_H

#include <stdint.h>

#define VRRP_CENTISECOND_US 10000u /* the unit of its intervals */
#define VRRP_OWNER 255u            /* the priority of who has the addresses as its own */

enum vrrp_state { VRRP_INITIALIZE, VRRP_BACKUP, VRRP_MASTER, VRRP_STATES };

enum vrrp_event {
	VRRP_E_START,        /* the startup event, */
	VRRP_E_START_OWNER,  /* and that of who has priority 255 */
	VRRP_E_SHUTDOWN,
	VRRP_E_TIME,         /* Adver_Timer of the Master, Master_Down_Timer of a Backup */
	VRRP_E_ZERO,         /* an advertisement of priority 0 */
	VRRP_E_ABOVE,        /* of more than ours */
	VRRP_E_EQUAL_ABOVE,  /* of ours, from a greater address */
	VRRP_E_EQUAL,        /* of ours, from a lesser one */
	VRRP_E_BELOW,        /* of less than ours, */
	VRRP_E_BELOW_KEEP,   /* and we do not preempt */
	VRRP_EVENTS
};

/* What is to be done, in this order. */
#define VRRP_A_INTERVAL 0x01u  /* Master_Adver_Interval is what the advertisement says */
#define VRRP_A_ADVERTISE 0x02u /* send one */
#define VRRP_A_RESIGN 0x04u    /* send one of priority 0 */
#define VRRP_A_ANNOUNCE 0x08u  /* the addresses, by gratuitous ARP or advertisement */
#define VRRP_A_ADVER_TIMER 0x10u /* Advertisement_Interval from now */
#define VRRP_A_DOWN_TIMER 0x20u  /* Master_Down_Interval from now */
#define VRRP_A_SKEW_TIMER 0x40u  /* Skew_Time from now */

struct vrrp_cell {
	uint8_t to;          /* enum vrrp_state */
	uint8_t actions;
};

/* vrrp_cell(state, event): what is not listed changes nothing. */
const struct vrrp_cell *vrrp_cell(enum vrrp_state state, enum vrrp_event event);

/* Section 6.1: in microseconds, from the Master's interval in centiseconds. */
uint64_t vrrp_skew_us(uint8_t priority, uint16_t master_interval);
uint64_t vrrp_down_us(uint8_t priority, uint16_t master_interval);

#endif
