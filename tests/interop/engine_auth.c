/* Whose key is this, and who are we: files, an agent, a password. */
#include "tests/interop/engine_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/kex/agent.h"
#include "control/kex/base64.h"
#include "drivers/pk/pk.h"

static uint8_t file_bytes[KNOWNHOSTS_FILE_MAX];

static struct view
read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t len = f != NULL ? fread(file_bytes, 1, sizeof(file_bytes), f) : 0;

	if (f != NULL)
		fclose(f);
	return view_of(file_bytes, len);
}

/* ---- the server's key ---- */

struct view
engine_known_hosts(const struct engine *x)
{
	return x->o.known_hosts != NULL ? read_file(x->o.known_hosts) : view_of(NULL, 0);
}

void
engine_learn(struct engine *x, struct view key)
{
	uint8_t line[2 * CERT_MAX], salt[KNOWNHOSTS_SALT];
	struct put w = put_of(line, sizeof(line));
	FILE *f = fopen(x->o.known_hosts, "ae");

	rng_fill(&x->rng, salt, sizeof(salt));
	knownhosts_entry(&w, x->o.name, (uint16_t)atoi(x->o.port), key, salt);
	if (f == NULL || fwrite(line, 1, put_len(&w), f) != put_len(&w))
		snprintf(x->error, sizeof(x->error), "cannot write known_hosts");
	if (f != NULL)
		fclose(f);
}

static bool
trusted(struct engine *x)
{
	static const char *const words[] = { "unknown", "known", "changed", "revoked" };
	const struct caller *c = &x->e->caller;
	struct view key = view_of(c->host_key, c->host_key_len);
	struct knownhosts_found f;

	if (x->o.known_hosts == NULL)
		return true;
	knownhosts_find(&f, engine_known_hosts(x), x->o.name, (uint16_t)atoi(x->o.port), key,
	    (uint64_t)time(NULL));
	fprintf(stderr, "host key: %s, line %u%s%s%s\n", words[f.verdict], f.line, f.by_ca ? ", by its CA" : "",
	    f.why != NULL ? ": " : "", f.why != NULL ? f.why : "");
	if (f.verdict == KNOWNHOSTS_UNKNOWN && x->o.learn)
		engine_learn(x, key);
	return f.verdict == KNOWNHOSTS_KNOWN || (f.verdict == KNOWNHOSTS_UNKNOWN && x->o.learn);
}

/* ---- keys ---- */

static void
with_file(struct engine *x, struct step *s)
{
	static struct keyfile k;
	uint8_t blob[SIGN_KEY_MAX], made[SSH_SIGNATURE_MAX + 64];
	struct put b = put_of(blob, sizeof(blob)), w = put_of(made, sizeof(made));
	struct view text = read_file(x->o.key);
	struct caller *c = &x->e->caller;
	const char *algorithm;
	struct pk_signer *signer;

	if (keyfile_parse(&k, (const char *)text.data, text.len) != KEYFILE_OK ||
	    (signer = pk_signer_new(&k.key)) == NULL) {
		caller_end(c, R_AUTH_NO_METHOD, "the key file cannot be read", s);
		return;
	}
	sign_key_put(&b, pk_signer_public(signer));
	algorithm = userauth_algorithm(c->sign_names, put_view(&b));
	if (algorithm == NULL || caller_auth_key(c, algorithm, put_view(&b)) != 0 ||
	    sign_make(&w, sign_find(view_str(algorithm)), signer, caller_signed(c)) != 0)
		caller_end(c, R_AUTH_NO_METHOD, "the key cannot sign here", s);
	else
		caller_signature(c, put_view(&w), s);
	pk_signer_free(signer);
	pk_wipe(&k, sizeof(k));
}

