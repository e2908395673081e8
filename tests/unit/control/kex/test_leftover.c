/*
 * After an exchange nothing secret is left in the process that did it: a child
 * answers as the server and wipes what the contract tells it to wipe; the
 * parent, as the client, then knows the secret and looks for it in all of the
 * child's writable memory. Then the same for both halves of an agreement, which
 * another child tells. Numbers are looked for in both orders of their bytes: the
 * library's own numbers are little-endian.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/kex/kex.h"
#include "control/kex/method.h"
#include "control/kex/sign.h"
#include "drivers/pk/pk.h"
#include "tests/lib/suite.h"

#define MESSAGE_MAX 2560
#define MAP_MAX (256ul << 20) /* a sanitizer's shadow is larger */

static struct kex_choice choice = {
	.host_key = "ssh-ed25519",
	.suite_c2s = SUITE_AES128_GCM,
	.suite_s2c = SUITE_AES128_GCM,
};

static struct kex_context
context(void)
{
	static uint8_t blob[64];
	static const uint8_t seed[32] = { 5 };
	struct put w = put_of(blob, sizeof(blob));
	struct pk_signer *s = pk_signer_ed25519(seed);
	struct kex_context ctx = { view_str("SSH-2.0-c"), view_str("SSH-2.0-s"), view_str("I_C"),
		view_str("I_S"), { NULL, 0 }, NULL, NULL };

	sign_key_put(&w, pk_signer_public(s));
	pk_signer_free(s);
	ctx.host_key = put_view(&w);
	return ctx;
}

/* ---- the child ---- */

static __attribute__((noinline)) size_t
serve(uint8_t reply[MESSAGE_MAX], struct view init)
{
	static const uint8_t seed[32] = { 5 };
	const struct kex_context ctx = context();
	struct pk_signer *signer = pk_signer_ed25519(seed);
	struct put w = put_of(reply, MESSAGE_MAX);
	uint8_t sig_blob[128];
	struct put b = put_of(sig_blob, sizeof(sig_blob));
	struct kex_secret s;
	struct kex_keys k;

	if (kex_server_answer(&s, &choice, &ctx, init) != 0)
		_exit(2);
	for (int c2s = 0; c2s < 2; c2s++) {
		if (kex_derive(&k, &choice, &s, view_of(s.h, s.h_len), c2s) != 0)
			_exit(3);
		kex_keys_wipe(&k);
	}
	if (sign_make(&b, sign_find(view_str("ssh-ed25519")), signer, view_of(s.h, s.h_len)) != 0)
		_exit(4);
	kex_server_reply(&w, &s, &ctx, put_view(&b));
	kex_secret_wipe(&s);
	pk_signer_free(signer);
	return put_len(&w);
}

/* Serve one exchange, then keep whatever the parent plants, until it hangs up. */
static void
child(int fd)
{
	uint8_t message[MESSAGE_MAX], reply[MESSAGE_MAX];
	ssize_t n = recv(fd, message, sizeof(message), 0);
	uint8_t *planted = malloc(64);
	size_t len;

	if (n <= 0 || planted == NULL)
		_exit(1);
	len = serve(reply, view_of(message, (size_t)n));
	if (send(fd, reply, len, 0) != (ssize_t)len)
		_exit(1);
	while (recv(fd, planted, 64, 0) > 0)
		if (send(fd, "ok", 2, 0) != 2)
			_exit(1);
	_exit(0);
}

struct told {
	uint8_t priv[PK_SECRET_MAX], shared[PK_DH_MAX];
	uint8_t kem_priv[PK_KEM_PRIVATE_MAX], kem_shared[PK_KEM_SHARED];
};

static size_t
field_size(const struct kex_method *m)
{
	return pk_dh_group(m->group)->p.len;
}

