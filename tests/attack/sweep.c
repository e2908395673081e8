/*
 * sweep: every message number in every phase against a running server.
 *
 *   sweep HOST PORT USER KEYFILE PROCESSES all|PHASE BODIES
 *
 * All 256 numbers, in each phase (sweep.h) or that one, with BODIES bodies each: 3, or 1
 * of the three in turn. So many processes share them, each with one connection at a
 * time, which serves as long as it lives. Standard output, one line each:
 *   case                 one was tried
 *   reason NAME          it ended as the table says, which names the reason
 *   unnamed              or does not name it
 *   WRONG ...            not as the table says
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/attack/sweep.h"
#include "tests/lib/client.h"

#define FENCE 200 /* a number that nobody assigned: what is answered behind it came before */
#define SEEN_MAX 16
#define WORN 24576 /* three of them are more than the server's RekeyLimit, 64K */

static struct client client;
static struct client_key key;
static const char *host, *port, *user;
static bool connected;

static struct {
	uint8_t number;
	uint32_t seq; /* that UNIMPLEMENTED names */
} seen[SEEN_MAX]; /* what the server said since the message was sent */
static size_t seen_count;

/* What a server may say by itself at any time is none of its outcome. */
static void
watch(struct client *c, void *arg, struct view payload)
{
	struct cur p = cur_view(payload);
	uint8_t number = cur_u8(&p);

	(void)c;
	(void)arg;
	if (number == SSH_MSG_IGNORE || number == SSH_MSG_DEBUG || number == SSH_MSG_EXT_INFO ||
	    number == SSH_MSG_USERAUTH_BANNER || number == SSH_MSG_GLOBAL_REQUEST)
		return;
	if (seen_count == SEEN_MAX)
		return;
	seen[seen_count].number = number;
	seen[seen_count++].seq = number == SSH_MSG_UNIMPLEMENTED ? cur_u32(&p) : 0;
}

/* ---- bodies ---- */

/* The shortest body that has all its fields: u number 0, p a packet's size, s empty string, b false, x "x",
 * a and c the two services, n "none", e a share of X25519. */
static const struct {
	uint8_t number;
	const char *fields;
} minimal[] = { { 1, "uss" }, { 2, "s" }, { 3, "u" }, { 4, "bss" }, { 5, "a" }, { 6, "a" }, { 7, "u" },
	{ 21, "" }, { 30, "e" }, { 31, "sss" }, { 50, "xcn" }, { 51, "sb" }, { 52, "" }, { 53, "ss" },
	{ 60, "ss" }, { 61, "u" }, { 80, "xb" }, { 81, "" }, { 82, "" }, { 90, "xuup" }, { 91, "uuuu" },
	{ 92, "uuss" }, { 93, "uu" }, { 94, "us" }, { 95, "uus" }, { 96, "u" }, { 97, "u" }, { 98, "uxb" },
	{ 99, "u" }, { 100, "u" }, { 192, "s" }, { 193, "s" } };

static void
put_field(struct put *w, char kind)
{
	static const uint8_t share[32] = { 9 };

	switch (kind) {
	case 'u':
		put_u32(w, 0);
		break;
	case 'p':
		put_u32(w, 32768);
		break;
	case 'b':
		put_bool(w, false);
		break;
	case 'x':
		put_cstr(w, "x");
		break;
	case 'a':
		put_cstr(w, "ssh-userauth");
		break;
	case 'c':
		put_cstr(w, "ssh-connection");
		break;
	case 'n':
		put_cstr(w, "none");
		break;
	case 'e':
		put_string(w, share, sizeof(share));
		break;
	default:
		put_cstr(w, "");
		break;
	}
}

static void
put_minimal(struct put *w, uint8_t number)
{
	const char *fields = "u";

	for (size_t i = 0; i < sizeof(minimal) / sizeof(minimal[0]); i++)
		if (minimal[i].number == number)
			fields = minimal[i].fields;
	for (; *fields != '\0'; fields++)
		put_field(w, *fields);
}

