#include "control/client/knownhosts.h"

#include <string.h>

#include "control/client/hostmatch.h"
#include "control/kex/base64.h"
#include "control/kex/cert.h"
#include "control/kex/namelist.h"

enum marker { PLAIN, AUTHORITY, REVOKED };

struct line {
	unsigned number;
	enum marker marker;
	struct view names;
	struct view type;
	struct view blob; /* into bytes */
	uint8_t bytes[CERT_MAX];
};

/* What is looked for. */
struct query {
	char name[HOSTMATCH_NAME_MAX]; /* host, or [host]:port */
	struct view key;               /* as it was shown */
	struct view plain;             /* the key itself, of a certificate too */
	struct view type;              /* its type's name */
	struct cert cert;
	bool has_cert; /* that may count: its own form is right */
	const char *why;
};

/* ---- lines ---- */

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct view
word(struct cur *c)
{
	const uint8_t *start;

	while (c->p < c->end && blank(*c->p))
		c->p++;
	start = c->p;
	while (c->p < c->end && !blank(*c->p))
		c->p++;
	return view_of(start, (size_t)(c->p - start));
}

/* The word before the key is the type that the key itself says. */
static bool
line_key(struct line *l, struct view text)
{
	struct put w = put_of(l->bytes, sizeof(l->bytes));
	struct cur c;

	if (!base64_decode(&w, text))
		return false;
	l->blob = put_view(&w);
	c = cur_view(l->blob);
	return view_eq(cur_string(&c), l->type) && !c.bad;
}

static bool
line_parse(struct line *l, struct view text)
{
	struct cur c = cur_view(text);
	struct view first = word(&c);

	l->marker = PLAIN;
	if (first.len == 0 || first.data[0] == '#' || text.len > KNOWNHOSTS_LINE_MAX)
		return false;
	if (first.data[0] == '@') {
		if (view_is(first, "@cert-authority"))
			l->marker = AUTHORITY;
		else if (view_is(first, "@revoked"))
			l->marker = REVOKED;
		else
			return false;
		first = word(&c);
	}
	l->names = first;
	l->type = word(&c);
	return l->names.len > 0 && l->type.len > 0 && line_key(l, word(&c));
}

/* The next line that says something; false at the end. */
static bool
line_next(struct cur *file, struct line *l)
{
	while (file->p < file->end && l->number < KNOWNHOSTS_LINES_MAX) {
		const uint8_t *start = file->p;
		const uint8_t *end = memchr(start, '\n', (size_t)(file->end - start));

		if (end == NULL)
			end = file->end;
		file->p = end < file->end ? end + 1 : end;
		l->number++;
		if (line_parse(l, view_of(start, (size_t)(end - start))))
			return true;
	}
	return false;
}

static struct cur
file_cur(struct view file)
{
	return cur_of(file.data, file.len <= KNOWNHOSTS_FILE_MAX ? file.len : 0);
}

/* ---- the key that was shown ---- */

/* What of a certificate has nothing to do with the file. */
static const char *
cert_fault(const struct cert *c, const char *host, uint64_t now)
{
	struct view list = c->principals, name;
	char lower[HOSTMATCH_NAME_MAX];

	if (c->kind != CERT_HOST)
		return "the certificate is not a host's";
	if (now < c->after || now >= c->before)
		return "the certificate is not valid now";
	if (c->critical.len > 0)
		return "the certificate has a critical option";
	hostmatch_name(lower, host, 22);
	while (cert_principal(&list, &name))
		if (hostmatch_same(name, lower))
			return NULL;
	return "the certificate does not name this host";
}

static void
query_init(struct query *q, const char *host, uint16_t port, struct view key, uint64_t now, uint8_t *plain)
{
	struct put w = put_of(plain, SIGN_KEY_MAX);
	struct cur c;

	memset(q, 0, sizeof(*q));
	hostmatch_name(q->name, host, port);
	q->key = q->plain = key;
	if (cert_is(key) && cert_parse(&q->cert, key) == 0) {
		q->why = cert_fault(&q->cert, host, now);
		q->has_cert = true;
		sign_key_put(&w, &q->cert.key);
		q->plain = put_view(&w);
	}
	c = cur_view(q->plain);
	q->type = cur_string(&c);
}

/* ---- verdict ---- */

