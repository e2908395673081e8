/*
 * engine-client: logs in and runs one command, as ssh does, by the client's engine. What
 * it reads goes to the command, what the command writes comes out; it ends with the
 * command's status, and with 255 and a line when something is wrong.
 *
 *   engine-client [options] HOST PORT USER COMMAND
 *
 *   -K FILE  known_hosts    -N NAME  the host's name there   -A  unknown hosts are added
 *   -i FILE  private key    -a SOCKET  agent                 -p TEXT  password
 *   -d  by keyboard-interactive      -s  COMMAND is a subsystem      -t  with a terminal
 *   -C  compression   -e NAME=VALUE   -r BYTES  RekeyLimit             -R BYTES  asks for new keys
 *   -U  other keys that the server proves to have go into known_hosts
 *   -f PORT  the server listens on its 127.0.0.1; what comes there goes back
 *   -k, -g, -c, -m LIST     methods, host keys, ciphers, MACs        -v
 */
#include "tests/interop/engine_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/kex/names.h"
#include "drivers/cipher/select.h"
#include "drivers/pk/pk.h"

#define PIECE 65536u
#define WINDOW (2u << 20)

uint64_t
engine_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* ---- events ---- */

static void
told(void *ctx, struct callend *e, const struct caller_event *v)
{
	struct engine *x = ctx;

	switch (v->told) {
	case CALLER_TOLD_KEYED:
		x->rekeys = v->code - 1;
		if (x->o.verbose)
			fprintf(stderr, "keys %u: %s %s %s %s\n", v->code, e->caller.choice.kex,
			    e->caller.choice.host_key, e->caller.choice.cipher_c2s, e->caller.choice.mac_c2s);
		break;
	case CALLER_TOLD_LOGIN:
		x->login = true;
		break;
	case CALLER_TOLD_PROMPT:
		engine_prompted(x, v->data);
		break;
	case CALLER_TOLD_OPENED:
		x->opened = true;
		break;
	case CALLER_TOLD_UNOPENED:
		x->gone = x->refused = true;
		break;
	case CALLER_TOLD_REPLY:
		x->refused = x->start_asked && x->asks == 0 ? !v->ok : x->refused;
		x->asks -= x->asks > 0;
		break;
	case CALLER_TOLD_GONE:
		x->gone |= v->chan == x->chan;
		break;
	case CALLER_TOLD_OPEN:
	case CALLER_TOLD_ANSWER:
		engine_more_told(x, v);
		break;
	case CALLER_TOLD_GLOBAL:
		engine_more_told(x, v);
		if (x->o.verbose)
			fprintf(stderr, "told: %.*s\n", (int)v->text.len, (const char *)v->text.data);
		break;
	default:
		break;
	}
}

static void
put_out(int fd, struct view bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0)
			exit(255);
		bytes = view_of(bytes.data + n, bytes.len - (size_t)n);
	}
}

static bool
chan(void *ctx, struct callend *e, uint32_t n, enum chan_up kind, uint64_t arg0, struct view bytes)
{
	struct engine *x = ctx;
	struct cur c = cur_view(bytes);

	(void)e;
	if (n != x->chan)
		return engine_more_chan(x, n, kind, bytes);
	switch (kind) {
	case CHAN_UP_OPEN:
		x->started = true;
		break;
	case CHAN_UP_DATA:
		put_out(arg0 == 0 ? 1 : 2, bytes);
		x->moved += bytes.len;
		break;
	case CHAN_UP_REQUEST:
		if (view_is(cur_string(&c), "exit-status"))
			x->status = (int)cur_u32(&c);
		break;
	case CHAN_UP_SHUT:
		x->eof_in = true;
		break;
	default:
		break;
	}
	return true;
}

/* ---- the channel ---- */

static void
environment(struct engine *x)
{
	uint8_t body[4096];
	struct put w = put_of(body, sizeof(body));
	const char *eq = strchr(x->o.env, '=');

	if (eq == NULL)
		return;
	put_string(&w, x->o.env, (size_t)(eq - x->o.env));
	put_cstr(&w, eq + 1);
	if (caller_request(&x->e->caller, x->chan, "env", put_view(&w), true, callend_step(x->e)) == 0)
		x->asks++;
	callend_do(x->e);
}

/* RFC 4254 section 6.2 */
static void
terminal(struct engine *x)
{
	uint8_t body[256];
	struct put w = put_of(body, sizeof(body));

	put_cstr(&w, "vt100");
	put_u32(&w, 80);
	put_u32(&w, 24);
	put_u32(&w, 0);
	put_u32(&w, 0);
	put_string(&w, "", 1); /* no modes */
	if (caller_request(&x->e->caller, x->chan, "pty-req", put_view(&w), true, callend_step(x->e)) == 0)
		x->asks++;
	callend_do(x->e);
}

