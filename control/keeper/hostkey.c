#include "control/keeper/hostkey.h"

void
hostkeys_free(struct hostkeys *k)
{
	for (uint32_t i = 0; i < k->key_count; i++)
		pk_signer_free(k->key[i].signer);
	k->key_count = k->cert_count = k->row_count = 0;
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
hostkey_row_find(const struct hostkeys *k, struct view name)
{
	for (uint32_t i = 0; i < k->row_count; i++)
		if (view_is(name, k->row[i].name))
			return (int)i;
	return -1;
}

/* ---- what is offered ---- */

static void
add_row(struct hostkeys *k, const char *name, const struct sign_algorithm *a, uint32_t key, struct view shown)
{
	if (k->row_count < HOSTKEY_ROWS_MAX)
		k->row[k->row_count++] = (struct hostkey_row){ name, a, key, shown };
}

static void
add_rows(struct hostkeys *k, const struct sign_algorithm *a, bool all)
{
	for (uint32_t i = 0; i < k->key_count; i++)
		if (k->key[i].type == a->type && (all || !k->key[i].away)) {
			add_row(k, a->name, a, i, hostkey_blob(&k->key[i]));
			break;
		}
	for (uint32_t i = 0; i < k->cert_count; i++) {
		const struct hostcert *c = &k->cert[i];

		if (k->key[c->key].type == a->type && (all || !k->key[c->key].away)) {
			add_row(k, a->cert_name, a, c->key, view_of(c->blob, c->blob_len));
			break;
		}
	}
}

void
hostkeys_rows(struct hostkeys *k)
{
	const struct sign_algorithm *a;
	bool all = true;

	for (uint32_t i = 0; i < k->key_count; i++)
		all = all && k->key[i].away;
	k->row_count = 0;
	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		add_rows(k, a, all);
}

void
hostkeys_put(const struct hostkeys *k, struct put *w)
{
	put_u32(w, k->key_count);
	for (uint32_t i = 0; i < k->key_count; i++)
		put_sview(w, hostkey_blob(&k->key[i]));
	put_u32(w, k->row_count);
	for (uint32_t i = 0; i < k->row_count; i++) {
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
