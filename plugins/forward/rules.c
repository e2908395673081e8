#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "host:port", "[address]:port", "port"; "*" for any. */
static void
read_rule(struct rules *r, const char *word)
{
	struct rule *to = &r->rule[r->count];
	const char *colon = strrchr(word, ':');
	const char *port = colon != NULL ? colon + 1 : word;
	size_t len = colon != NULL ? (size_t)(colon - word) : 0;

	if (r->count == FORWARD_RULES_MAX || len >= sizeof(to->host))
		return;
	if (len >= 2 && word[0] == '[' && word[len - 1] == ']') {
		word++;
		len -= 2;
	}
	memcpy(to->host, word, len);
	to->host[len] = '\0';
	to->port = strcmp(port, "*") == 0 ? -1 : atol(port);
	r->count++;
}

/* A list that cannot be understood permits nothing. */
static void
read_rules(struct rules *r, char *words)
{
	char *save = NULL;

	memset(r, 0, sizeof(*r));
	r->none = 1;
	for (char *w = strtok_r(words, " \t\r", &save); w != NULL; w = strtok_r(NULL, " \t\r", &save)) {
		if (strcasecmp(w, "any") == 0)
			r->none = 0;
		else if (strcasecmp(w, "none") != 0)
			read_rule(r, w);
	}
	if (r->count > 0)
		r->none = 0;
}

static void
read_line(struct settings *s, char *line)
{
	char *value = line + strcspn(line, " \t");

	if (*value != '\0')
		*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(line, "PermitOpen") == 0)
		read_rules(&s->open, value);
	else if (strcasecmp(line, "PermitListen") == 0)
		read_rules(&s->listen, value);
	else if (strcasecmp(line, "GatewayPorts") == 0)
		s->gateway = strcasecmp(value, "yes") == 0 ? GATEWAY_YES :
		    strcasecmp(value, "clientspecified") == 0 ? GATEWAY_CLIENT : GATEWAY_NO;
	else if (strcasecmp(line, "StreamLocalBindMask") == 0)
		s->mask = (unsigned)strtoul(value, NULL, 8) & 0777u;
	else if (strcasecmp(line, "StreamLocalBindUnlink") == 0)
		s->unlink = strcasecmp(value, "yes") == 0;
}

void
settings_read(struct settings *s, const char *text, size_t len)
{
	const char *at = text, *end = text + len, *next;
	char line[4096];

	memset(s, 0, sizeof(*s));
	s->mask = 0177;
	for (; at < end; at = next) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		next = stop < end ? stop + 1 : end;
		snprintf(line, sizeof(line), "%.*s", (int)(stop - at), at);
		read_line(s, line);
	}
}

int
rules_permit(const struct rules *r, const char *host, uint32_t port)
{
	if (r->count == 0)
		return !r->none;
	for (int i = 0; i < r->count; i++) {
		const struct rule *rule = &r->rule[i];

		if (rule->port >= 0 && rule->port != (long)port)
			continue;
		if (rule->host[0] == '\0' || strcmp(rule->host, "*") == 0 || strcmp(rule->host, host) == 0)
			return 1;
	}
	return 0;
}
