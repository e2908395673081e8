#include "control/keeper/work.h"

#include <stdlib.h>

static const char prove_name[] = "hostkeys-prove-00@openssh.com";

#define DATA_MAX (sizeof(prove_name) + 3 * 4 + SSH_HASH_MAX + SIGN_KEY_MAX)

void
work_init(struct work *w, struct hostkeys *keys, const struct work_ops *ops, void *ctx)
{
	*w = (struct work){ .keys = keys, .ops = ops, .ctx = ctx };
	TAILQ_INIT(&w->jobs);
}

static void
drop(struct work *w, struct work_job *j)
{
	if (w->at_agent == j)
		w->at_agent = NULL;
	TAILQ_REMOVE(&w->jobs, j, at);
	w->count--;
	free(j);
}

void
work_fini(struct work *w)
{
	while (!TAILQ_EMPTY(&w->jobs))
		drop(w, TAILQ_FIRST(&w->jobs));
}

static void
end(struct work *w, struct work_job *j, uint32_t reason)
{
	if (!j->dead)
		w->ops->over(w->ctx, j, reason);
	drop(w, j);
}

/* ---- what is wanted ---- */

/* Bytes of a signature blob by that key, at the most: two names or numbers around it. */
static size_t
signature_size(const struct hostkey *k)
{
	return k->blob_len + 128;
}

static struct work_job *
add(struct work *w, const struct work_for *whom, struct view subject, size_t size, uint64_t now)
{
	struct work_job *j;

	if (w->count >= WORK_JOBS_MAX || subject.len > sizeof(j->subject))
		return NULL;
	j = calloc(1, sizeof(*j) + size);
	if (j == NULL)
		return NULL;
	j->whom = *whom;
	j->until_ms = now + WORK_MS;
	memcpy(j->subject, subject.data, subject.len);
	j->subject_len = (uint8_t)subject.len;
	j->out = put_of(j->bytes, size);
	TAILQ_INSERT_TAIL(&w->jobs, j, at);
	w->count++;
	return j;
}

uint32_t
work_sign(struct work *w, const struct work_for *whom, int row, struct view hash, uint64_t now)
{
	const struct hostkey_row *r = &w->keys->row[row];
	struct work_job *j = add(w, whom, hash, SSH_SIGNATURE_MAX, now);

	if (j == NULL)
		return R_LIMIT;
	j->item[0] = (struct work_item){ r->key, r->algorithm };
	j->count = 1;
	return 0;
}

static const struct sign_algorithm *
proof_algorithm(enum pk_type type, const struct sign_algorithm *host_key)
{
	const struct sign_algorithm *a;

	if (host_key != NULL && host_key->type == type)
		return host_key;
	for (size_t i = 0; (a = sign_at(i)) != NULL; i++)
		if (a->type == type)
			return a; /* of RSA the one with SHA-512 */
	return NULL;
}

/* Which keys, in the order asked; bytes of their signatures. 0: not all are ours. */
static size_t
proof_items(const struct hostkeys *keys, const struct sign_algorithm *host_key, uint32_t count, struct view list,
    struct work_item item[HOSTKEYS_MAX])
{
	struct cur c = cur_view(list);
	size_t size = 0;

	if (count == 0 || count > HOSTKEYS_MAX)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		int key = hostkey_find(keys, cur_string(&c));

		if (c.bad || key < 0)
			return 0;
		for (uint32_t k = 0; k < i; k++)
			if (item[k].key == (uint32_t)key)
				return 0;
		item[i] = (struct work_item){ (uint32_t)key,
			proof_algorithm(keys->key[key].type, host_key) };
		size += 4 + signature_size(&keys->key[key]);
	}
	return cur_done(&c) && size <= WORK_PROOF_MAX ? size : 0;
}

uint32_t
work_prove(struct work *w, const struct work_for *whom, struct view session_id, struct view host_key,
    uint32_t count, struct view list, uint64_t now)
{
	struct work_item item[HOSTKEYS_MAX];
	size_t size = proof_items(w->keys, cert_host_sign(host_key), count, list, item);
	struct work_job *j;

	if (size == 0 || session_id.len == 0)
		return R_KEX_SIGN;
	j = add(w, whom, session_id, size, now);
	if (j == NULL)
		return R_LIMIT;
	j->proof = true;
	j->count = count;
	memcpy(j->item, item, count * sizeof(item[0]));
	return 0;
}

