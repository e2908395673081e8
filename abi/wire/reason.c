#include "abi/wire/reason.h"

#include <stddef.h>

struct row {
	const char *name;
	const char *text;
	uint32_t disconnect;
};

static const struct row rows[REASON_MAX] = {
#define REASON(name, number, disconnect, text) [number] = { #name, text, disconnect },
#include "abi/wire/reason.def"
#undef REASON
};

static const struct row *
row(int r)
{
	if (r < 0 || r >= REASON_MAX || rows[r].name == NULL)
		return NULL;
	return &rows[r];
}

const char *
reason_text(int r)
{
	const struct row *w = row(r);

	return w != NULL ? w->text : "unknown reason";
}

const char *
reason_name(int r)
{
	const struct row *w = row(r);

	return w != NULL ? w->name : "?";
}

uint32_t
reason_disconnect(int r)
{
	const struct row *w = row(r);

	return w != NULL ? w->disconnect : 0;
}
