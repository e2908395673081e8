/*
 * What each request sees and changes, and so which of two must wait for the other.
 */
#include "session.h"

#define N FACT_NAMES
#define A FACT_ATTRS
#define C FACT_CONTENT
#define H FACT_HANDLE

static const struct {
	uint8_t sees;
	uint8_t changes;
	uint8_t wide; /* the handle is not all that it is about */
} facts[OP_COUNT] = {
	[OP_OPEN] = { N | A, 0, 1 }, /* what its flags change: order_set */
	[OP_CLOSE] = { 0, H, 0 },
	[OP_READ] = { C | H, 0, 0 },
	[OP_WRITE] = { H, C, 0 },
	[OP_LSTAT] = { N | A | C, 0, 1 },
	[OP_FSTAT] = { A | C | H, 0, 0 },
	[OP_SETSTAT] = { N | A, A | C, 1 },
	[OP_FSETSTAT] = { A | H, A | C, 0 },
	[OP_OPENDIR] = { N | A, 0, 1 },
	[OP_READDIR] = { N | A | C, H, 1 },
	[OP_REMOVE] = { N | A, N | A, 1 },
	[OP_MKDIR] = { N | A, N | A, 1 },
	[OP_RMDIR] = { N | A, N | A, 1 },
	[OP_REALPATH] = { N | A, 0, 1 },
	[OP_STAT] = { N | A | C, 0, 1 },
	[OP_RENAME] = { N | A, N | A, 1 },
	[OP_READLINK] = { N | A, 0, 1 },
	[OP_SYMLINK] = { N | A, N | A, 1 },
	[OP_POSIX_RENAME] = { N | A, N | A, 1 },
	[OP_STATVFS] = { N | C, 0, 1 },
	[OP_FSTATVFS] = { C | H, 0, 1 },
	[OP_HARDLINK] = { N | A, N | A, 1 },
	[OP_FSYNC] = { C | H, 0, 0 },
	[OP_LSETSTAT] = { N | A, A | C, 1 },
	[OP_LIMITS] = { 0, 0, 0 },
	[OP_EXPAND_PATH] = { N | A, 0, 1 },
	[OP_COPY_DATA] = { C | H, C, 0 },
	[OP_HOME_DIRECTORY] = { N | A, 0, 1 },
	[OP_USERS_GROUPS] = { 0, 0, 0 },
};

static int
takes_handle(const struct job *j)
{
	return j->op == OP_OPEN || j->op == OP_OPENDIR;
}

void
order_set(struct job *j)
{
	j->sees = facts[j->op].sees;
	j->changes = facts[j->op].changes;
	if (j->op == OP_OPEN && (j->u32 & FXF_CREAT))
		j->changes |= N | A | C;
	if (j->op == OP_OPEN && (j->u32 & FXF_TRUNC))
		j->changes |= C;
	/* Some file systems store when a file is closed. */
	if (j->op == OP_CLOSE && (j->h[0]->pflags & FXF_WRITE))
		j->changes |= C;
}

/* ---- which file ---- */

static int
same_handle(const struct job *a, const struct job *b)
{
	int i, k;

	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++)
			if (a->h[i] != NULL && a->h[i] == b->h[k])
				return 1;
	return 0;
}

static int
is_open(const struct handle *h)
{
	return h != NULL && h->kind != HANDLE_OPENING;
}

static int
same_file(const struct job *a, const struct job *b)
{
	int i, k;

	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++)
			if (is_open(a->h[i]) && is_open(b->h[k]) && a->h[i]->device == b->h[k]->device &&
			    a->h[i]->inode == b->h[k]->inode)
				return 1;
	return 0;
}

/* ---- by name ---- */

/* The next component in *at: how long it is; "." and empty ones are none. */
static size_t
component(const char **at)
{
	size_t len;

	for (;; *at += len) {
		*at += strspn(*at, "/");
		len = strcspn(*at, "/");
		if (len != 1 || **at != '.')
			return len;
	}
}

/* The same file, or one of them in the other; what leads up again may be anywhere. */
static int
names_meet(const char *a, const char *b)
{
	size_t n, m;

	if (a[0] != '/' || b[0] != '/')
		return 1;
	for (;; a += n, b += m) {
		n = component(&a);
		m = component(&b);
		if (n == 0 || m == 0)
			return 1;
		if ((n == 2 && memcmp(a, "..", 2) == 0) || (m == 2 && memcmp(b, "..", 2) == 0))
			return 1;
		if (n != m || memcmp(a, b, n) != 0)
			return strstr(a, "/..") != NULL || strstr(b, "/..") != NULL;
	}
}

/* Its names; -1: it has one that is not known. */
static int
names_of(const struct job *j, const char *to[4])
{
	const char *body = request_rows[j->op].body;
	int n = 0, texts = 0, handles = 0;

	if (j->op == OP_EXPAND_PATH || j->op == OP_HOME_DIRECTORY)
		return -1;
	for (; *body != '\0'; body++) {
		if (*body == 'p')
			to[n++] = j->path[texts++];
		else if (*body == 't')
			texts++;
		else if (*body == 'h' && j->h[handles]->path == NULL)
			return -1;
		else if (*body == 'h')
			to[n++] = j->h[handles++]->path;
	}
	return n;
}

static int
may_meet(const struct job *a, const struct job *b)
{
	const char *of_a[4], *of_b[4];
	int n = names_of(a, of_a), m = names_of(b, of_b), i, k;

	if (n < 0 || m < 0)
		return 1;
	for (i = 0; i < n; i++)
		for (k = 0; k < m; k++)
			if (names_meet(of_a[i], of_b[k]))
				return 1;
	return 0;
}

int
order_waits(const struct job *later, const struct job *earlier)
{
	uint32_t what =
	    (earlier->changes & (later->sees | later->changes)) | (earlier->sees & later->changes);

	if (later->unhandled && (takes_handle(earlier) || earlier->op == OP_CLOSE))
		return 1;
	if (what == 0)
		return 0;
	if ((what & FACT_HANDLE) && same_handle(later, earlier))
		return 1;
	what &= ~FACT_HANDLE;
	if (what == 0)
		return 0;
	if (!facts[later->op].wide && !facts[earlier->op].wide)
		return same_file(later, earlier);
	return !earlier->late || same_file(later, earlier) || may_meet(later, earlier);
}
