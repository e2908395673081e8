#include "drivers/clock/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#define CALIBRATE_NS 20000000L

/*
 * us = base_us + (cycles - base_cycles) * scale / 2^32, on top of
 * CLOCK_MONOTONIC: the two agree at clock_start and drift apart by the error of
 * the calibration only.
 */
static uint64_t base_us;
static uint64_t base_cycles;
static uint64_t scale; /* 0: CLOCK_MONOTONIC */

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t
clock_cycles(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#else
	return clock_ns(CLOCK_MONOTONIC);
#endif
}

/* Runs at one rate in every power state (CPUID 80000007h, EDX bit 8), and the
 * kernel, which watches it against other clocks on every core, uses it too. */
static bool
tsc_usable(void)
{
#if defined(__x86_64__)
	unsigned int a, b, c, d;
	char name[16] = "";
	FILE *f;

	if (__get_cpuid(0x80000007u, &a, &b, &c, &d) == 0 || (d & 1u << 8) == 0)
		return false;
	f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
	if (f == NULL)
		return false;
	if (fgets(name, sizeof(name), f) == NULL)
		name[0] = '\0';
	fclose(f);
	return strcmp(name, "tsc\n") == 0;
#else
	return false;
#endif
}

/* A pair of readings taken at the same moment: the one of five in which the
 * time between the two cycle readings was shortest. */
static void
sample(uint64_t *ns, uint64_t *cycles)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t before = clock_cycles();
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		uint64_t after = clock_cycles();

		if (after - before < best) {
			best = after - before;
			*ns = now;
			*cycles = before + best / 2;
		}
	}
}

void
clock_start(void)
{
	struct timespec pause = { .tv_nsec = CALIBRATE_NS };
	uint64_t ns0, ns1, cycles0, cycles1;

	if (scale != 0 || !tsc_usable())
		return;
	sample(&ns0, &cycles0);
	nanosleep(&pause, NULL);
	sample(&ns1, &cycles1);
	if (ns1 <= ns0 || cycles1 <= cycles0)
		return;
	base_us = ns1 / 1000;
	base_cycles = cycles1;
	scale = (uint64_t)(((unsigned __int128)(ns1 - ns0) << 32) / 1000 / (cycles1 - cycles0));
}

uint64_t
clock_us(void)
{
	uint64_t cycles;

	if (scale == 0)
		return clock_ns(CLOCK_MONOTONIC) / 1000;
	cycles = clock_cycles();
	/* Another core may be a few cycles behind the one that calibrated. */
	if (cycles < base_cycles)
		cycles = base_cycles;
	return base_us + (uint64_t)((unsigned __int128)(cycles - base_cycles) * scale >> 32);
}

uint64_t
clock_hz(void)
{
	return scale != 0 ? (uint64_t)(((unsigned __int128)1000000u << 32) / scale) : 0;
}

uint64_t
clock_unix_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000000u;
}

uint64_t
clock_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}
