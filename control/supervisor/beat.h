/*
 * The supervisor's watch over plugin hosts, once a second while there is one: does the
 * plugin thread answer, and what does the process take?
 *
 * A host is asked (PING) and answers from its loop (PONG). What counts are beats, not
 * time: one is counted against a host only when the host could have answered in it. A
 * process that is stopped or traced could not, nor one that was ready to run and
 * got no processor. So a machine that stands still ends nobody.
 */
#ifndef POSTERN_CONTROL_SUPERVISOR_BEAT_H
#define POSTERN_CONTROL_SUPERVISOR_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#define BEAT_MS 1000u
#define BEAT_IDLE 4u       /* beats between an answer and the next question */
#define BEAT_CPU_WINDOW 10u /* beats that CPUMax is an average of */
#define BEAT_STARVED 2u    /* ticks of processor time in a beat; with less it had no turn */

struct plugconf;

/* A process as the kernel shows it. */
struct beat_sample {
	char state;
	uint64_t ticks; /* of processor time, all threads */
	uint32_t threads;
};

struct beat {
	bool asked;
	uint32_t missed;      /* beats without an answer that counted */
	uint32_t since;       /* beats since the last answer */
	uint64_t ticks;       /* at the last beat */
	uint32_t crowded;     /* beats with too many threads */
	uint64_t window_ticks; /* at the window's begin */
	uint32_t window;      /* beats in it */
};

enum beat_verdict { BEAT_WELL = 0, BEAT_ASK, BEAT_HUNG, BEAT_CROWDED, BEAT_GREEDY };

/* beat_judge(b, limits, now, ticks_per_beat): one beat, pure. BEAT_ASK: send a PING. */
enum beat_verdict beat_judge(
    struct beat *b, const struct plugconf *limits, const struct beat_sample *now, uint64_t ticks_per_beat);

/* beat_answered(b): a PONG came. */
void beat_answered(struct beat *b);

#endif
