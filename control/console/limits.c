/*
 * Limits of the control plane, by the supervisor's table, in the shape of the workers' ones.
 */
#include "abi/wire/reason.h"
#include "control/console/console.h"

/* What exchanges in prime fields may cost before the login (control/cost.h). */
static const struct {
	const char *key; /* in the table's field_exchanges */
	const char *name, *unit, *text;
	bool refuses; /* who finds it full is refused */
} fields[] = {
	{ "burst", "kex_field_burst", "tokens", "key exchanges in prime fields at once, of all gates; 2048 bits cost one, 8192 sixteen", false },
	{ "rate", "kex_field_rate", "tokens/s", "the same, as time goes on", false },
	{ "burst_per_source", "kex_field_source_burst", "tokens", "at once, from one IPv4 address or IPv6 /64, of a gate", false },
	{ "rate_per_source", "kex_field_source_rate", "tokens/s", "the same, as time goes on", false },
	{ "waiting_max", "kex_field_waiting", "exchanges", "that wait for tokens, in one process: beyond it they are refused", true },
	{ "waiting_max_per_source", "kex_field_source_waiting", "exchanges", "of them, from one IPv4 address or IPv6 /64", false },
};

static struct js *
row(const struct js *o, size_t i)
{
	struct js *l = js_object(), *list = js_array(), *one = js_object();

	js_set_str(l, "name", fields[i].name);
	js_set_str(l, "unit", fields[i].unit);
	js_set_str(l, "text", fields[i].text);
	js_set_str(l, "reason", fields[i].refuses ? reason_name(R_KEX_COST) : "");
	js_set_u64(one, "limit", js_u64(o, fields[i].key));
	js_set_u64(one, "default", js_u64(o, fields[i].key));
	if (fields[i].refuses)
		js_set_u64(one, "refused", js_u64(o, "refused"));
	js_add(list, one);
	js_set(l, "workers", list);
	return l;
}

struct js *
limits_control(const struct js *status)
{
	const struct js *o = js_get(status, "field_exchanges");
	struct js *list = js_array();

	for (size_t i = 0; o != NULL && i < sizeof(fields) / sizeof(fields[0]); i++)
		js_add(list, row(o, i));
	return list;
}
