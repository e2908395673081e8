#include "control/kex/cert.h"

/* ---- algorithms ---- */

const struct sign_algorithm *
cert_find(struct view name)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (view_is(name, a->cert_name))
			return a;
	return NULL;
}

static const struct sign_algorithm *
by_key_name(struct view name)
{
	const struct sign_algorithm *a;

	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (view_is(name, a->cert_key_name))
			return a;
	return NULL;
}

bool
cert_is(struct view blob)
{
	struct cur c = cur_view(blob);

	return by_key_name(cur_string(&c)) != NULL;
}

const struct sign_algorithm *
cert_host_sign(struct view name)
{
	const struct sign_algorithm *a = sign_find(name);

	return a != NULL ? a : cert_find(name);
}

/* ---- lists ---- */

bool
cert_principal(struct view *list, struct view *name)
{
	struct cur c = cur_view(*list);

	*name = cur_string(&c);
	if (c.bad)
		return false;
	*list = view_of(c.p, cur_left(&c));
	return true;
}

bool
cert_option(struct view *list, struct view *name, struct view *data)
{
	struct cur c = cur_view(*list);

	*name = cur_string(&c);
	*data = cur_string(&c);
	if (c.bad)
		return false;
	*list = view_of(c.p, cur_left(&c));
	return true;
}

static bool
principals_good(struct view list)
{
	struct view name;
	unsigned count = 0;

	while (cert_principal(&list, &name))
		if (++count > CERT_PRINCIPALS_MAX)
			return false;
	return list.len == 0;
}

static bool
before(struct view a, struct view b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int r = len > 0 ? memcmp(a.data, b.data, len) : 0;

	return r < 0 || (r == 0 && a.len < b.len);
}

/* PROTOCOL.certkeys, critical options: in order of their names, each once. */
static bool
options_good(struct view list)
{
	struct view name, data, last = { NULL, 0 };
	unsigned count = 0;

	while (cert_option(&list, &name, &data)) {
		if (++count > CERT_OPTIONS_MAX || (count > 1 && !before(last, name)))
			return false;
		last = name;
	}
	return list.len == 0;
}

/* ---- the certificate ---- */

static void
take_fields(struct cert *c, struct cur *f)
{
	c->serial = cur_u64(f);
	c->kind = cur_u32(f);
	c->id = cur_string(f);
	c->principals = cur_string(f);
	c->after = cur_u64(f);
	c->before = cur_u64(f);
	c->critical = cur_string(f);
	c->extensions = cur_string(f);
	cur_string(f); /* reserved, ignored in this version */
	c->ca = cur_string(f);
	c->signature = cur_string(f);
}

int
cert_parse(struct cert *c, struct view blob)
{
	struct cur f = cur_view(blob);
	const struct sign_algorithm *a = by_key_name(cur_string(&f));
	struct pk_public ca;

	*c = (struct cert){ .blob = blob };
	if (f.bad || a == NULL || blob.len > CERT_MAX)
		return -R_SHORT;
	cur_string(&f); /* nonce */
	if (sign_key_take(&c->key, a, &f) != 0)
		return -R_SHORT;
	take_fields(c, &f);
	if (!cur_done(&f) || (c->kind != CERT_USER && c->kind != CERT_HOST))
		return -R_SHORT;
	/* "Chained" certificates are not supported: the CA's key is a plain one. */
	if (sign_key_parse(&ca, c->ca) != 0)
		return -R_SHORT;
	return principals_good(c->principals) && options_good(c->critical) && options_good(c->extensions)
		   ? 0
		   : -R_SHORT;
}

int
cert_verify(const struct cert *c, const struct sign_algorithm **by)
{
	struct cur s = cur_view(c->signature);
	const struct sign_algorithm *a = sign_find(cur_string(&s));
	/* The signature stands last, behind its length. */
	size_t covered = c->blob.len - c->signature.len - 4;

	if (by != NULL)
		*by = a;
	if (s.bad || a == NULL)
		return -R_SHORT;
	return sign_verify(a, c->ca, c->signature, view_of(c->blob.data, covered));
}

/* ---- a host's signature ---- */

int
cert_host_verify(struct view name, struct view key, struct view signature, struct view data)
{
	const struct sign_algorithm *a = sign_find(name);
	uint8_t plain[SIGN_KEY_MAX];
	struct put w = put_of(plain, sizeof(plain));
	struct cert c;
	int r;

	if (a != NULL)
		return sign_verify(a, key, signature, data);
	a = cert_find(name);
	if (a == NULL || cert_parse(&c, key) != 0 || c.kind != CERT_HOST || c.key.type != a->type)
		return -R_SHORT;
	if ((r = cert_verify(&c, NULL)) != 0)
		return r;
	sign_key_put(&w, &c.key);
	return w.bad ? -R_SHORT : sign_verify(a, put_view(&w), signature, data);
}