/* One agreement with itself; what must not stay goes to the parent. */
static __attribute__((noinline)) void
agree(int fd, const struct kex_method *m)
{
	uint8_t pub[PK_KEM_PUBLIC_MAX], cipher[PK_KEM_CIPHER_MAX];
	struct told told = { 0 };

	if (m->curve == NULL) {
		if (pk_dh_pair(pk_dh_group(m->group), pub, told.priv) != 0 ||
		    pk_dh_shared(pk_dh_group(m->group), told.shared, told.priv, view_of(pub, field_size(m))) != 0)
			_exit(2);
	} else if (m->curve->pair(pub, told.priv) != 0 || m->curve->shared(told.shared, told.priv, pub, pub) != 0)
		_exit(2);
	if (m->kem != NULL && (m->kem->pair(pub, told.kem_priv) != 0 ||
				  m->kem->encapsulate(cipher, told.kem_shared, pub) != 0 ||
				  m->kem->decapsulate(told.kem_shared, told.kem_priv, cipher) != 0))
		_exit(2);
	if (send(fd, &told, sizeof(told), 0) != (ssize_t)sizeof(told))
		_exit(1);
	pk_wipe(&told, sizeof(told));
}

static void
agreeing_child(int fd, const struct kex_method *m)
{
	uint8_t *planted = malloc(64);

	agree(fd, m);
	pk_wipe_stack();
	if (send(fd, "ok", 2, 0) != 2)
		_exit(1);
	while (recv(fd, planted, 64, 0) > 0)
		if (send(fd, "ok", 2, 0) != 2)
			_exit(1);
	_exit(0);
}

/* ---- the scanner ---- */

#define NEEDLES_MAX 8u
#define NEEDLE 28u /* bytes that are looked for, of a longer secret */

struct needles {
	unsigned count;
	struct needle {
		uint8_t bytes[NEEDLE];
		size_t len;
		const char *what;
	} at[NEEDLES_MAX];
};

static void
add(struct needles *n, const char *what, struct view secret)
{
	struct needle *needle = &n->at[n->count++];

	CU_ASSERT_FATAL(n->count <= NEEDLES_MAX && secret.len > 0);
	needle->what = what;
	needle->len = secret.len < NEEDLE ? secret.len : NEEDLE;
	/* the end: a number's beginning may be zeros */
	memcpy(needle->bytes, secret.data + secret.len - needle->len, needle->len);
}

static void
add_number(struct needles *n, const char *what, struct view number)
{
	struct needle *turned;

	add(n, what, number);
	turned = &n->at[n->count++];
	CU_ASSERT_FATAL(n->count <= NEEDLES_MAX);
	*turned = turned[-1];
	for (size_t i = 0; i < turned->len; i++)
		turned->bytes[i] = turned[-1].bytes[turned->len - 1 - i];
}

/* How many of them are there, printed for whoever has to find out why. */
static unsigned
map_has(int mem, unsigned long from, size_t len, const struct needles *n)
{
	uint8_t *copy = malloc(len);
	ssize_t got = copy != NULL ? pread(mem, copy, len, (off_t)from) : -1;
	unsigned found = 0;

	for (unsigned i = 0; i < n->count && got > 0; i++) {
		if (memmem(copy, (size_t)got, n->at[i].bytes, n->at[i].len) == NULL)
			continue;
		printf("\n    %s found", n->at[i].what);
		found++;
	}
	free(copy);
	return found;
}

static unsigned
scan(pid_t pid, const struct needles *n)
{
	char path[64], line[512], perms[8];
	unsigned long from, to;
	unsigned found = 0, maps = 0;
	FILE *f;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	CU_ASSERT_FATAL(f != NULL && mem >= 0);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) != 3 || perms[1] != 'w' ||
		    to - from > MAP_MAX)
			continue;
		maps++;
		found += map_has(mem, from, to - from, n);
	}
	fclose(f);
	close(mem);
	CU_ASSERT(maps > 3);
	return found;
}

/* Nothing is there; and the same scanner, once for all, finds what is. */
static void
look(int fd, pid_t pid, const struct needles *n)
{
	static bool planted;
	char ok[2];

	CU_ASSERT_EQUAL(scan(pid, n), 0);
	if (planted)
		return;
	planted = true;
	CU_ASSERT_EQUAL_FATAL(send(fd, n->at[0].bytes, n->at[0].len, 0), (ssize_t)n->at[0].len);
	CU_ASSERT_EQUAL_FATAL(recv(fd, ok, sizeof(ok), 0), 2);
	printf("\n    planted:");
	CU_ASSERT(scan(pid, n) > 0);
}

