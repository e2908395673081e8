/*
 * JSON values, for console, supervisor (which only makes them) and posternctl.
 * A value belongs to who made it until it is put into another one. Text is
 * UTF-8; bytes that are not become '?'.
 */
#ifndef POSTERN_CONTROL_JSON_H
#define POSTERN_CONTROL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct js; /* never defined: a value of the library */

struct js *js_object(void);
struct js *js_array(void);
void js_free(struct js *v);

/* Put into an object. A NULL value or object puts nothing. */
void js_set(struct js *object, const char *key, struct js *value);
void js_set_str(struct js *object, const char *key, const char *text);
void js_set_u64(struct js *object, const char *key, uint64_t n);
void js_set_bool(struct js *object, const char *key, bool yes);
void js_add(struct js *array, struct js *value);
void js_add_str(struct js *array, const char *text);
/* js_join(object, more): every member of `more`, which is freed. */
void js_join(struct js *object, struct js *more);

/* js_text(v, pretty): caller frees; NULL when memory is out. */
char *js_text(const struct js *v, bool pretty);

/* js_parse(text, len): NULL when it is not JSON, or is deeper or longer than
 * anything that is meant. */
struct js *js_parse(const char *text, size_t len);

/* Reading; what is missing or of another kind is NULL, "", 0, false. Values
 * and text belong to the outermost value. */
struct js *js_get(const struct js *object, const char *key);
const char *js_str(const struct js *object, const char *key);
uint64_t js_u64(const struct js *object, const char *key);
bool js_bool(const struct js *object, const char *key);
size_t js_count(const struct js *array);
struct js *js_at(const struct js *array, size_t i);
const char *js_str_at(const struct js *array, size_t i);

/* js_each(object, fn, ctx): every key whose value is a number, in order. */
void js_each(const struct js *object, void (*fn)(void *ctx, const char *key, uint64_t n), void *ctx);

#endif