static void
begin(struct engine *x)
{
	struct caller *c = &x->e->caller;
	uint8_t body[8192];
	struct put w = put_of(body, sizeof(body));

	engine_more(x);
	if (x->forward_waits)
		return;
	if (!x->open_asked) {
		x->chan = (uint32_t)caller_open(
		    c, "session", WINDOW, SSH_CHAN_PACKET_MAX, view_of(NULL, 0), callend_step(x->e));
		callend_do(x->e);
		x->open_asked = true;
	}
	if (!x->opened || x->start_asked)
		return;
	if (x->o.env != NULL)
		environment(x);
	if (x->o.terminal)
		terminal(x);
	put_cstr(&w, x->o.command);
	caller_start(c, x->chan, x->o.subsystem ? "subsystem" : "exec", put_view(&w), CALLEND_LINK,
	    callend_step(x->e));
	callend_do(x->e);
	x->start_asked = true;
}

/* What was read of stdin goes out as the window allows. */
static void
feed(struct engine *x)
{
	int64_t n = 0;

	if (!x->started || x->e->m.fatal != 0)
		return;
	if (x->held_at < x->held_len)
		n = callend_write(x->e, x->chan, view_of(x->held + x->held_at, x->held_len - x->held_at));
	x->held_at += n > 0 ? (size_t)n : 0;
	x->moved += n > 0 ? (uint64_t)n : 0;
	if (x->held_at == x->held_len && x->stdin_over) {
		struct ssh_chan *ch = callend_chan(x->e, x->chan);

		if (ch != NULL && !(ch->flags & CHAN_EOF_OUT))
			ssh_host_eof(&x->e->m.conn, ch);
	}
}

static void
settle(struct engine *x)
{
	struct ssh_chan *ch = x->started ? callend_chan(x->e, x->chan) : NULL;

	if (ch != NULL && ch->unread > 0)
		ssh_host_took(&x->e->m.conn, ch, ch->unread);
	if (ch != NULL && x->eof_in && !(ch->flags & CHAN_CLOSE_OUT))
		ssh_host_close(&x->e->m.conn, ch);
	if (x->o.rekey_each != 0 && x->moved - x->rekeyed_at >= x->o.rekey_each) {
		if (caller_rekey(&x->e->caller, callend_step(x->e)) == 0)
			x->rekeyed_at = x->moved;
		callend_do(x->e);
	}
}

/* ---- the socket ---- */

static int
dial(const struct options *o)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *a;
	int fd;

	if (getaddrinfo(o->host, o->port, &hints, &a) != 0)
		return -1;
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
read_socket(struct engine *x)
{
	static uint8_t buf[PIECE];
	ssize_t n = read(x->fd, buf, sizeof(buf));

	if (n > 0)
		memconn_in(&x->e->m, view_of(buf, (size_t)n));
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		callend_cut(x->e, R_PEER_GONE);
}