static struct view
payload(uint8_t *buf, size_t size, uint8_t number, enum sweep_body body)
{
	static const uint8_t cookie[16];
	struct put w = put_of(buf, size);
	uint8_t noise[64];

	if (number == SSH_MSG_KEXINIT && body == SWEEP_MINIMAL) {
		kexinit_build(&w, &client.offer, false, client.markers && !client.has_session_id, cookie);
		return put_view(&w);
	}
	put_u8(&w, number);
	if (body == SWEEP_MINIMAL) {
		put_minimal(&w, number);
	} else if (body == SWEEP_RANDOM) {
		rng_fill(&client.rng, noise, sizeof(noise));
		noise[0] |= 0x80; /* no length of this body, nor a number of a channel */
		put_bytes(&w, noise, 1 + noise[63] % (sizeof(noise) - 1));
	}
	return put_view(&w);
}

/* ---- phases ---- */

static void
leave(void)
{
	if (connected)
		client_fini(&client);
	connected = false;
}

static int
exchange_to(enum sweep_phase phase)
{
	if (client_kexinit_send(&client) != 0 || client_kexinit_recv(&client) != 0)
		return -1;
	if (phase == SWEEP_KEX || phase == SWEEP_KEX_STRICT || phase == SWEEP_REKEY)
		return 0;
	if (client_kexdh_send(&client) != 0 || client_kexdh_recv(&client) != 0)
		return -1;
	return phase == SWEEP_REKEY_REPLY ? client_newkeys_recv(&client) : 0;
}

static int
login_to(enum sweep_phase phase)
{
	if (client_kex(&client) != 0)
		return -1;
	if (phase == SWEEP_SERVICE)
		return 0;
	if (client_service_send(&client, "ssh-userauth") != 0 || client_service_recv(&client) != 0)
		return -1;
	if (phase == SWEEP_AUTH)
		return 0;
	if (phase == SWEEP_DIALOGUE) {
		if (client_auth_kbdint_send(&client, user) != 0)
			return -1;
		return client_auth_recv(&client) == CLIENT_AUTH_PROMPT ? 0 : client_fail(&client, "no prompt");
	}
	if (client_auth_key_send(&client, user, &key, true) != 0 || client_auth_recv(&client) != CLIENT_AUTH_SUCCESS)
		return -1;
	return 0;
}

/* The server begins an exchange when it has read so much. */
static int
server_kexinit(void)
{
	static uint8_t ignore[1 + 4 + WORN];
	struct put w = put_of(ignore, sizeof(ignore));

	put_u8(&w, SSH_MSG_IGNORE);
	put_u32(&w, WORN);
	for (int i = 0; i < 3; i++)
		if (client_send(&client, view_of(ignore, sizeof(ignore))) != 0)
			return -1;
	return client_kexinit_recv(&client);
}

/* Into the phase, with a new connection where there is none. */
static int
enter(enum sweep_phase phase)
{
	bool later = phase == SWEEP_REKEY || phase == SWEEP_REKEY_REPLY;

	if (!connected) {
		connected = true;
		if (client_init(&client, 0) != 0)
			return -1;
		client.timeout_ms = 60000;
		client.watch = watch;
		client.patient = true;
		client.markers = phase != SWEEP_KEX && phase != SWEEP_REPLY;
		client.offer.kex = "curve25519-sha256";
		client.offer.ciphers = "aes128-gcm@openssh.com";
		if (client_connect(&client, host, port) != 0 || client_ident_send(&client) != 0 ||
		    client_ident_recv(&client) != 0)
			return -1;
		if (phase >= SWEEP_SERVICE && login_to(phase) != 0)
			return -1;
		if (phase > SWEEP_FIRST && phase < SWEEP_SERVICE)
			return exchange_to(phase);
	}
	if (phase == SWEEP_HELD) {
		client.chan[0].used = true; /* that the minimal CHANNEL_OPEN names */
		return server_kexinit();
	}
	return later ? exchange_to(phase) : 0;
}

/* ---- outcomes ---- */

/* Behind a login what goes to a control process is answered later than what does not. */
static bool
fence_open(void)
{
	if (client_global(&client, "fence", true) != 0 || client_global_reply(&client) != 1)
		return false;
	seen_count--;
	return true;
}

static bool
fence(enum sweep_phase phase)
{
	const uint8_t unknown[] = { FENCE };
	uint32_t seq = client.out.seq;

	if (phase >= SWEEP_OPEN && phase != SWEEP_HELD)
		return fence_open();
	if (client_send(&client, view_of(unknown, sizeof(unknown))) != 0)
		return false;
	do
		if (client_step(&client) != 0)
			return false;
	while (seen_count == 0 || seen[seen_count - 1].number != SSH_MSG_UNIMPLEMENTED ||
	       seen[seen_count - 1].seq != seq);
	seen_count--;
	return true;
}

