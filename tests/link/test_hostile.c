/*
 * Two processes on a link, one of them hostile: it writes anything into its ring
 * and arena, tries to get write access to the other's memory and to take pages
 * away, stops, and dies. The honest side must not crash, hang or believe it, and
 * an honest link beside it stays byte-exact.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/link/packet.h"
#include "abi/link/ring.h"
#include "abi/wire/reason.h"
#include "tests/lib/suite.h"

#define COUNT 64u
#define ARENA 65536u
#define HONEST_TOTAL 3000u

struct end {
	struct region own, other;
	struct ring_out out;
	struct ring_in in;
	uint32_t arena_end[COUNT];
	int sock;
};

/* Swap region descriptors over a socket, as the real processes do. */
static void
meet(struct end *e, int sock)
{
	struct view one = view_of("r", 1);
	uint8_t buf[8];
	size_t len;
	int fds[PACKET_FDS_MAX], n, got;

	if (region_create(&e->own, "end", COUNT, ARENA) != 0 || packet_send(sock, one, &e->own.fd, 1) != 0)
		_exit(101);
	while ((got = packet_recv(sock, buf, sizeof(buf), &len, fds, &n)) == 0)
		sched_yield();
	if (got != 1 || n != 1 || region_attach(&e->other, fds[0], COUNT, ARENA) != 0)
		_exit(102);
	/* the hostile child keeps the raw descriptor for its tries */
	e->sock = fds[0];
	ring_out_init(&e->out, &e->own, &e->other, e->arena_end, true);
	ring_in_init(&e->in, &e->own, &e->other);
}

static uint8_t
pattern(uint32_t serial, size_t i)
{
	return (uint8_t)(serial * 31u + i);
}

static void
honest_child(int sock)
{
	struct end e;
	uint8_t buf[1024];

	meet(&e, sock);
	for (uint32_t serial = 0; serial < HONEST_TOTAL;) {
		struct link_entry le = { .op = 7, .serial = serial };
		size_t len = serial % sizeof(buf);

		for (size_t i = 0; i < len; i++)
			buf[i] = pattern(serial, i);
		if (ring_send(&e.out, &le, view_of(buf, len)))
			serial++;
		else
			sched_yield();
	}
	while (e.out.tail != e.out.head && ring_reclaim(&e.out) == 0)
		sched_yield();
	_exit(e.out.tail == e.out.head ? 0 : 103);
}

/* Every way to write to, shrink or punch the other side's file. Exit status is a
 * bit set of the ways that worked: none may. */
static int
break_in(struct end *e)
{
	int fd = e->sock, won = 0;
	char path[64];
	int again;

	if (mmap(NULL, LINK_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
		won |= 1;
	if (mprotect(e->other.base, LINK_PAGE, PROT_READ | PROT_WRITE) == 0)
		won |= 2;
	if (ftruncate(fd, 0) == 0 || ftruncate(fd, 1 << 30) == 0)
		won |= 4;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, LINK_PAGE) == 0)
		won |= 8;
	if (pwrite(fd, "x", 1, 0) == 1)
		won |= 16;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR);
	if (again >= 0 && mmap(NULL, LINK_PAGE, PROT_WRITE, MAP_SHARED, again, 0) != MAP_FAILED)
		won |= 32;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
		won |= 64;
	return won;
}

static void
hostile_child(int sock, unsigned seed)
{
	struct end e;
	char go;
	int won;

	meet(&e, sock);
	if (read(sock, &go, 1) != 1) /* the other side has mapped it by then */
		_exit(103);
	won = break_in(&e);
	if (won != 0)
		_exit(won);
	srand(seed);
	for (int round = 0; round < 4000; round++) {
		uint8_t *base = e.own.base;
		size_t at = (size_t)rand() % e.own.size;

		for (int i = 0; i < 32; i++)
			base[(at + (size_t)i) % e.own.size] = (uint8_t)rand();
		if (rand() % 4 == 0)
			region_header(&e.own)->head = (uint32_t)rand() % 256;
		if (rand() % 4 == 0)
			region_header(&e.own)->tail = (uint32_t)rand();
	}
	if (seed % 3 == 0)
		raise(SIGSTOP);
	if (seed % 3 == 1)
		raise(SIGKILL);
	_exit(0);
}

