/*
 * cipher-rate: cycles per byte of each engine and suite, one record at a time.
 *
 * usage: cipher-rate [SUITE...]   cipher or MAC names, or parts of them; default all
 *
 * A record of one size is sealed, and another context's opened (its length learnt
 * first), over and over in the same memory; the median of many, in cycles of the
 * TSC, over the record's bytes without its tag. ref is left out unless asked for by
 * the environment's REF=1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/select.h"
#include "drivers/clock/clock.h"

#define ROUNDS 401
#define RECORD_MAX (4 + 33000 + CIPHER_TAG_MAX)

static const uint32_t sizes[] = { 64, 1408, 32768 };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const char *const names[][2] = {
#define SUITE(NAME, number, cipher, key, iv, mac, macname) [number] = { cipher, macname },
	SUITE_LIST(SUITE)
#undef SUITE
};

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double
median(uint64_t *cycles, uint32_t size)
{
	qsort(cycles, ROUNDS, sizeof(*cycles), by_value);
	return (double)cycles[ROUNDS / 2] / size;
}

static int
measure(const struct cipher_engine *e, uint32_t size, double *seal, double *open)
{
	static uint8_t plain[RECORD_MAX], record[RECORD_MAX];
	static uint64_t sealed[ROUNDS], opened[ROUNDS];
	static struct cipher_ctx out, in;
	static const uint8_t key[64] = { 1 }, iv[16] = { 2 }, mac[64] = { 3 };
	uint32_t len = size - 4;

	if (e->align_skips_length)
		len = len / e->block * e->block;
	plain[2] = (uint8_t)(len >> 8);
	plain[3] = (uint8_t)len;
	if (e->init(e, &out, key, iv, mac) != 0 || e->init(e, &in, key, iv, mac) != 0)
		return -1;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t t0, t1, t2;
		int r;

		memcpy(record, plain, 4 + (size_t)len);
		t0 = clock_cycles();
		r = e->seal(&out, i, record, record, len);
		t1 = clock_cycles();
		if (r != 0 || e->length(&in, i, record) != len || e->open(&in, i, record, len) != 0)
			return -1;
		t2 = clock_cycles();
		sealed[i] = t1 - t0;
		opened[i] = t2 - t1;
	}
	e->fini(&out);
	e->fini(&in);
	*seal = median(sealed, 4 + len);
	*open = median(opened, 4 + len);
	return 0;
}

static int
row(const struct cipher_engine *e)
{
	printf("%-30s %-29s %-8s", names[e->suite][0], names[e->suite][1], e->name);
	for (size_t s = 0; s < SIZES; s++) {
		double seal, open;

		if (measure(e, sizes[s], &seal, &open) != 0) {
			printf(" fails\n");
			return -1;
		}
		printf("  %6.2f %6.2f", seal, open);
	}
	printf("%s\n", e == cipher_engine_for(e->suite) ? "  *" : "");
	return 0;
}

static int
wanted(uint16_t suite, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strstr(names[suite][0], argv[i]) != NULL || strstr(names[suite][1], argv[i]) != NULL)
			return 1;
	return argc == 1;
}

int
main(int argc, char **argv)
{
	const char *why = "unknown";
	int bad = 0;

	clock_start();
	if (cipher_start(NULL, &why) != 0) {
		fprintf(stderr, "cipher-rate: %s\n", why);
		return 1;
	}
	printf("Method: cycles of the TSC (%.2f GHz) per byte to seal and to open one record in place,\n"
	       "median of %d, tag and length included in the work; * serves the suite.\n\n",
	    (double)clock_hz() / 1e9, ROUNDS);
	printf("%-30s %-29s %-8s", "cipher", "MAC", "engine");
	for (size_t s = 0; s < SIZES; s++)
		printf("  %7u bytes ", sizes[s]);
	printf("\n");
	for (uint16_t suite = SUITE_NONE + 1; suite < SUITE_COUNT; suite++) {
		const struct cipher_engine *list[8];
		size_t count = cipher_engines(suite, list, 8);

		for (size_t i = 0; i < count && wanted(suite, argc, argv); i++)
			if (strcmp(list[i]->name, "ref") != 0 || getenv("REF") != NULL)
				bad |= row(list[i]);
	}
	return bad != 0;
}