static bool
in_exchange(enum sweep_phase phase)
{
	return phase < SWEEP_SERVICE || phase > SWEEP_OPEN;
}

static bool
closes(enum sweep_phase phase, const char *rule, char *got, size_t size)
{
	bool well = client_expect_close(&client) == 0;

	if (!well)
		snprintf(got, size, "%s", client.error);
	else if (client.disconnect == 0)
		snprintf(got, size, "E");
	else
		snprintf(got, size, "C%u", client.disconnect);
	/* The server may have said what belongs to the exchange before it read on. */
	for (size_t i = 0; i < seen_count; i++) {
		uint8_t n = seen[i].number;

		if (n != SSH_MSG_DISCONNECT && (!in_exchange(phase) || n < SSH_MSG_KEXINIT || n > SSH_MSG_KEX_LAST)) {
			snprintf(got, size, "message %u", n);
			well = false;
		}
	}
	return well && strstr(rule, got) != NULL;
}

/* It goes on: what was said? `seq` is that of what was sent. */
static bool
goes_on(enum sweep_phase phase, const char *rule, uint32_t seq, char *got, size_t size)
{
	if (!fence(phase)) {
		snprintf(got, size, "%s", client.error);
		/* Where both are allowed: the close may have met the fence, so that its code
		 * did not arrive. */
		return strstr(rule, "C2") != NULL && (client.closed || client.disconnect == 2) &&
		    client_expect_close(&client) == 0;
	}
	if (seen_count == 0)
		snprintf(got, size, "S");
	else if (seen_count == 1 && seen[0].number == SSH_MSG_UNIMPLEMENTED && seen[0].seq == seq)
		snprintf(got, size, "U");
	else
		snprintf(got, size, "A%u", seen[0].number);
	return seen_count <= 1 && strstr(rule, got) != NULL;
}

/* What came since then and is no part of an exchange, in order. */
static void
said(const char *what, char *got, size_t size, size_t *len)
{
	for (size_t i = 0; i < seen_count; i++)
		if ((seen[i].number < SSH_MSG_KEXINIT || seen[i].number > SSH_MSG_KEX_LAST) && *len < size)
			*len += (size_t)snprintf(got + *len, size - *len, "%s%u", what, seen[i].number);
	seen_count = 0;
}

/*
 * Only the server's KEXINIT is out: what it says at once, and what it keeps until the
 * exchange is over. The last is its answer to a global request of then.
 */
static bool
goes_on_held(const char *rule, uint32_t seq, char *got, size_t size)
{
	char want[32];
	size_t len = 0;

	if (!fence(SWEEP_HELD)) {
		snprintf(got, size, "%s", client.error);
		return false;
	}
	if (rule[0] == 'U' && seen_count == 1 && seen[0].seq != seq)
		seen[0].number = 0;
	said(" at once ", got, size, &len);
	if (client_global(&client, "fence", true) != 0 || client_kex(&client) != 0 ||
	    client_global_reply(&client) != 1) {
		snprintf(got, size, "%s", client.error);
		return false;
	}
	said(" later ", got, size, &len);
	snprintf(want, sizeof(want), "%s%s%s%s", rule[0] == 'U' ? " at once 3" : "", rule[0] == 'H' ? " later " : "",
	    rule[0] == 'H' ? rule + 1 : "", " later 82");
	return strcmp(got, want) == 0;
}

/* The exchange is finished; of the first one, a service can be asked for then. */
static bool
finishes(enum sweep_phase phase, bool newkeys, char *got, size_t size)
{
	bool well = !newkeys || client_newkeys_send(&client) == 0;

	well = well && client_kex(&client) == 0;
	if (phase < SWEEP_SERVICE)
		well = well && client_service_send(&client, "ssh-userauth") == 0 &&
		    client_service_recv(&client) == 0;
	seen_count = 0;
	well = well && fence(phase);
	snprintf(got, size, "%s", well ? "finished" : client.error);
	return well;
}

/* The message that is allowed at most is answered; nothing goes on behind it. */
static bool
answers(const char *rule, char *got, size_t size)
{
	unsigned number = (unsigned)atoi(rule + 1);

	for (;;) {
		if (client_recv(&client) != 0) {
			snprintf(got, size, "%s", client.error);
			return false;
		}
		if (client.payload.data[0] == number)
			return true;
		if (client.payload.data[0] == SSH_MSG_DISCONNECT) {
			snprintf(got, size, "DISCONNECT");
			return false;
		}
	}
}

