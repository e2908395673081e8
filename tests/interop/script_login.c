/* Steps up to the login. */
#include "tests/interop/script_client.h"

#include <ctype.h>
#include <inttypes.h>
#include <unistd.h>

/* ---- connection ---- */

static int
do_connect(const struct words *w)
{
	return client_connect(c, w->word[1], w->word[2]);
}

static int
do_ident_send(const struct words *w)
{
	if (w->count > 1)
		snprintf(c->ident_ours, sizeof(c->ident_ours), "%s", w->word[1]);
	return client_ident_send(c);
}

static int
do_ident_recv(const struct words *w)
{
	(void)w;
	if (client_ident_recv(c) != 0)
		return -1;
	printf("server-ident %s\n", c->ident_theirs);
	return 0;
}

static int
do_ident(const struct words *w)
{
	return do_ident_send(w) != 0 ? -1 : do_ident_recv(w);
}

static int
do_disconnect(const struct words *w)
{
	(void)w;
	return client_disconnect(c);
}

static int
do_drop(const struct words *w)
{
	(void)w;
	close(c->fd);
	c->fd = -1;
	return 0;
}

static int
do_expect_close(const struct words *w)
{
	if (client_expect_close(c) != 0)
		return -1;
	printf("closed disconnect=%" PRIu32 " %s\n", c->disconnect, c->disconnect_text);
	return c->disconnect == number(w, 1, c->disconnect) ? 0 : client_fail(c, "another code was expected");
}

/* For what is no record: the line before a close. */
static int
do_expect_end(const struct words *w)
{
	(void)w;
	while (!c->closed)
		if (client_fill(c) != 0 && !c->closed)
			return -1;
	printf("text ");
	for (size_t i = 0; i < c->inbuf.len; i++) {
		int ch = c->inbuf.data[c->inbuf.start + i];

		putchar(isprint(ch) ? ch : '?');
	}
	printf("\n");
	return 0;
}

/* ---- key exchange ---- */

static int
do_kexinit_send(const struct words *w)
{
	c->guess = strcmp(word(w, 1, ""), "guess") == 0;
	return client_kexinit_send(c);
}

static int
do_kexinit_recv(const struct words *w)
{
	(void)w;
	if (client_kexinit_recv(c) != 0)
		return -1;
	printf("negotiated kex=%s host-key=%s cipher=%s mac=%s strict=%d ext-info=%d\n", c->choice.kex,
	    c->choice.host_key, c->choice.cipher_c2s, c->choice.mac_c2s, c->strict, c->ext_info);
	return 0;
}

static int
do_kexinit(const struct words *w)
{
	return do_kexinit_send(w) != 0 ? -1 : do_kexinit_recv(w);
}

static int
do_kexdh_send(const struct words *w)
{
	(void)w;
	return client_kexdh_send(c);
}

static int
do_kexdh_recv(const struct words *w)
{
	(void)w;
	if (client_kexdh_recv(c) != 0)
		return -1;
	print_hex(stdout, "host-key", c->host_key, c->host_key_len);
	print_hex(stdout, "session-id", c->session_id, c->session_id_len);
	return 0;
}

static int
do_kexdh(const struct words *w)
{
	return do_kexdh_send(w) != 0 ? -1 : do_kexdh_recv(w);
}

static int
do_newkeys_send(const struct words *w)
{
	(void)w;
	return client_newkeys_send(c);
}

static int
do_newkeys_recv(const struct words *w)
{
	(void)w;
	return client_newkeys_recv(c);
}

static int
do_newkeys(const struct words *w)
{
	return do_newkeys_send(w) != 0 ? -1 : do_newkeys_recv(w);
}

static int
do_kex(const struct words *w)
{
	(void)w;
	if (client_kex(c) != 0)
		return -1;
	printf("exchanges %u\n", c->exchanges);
	return 0;
}

static int
do_wait_rekey(const struct words *w)
{
	if (client_rekeyed(c, number(w, 1, c->exchanges + 1)) != 0)
		return -1;
	printf("exchanges %u\n", c->exchanges);
	return 0;
}

/* Names in the order of preference, in place of all that are served. */
static int
do_offer(const struct words *w)
{
	static char names[5][1024];
	static const char *const lists[] = { "kex", "host-keys", "ciphers", "macs", "compression" };
	const char **at[] = { &c->offer.kex, &c->offer.host_keys, &c->offer.ciphers, &c->offer.macs,
		&c->offer.compression };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(w->word[1], lists[i]) != 0)
			continue;
		snprintf(names[i], sizeof(names[i]), "%s", word(w, 2, ""));
		*at[i] = names[i];
		return 0;
	}
	return client_fail(c, "no such list");
}

