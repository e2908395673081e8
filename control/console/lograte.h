/*
 * How many lines a uid may have written: those of hosts, which run as users and
 * may say anything, are limited, so that nobody fills the log alone.
 */
#ifndef POSTERN_CONTROL_CONSOLE_LOGRATE_H
#define POSTERN_CONTROL_CONSOLE_LOGRATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOGRATE_BURST 200u
#define LOGRATE_PER_SECOND 20u
#define LOGRATE_ROWS 64u /* uids told apart; others share a row */

struct lograte {
	struct lograte_row {
		uint64_t since_ms;
		uint32_t left;
		uint32_t dropped;
		bool used;
	} row[LOGRATE_ROWS];
};

/* lograte_take(r, uid, now_ms, dropped): may this uid have one more line? When it
 * may again, *dropped says how many it could not have since the last one. */
bool lograte_take(struct lograte *r, uid_t uid, uint64_t now_ms, uint32_t *dropped);

#endif
