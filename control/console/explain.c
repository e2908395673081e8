#include <stddef.h>

#include "abi/wire/reason.h"
#include "control/console/console.h"

static const char *const texts[REASON_MAX] = {
#define EXPLAIN(name, text) [R_##name] = text,
#include "control/console/explain.def"
#undef EXPLAIN
};

/* Each reason has its line. */
enum {
#define EXPLAIN(name, text) EXPLAINED_##name,
#include "control/console/explain.def"
#undef EXPLAIN
};

enum {
	EXPLAINED = 0
#define REASON(name, number, disconnect, text) +0 * EXPLAINED_##name
#include "abi/wire/reason.def"
#undef REASON
};

const char *
reason_explained(int reason)
{
	return reason > EXPLAINED && reason < REASON_MAX && texts[reason] != NULL ? texts[reason] : "";
}
