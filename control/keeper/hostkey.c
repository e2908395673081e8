#include "control/keeper/hostkey.h"

void
hostkeys_free(struct hostkeys *k)
{
	for (uint32_t i = 0; i < k->key_count; i++)
		pk_signer_free(k->key[i].signer);
	k->key_count = k->cert_count = k->row_count = k->all_count = 0;
}

int
hostkey_find(const struct hostkeys *k, struct view blob)
{
	for (uint32_t i = 0; i < k->key_count; i++)
		if (view_eq(hostkey_blob(&k->key[i]), blob))
			return (int)i;
	return -1;
}

int
hostkey_row_find(const struct hostkeys *k, struct view name, struct view shown)
{
	for (uint32_t i = 0; i < k->all_count; i++)
		if (view_is(name, k->row[i].name) && view_eq(shown, k->row[i].shown))
			return (int)i;
	return -1;
}

/* ---- what is offered ---- */

static void
add_row(struct hostkeys *k, const char *name, const struct sign_algorithm *a, uint32_t key, struct view shown)
{
	if (k->all_count < HOSTKEY_ROWS_MAX)
		k->row[k->all_count++] = (struct hostkey_row){ name, a, key, shown };
}

/* Of the keys and of the certificates of a type the first (others false), or what stands
 * behind it. */
static void
add_rows(struct hostkeys *k, const struct sign_algorithm *a, bool away, bool others)
{
	uint32_t keys = 0, certs = 0;

	for (uint32_t i = 0; i < k->key_count; i++)
		if (k->key[i].type == a->type && (away || !k->key[i].away) && (keys++ > 0) == others)
			add_row(k, a->name, a, i, hostkey_blob(&k->key[i]));
	for (uint32_t i = 0; i < k->cert_count; i++) {
		const struct hostcert *c = &k->cert[i];

		if (k->key[c->key].type == a->type && (away || !k->key[c->key].away) && (certs++ > 0) == others)
			add_row(k, a->cert_name, a, c->key, view_of(c->blob, c->blob_len));
	}
}

void
hostkeys_rows(struct hostkeys *k)
{
	const struct sign_algorithm *a;
	bool away = true;

	for (uint32_t i = 0; i < k->key_count; i++)
		away = away && k->key[i].away;
	k->all_count = 0;
	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		add_rows(k, a, away, false);
	k->row_count = k->all_count;
	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		add_rows(k, a, away, true);
}

void
hostkeys_put(const struct hostkeys *k, struct put *w)
{
	put_u32(w, k->key_count);
	for (uint32_t i = 0; i < k->key_count; i++)
		put_sview(w, hostkey_blob(&k->key[i]));
	put_u32(w, k->all_count);
	for (uint32_t i = 0; i < k->all_count; i++) {
		put_cstr(w, k->row[i].name);
		put_sview(w, k->row[i].shown);
	}
}

int
hostkey_sign(struct hostkey *k, const struct sign_algorithm *a, struct put *w, struct view data)
{
	if (k->signer == NULL || sign_make(w, a, k->signer, data) != 0)
		return -1;
	k->uses++;
	return 0;
}
