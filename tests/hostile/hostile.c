/*
 * Hostile plugins: one shared object, installed under many names; the name says which
 * fault it commits. tests/interop/hostileplugins.sh has the table of names, who their
 * hosts run as, and what must be told of each.
 *
 * A fault is committed at the first bytes of a channel, or where its row says. What does
 * not end the host answers with a line of how far it came, and the channel closes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <postern/draft/config.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/subsystem.h>
#include <postern/postern.h>

#include "abi/link/layout.h"

#define MANY 100000

static const struct postern_host *host;
static const struct postern_if_channel *channels;
static const struct postern_if_loop *loops;
static const struct postern_if_log *logs;
static struct postern_channel mine; /* the last one that was opened */
static struct postern_channel gone; /* closed before that */
static char said[200];
static volatile int always = 1;

/* ---- ends of the process ---- */

static void
by_segfault(void)
{
	*(volatile int *)8 = 1;
}

static void
by_exit(void)
{
	exit(0);
}

static void
by_exit_now(void)
{
	_exit(7);
}

static int __attribute__((noinline))
deeper(volatile char *above)
{
	volatile char here[4096];

	here[0] = above[0];
	return deeper(here) + here[0];
}

static void
by_stack(void)
{
	volatile char top = 1;

	said[0] = (char)deeper(&top);
}

static void
by_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void
by_ptrace(void)
{
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

/* ---- never comes back ---- */

static void
by_spin(void)
{
	while (always)
		;
}

static void
by_block(void)
{
	int fd[2];
	char c;

	if (pipe(fd) == 0)
		while (always)
			if (read(fd[0], &c, 1) == 0)
				break;
}

/* Deaf to every signal that can be refused, and then asleep. */
static void
by_deaf(void)
{
	sigset_t all;
	int i;

	for (i = 1; i < 65; i++)
		signal(i, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	by_block();
}

static void
spin_late(void *context)
{
	(void)context;
	by_spin();
}

static void
by_timer(void)
{
	uint64_t id;

	loops->timer(host, 10, spin_late, NULL, &id);
	snprintf(said, sizeof(said), "soon");
}

/* ---- takes more than there is ---- */

static void
by_malloc(void)
{
	size_t i;
	char *p;

	for (i = 0; i < 10240; i++) {
		p = malloc(1 << 20);
		memset(p, 1, 1 << 20); /* NULL some day */
	}
}

static void
by_shared(void)
{
	size_t i;
	char *p;

	for (i = 0; i < 10240; i++) {
		p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			break;
		memset(p, 1, 1 << 20);
	}
	snprintf(said, sizeof(said), "%s", i < 10240 ? "refused" : "has it");
}

static void *
forever(void *context)
{
	by_block();
	return context;
}

static void
by_threads(void)
{
	pthread_attr_t a;
	pthread_t t;
	int i;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 65536);
	for (i = 0; i < 1000; i++)
		if (pthread_create(&t, &a, forever, NULL) != 0)
			break;
	snprintf(said, sizeof(said), "%d threads", i);
}

static void
outcome(int r)
{
	snprintf(said, sizeof(said), "%s", r < 0 ? "refused" : "could");
}

static void
by_files(void)
{
	int i, fd = 0;

	for (i = 0; i < MANY && fd >= 0; i++)
		fd = open("/dev/null", O_RDONLY);
	outcome(fd);
}

static void
by_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	outcome(pid);
}

static void
by_fork_bomb(void)
{
	int i, r = -1;

	for (i = 0; i < MANY && r < 0; i++)
		r = fork();
	if (r == 0)
		by_spin();
	outcome(r);
}

static void
by_log(void)
{
	char text[400];
	int i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < MANY; i++)
		logs->line(host, POSTERN_LOG_ERROR, mine, postern_view_of(text, sizeof(text)));
	snprintf(said, sizeof(said), "said");
}

/* ---- what is not its own ---- */

static void
by_close_all(void)
{
	int fd;

	for (fd = 3; fd < 1024; fd++)
		close(fd);
}

static void
by_close_sockets(void)
{
	struct stat st;
	int fd;

	for (fd = 3; fd < 1024; fd++)
		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			close(fd);
}

static void
by_kill(void)
{
	outcome(kill(-1, SIGKILL));
}

static void
by_stop(void)
{
	outcome(raise(SIGSTOP));
}

static void
by_unlink(void)
{
	int r = unlink("/home/tester/hostile-target");

	if (r < 0)
		r = chmod("/home/tester/hostile-target", 0);
	outcome(r);
}

