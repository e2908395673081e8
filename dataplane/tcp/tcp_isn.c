/*
 * Numbers that an outsider must not guess (RFC 6528, RFC 7323 section 5.4).
 */
#include "dataplane/mem/siphash.h"
#include "dataplane/tcp/tcp_stack.h"

#define ISN_TICK_US 4u /* RFC 9293 section 3.4.1 */

uint32_t
tcp_isn(const struct tcp_stack *s, const struct tcp_tuple *tuple, uint64_t now)
{
	return (uint32_t)(now / ISN_TICK_US) +
	    (uint32_t)siphash24(s->isn_key, tuple, sizeof(*tuple));
}

/* The other half of the hash: the same for every incarnation of a tuple, so
 * that timestamps go on growing over them. */
uint32_t
tcp_ts_offset(const struct tcp_stack *s, const struct tcp_tuple *tuple)
{
	return (uint32_t)(siphash24(s->isn_key, tuple, sizeof(*tuple)) >> 32);
}