/* Was anything compressed, and opened again? */
static int
do_zipped(const struct words *w)
{
	bool yes = strcmp(word(w, 1, "yes"), "yes") == 0;

	return c->zip.out.on == yes && c->zip.in.on == yes && (c->zipped > 0) == yes ? 0 : client_fail(c, "compression");
}

static int
do_markers(const struct words *w)
{
	c->markers = strcmp(w->word[1], "on") == 0;
	return 0;
}

/* Pieces of 16 bytes: of the key, of its second half where it has one, of the MAC's. */
static void
print_keys(FILE *f, const char *way, const struct kex_keys *k)
{
	const uint8_t *const pieces[] = { k->key, k->key + 32, k->mac };
	static const uint8_t none[16];
	char name[32];

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		snprintf(name, sizeof(name), "key-%s", way);
		if (memcmp(pieces[i], none, sizeof(none)) != 0)
			print_hex(f, name, pieces[i], sizeof(none));
	}
}

static int
do_keys_to(const struct words *w)
{
	FILE *f = fopen(w->word[1], "we");

	if (f == NULL)
		return client_fail(c, "cannot write there");
	for (unsigned i = 0; i < c->exchanges && i < CLIENT_EXCHANGES; i++) {
		const struct client_secrets *s = &c->secrets[i];

		print_hex(f, "shared", s->shared, s->shared_len);
		print_keys(f, "c2s", &s->c2s);
		print_keys(f, "s2c", &s->s2c);
	}
	return fclose(f) == 0 ? 0 : client_fail(c, "cannot write there");
}

static void
log_keys(FILE *f, const char *way, const struct kex_keys *k)
{
	const struct view parts[] = { view_of(k->key, sizeof(k->key)), view_of(k->iv, sizeof(k->iv)),
		view_of(k->mac, sizeof(k->mac)) };

	fprintf(f, "%s %u", way, k->suite);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		fputc(' ', f);
		for (size_t b = 0; b < parts[i].len; b++)
			fprintf(f, "%02x", parts[i].data[b]);
	}
	fputc('\n', f);
}

static int
do_key_log(const struct words *w)
{
	FILE *f = fopen(w->word[1], "we");

	if (f == NULL || c->exchanges > CLIENT_EXCHANGES)
		return client_fail(c, "cannot write there");
	fprintf(f, "strict %d\n", c->strict);
	for (unsigned i = 0; i < c->exchanges; i++) {
		log_keys(f, "c2s", &c->secrets[i].c2s);
		log_keys(f, "s2c", &c->secrets[i].s2c);
	}
	return fclose(f) == 0 ? 0 : client_fail(c, "cannot write there");
}

/* ---- login ---- */

static int
do_service_send(const struct words *w)
{
	return client_service_send(c, word(w, 1, "ssh-userauth"));
}

static int
do_service_recv(const struct words *w)
{
	(void)w;
	return client_service_recv(c);
}

static int
do_service(const struct words *w)
{
	return do_service_send(w) != 0 ? -1 : do_service_recv(w);
}

static int
send_key(const struct words *w, bool sign)
{
	struct client_key key;
	const char *why;

	if (client_key_load(&key, w->word[2], &why) != 0)
		return client_fail(c, why);
	return client_auth_key_send(c, w->word[1], &key, sign);
}

static int
do_auth_none_send(const struct words *w)
{
	return client_auth_none_send(c, w->word[1]);
}

static int
do_auth_query_send(const struct words *w)
{
	return send_key(w, false);
}

static int
do_auth_send(const struct words *w)
{
	return send_key(w, true);
}

static int
do_auth_password_send(const struct words *w)
{
	return client_auth_password_send(c, w->word[1], word(w, 2, ""));
}

static int
do_auth_kbdint_send(const struct words *w)
{
	return client_auth_kbdint_send(c, w->word[1]);
}

static int
do_auth_response_send(const struct words *w)
{
	return client_auth_response_send(c, number(w, 1, 0), word(w, 2, ""));
}

/* Fails unless the answer is the expected one; any will do for -1. */
static int
auth_answer(int expected)
{
	static const char *const names[] = { "success", "failure", "pk-ok", "prompt" };
	int r = client_auth_recv(c);

	if (r < 0)
		return -1;
	printf("auth %s", names[r]);
	if (r == CLIENT_AUTH_FAILURE)
		printf(" methods=%s partial=%d", c->methods, c->partial);
	if (r == CLIENT_AUTH_PROMPT)
		printf(" prompts=%" PRIu32, c->prompt_count);
	printf("\n");
	return expected < 0 || r == expected ? 0 : client_fail(c, "another answer was expected");
}