static bool
told_at_kexinit(enum sweep_phase phase, char *got, size_t size)
{
	return client_kexinit_send(&client) == 0 && closes(phase, "C2", got, size);
}

/* True: as the rule says. */
static bool
outcome(enum sweep_phase phase, uint8_t number, const char *rule, uint32_t seq, char *got, size_t size)
{
	bool last = true, well;

	switch (rule[0]) {
	case 'C':
	case 'E':
		well = closes(phase, rule, got, size);
		break;
	case 'T':
		well = told_at_kexinit(phase, got, size);
		break;
	case 'L':
	case 'F':
		well = finishes(phase, rule[0] == 'L', got, size);
		last = phase < SWEEP_SERVICE;
		break;
	case 'K':
		well = finishes(phase, false, got, size);
		last = false;
		break;
	default:
		if (phase == SWEEP_HELD) {
			well = goes_on_held(rule, seq, got, size);
			last = false;
			break;
		}
		if (rule[0] == 'A' && (in_exchange(phase) || number == SSH_MSG_KEXINIT || number == SSH_MSG_CHANNEL_OPEN)) {
			well = answers(rule, got, size);
			break;
		}
		well = goes_on(phase, rule, seq, got, size);
		last = client.closed || client.disconnect != 0 || phase == SWEEP_DIALOGUE;
		break;
	}
	if (last || !well)
		leave();
	return well;
}

static void
one(enum sweep_phase phase, uint8_t number, enum sweep_body body)
{
	static const char *const bodies[] = { "empty", "minimal", "random" };
	const char *rule = sweep_rule(phase, number, body);
	uint8_t buf[4096];
	char got[256] = "";
	struct view v;
	uint32_t seq;
	bool well;

	if (enter(phase) != 0) {
		printf("WRONG %s: no way there: %s\n", sweep_phase_name[phase], client.error);
		leave();
		return;
	}
	seen_count = 0;
	v = payload(buf, sizeof(buf), number, body);
	seq = client.out.seq;
	well = rule[0] == 'L' || rule[0] == 'K' || client_send(&client, v) == 0;
	well = well && outcome(phase, number, rule, seq, got, sizeof(got));
	printf("case\n");
	if (!well)
		printf("WRONG %s: message %u, %s body: %s, not %s\n", sweep_phase_name[phase], number,
		    bodies[body], got[0] != '\0' ? got : client.error, rule);
	else if (rule[0] == 'T')
		printf("reason KEX_STRICT\n");
	else if (rule[0] == 'C' && strchr(rule, '?') == NULL)
		printf("reason %s\n", rule + 3);
	else
		printf("unnamed\n");
}

/* The share of one process. */
static void
sweep(unsigned me, unsigned of, int only, unsigned bodies)
{
	for (int phase = 0; phase < SWEEP_PHASES; phase++) {
		if (only >= 0 && phase != only)
			continue;
		for (unsigned number = me; number < 256; number += of)
			for (unsigned b = 0; b < bodies; b++)
				one((enum sweep_phase)phase, (uint8_t)number,
				    (enum sweep_body)(bodies == 1 ? (number / of + (unsigned)phase) % SWEEP_BODIES : b));
		leave();
	}
}

int
main(int argc, char **argv)
{
	unsigned of = argc == 8 ? (unsigned)atoi(argv[5]) : 0, bodies = argc == 8 ? (unsigned)atoi(argv[7]) : 0;
	const char *why;
	int failed = 0, status;

	if (of == 0 || of > 256 || (bodies != 1 && bodies != SWEEP_BODIES)) {
		fprintf(stderr, "usage: sweep HOST PORT USER KEYFILE PROCESSES all|PHASE BODIES\n");
		return 2;
	}
	host = argv[1];
	port = argv[2];
	user = argv[3];
	if (client_key_load(&key, argv[4], &why) != 0) {
		fprintf(stderr, "sweep: %s\n", why);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 4096);
	for (unsigned i = 0; i < of; i++) {
		pid_t child = fork();

		if (child == 0) {
			sweep(i, of, strcmp(argv[6], "all") == 0 ? -1 : atoi(argv[6]), bodies);
			return 0;
		}
		failed |= child < 0;
	}
	while (wait(&status) > 0)
		failed |= status != 0;
	return failed;
}
