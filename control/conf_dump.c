/*
 * What is in effect, as lines that parse back to the same settings.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/conf_row.h"

typedef void dump_fn(FILE *f, const struct conf_row *row, const struct conf *c);

static const void *
field(const struct conf_row *row, const struct conf *c)
{
	return (const char *)c + row->off;
}

static uint32_t
field_count(const struct conf_row *row, const struct conf *c)
{
	return *(const uint32_t *)(const void *)((const char *)c + row->count_off);
}

static void
put_name(FILE *f, const struct conf_row *row)
{
	for (const char *at = row->name; *at != '\0'; at++)
		fputc(tolower((unsigned char)*at), f);
}

/* A word as the parser cuts it: quoted where it would not come back whole. */
static void
put_word(FILE *f, const char *text)
{
	bool quote = text[strcspn(text, " \t\"'\\#=")] != '\0';

	fputc(' ', f);
	if (quote)
		fputc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '\'')
			fputc('\\', f);
		fputc(*text, f);
	}
	if (quote)
		fputc('"', f);
}

static void
put_text(FILE *f, const struct conf_row *row, const char *text)
{
	put_name(f, row);
	put_word(f, text[0] != '\0' ? text : "none");
	fputc('\n', f);
}

static void
put_number(FILE *f, const struct conf_row *row, uint32_t v)
{
	put_name(f, row);
	fprintf(f, " %" PRIu32 "\n", v);
}

static void
dump_flag(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_text(f, row, *(const bool *)field(row, c) ? "yes" : "no");
}

static void
dump_number(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_number(f, row, *(const uint32_t *)field(row, c));
}

static void
dump_port(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_number(f, row, *(const uint16_t *)field(row, c));
}

static void
dump_text(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_text(f, row, field(row, c));
}

static void
dump_nic(FILE *f, const struct conf_row *row, const struct conf *c)
{
	if (c->nic[0] != '\0')
		put_text(f, row, c->nic);
}

static void
dump_cpus(FILE *f, const struct conf_row *row, const struct conf *c)
{
	if (c->worker_cpus[0] != '\0')
		put_text(f, row, c->worker_cpus);
}

static void
dump_word(FILE *f, const struct conf_row *row, const struct conf *c)
{
	for (const struct conf_word *w = row->words; w->name != NULL; w++) {
		if (w->value == *(const int *)field(row, c)) {
			put_text(f, row, w->name);
			return;
		}
	}
}

/* AcceptEnv and the like: a line each. */
static void
dump_list(FILE *f, const struct conf_row *row, const struct conf *c)
{
	for (uint32_t i = 0; i < field_count(row, c); i++)
		put_text(f, row, (const char *)field(row, c) + (size_t)i * row->size);
}

static void
dump_list_once(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	if (field_count(row, c) == 0)
		put_word(f, "none");
	for (uint32_t i = 0; i < field_count(row, c); i++)
		put_word(f, (const char *)field(row, c) + (size_t)i * row->size);
	fputc('\n', f);
}

static void
dump_addresses(FILE *f, const struct conf_row *row, const struct conf *c)
{
	const struct conf_address *a = field(row, c);

	for (uint32_t i = 0; i < field_count(row, c); i++, a++) {
		char text[INET6_ADDRSTRLEN];

		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, text, sizeof text);
		put_name(f, row);
		if (row->min != 0)
			fprintf(f, " %s/%u\n", text, a->prefix);
		else
			fprintf(f, " %s\n", text);
	}
}

static void
dump_routes(FILE *f, const struct conf_row *row, const struct conf *c)
{
	for (uint32_t i = 0; i < c->route_count; i++) {
		const struct conf_route *r = &c->route[i];
		int family = r->to.family == 4 ? AF_INET : AF_INET6;
		char to[INET6_ADDRSTRLEN], gateway[INET6_ADDRSTRLEN];

		inet_ntop(family, r->to.b, to, sizeof to);
		inet_ntop(family, r->gateway, gateway, sizeof gateway);
		put_name(f, row);
		fprintf(f, " %s/%u %s\n", to, r->to.prefix, gateway);
	}
}

