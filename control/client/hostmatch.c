#include "control/client/hostmatch.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "control/kex/base64.h"
#include "drivers/pk/pk.h"

#define HOST_MAX 255u
#define MAGIC "|1|"
#define HASH_SIZE 20u

void
hostmatch_name(char out[HOSTMATCH_NAME_MAX], const char *host, uint16_t port)
{
	out[0] = '\0';
	if (strlen(host) > HOST_MAX)
		return;
	if (port == 22)
		snprintf(out, HOSTMATCH_NAME_MAX, "%s", host);
	else
		snprintf(out, HOSTMATCH_NAME_MAX, "[%s]:%u", host, port);
	for (char *p = out; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
}

bool
hostmatch_same(struct view a, const char *name)
{
	if (a.len == 0 || a.len != strlen(name))
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (tolower(a.data[i]) != (unsigned char)name[i])
			return false;
	return true;
}

/* '*' and '?'. Back to the last star only, so that the work is bounded by the product of
 * both lengths. */
static bool
pattern_fits(struct view pattern, const char *name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, from = 0;

	while (name[n] != '\0') {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			from = n;
		} else if (p < pattern.len &&
		    (pattern.data[p] == '?' || tolower(pattern.data[p]) == (unsigned char)name[n])) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.data[p] == '*')
		p++;
	return p == pattern.len;
}

static bool
list_fits(struct view names, const char *name)
{
	struct cur c = cur_view(names);
	bool found = false;

	while (c.p < c.end) {
		const uint8_t *start = c.p;
		const uint8_t *comma = memchr(start, ',', (size_t)(c.end - start));
		const uint8_t *end = comma != NULL ? comma : c.end;
		bool negated = start < end && *start == '!';
		struct view pattern = view_of(start + negated, (size_t)(end - start) - negated);

		c.p = comma != NULL ? comma + 1 : c.end;
		if (pattern.len == 0 || !pattern_fits(pattern, name))
			continue;
		if (negated)
			return false;
		found = true;
	}
	return found;
}

/* HMAC-SHA1 of the name with the salt as key: OpenSSH's hostfile.h, and no other hash. */
static bool
hash_fits(struct view names, const char *name)
{
	uint8_t salt[HASH_SIZE + 4], hash[HASH_SIZE + 4], own[HASH_SIZE];
	struct put s = put_of(salt, sizeof(salt)), h = put_of(hash, sizeof(hash));
	struct view rest = view_of(names.data + strlen(MAGIC), names.len - strlen(MAGIC));
	const uint8_t *bar = rest.len > 0 ? memchr(rest.data, '|', rest.len) : NULL;
	size_t len;

	if (bar == NULL)
		return false;
	len = (size_t)(bar - rest.data);
	if (!base64_decode(&s, view_of(rest.data, len)) ||
	    !base64_decode(&h, view_of(bar + 1, rest.len - len - 1)) || put_len(&s) != HASH_SIZE ||
	    put_len(&h) != HASH_SIZE)
		return false;
	return pk_hmac_sha1(own, view_of(salt, HASH_SIZE), view_str(name)) == 0 &&
	    memcmp(own, hash, HASH_SIZE) == 0;
}

bool
hostmatch(struct view names, const char *name)
{
	if (name[0] == '\0')
		return false;
	if (names.len > strlen(MAGIC) && names.data[0] == '|')
		return memcmp(names.data, MAGIC, strlen(MAGIC)) == 0 && hash_fits(names, name);
	return list_fits(names, name);
}

void
hostmatch_hash(struct put *w, const char *name, const uint8_t salt[HASH_SIZE])
{
	uint8_t hash[HASH_SIZE];

	if (pk_hmac_sha1(hash, view_of(salt, HASH_SIZE), view_str(name)) != 0)
		w->bad = true;
	put_bytes(w, MAGIC, strlen(MAGIC));
	base64_encode(w, view_of(salt, HASH_SIZE));
	put_u8(w, '|');
	base64_encode(w, view_of(hash, sizeof(hash)));
}