static bool
revokes(const struct line *l, const struct query *q)
{
	return view_eq(l->blob, q->key) || view_eq(l->blob, q->plain) ||
	    (q->has_cert && view_eq(l->blob, q->cert.ca));
}

/* The first line that decides stays; a key that is known beats one that has changed. */
static void
plain_line(struct knownhosts_found *f, const struct line *l, const struct query *q)
{
	enum knownhosts_verdict verdict = KNOWNHOSTS_KNOWN;

	if (!view_eq(l->blob, q->plain)) {
		if (!view_eq(l->type, q->type)) {
			f->other_type = true;
			return;
		}
		verdict = KNOWNHOSTS_CHANGED;
	}
	if (f->verdict == KNOWNHOSTS_UNKNOWN || (verdict == KNOWNHOSTS_KNOWN && f->verdict != verdict)) {
		f->verdict = verdict;
		f->line = l->number;
	}
}

static void
authority_line(struct knownhosts_found *f, const struct line *l, const struct query *q)
{
	if (!q->has_cert || !view_eq(l->blob, q->cert.ca))
		return;
	if (q->why != NULL) {
		f->why = q->why;
		return;
	}
	if (!f->by_ca)
		f->line = l->number;
	f->verdict = KNOWNHOSTS_KNOWN;
	f->by_ca = true;
}

static void
find(struct knownhosts_found *f, struct view file, const struct query *q)
{
	struct cur c = file_cur(file);
	struct line l = { .number = 0 };

	memset(f, 0, sizeof(*f));
	while (line_next(&c, &l)) {
		if (!hostmatch(l.names, q->name))
			continue;
		if (l.marker == REVOKED && revokes(&l, q)) {
			*f = (struct knownhosts_found){ .verdict = KNOWNHOSTS_REVOKED, .line = l.number };
			return;
		}
		if (l.marker == AUTHORITY)
			authority_line(f, &l, q);
		else if (l.marker == PLAIN)
			plain_line(f, &l, q);
	}
}

void
knownhosts_find(struct knownhosts_found *f, struct view file, const char *host, uint16_t port, struct view key,
    uint64_t now)
{
	uint8_t plain[SIGN_KEY_MAX];
	struct knownhosts_found bare;
	struct query q;

	query_init(&q, host, port, key, now, plain);
	find(f, file, &q);
	if (f->verdict != KNOWNHOSTS_UNKNOWN || port == 22)
		return;
	hostmatch_name(q.name, host, 22);
	find(&bare, file, &q);
	if (bare.verdict == KNOWNHOSTS_KNOWN || bare.verdict == KNOWNHOSTS_REVOKED)
		*f = bare;
}

/* ---- the offer ---- */

/* Is a key of this algorithm known, or with a certificate's name any CA? */
static bool
is_known(struct view algorithm, struct view file, const char *name)
{
	const struct sign_algorithm *cert = cert_find(algorithm), *plain = sign_find(algorithm);
	struct cur c = file_cur(file);
	struct line l = { .number = 0 };

	while (line_next(&c, &l)) {
		bool fits = cert != NULL ? l.marker == AUTHORITY
					 : plain != NULL && l.marker == PLAIN && view_is(l.type, plain->key_name);

		if (fits && hostmatch(l.names, name))
			return true;
	}
	return false;
}

void
knownhosts_order(struct put *w, const char *names, struct view file, const char *host, uint16_t port)
{
	char name[HOSTMATCH_NAME_MAX];
	bool any = false;

	hostmatch_name(name, host, port);
	for (int known = 1; known >= 0; known--) {
		struct view list = view_str(names), one;

		while (namelist_next(&list, &one)) {
			if (is_known(one, file, name) != known)
				continue;
			put_bytes(w, ",", any);
			put_bytes(w, one.data, one.len);
			any = true;
		}
	}
}

/* ---- a line ---- */

void
knownhosts_entry(struct put *w, const char *host, uint16_t port, struct view key, const uint8_t *salt)
{
	uint8_t plain[SIGN_KEY_MAX];
	struct query q;

	query_init(&q, host, port, key, 0, plain);
	if (salt != NULL)
		hostmatch_hash(w, q.name, salt);
	else
		put_bytes(w, q.name, strlen(q.name));
	put_u8(w, ' ');
	put_bytes(w, q.type.data, q.type.len);
	put_u8(w, ' ');
	base64_encode(w, q.plain);
	put_u8(w, '\n');
}