static void
dump_vrrp(FILE *f, const struct conf_row *row, const struct conf *c)
{
	for (uint32_t i = 0; i < c->vrrp_count; i++) {
		const struct conf_vrrp *v = &c->vrrp[i];
		char text[INET6_ADDRSTRLEN];

		put_name(f, row);
		fprintf(f, " %u", v->vrid);
		for (uint32_t k = 0; k < v->addr_count; k++)
			fprintf(f, " %s", inet_ntop(v->family == 4 ? AF_INET : AF_INET6, v->addr[k], text, sizeof text));
		fprintf(f, " priority=%u interval=%u preempt=%s accept=%s\n", v->priority, v->interval,
		    v->preempt ? "yes" : "no", v->accept ? "yes" : "no");
	}
}

static void
dump_rekey(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	if (c->rekey_bytes != 0)
		fprintf(f, " %" PRIu64, c->rekey_bytes);
	else
		fputs(" default", f);
	if (c->rekey_s != 0)
		fprintf(f, " %" PRIu32 "\n", c->rekey_s);
	else
		fputs(" none\n", f);
}

static void
dump_startups(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	conf_dump_startups(f, c);
}

static void
dump_source_startups(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	conf_dump_source_startups(f, c);
}

static void
dump_net_block(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	conf_dump_net_block(f, c);
}

static void
dump_qos(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	conf_dump_qos(f, c);
}

static void
dump_permit(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	conf_dump_permit(f, row, c);
}

static void
dump_mask(FILE *f, const struct conf_row *row, const struct conf *c)
{
	put_name(f, row);
	conf_dump_mask(f, row, c);
}

static void
dump_subsystem(FILE *f, const struct conf_row *row, const struct conf *c)
{
	for (uint32_t i = 0; i < c->subsystem_count; i++) {
		const struct conf_subsystem *s = &c->subsystem[i];

		put_name(f, row);
		if (strcmp(s->plugin, CONF_SFTP) == 0)
			fprintf(f, " %s internal-sftp%s%s\n", s->name, s->arguments[0] != '\0' ? " " : "",
			    s->arguments);
		else if (s->plugin[0] != '\0')
			fprintf(f, " %s plugin:%s\n", s->name, s->plugin);
		else
			fprintf(f, " %s %s\n", s->name, s->command);
	}
}

/* Kinds without an entry are no settings. */
static dump_fn *const dump_of[CONF_K_KIND_COUNT] = {
	[CONF_K_FLAG] = dump_flag,
	[CONF_K_NUMBER] = dump_number,
	[CONF_K_TIME] = dump_number,
	[CONF_K_PORT] = dump_port,
	[CONF_K_TEXT] = dump_text,
	[CONF_K_PATH] = dump_text,
	[CONF_K_NIC] = dump_nic,
	[CONF_K_CPUS] = dump_cpus,
	[CONF_K_WORD] = dump_word,
	[CONF_K_LIST] = dump_list,
	[CONF_K_LIST_ONCE] = dump_list_once,
	[CONF_K_PATHS] = dump_list,
	[CONF_K_ADDRESSES] = dump_addresses,
	[CONF_K_ALGORITHMS] = dump_text,
	[CONF_K_ROUTE] = dump_routes,
	[CONF_K_LISTEN] = dump_addresses,
	[CONF_K_VRRP] = dump_vrrp,
	[CONF_K_REKEY] = dump_rekey,
	[CONF_K_QOS] = dump_qos,
	[CONF_K_STARTUPS] = dump_startups,
	[CONF_K_SOURCE_STARTUPS] = dump_source_startups,
	[CONF_K_NET_BLOCK] = dump_net_block,
	[CONF_K_PERMIT] = dump_permit,
	[CONF_K_MASK] = dump_mask,
	[CONF_K_SUBSYSTEM] = dump_subsystem,
};

char *
conf_dump(const struct conf *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool bad;

	if (f == NULL)
		return NULL;
	for (size_t i = 0; i < conf_row_count; i++)
		if (dump_of[conf_rows[i].kind] != NULL)
			dump_of[conf_rows[i].kind](f, &conf_rows[i], c);
	bad = ferror(f) != 0;
	if (fclose(f) != 0 || bad) {
		free(text);
		return NULL;
	}
	return text;
}