static void
write_socket(struct engine *x)
{
	struct view out = memconn_out(&x->e->m);
	ssize_t n = out.len > 0 ? send(x->fd, out.data, out.len, MSG_NOSIGNAL) : 0;

	if (n > 0)
		memconn_sent(&x->e->m, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		callend_cut(x->e, R_PEER_GONE);
}

static void
read_stdin(struct engine *x)
{
	ssize_t n = read(0, x->held, PIECE);

	x->held_at = 0;
	x->held_len = n > 0 ? (size_t)n : 0;
	x->stdin_over = n <= 0;
}

static void
run(struct engine *x)
{
	while (!x->gone || engine_more_waits(x)) {
		struct pollfd p[2] = { { .fd = x->fd, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
		uint64_t now = engine_now(), next;

		do {
			callend_run(x->e, now);
			if (x->login && x->e->m.fatal == 0)
				begin(x);
			feed(x);
			settle(x);
		} while (engine_answer(x));
		callend_run(x->e, now);
		next = memconn_tick(&x->e->m, now);
		write_socket(x);
		if (x->e->m.fatal != 0 || (x->gone && !engine_more_waits(x)) || (x->refused && x->asks == 0))
			return;
		if (memconn_out(&x->e->m).len > 0)
			p[0].events |= POLLOUT;
		if (x->started && !x->stdin_over && x->held_at == x->held_len)
			p[1].fd = 0;
		poll(p, 2, next == UINT64_MAX ? -1 : next > now ? (int)((next - now) / 1000) + 1 : 0);
		if (p[0].revents != 0)
			read_socket(x);
		if (p[1].revents != 0)
			read_stdin(x);
	}
}

/* ---- */

static int
usage(void)
{
	fprintf(stderr, "usage: engine-client [options] HOST PORT USER COMMAND\n");
	return 2;
}

static int
options(struct options *o, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "K:N:AUi:a:p:dstCe:f:r:R:k:g:c:m:v")) != -1) {
		switch (ch) {
		case 'K': o->known_hosts = optarg; break;
		case 'N': o->name = optarg; break;
		case 'A': o->learn = true; break;
		case 'i': o->key = optarg; break;
		case 'a': o->agent = optarg; break;
		case 'p': o->password = optarg; break;
		case 'd': o->dialogue = true; break;
		case 's': o->subsystem = true; break;
		case 't': o->terminal = true; break;
		case 'U': o->update = true; break;
		case 'f': o->forward = optarg; break;
		case 'C': o->compression = true; break;
		case 'e': o->env = optarg; break;
		case 'r': o->rekey_bytes = strtoull(optarg, NULL, 10); break;
		case 'R': o->rekey_each = strtoull(optarg, NULL, 10); break;
		case 'k': o->kex = optarg; break;
		case 'g': o->host_keys = optarg; break;
		case 'c': o->ciphers = optarg; break;
		case 'm': o->macs = optarg; break;
		case 'v': o->verbose = true; break;
		default: return -1;
		}
	}
	if (argc - optind != 4)
		return -1;
	o->host = argv[optind];
	o->port = argv[optind + 1];
	o->user = argv[optind + 2];
	o->command = argv[optind + 3];
	if (o->name == NULL)
		o->name = o->host;
	return 0;
}

static struct callend *
engine(struct engine *x)
{
	static char host_keys[1024];
	const struct options *o = &x->o;
	struct callend_conf conf = { .user = o->user, .comment = "engine", .rng = &x->rng, .told = told, .zip = &zip_zlib,
		.chan = chan, .ctx = x, .opens = o->forward != NULL ? "forwarded-tcpip" : NULL, .offer = *kex_offer_default(false) };
	struct put w = put_of(host_keys, sizeof(host_keys) - 1);
	static uint8_t file[KNOWNHOSTS_FILE_MAX];
	FILE *f = o->known_hosts != NULL ? fopen(o->known_hosts, "re") : NULL;

	conf.offer.host_keys = HOST_KEY_NAMES;
	if (o->kex != NULL)
		conf.offer.kex = o->kex;
	if (o->host_keys != NULL) {
		conf.offer.host_keys = o->host_keys;
	} else if (f != NULL) {
		struct view known = view_of(file, fread(file, 1, sizeof(file), f));

		knownhosts_order(&w, conf.offer.host_keys, known, o->name, (uint16_t)atoi(o->port));
		conf.offer.host_keys = host_keys;
	}
	if (f != NULL)
		fclose(f);
	if (o->ciphers != NULL)
		conf.offer.ciphers = o->ciphers;
	if (o->macs != NULL)
		conf.offer.macs = o->macs;
	if (o->compression)
		conf.offer.compression = ZIP_DELAYED;
	conf.limits.rekey_bytes = o->rekey_bytes;
	conf.limits.grace_us = 60000000;
	conf.limits.rekey_deadline_us = 60000000;
	conf.limits.alive_us = 15000000;
	conf.limits.alive_max = 4;
	return callend_new(&conf, engine_now());
}

int
main(int argc, char **argv)
{
	static struct engine x = { .status = -1 };
	const char *why = "no memory";

	if (options(&x.o, argc, argv) != 0)
		return usage();
	x.held = malloc(PIECE);
	rng_system(&x.rng);
	if (pk_start() != 0 || cipher_start(NULL, &why) != 0 || (x.e = engine(&x)) == NULL || x.held == NULL) {
		fprintf(stderr, "engine-client: %s\n", why);
		return 255;
	}
	x.fd = dial(&x.o);
	if (x.fd < 0) {
		fprintf(stderr, "engine-client: no connection\n");
		return 255;
	}
	run(&x);
	if (x.o.verbose || x.o.rekey_each != 0 || x.o.rekey_bytes != 0)
		fprintf(stderr, "rekeys: %llu\n", (unsigned long long)x.rekeys);
	if (x.e->m.fatal != 0 || x.refused)
		fprintf(stderr, "engine-client: %s\n", x.refused ? "the command was refused" : reason_text(-x.e->m.fatal));
	callend_free(x.e);
	close(x.fd);
	free(x.held);
	return x.status >= 0 ? x.status : 255;
}