static void
by_socket(void)
{
	outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static void
by_limits(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	outcome(setrlimit(RLIMIT_DATA, &all) == 0 || setrlimit(RLIMIT_NOFILE, &all) == 0 ? 0 : -1);
}

static void
by_dumpable(void)
{
	FILE *f = fopen("/proc/1/mem", "r");

	outcome(f != NULL ? 0 : -1);
}

/* The regions that this process may write, by their beginning. */
static int
regions(struct link_header *found[], size_t size[], int most)
{
	unsigned long from, to;
	char line[512], mode[8];
	FILE *f = fopen("/proc/self/maps", "r");
	int n = 0;

	while (f != NULL && n < most && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || strncmp(mode, "rw-s", 4) != 0)
			continue;
		if (((struct link_header *)from)->magic != LINK_MAGIC)
			continue;
		found[n] = (struct link_header *)from;
		size[n++] = to - from;
	}
	if (f != NULL)
		fclose(f);
	return n;
}

/* What is spoiled stays so until this returns; what the client sends on meanwhile makes
 * the worker look. */
static void
spoil(void (*fn)(struct link_header *h))
{
	struct link_header *at[8];
	size_t size[8];
	int i, n = regions(at, size, 8);

	for (i = 0; i < n; i++)
		fn(at[i]);
	snprintf(said, sizeof(said), "%d regions", n);
	sleep(10);
}

static void
scribble(struct link_header *h)
{
	size_t i;

	for (i = 0; i < (LINK_PAGE + LINK_HOST_RING * sizeof(struct link_entry)) / 4; i++)
		((volatile uint32_t *)h)[i] = (uint32_t)random();
}

static void
move_head(struct link_header *h)
{
	*(volatile uint32_t *)&h->head += 77777;
}

static void
move_tail(struct link_header *h)
{
	*(volatile uint32_t *)&h->tail += 77777;
}

static void
by_scribble(void)
{
	spoil(scribble);
}

static void
by_head(void)
{
	spoil(move_head);
}

static void
by_tail(void)
{
	spoil(move_tail);
}

/* ---- the ABI, misused ---- */

static void *
from_elsewhere(void *context)
{
	uint64_t took;
	int i;

	for (i = 0; i < 1000; i++) {
		channels->write(host, mine, 0, postern_text("elsewhere"), &took);
		channels->close(host, mine);
		loops->cancel(host, (uint64_t)i);
	}
	return context;
}

static void
by_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, from_elsewhere, NULL) == 0)
		pthread_join(t, NULL);
	snprintf(said, sizeof(said), "called");
}

static void
by_wild_handles(void)
{
	uint64_t took, i;
	struct postern_channel c;

	for (i = 0; i < MANY; i++) {
		c.handle = i < 1000 ? i * 0x100000001ull + 5 : ((uint64_t)random() << 33) ^ (uint64_t)random();
		if (c.handle == mine.handle)
			continue;
		channels->write(host, c, 0, postern_text("wild"), &took);
		channels->consume(host, c, ~0ull);
		channels->close(host, c);
	}
	snprintf(said, sizeof(said), "called");
}

static void
by_wild_lengths(void)
{
	uint64_t took = 0;
	struct postern_view v[2] = { { (const uint8_t *)"x", ~0ull >> 1 }, { NULL, 5 } };

	channels->consume(host, mine, ~0ull);
	channels->write(host, mine, 0, v[1], &took);
	channels->write(host, mine, 0, v[0], &took);
	channels->writev(host, mine, 0, v, ~0ull, &took);
}

static void
by_old_handle(void)
{
	uint64_t took;

	channels->write(host, gone, 0, postern_text("late"), &took);
	channels->eof(host, gone);
	channels->close(host, gone);
	snprintf(said, sizeof(said), "called");
}

static void
by_twice(void)
{
	channels->exit_status(host, mine, 0);
	channels->exit_status(host, mine, 1);
	channels->eof(host, mine);
	channels->eof(host, mine);
	channels->close(host, mine);
	channels->close(host, mine);
}

/* ---- one row per fault ---- */

enum when { AT_DATA, AT_OPEN, AT_LOAD, AT_STOP, NOT_TAKEN, TOO_MUCH, NO_ANSWER };

static const struct fault {
	const char *name;
	enum when when;
	void (*commit)(void);
} faults[] = {
	{ "segfault", AT_DATA, by_segfault },
	{ "abort", AT_DATA, abort },
	{ "exit", AT_DATA, by_exit },
	{ "exitnow", AT_DATA, by_exit_now },
	{ "stack", AT_DATA, by_stack },
	{ "execve", AT_DATA, by_exec },
	{ "ptrace", AT_DATA, by_ptrace },
	{ "spin", AT_DATA, by_spin },
	{ "spinopen", AT_OPEN, by_spin },
	{ "spintimer", AT_DATA, by_timer },
	{ "block", AT_DATA, by_block },
	{ "deaf", AT_DATA, by_deaf },
	{ "malloc", AT_DATA, by_malloc },
	{ "shared", AT_DATA, by_shared },
	{ "threads", AT_DATA, by_threads },
	{ "files", AT_DATA, by_files },
	{ "fork", AT_DATA, by_fork },
	{ "forkbomb", AT_DATA, by_fork_bomb },
	{ "log", AT_DATA, by_log },
	{ "closeall", AT_DATA, by_close_all },
	{ "closesockets", AT_DATA, by_close_sockets },
	{ "kill", AT_DATA, by_kill },
	{ "stop", AT_DATA, by_stop },
	{ "unlink", AT_DATA, by_unlink },
	{ "socket", AT_DATA, by_socket },
	{ "limits", AT_DATA, by_limits },
	{ "procmem", AT_DATA, by_dumpable },
	{ "scribble", AT_DATA, by_scribble },
	{ "head", AT_DATA, by_head },
	{ "tail", AT_DATA, by_tail },
	{ "thread", AT_DATA, by_thread },
	{ "handles", AT_DATA, by_wild_handles },
	{ "lengths", AT_DATA, by_wild_lengths },
	{ "oldhandle", AT_DATA, by_old_handle },
	{ "twice", AT_DATA, by_twice },
	{ "nodata", NOT_TAKEN, NULL },
	{ "toomuch", TOO_MUCH, NULL },
	{ "noanswer", NO_ANSWER, NULL },
	{ "load", AT_LOAD, by_segfault },
	{ "stuckload", AT_LOAD, by_block },
	{ "stuckstop", AT_STOP, by_block },
};

