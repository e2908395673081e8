/*
 * What key exchanges and signatures cost: one thread, CPU time of this process,
 * the median of 9 rounds of at least 20 ms each.
 *
 *   server     message 30 to K, H and both directions' keys, without the signature
 *   client     message 30, and K, H and keys from message 31, with verifying Ed25519
 *   sign       a host key's signature as keeper makes it, verified before it leaves
 *   verify     a user's signature as warden verifies it, the key read from its blob
 *
 * Group exchange is with 4096 bits, without the choice. Cycles are
 * those of the time stamp counter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/kex/group.h"
#include "control/kex/kex.h"
#include "control/kex/method.h"
#include "control/kex/sign.h"

#define ROUNDS 9
#define ROUND_US 20000.0

/* The rate of the counter of cycles. */
static double
tsc_mhz(void)
{
	struct timespec a, b;
	uint64_t start = __builtin_ia32_rdtsc(), end;
	double us;

	clock_gettime(CLOCK_MONOTONIC, &a);
	do {
		clock_gettime(CLOCK_MONOTONIC, &b);
		end = __builtin_ia32_rdtsc();
		us = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
	} while (us < 50000);
	return (double)(end - start) / us;
}

static double
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median_of(void (*fn)(void))
{
	double each[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double start = cpu_us(), spent;
		unsigned n = 0;

		do {
			fn();
			n++;
		} while ((spent = cpu_us() - start) < ROUND_US);
		each[i] = spent / n;
	}
	qsort(each, ROUNDS, sizeof(each[0]), by_size);
	return each[ROUNDS / 2];
}

static void
require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "kex-rate: %s\n", what);
	exit(1);
}

/* ---- exchanges ---- */

static struct kex_choice choice = {
	.host_key = "ssh-ed25519", .suite_c2s = SUITE_AES128_GCM, .suite_s2c = SUITE_AES128_GCM
};
static struct kex_context ctx;
static struct kex_group group; /* of a group exchange: 4096 bits */
static struct pk_signer *ed25519;
static uint8_t init_bytes[KEX_SHARE_MAX + 64], reply_bytes[KEX_SHARE_MAX + 512], host_key_bytes[64];
static struct view init, reply;
static struct kex_client_state client_state;

static void
keys(const struct kex_secret *s)
{
	struct kex_keys k;

	for (int c2s = 0; c2s < 2; c2s++) {
		require(kex_derive(&k, &choice, s, view_of(s->h, s->h_len), c2s) == 0, "keys");
		kex_keys_wipe(&k);
	}
}

static void
server(void)
{
	struct kex_secret s;

	require(kex_server_answer(&s, &choice, &ctx, init) == 0, "answer");
	keys(&s);
	kex_secret_wipe(&s);
}

static void
client(void)
{
	uint8_t buf[KEX_SHARE_MAX + 512];
	struct put w = put_of(buf, sizeof(buf));
	struct kex_client_state fresh, st = client_state;
	struct kex_secret s;
	struct view host_key;

	if (ctx.group != NULL)
		require(pk_dh_pair(&ctx.group->dh, buf, fresh.priv) == 0, "pair");
	else
		require(kex_client_init(&fresh, &choice, &w) == 0, "init");
	require(kex_client_finish(&s, &st, &choice, &ctx, reply, &host_key) == 0, "finish");
	keys(&s);
	kex_secret_wipe(&s);
}