/* One question and its answer; the agent is trusted to answer. */
static struct view
ask_agent(struct engine *x, struct view request)
{
	static uint8_t answer[AGENT_MESSAGE_MAX + 4];
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct view message = { NULL, 0 };
	size_t have = 0;
	ssize_t n = 1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", x->o.agent);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    write(fd, request.data, request.len) != (ssize_t)request.len)
		n = 0;
	while (n > 0 && agent_whole(view_of(answer, have), &message) == 0) {
		n = read(fd, answer + have, sizeof(answer) - have);
		have += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return message;
}

/* The agent's first key of an algorithm that the server takes: would it do, or with its
 * signature. */
static void
with_agent(struct engine *x, bool sign, struct step *s)
{
	static uint8_t request[CALLER_REQUEST_MAX + CERT_MAX + 64];
	static uint8_t kept[SIGN_KEY_MAX];
	struct put w = put_of(request, sizeof(request));
	struct caller *c = &x->e->caller;
	struct view keys, blob = { NULL, 0 }, comment, signature;
	const char *algorithm = NULL;

	agent_put_list(&w);
	if (agent_list(ask_agent(x, put_view(&w)), &keys) != 0) {
		caller_end(c, R_AUTH_NO_METHOD, "the agent has no list", s);
		return;
	}
	while (algorithm == NULL && agent_key(&keys, &blob, &comment))
		algorithm = blob.len <= sizeof(kept) ? userauth_algorithm(c->sign_names, blob) : NULL;
	if (algorithm == NULL) {
		caller_end(c, R_AUTH_NO_METHOD, "the agent has no key that fits", s);
		return;
	}
	memcpy(kept, blob.data, blob.len);
	blob.data = kept;
	if (!sign) {
		caller_auth_query(c, algorithm, blob, s);
		return;
	}
	caller_auth_key(c, algorithm, blob);
	w = put_of(request, sizeof(request));
	agent_put_sign(&w, blob, algorithm, caller_signed(c));
	if (agent_signature(ask_agent(x, put_view(&w)), algorithm, &signature) != 0)
		caller_end(c, R_AUTH_NO_METHOD, "the agent does not sign", s);
	else
		caller_signature(c, signature, s);
}

/* ---- the dialogue ---- */

static void
method(struct engine *x, struct step *s)
{
	struct caller *c = &x->e->caller;

	/* None first: its refusal tells the methods. Then each once; the agent's key is
	 * asked about before. */
	switch (x->tried++) {
	case 0:
		caller_auth_none(c, s);
		return;
	case 1:
		if (x->o.agent != NULL)
			with_agent(x, false, s);
		else if (x->o.key != NULL)
			with_file(x, s);
		else if (x->o.password != NULL && x->o.dialogue)
			caller_auth_kbdint(c, "", s);
		else if (x->o.password != NULL)
			caller_auth_password(c, x->o.password, s);
		if (c->wants != CALLER_WANTS_METHOD)
			return;
		break;
	case 2:
		if (x->o.agent != NULL) {
			with_agent(x, true, s);
			return;
		}
		break;
	default:
		break;
	}
	caller_end(c, R_AUTH_NO_METHOD, "", s);
}

void
engine_prompted(struct engine *x, struct view body)
{
	struct userauth_prompt p;

	if (userauth_prompt(&p, body) == 0 && x->o.verbose)
		for (uint32_t i = 0; i < p.count; i++)
			fprintf(stderr, "prompt: %.*s\n", (int)p.prompt[i].text.len, (const char *)p.prompt[i].text.data);
}

bool
engine_answer(struct engine *x)
{
	struct view responses[USERAUTH_PROMPTS_MAX];
	struct caller *c = &x->e->caller;
	struct step *s = callend_step(x->e);

	switch (c->wants) {
	case CALLER_WANTS_TRUST:
		caller_trust(c, trusted(x), s);
		break;
	case CALLER_WANTS_METHOD:
		method(x, s);
		break;
	case CALLER_WANTS_RESPONSES:
		for (uint32_t i = 0; i < c->prompts; i++)
			responses[i] = view_str(x->o.password);
		caller_responses(c, responses, c->prompts, s);
		break;
	default:
		return false;
	}
	callend_do(x->e);
	return true;
}
