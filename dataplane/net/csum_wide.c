/*
 * Copying and summing with AVX2 and AVX-512: the processor says which of them it has.
 *
 * Words of 32 bits are added in lanes of 64, as csum.c does with one lane.
 */
#include "dataplane/net/csum_wide.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define LANES 4u

__attribute__((target("avx512f"))) static uint64_t
sum_512(const uint8_t *src, uint8_t *dst, size_t len)
{
	const __m512i low = _mm512_set1_epi64(0xffffffff);
	__m512i even = _mm512_setzero_si512(), odd = even;

	for (size_t i = 0; i < len; i += 64) {
		__m512i v = _mm512_loadu_si512(src + i);

		if (dst != NULL)
			_mm512_storeu_si512(dst + i, v);
		even = _mm512_add_epi64(even, _mm512_and_si512(v, low));
		odd = _mm512_add_epi64(odd, _mm512_srli_epi64(v, 32));
	}
	return (uint64_t)_mm512_reduce_add_epi64(_mm512_add_epi64(even, odd));
}

__attribute__((target("avx2"))) static uint64_t
sum_256(const uint8_t *src, uint8_t *dst, size_t len)
{
	const __m256i low = _mm256_set1_epi64x(0xffffffff);
	__m256i even = _mm256_setzero_si256(), odd = even;
	uint64_t lane[LANES];

	for (size_t i = 0; i < len; i += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(src + i));

		if (dst != NULL)
			_mm256_storeu_si256((__m256i *)(void *)(dst + i), v);
		even = _mm256_add_epi64(even, _mm256_and_si256(v, low));
		odd = _mm256_add_epi64(odd, _mm256_srli_epi64(v, 32));
	}
	_mm256_storeu_si256((__m256i *)(void *)lane, _mm256_add_epi64(even, odd));
	return lane[0] + lane[1] + lane[2] + lane[3];
}

unsigned
csum_wide_have(void)
{
	if (__builtin_cpu_supports("avx512f"))
		return 512;
	return __builtin_cpu_supports("avx2") ? 256 : 0;
}

uint64_t
csum_wide(unsigned width, const void *src, void *dst, size_t len)
{
	return width == 512 ? sum_512(src, dst, len) : sum_256(src, dst, len);
}

#else

unsigned
csum_wide_have(void)
{
	return 0;
}

uint64_t
csum_wide(unsigned width, const void *src, void *dst, size_t len)
{
	(void)width, (void)src, (void)dst, (void)len;
	return 0;
}

#endif
