/*
 * Vector files: blocks of `name = value` lines, apart by empty lines; `#` starts
 * a comment line. Values are hex, except that of `name`, which is a title.
 */
#ifndef POSTERN_TESTS_VECTOR_H
#define POSTERN_TESTS_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/wire/cursor.h"

#define VECTOR_FIELDS 24
#define VECTOR_VALUE 4096 /* the longest, a private key of ML-KEM-1024, has 3168 */

struct vector {
	char name[128];
	size_t count;
	struct {
		char name[32];
		uint8_t value[VECTOR_VALUE];
		size_t len;
	} field[VECTOR_FIELDS];
};

/* vector_has / vector_get: a field by its name; exits when it is not there. */
bool vector_has(const struct vector *v, const char *name);
struct view vector_get(const struct vector *v, const char *name);

/* vector_each(path, fn): call fn for each block; how many there were. Exits on a
 * file that cannot be read: a test without its vectors must fail. */
size_t vector_each(const char *path, void (*fn)(const struct vector *v));

#endif