/* ---- the parent ---- */

struct known {
	struct kex_secret s;
	struct kex_keys c2s, s2c;
};

static void
exchange(int fd, struct known *k)
{
	uint8_t message[MESSAGE_MAX], reply[MESSAGE_MAX];
	struct put w = put_of(message, sizeof(message));
	const struct kex_context ctx = context();
	struct kex_client_state st;
	struct view host_key;
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(kex_client_init(&st, &choice, &w), 0);
	CU_ASSERT_EQUAL_FATAL(send(fd, message, put_len(&w), 0), (ssize_t)put_len(&w));
	n = recv(fd, reply, sizeof(reply), 0);
	CU_ASSERT_FATAL(n > 0);
	CU_ASSERT_EQUAL_FATAL(
	    kex_client_finish(&k->s, &st, &choice, &ctx, view_of(reply, (size_t)n), &host_key), 0);
	CU_ASSERT_EQUAL(kex_derive(&k->c2s, &choice, &k->s, view_of(k->s.h, k->s.h_len), true), 0);
	CU_ASSERT_EQUAL(kex_derive(&k->s2c, &choice, &k->s, view_of(k->s.h, k->s.h_len), false), 0);
}

static pid_t
start(int *fd, const struct kex_method *m, bool exchanges)
{
	int fds[2];
	pid_t pid;

	snprintf(choice.kex, sizeof(choice.kex), "%s", m->name);
	printf("\n    %s", m->name);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		if (exchanges)
			child(fds[1]);
		agreeing_child(fds[1], m);
	}
	close(fds[1]);
	*fd = fds[0];
	return pid;
}

static void
end(int fd, pid_t pid)
{
	close(fd);
	waitpid(pid, NULL, 0);
}

static void
after_exchange(const struct kex_method *m)
{
	struct needles n = { 0 };
	struct known k;
	int fd;
	pid_t pid = start(&fd, m, true);

	exchange(fd, &k);
	add_number(&n, "K", view_of(k.s.k + 4, k.s.k_len - 4));
	add(&n, "key to the server", view_of(k.c2s.key, 16));
	add(&n, "key to the client", view_of(k.s2c.key, 16));
	look(fd, pid, &n);
	end(fd, pid);
}

static void
after_agreement(const struct kex_method *m)
{
	static struct told told;
	struct needles n = { 0 };
	char wiped[2];
	int fd;
	pid_t pid = start(&fd, m, false);

	CU_ASSERT_EQUAL_FATAL(recv(fd, &told, sizeof(told), 0), (ssize_t)sizeof(told));
	CU_ASSERT_EQUAL_FATAL(recv(fd, wiped, sizeof(wiped), 0), 2);
	add_number(&n, "private half",
	    view_of(told.priv, m->curve != NULL ? m->curve->secret_size : PK_DH_PRIVATE_SIZE));
	add_number(&n, "shared secret",
	    view_of(told.shared, m->curve != NULL ? m->curve->secret_size : field_size(m)));
	if (m->kem != NULL) {
		/* the beginning: further on there is the public key */
		add(&n, "private half of the encapsulation", view_of(told.kem_priv, NEEDLE));
		add(&n, "encapsulated secret", view_of(told.kem_shared, sizeof(told.kem_shared)));
	}
	look(fd, pid, &n);
	end(fd, pid);
}

/* A row with the ingredients of the one before is the same under another name; what a
 * server chooses is calculated with as the others are. */
static void
each_method(void (*fn)(const struct kex_method *m))
{
	const struct kex_method *m, *before = NULL;

	for (size_t i = 0; (m = kex_method_at(i)) != NULL; i++) {
		if (kex_method_asks(m))
			continue;
		if (before == NULL || before->curve != m->curve || before->kem != m->kem ||
		    before->group != m->group)
			fn(m);
		before = m;
	}
}

static void
test_exchange(void)
{
	each_method(after_exchange);
}

static void
test_agreement(void)
{
	each_method(after_agreement);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "nothing is left of an exchange", test_exchange },
		{ "nothing is left of an agreement", test_agreement },
		CU_TEST_INFO_NULL,
	};

	if (pk_start() != 0)
		return 1;
	return suite_run("kex leftovers", tests);
}