/* ---- doing it ---- */

static struct hostkey *
key_of(struct work *w, const struct work_job *j)
{
	return &w->keys->key[j->item[j->done].key];
}

/* draft-miller-sshm-hostkey-update section 3.2: the name, the session id, the key. */
static struct view
data_of(struct work *w, const struct work_job *j, uint8_t buf[DATA_MAX])
{
	struct put p = put_of(buf, DATA_MAX);

	if (!j->proof)
		return view_of(j->subject, j->subject_len);
	put_cstr(&p, prove_name);
	put_string(&p, j->subject, j->subject_len);
	put_sview(&p, hostkey_blob(key_of(w, j)));
	return put_view(&p);
}

static void
signed_one(struct work *w, struct work_job *j, struct view signature)
{
	if (j->proof)
		put_sview(&j->out, signature);
	else
		put_bytes(&j->out, signature.data, signature.len);
	if (j->out.bad)
		end(w, j, R_KEX_SIGN);
	else if (++j->done == j->count)
		end(w, j, 0);
}

static void
sign_here(struct work *w, struct work_job *j, struct view data)
{
	uint8_t blob[SSH_SIGNATURE_MAX];
	struct put p = put_of(blob, sizeof(blob));

	if (hostkey_sign(key_of(w, j), j->item[j->done].algorithm, &p, data) == 0)
		signed_one(w, j, put_view(&p));
	else
		end(w, j, R_KEX_SIGN);
}

bool
work_run(struct work *w)
{
	uint8_t buf[DATA_MAX];
	struct work_job *j;

	TAILQ_FOREACH(j, &w->jobs, at) {
		const struct hostkey *k = key_of(w, j);

		if (j == w->at_agent)
			continue;
		if (k->signer != NULL) {
			sign_here(w, j, data_of(w, j, buf));
			return true;
		}
		if (w->at_agent == NULL && w->ops->agent(w->ctx, k, j->item[j->done].algorithm, data_of(w, j, buf)))
			w->at_agent = j;
	}
	return false;
}

/* ---- the agent's part ---- */

void
work_agent(struct work *w, struct view signature)
{
	struct work_job *j = w->at_agent;
	uint8_t buf[DATA_MAX];
	struct hostkey *k;

	w->at_agent = NULL;
	if (j == NULL)
		return;
	k = key_of(w, j);
	if (j->dead || signature.len == 0 ||
	    sign_verify(j->item[j->done].algorithm, hostkey_blob(k), signature, data_of(w, j, buf)) != 0) {
		end(w, j, R_KEX_SIGN);
		return;
	}
	k->uses++;
	signed_one(w, j, signature);
}

void
work_agent_lost(struct work *w)
{
	struct work_job *j = w->at_agent;

	w->at_agent = NULL;
	if (j != NULL && j->dead)
		drop(w, j);
}

void
work_expire(struct work *w, uint64_t now)
{
	struct work_job *j = TAILQ_FIRST(&w->jobs);

	/* In order of their time: all wait equally long. */
	while (j != NULL && now >= j->until_ms) {
		struct work_job *next = TAILQ_NEXT(j, at);

		end(w, j, R_KEX_SIGN);
		j = next;
	}
}

uint64_t
work_next(const struct work *w)
{
	const struct work_job *j = TAILQ_FIRST(&w->jobs);

	return j != NULL ? j->until_ms : UINT64_MAX;
}

void
work_forget(struct work *w, uint32_t conn, uint32_t gen)
{
	struct work_job *j, *next;

	for (j = TAILQ_FIRST(&w->jobs); j != NULL; j = next) {
		next = TAILQ_NEXT(j, at);
		if (j->whom.conn != conn || j->whom.gen != gen)
			continue;
		if (j == w->at_agent)
			j->dead = true;
		else
			drop(w, j);
	}
}