static pid_t
child(void (*run)(int, unsigned), int *sock, unsigned seed)
{
	int fds[2];
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(fds[1], seed);
		_exit(0);
	}
	close(fds[1]);
	*sock = fds[0];
	return pid;
}

static void
honest_run(int sock, unsigned seed)
{
	(void)seed;
	honest_child(sock);
}

static void
part(struct end *e)
{
	close(e->sock);
	region_close(&e->own);
	region_close(&e->other);
}

static bool
drain_honest(struct end *e, uint32_t *got)
{
	struct link_entry le;
	struct view v;

	for (int budget = 0; budget < 64 && ring_peek(&e->in, &le, &v) == 1; budget++) {
		if (le.serial != *got || v.len != *got % 1024)
			return false;
		for (size_t i = 0; i < v.len; i++)
			if (v.data[i] != pattern(*got, i))
				return false;
		ring_take(&e->in);
		(*got)++;
	}
	return true;
}

/* Look at the hostile ring as a worker does: bounded, dropped at the first
 * broken rule. Returns false when the link would be closed. */
static bool
poll_hostile(struct end *e, unsigned *refused)
{
	struct link_entry le;
	struct view v;
	volatile uint8_t sum = 0;

	for (int budget = 0; budget < 16; budget++) {
		int r = ring_peek(&e->in, &le, &v);

		if (r < 0) {
			(*refused)++;
			return false;
		}
		if (r == 0)
			break;
		for (size_t i = 0; i < v.len; i++)
			sum ^= v.data[i]; /* every byte offered is readable */
		ring_take(&e->in);
	}
	le = (struct link_entry){ .op = 1 };
	(void)ring_send(&e->out, &le, view_str("to a hostile reader"));
	return ring_reclaim(&e->out) == 0;
}

static void
one_round(unsigned seed, unsigned *refused)
{
	struct end good, bad;
	int good_sock, bad_sock, status;
	pid_t good_pid = child(honest_run, &good_sock, 0);
	pid_t bad_pid = child(hostile_child, &bad_sock, seed);
	uint32_t got = 0;
	bool exact = true, bad_open = true, bad_over = false;

	meet(&good, good_sock);
	meet(&bad, bad_sock);
	CU_ASSERT_EQUAL(write(bad_sock, "g", 1), 1);
	while (exact && (got < HONEST_TOTAL || !bad_over)) {
		exact = drain_honest(&good, &got);
		if (bad_open && !poll_hostile(&bad, refused))
			bad_open = false; /* a real worker closes it: nothing more is read */
		if (!bad_over && waitpid(bad_pid, &status, WNOHANG | WUNTRACED) == bad_pid)
			bad_over = true;
	}
	CU_ASSERT_TRUE(exact);
	if (!exact)
		kill(good_pid, SIGKILL); /* its ring stays full */
	CU_ASSERT_EQUAL(got, HONEST_TOTAL);
	if (WIFEXITED(status))
		CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	if (WIFSTOPPED(status)) {
		kill(bad_pid, SIGKILL);
		waitpid(bad_pid, &status, 0);
	}
	CU_ASSERT_EQUAL(waitpid(good_pid, &status, 0), good_pid);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	part(&good);
	part(&bad);
	close(good_sock);
	close(bad_sock);
}

static void
test_hostile_beside_honest(void)
{
	unsigned refused = 0;

	for (unsigned seed = 0; seed < 12; seed++)
		one_round(seed, &refused);
	/* the test is for refusals: without any it tested nothing */
	CU_ASSERT_TRUE(refused > 0);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a hostile end beside an honest one", test_hostile_beside_honest },
		CU_TEST_INFO_NULL,
	};

	return suite_run("hostile", tests);
}