static const struct fault *mine_is;

static int32_t
hostile_open(struct postern_plugin *plugin, struct postern_channel channel, const struct postern_start *start,
    void **context)
{
	(void)plugin, (void)start;
	gone = mine;
	mine = channel;
	*context = (void *)(uintptr_t)channel.handle;
	if (mine_is->when == AT_OPEN)
		mine_is->commit();
	return mine_is->when == NO_ANSWER ? POSTERN_E_AGAIN : POSTERN_OK;
}

static void
answer(struct postern_channel channel)
{
	uint64_t took;

	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
	channels->write(host, channel, POSTERN_STREAM_DATA, postern_text(said), &took);
	channels->exit_status(host, channel, 0);
	channels->close(host, channel);
}

static int32_t
hostile_data(void *context, uint32_t stream, struct postern_view bytes, uint64_t *took)
{
	struct postern_channel channel = { (uint64_t)(uintptr_t)context };

	(void)stream;
	if (mine_is->when == NOT_TAKEN)
		return POSTERN_OK;
	*took = mine_is->when == TOO_MUCH ? ~0ull >> 1 : bytes.len;
	if (mine_is->when != AT_DATA && mine_is->when != AT_STOP)
		return POSTERN_OK;
	snprintf(said, sizeof(said), "nothing");
	if (mine_is->when == AT_DATA)
		mine_is->commit();
	if (mine_is->commit != by_timer)
		answer(channel);
	return POSTERN_OK;
}

static void
hostile_eof(void *context)
{
	struct postern_channel channel = { (uint64_t)(uintptr_t)context };

	if (mine_is->when == NOT_TAKEN || mine_is->when == NO_ANSWER)
		channels->close(host, channel);
}

static void
hostile_closed(void *context, uint32_t reason)
{
	(void)context, (void)reason;
}

static const struct postern_serves serves[] = {
	{ POSTERN_START_SUBSYSTEM, 0, POSTERN_LITERAL("*") },
};

static const struct postern_if_subsystem subsystem = {
	.serves = serves,
	.serves_count = 1,
	.open = hostile_open,
	.data = hostile_data,
	.closed = hostile_closed,
	.eof = hostile_eof,
};

static const void *
hostile_query(struct postern_plugin *plugin, struct postern_view id)
{
	(void)plugin;
	return postern_view_is(id, POSTERN_IF_SUBSYSTEM) ? &subsystem : NULL;
}

static void
hostile_stop(struct postern_plugin *plugin)
{
	(void)plugin;
	if (mine_is->when == AT_STOP)
		mine_is->commit();
}

static struct postern_plugin instance = { .size = sizeof(instance), .query = hostile_query, .stop = hostile_stop };

static int32_t
hostile_create(const struct postern_host *from, struct postern_plugin **out)
{
	const struct postern_if_config *config = from->query(from, postern_text(POSTERN_IF_CONFIG));
	struct postern_view name;
	size_t i;

	host = from;
	channels = from->query(from, postern_text(POSTERN_IF_CHANNEL));
	loops = from->query(from, postern_text(POSTERN_IF_LOOP));
	logs = from->query(from, postern_text(POSTERN_IF_LOG));
	if (config == NULL || channels == NULL || loops == NULL || logs == NULL)
		return POSTERN_E_NOSUCH;
	name = config->name(from);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (postern_view_is(name, faults[i].name))
			mine_is = &faults[i];
	if (mine_is == NULL)
		return POSTERN_E_INVAL;
	if (mine_is->when == AT_LOAD)
		mine_is->commit();
	*out = &instance;
	return POSTERN_OK;
}

const struct postern_entry postern_plugin_v1 = {
	.size = sizeof(postern_plugin_v1),
	.abi_minor = POSTERN_ABI_MINOR,
	.id = POSTERN_LITERAL("org.postern.test.hostile"),
	.version = POSTERN_LITERAL("0.1"),
	.create = hostile_create,
};