static int
do_auth_recv(const struct words *w)
{
	(void)w;
	return auth_answer(-1);
}

static int
do_auth_none(const struct words *w)
{
	return do_auth_none_send(w) != 0 ? -1 : auth_answer(CLIENT_AUTH_FAILURE);
}

static int
do_auth_query(const struct words *w)
{
	return do_auth_query_send(w) != 0 ? -1 : auth_answer(CLIENT_AUTH_PK_OK);
}

static int
do_auth(const struct words *w)
{
	return do_auth_send(w) != 0 ? -1 : auth_answer(CLIENT_AUTH_SUCCESS);
}

static int
do_auth_prompt_recv(const struct words *w)
{
	(void)w;
	return auth_answer(CLIENT_AUTH_PROMPT);
}

static int
do_auth_success_recv(const struct words *w)
{
	(void)w;
	return auth_answer(CLIENT_AUTH_SUCCESS);
}

const struct command script_login[] = {
	{ "connect", 3, 3, do_connect, "HOST PORT" },
	{ "ident", 1, 2, do_ident, "[LINE]: ident-send and ident-recv" },
	{ "ident-send", 1, 2, do_ident_send, "[LINE]" },
	{ "ident-recv", 1, 1, do_ident_recv, "" },
	{ "offer", 2, 3, do_offer, "kex|host-keys|ciphers|macs|compression NAMES: from the next KEXINIT on" },
	{ "zipped", 2, 2, do_zipped, "yes|no: both directions are compressed" },
	{ "markers", 2, 2, do_markers, "on|off: offer strict kex and EXT_INFO" },
	{ "kexinit", 1, 2, do_kexinit, "[guess]: kexinit-send and kexinit-recv" },
	{ "kexinit-send", 1, 2, do_kexinit_send, "[guess]" },
	{ "kexinit-recv", 1, 1, do_kexinit_recv, "" },
	{ "kexdh", 1, 1, do_kexdh, "kexdh-send and kexdh-recv" },
	{ "kexdh-send", 1, 1, do_kexdh_send, "" },
	{ "kexdh-recv", 1, 1, do_kexdh_recv, "" },
	{ "newkeys", 1, 1, do_newkeys, "newkeys-send and newkeys-recv" },
	{ "newkeys-send", 1, 1, do_newkeys_send, "" },
	{ "newkeys-recv", 1, 1, do_newkeys_recv, "" },
	{ "kex", 1, 1, do_kex, "what is left of the exchange, or a new one" },
	{ "rekey", 1, 1, do_kex, "the same" },
	{ "wait-rekey", 1, 2, do_wait_rekey, "[COUNT]: until so many exchanges, or one more, are done" },
	{ "keys-to", 2, 2, do_keys_to, "FILE: secrets of all exchanges, in hex" },
	{ "key-log", 2, 2, do_key_log, "FILE: the keys of all exchanges, whole, for nonces" },
	{ "service", 1, 2, do_service, "[NAME]: service-send and service-recv" },
	{ "service-send", 1, 2, do_service_send, "[NAME]" },
	{ "service-recv", 1, 1, do_service_recv, "" },
	{ "auth-none", 2, 2, do_auth_none, "USER; expects FAILURE" },
	{ "auth-none-send", 2, 2, do_auth_none_send, "USER" },
	{ "auth-query", 3, 3, do_auth_query, "USER KEYFILE; expects PK_OK" },
	{ "auth-query-send", 3, 3, do_auth_query_send, "USER KEYFILE" },
	{ "auth", 3, 3, do_auth, "USER KEYFILE; expects SUCCESS" },
	{ "auth-send", 3, 3, do_auth_send, "USER KEYFILE" },
	{ "auth-password-send", 2, 3, do_auth_password_send, "USER [PASSWORD]" },
	{ "auth-kbdint-send", 2, 2, do_auth_kbdint_send, "USER" },
	{ "auth-prompt-recv", 1, 1, do_auth_prompt_recv, "of keyboard-interactive" },
	{ "auth-response-send", 2, 3, do_auth_response_send, "COUNT [TEXT]: the same to every prompt" },
	{ "auth-success-recv", 1, 1, do_auth_success_recv, "" },
	{ "auth-recv", 1, 1, do_auth_recv, "any answer" },
	{ "expect-close", 1, 2, do_expect_close,
	    "[CODE]: until the server closes, with that DISCONNECT; 0: none" },
	{ "expect-end", 1, 1, do_expect_end, "until the server closes, reading text" },
	{ "disconnect", 1, 1, do_disconnect, "send DISCONNECT" },
	{ "drop", 1, 1, do_drop, "close the socket" },
	{ .name = NULL },
};
