#include "control/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (64u * 1024 * 1024)

static json_t *
in(const struct js *v)
{
	return (json_t *)(uintptr_t)v;
}

static struct js *
out(json_t *v)
{
	return (struct js *)(void *)v;
}

struct js *
js_object(void)
{
	return out(json_object());
}

struct js *
js_array(void)
{
	return out(json_array());
}

void
js_free(struct js *v)
{
	json_decref(in(v));
}

void
js_set(struct js *object, const char *key, struct js *value)
{
	/* Takes the value in every case. */
	(void)json_object_set_new(in(object), key, in(value));
}

static json_t *
string(const char *text)
{
	json_t *v = json_string(text);
	char *plain, *p;

	if (v == NULL && (plain = strdup(text)) != NULL) {
		for (p = plain; *p != '\0'; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
		v = json_string(plain);
		free(plain);
	}
	return v;
}

void
js_set_str(struct js *object, const char *key, const char *text)
{
	(void)json_object_set_new(in(object), key, string(text));
}

void
js_add_str(struct js *array, const char *text)
{
	(void)json_array_append_new(in(array), string(text));
}

void
js_join(struct js *object, struct js *more)
{
	(void)json_object_update(in(object), in(more));
	json_decref(in(more));
}

void
js_set_u64(struct js *object, const char *key, uint64_t n)
{
	(void)json_object_set_new(in(object), key, json_integer((json_int_t)n));
}

void
js_set_bool(struct js *object, const char *key, bool yes)
{
	(void)json_object_set_new(in(object), key, json_boolean(yes));
}

void
js_add(struct js *array, struct js *value)
{
	(void)json_array_append_new(in(array), in(value));
}

char *
js_text(const struct js *v, bool pretty)
{
	return json_dumps(in(v), JSON_PRESERVE_ORDER | (pretty ? JSON_INDENT(2) : JSON_COMPACT));
}

struct js *
js_parse(const char *text, size_t len)
{
	return len > TEXT_MAX ? NULL : out(json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL));
}

struct js *
js_get(const struct js *object, const char *key)
{
	return out(json_object_get(in(object), key));
}

const char *
js_str(const struct js *object, const char *key)
{
	const char *text = json_string_value(json_object_get(in(object), key));

	return text != NULL ? text : "";
}

uint64_t
js_u64(const struct js *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(in(object), key));

	return n < 0 ? 0 : (uint64_t)n;
}

bool
js_bool(const struct js *object, const char *key)
{
	return json_is_true(json_object_get(in(object), key));
}

size_t
js_count(const struct js *array)
{
	return json_array_size(in(array));
}

const char *
js_str_at(const struct js *array, size_t i)
{
	const char *text = json_string_value(json_array_get(in(array), i));

	return text != NULL ? text : "";
}

struct js *
js_at(const struct js *array, size_t i)
{
	return out(json_array_get(in(array), i));
}

void
js_each(const struct js *object, void (*fn)(void *ctx, const char *key, uint64_t n), void *ctx)
{
	const char *key;
	json_t *v;

	json_object_foreach(in(object), key, v) if (json_is_integer(v) && json_integer_value(v) >= 0)
	    fn(ctx, key, (uint64_t)json_integer_value(v));
}
