/*
 * postern plugin ABI: results and views.
 *
 * The ABI is defined for platforms with 64-bit pointers. It uses fixed-width
 * integers and pointers only; no struct has implicit padding.
 */
#ifndef POSTERN_RESULT_H
#define POSTERN_RESULT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Every method that can fail returns an int32_t: POSTERN_OK or one of these.
 * The list only grows; read a code that you do not know as POSTERN_E_FAIL.
 * A code says what the caller can do about it.
 */
#define POSTERN_OK 0
#define POSTERN_E_FAIL (-1)   /* it did not work and will not by asking again */
#define POSTERN_E_AGAIN (-2)  /* not now; an event tells when, see the method */
#define POSTERN_E_NOMEM (-3)  /* memory or a limit is exhausted; nothing was changed */
#define POSTERN_E_INVAL (-4)  /* an argument is wrong: correct the caller */
#define POSTERN_E_CLOSED (-5) /* that direction or handle is over: stop using it */
#define POSTERN_E_NOSUCH (-6) /* no such thing by that name or number here */
#define POSTERN_E_DENIED (-7) /* policy or identity does not allow it */
#define POSTERN_E_THREAD (-8) /* called from a thread that the method's tag excludes */

/*
 * Borrowed bytes. Text is a view of UTF-8 without a terminating NUL. Whoever
 * passes a view owns the bytes; they are valid until the call returns, unless
 * the method says longer. `data` may be anything when `len` is 0.
 */
struct postern_view {
	const void *data;
	uint64_t len;
};

/* Initialiser of a view of a string literal, for constant tables. */
#define POSTERN_LITERAL(text) { (text), sizeof(text) - 1 }

static inline struct postern_view
postern_view_of(const void *data, uint64_t len)
{
	struct postern_view v;

	v.data = data;
	v.len = len;
	return v;
}

/* A view of NUL-terminated text. */
static inline struct postern_view
postern_text(const char *text)
{
	uint64_t len = 0;

	while (text[len] != '\0')
		len++;
	return postern_view_of(text, len);
}

/* 1 when the view holds exactly this text, else 0. */
static inline int32_t
postern_view_is(struct postern_view v, const char *text)
{
	const char *at = (const char *)v.data;
	uint64_t i;

	for (i = 0; i < v.len; i++)
		if (text[i] == '\0' || text[i] != at[i])
			return 0;
	return text[i] == '\0' ? 1 : 0;
}

#endif