static void
prepare(const struct kex_method *m)
{
	struct put i = put_of(init_bytes, sizeof(init_bytes)), r = put_of(reply_bytes, sizeof(reply_bytes));
	uint8_t blob[128];
	struct put b = put_of(blob, sizeof(blob));
	struct kex_secret s;

	snprintf(choice.kex, sizeof(choice.kex), "%s", m->name);
	require(kex_client_init(&client_state, &choice, &i) == 0, "init");
	ctx.group = NULL;
	if (kex_client_waits_group(&client_state)) {
		uint8_t message[2 * PK_DH_MAX];
		struct put g = put_of(message, sizeof(message));

		require(group_request(&group, put_view(&i)) == 0, "request");
		group.dh = *pk_dh_group(16);
		group_put(&g, &group);
		i = put_of(init_bytes, sizeof(init_bytes));
		require(kex_client_group(&client_state, &choice, put_view(&g), &i) == 0, "group");
		ctx.group = &group;
	}
	init = put_view(&i);
	require(kex_server_answer(&s, &choice, &ctx, init) == 0, "answer");
	require(
	    sign_make(&b, sign_find(view_str(choice.host_key)), ed25519, view_of(s.h, s.h_len)) == 0, "sign");
	kex_server_reply(&r, &s, &ctx, put_view(&b));
	reply = put_view(&r);
	kex_secret_wipe(&s);
}

/* ---- signatures ---- */

static const struct sign_algorithm *algorithm;
static struct pk_signer *signer;
static const uint8_t hash[64] = { 1 };
static uint8_t key_blob[SIGN_KEY_MAX], sig_blob[SSH_SIGNATURE_MAX];
static struct view key, sig;

static void
sign(void)
{
	struct put w = put_of(sig_blob, sizeof(sig_blob));

	require(sign_make(&w, algorithm, signer, view_of(hash, sizeof(hash))) == 0, "signature");
	sig = put_view(&w);
}

static void
verify(void)
{
	require(sign_verify(algorithm, key, sig, view_of(hash, sizeof(hash))) == 0, "verification");
}

static struct pk_signer *
load(const char *path)
{
	char text[16384];
	FILE *f = fopen(path, "r");
	size_t len = f != NULL ? fread(text, 1, sizeof(text), f) : 0;
	bool encrypted;

	if (f != NULL)
		fclose(f);
	return pk_signer_pem(text, len, &encrypted);
}

static void
signatures(const char *name, const char *what, struct pk_signer *s)
{
	struct put w = put_of(key_blob, sizeof(key_blob));
	double sign_us;

	require(s != NULL, name);
	algorithm = sign_find(view_str(name));
	signer = s;
	sign_key_put(&w, pk_signer_public(s));
	key = put_view(&w);
	sign_us = median_of(sign);
	printf("%-30s %-10s %9.1f %9.1f\n", name, what, sign_us, median_of(verify));
	pk_signer_free(s);
}

int
main(int argc, char **argv)
{
	static const uint8_t seed[PK_ED25519_SIZE] = { 1 };
	struct put w = put_of(host_key_bytes, sizeof(host_key_bytes));
	const struct kex_method *m;
	const double mhz = tsc_mhz();

	require(argc == 4, "usage: kex-rate P-256.pem P-384.pem RSA.pem");
	require(pk_start() == 0, "start");
	ed25519 = pk_signer_ed25519(seed);
	require(ed25519 != NULL, "key");
	sign_key_put(&w, pk_signer_public(ed25519));
	ctx = (struct kex_context){ view_str("SSH-2.0-c"), view_str("SSH-2.0-s"), view_str("I_C"),
		view_str("I_S"), put_view(&w), NULL, NULL };
	printf("%-41s %9s %9s %9s %12s\n", "us of CPU, one thread", "server", "client", "server/s",
	    "its cycles");
	for (size_t i = 0; (m = kex_method_at(i)) != NULL; i++) {
		double server_us;

		prepare(m);
		server_us = median_of(server);
		printf("%-41s %9.1f %9.1f %9.0f %12.0f\n", m->name, server_us, median_of(client), 1e6 / server_us,
		    server_us * mhz);
	}
	printf("%-41s %9s %9s\n", "", "sign", "verify");
	signatures("ssh-ed25519", "", ed25519);
	signatures("ecdsa-sha2-nistp256", "", load(argv[1]));
	signatures("ecdsa-sha2-nistp384", "", load(argv[2]));
	signatures("rsa-sha2-512", "3072 bits", load(argv[3]));
	return 0;
}
