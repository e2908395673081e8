/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng) in the machine's byte order:
 * section header, an interface per worker, frames with nanoseconds and direction,
 * statistics at the end.
 *
 * Each writes one block to `dst`, which has room for PCAPNG_BLOCK_MAX beside the
 * frame's bytes, and returns its length.
 */
#ifndef POSTERN_CONTROL_CONSOLE_PCAPNG_H
#define POSTERN_CONTROL_CONSOLE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

#define PCAPNG_BLOCK_MAX 1024u /* texts are cut so that it suffices */
#define PCAPNG_TEXT_MAX 255u

size_t pcapng_section(uint8_t *dst, const char *application, const char *comment);
size_t pcapng_interface(uint8_t *dst, const char *name, const char *description, uint32_t snap);

struct pcapng_frame {
	uint32_t interface;
	uint64_t ns;         /* since 1970 */
	uint32_t len;        /* on the wire; `kept` may be less */
	bool out;
	struct view kept;
};
size_t pcapng_frame(uint8_t *dst, const struct pcapng_frame *f);

struct pcapng_stats {
	uint32_t interface;
	uint64_t begin_ns, end_ns;
	uint64_t received;   /* frames that fitted the filter */
	uint64_t dropped;    /* of them: are missing for lack of room */
	uint64_t delivered;
	const char *comment;
};
size_t pcapng_stats(uint8_t *dst, const struct pcapng_stats *s);

#endif
