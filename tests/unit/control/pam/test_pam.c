/*
 * The pam child's end of a dialogue, with libpam itself and a module that does what
 * its arguments say. The child is a process of its own; we are warden.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/wire/reason.h"
#include "control/msg.h"
#include "control/pam/dialogue.h"
#include "control/pammsg.h"
#include "tests/lib/suite.h"

#define WAIT_MS 10000
#define PERMIT "account required pam_permit.so\n"

static char folder[64], actor[512];
static int fd;
static pid_t child;
static uint8_t buf[MSG_MAX];
static struct msg got;

int __real_pam_start(const char *, const char *, const struct pam_conv *, pam_handle_t **);
int __wrap_pam_start(const char *service, const char *user, const struct pam_conv *conv, pam_handle_t **pam);

/* Services of our own, without root. */
int
__wrap_pam_start(const char *service, const char *user, const struct pam_conv *conv, pam_handle_t **pam)
{
	return pam_start_confdir(service, user, conv, folder, pam);
}

/* "@" stands for the module's path. */
static void
service(const char *lines)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/test", folder);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (; *lines != '\0'; lines++) {
		if (*lines == '@')
			fputs(actor, f);
		else
			fputc(*lines, f);
	}
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void
begin(const char *lines, uint8_t kind)
{
	struct dialogue_ask ask = { .kind = kind, .service = "test", .user = "alice", .peer = "192.0.2.9" };
	int fds[2], null;

	service(lines);
	CU_ASSERT_EQUAL_FATAL(msg_pair(fds), 0);
	child = fork();
	if (child == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		close(fds[0]);
		alarm(WAIT_MS / 1000);
		_exit(dialogue_hold(&ask, fds[1], buf) == 0 ? 0 : 3);
	}
	close(fds[1]);
	fd = fds[0];
}

/* The next message; false at the end. */
static bool
next(void)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r = 0;

	while (r == 0 && poll(&p, 1, WAIT_MS) == 1)
		r = msg_recv(fd, &got, buf);
	return r == 1;
}

/* How the child ended: its status, or 1000 and the signal. */
static int
end(void)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	close(fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void
reply(uint32_t count, const char *text)
{
	uint8_t body[4096];
	struct put w = put_of(body, sizeof body);
	struct msg m = { .type = MSG_PAM_REPLY };

	put_u32(&w, count);
	for (uint32_t i = 0; i < count; i++)
		put_cstr(&w, text);
	m.body = put_view(&w);
	CU_ASSERT_EQUAL(msg_send(fd, &m), 0);
}

static void
expect_prompt(const char *instruction, uint32_t count, const char *text, bool echo)
{
	struct cur c;

	CU_ASSERT_FATAL(next());
	CU_ASSERT_EQUAL_FATAL(got.type, MSG_PAM_PROMPT);
	c = cur_view(got.body);
	CU_ASSERT(view_is(cur_string(&c), instruction));
	CU_ASSERT_EQUAL(cur_u32(&c), count);
	for (uint32_t i = 0; i < count; i++) {
		CU_ASSERT(view_is(cur_string(&c), text));
		CU_ASSERT_EQUAL(cur_bool(&c), echo);
	}
	CU_ASSERT(cur_done(&c));
}

/* The verdict, and the end behind it. The delay. */
static uint32_t
expect_verdict(bool yes, uint8_t stage)
{
	struct cur c;
	uint32_t delay;

	CU_ASSERT_FATAL(next());
	CU_ASSERT_EQUAL_FATAL(got.type, MSG_PAM_VERDICT);
	c = cur_view(got.body);
	CU_ASSERT_EQUAL(cur_u32(&c) == 0, yes);
	CU_ASSERT_EQUAL(cur_u8(&c), stage);
	delay = cur_u32(&c);
	CU_ASSERT_EQUAL(cur_string(&c).len == 0, yes);
	CU_ASSERT(cur_done(&c));
	CU_ASSERT_EQUAL(end(), 0);
	return delay;
}

/* ---- passwords ---- */

static void
test_password(void)
{
	static const struct {
		const char *lines;
		const char *typed;
		bool yes;
		uint8_t stage;
	} cases[] = {
		{ "auth required @ prompt:Password=horse rhost=192.0.2.9\n" PERMIT, "horse", true,
		    PAM_STAGE_ACCOUNT },
		{ "auth required @ prompt:Password=horse\n" PERMIT, "pony", false, PAM_STAGE_DIALOGUE },
		{ "auth required @ prompt:Password=horse\n" PERMIT, "", false, PAM_STAGE_DIALOGUE },
		{ "auth required @ both:Password=horse say:Hello\n" PERMIT, "horse", true,
		    PAM_STAGE_ACCOUNT },
		{ "auth required @ echo:Name=horse\n" PERMIT, "horse", false, PAM_STAGE_DIALOGUE },
		{ "auth required @ prompt:Password=horse\naccount required @ fail\n", "horse", false,
		    PAM_STAGE_ACCOUNT },
		{ "auth required @ prompt:Password=horse\naccount required @ expired\n"
		  "password required @\n",
		    "horse", false, PAM_STAGE_ACCOUNT },
		{ "auth required @ user=root\n" PERMIT, "horse", false, PAM_STAGE_DIALOGUE },
		{ "auth required pam_permit.so\naccount required @ user=root\n", "horse", false,
		    PAM_STAGE_ACCOUNT },
		{ "auth required @ binary\n" PERMIT, "horse", false, PAM_STAGE_DIALOGUE },
		{ "auth required pam_no_such_module.so\n" PERMIT, "horse", false, PAM_STAGE_DIALOGUE },
		{ "auth required pam_permit.so\naccount required @ prompt:More=horse\n", "horse", true,
		    PAM_STAGE_ACCOUNT },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(cases[i].lines, PAM_KIND_PASSWORD);
		reply(1, cases[i].typed);
		expect_verdict(cases[i].yes, cases[i].stage);
	}
}

/* Told, not waited for; after a no of the account stage too. libpam makes it half to
 * one and a half as long. */
static void
test_delay(void)
{
	uint32_t delay;

	begin("auth required @ delay=60000 fail\n" PERMIT, PAM_KIND_PASSWORD);
	reply(1, "x");
	delay = expect_verdict(false, PAM_STAGE_DIALOGUE);
	CU_ASSERT(delay >= 30000 && delay <= 90000);
	begin("auth required @ delay=60000\naccount required @ fail\n", PAM_KIND_PASSWORD);
	reply(1, "x");
	delay = expect_verdict(false, PAM_STAGE_ACCOUNT);
	CU_ASSERT(delay >= 30000 && delay <= 90000);
}

/* ---- dialogues ---- */

static void
test_dialogue(void)
{
	begin("auth required @ say:Hello error:Careful prompt:Password:_=horse echo:Colour=blue both:Pin=7\n"
	      "account required @ say:Welcome\n",
	    PAM_KIND_KBDINT);
	expect_prompt("Hello\nCareful\n", 1, "Password: ", false);
	reply(1, "horse");
	expect_prompt("", 1, "Colour", true);
	reply(1, "blue");
	expect_prompt("", 2, "Pin", false);
	reply(2, "7");
	expect_prompt("Welcome\n", 0, "", false);
	reply(0, "");
	expect_verdict(true, PAM_STAGE_ACCOUNT);
	begin("auth required @ prompt:Password=horse\n" PERMIT, PAM_KIND_KBDINT);
	expect_prompt("", 1, "Password", false);
	reply(1, "pony");
	expect_verdict(false, PAM_STAGE_DIALOGUE);
}

static void
test_expired(void)
{
	char lines[512], path[128], text[64] = "";
	FILE *f;

	snprintf(path, sizeof path, "%s/new", folder);
	snprintf(lines, sizeof lines,
	    "auth required @ prompt:Password=old\naccount required @ error:It_has_expired. expired\n"
	    "password required @ file=%s\n",
	    path);
	begin(lines, PAM_KIND_KBDINT);
	expect_prompt("", 1, "Password", false);
	reply(1, "old");
	CU_ASSERT_FATAL(next());
	CU_ASSERT_EQUAL(got.type, MSG_PAM_PROMPT); /* New and Again */
	reply(2, "brandnew");
	expect_verdict(true, PAM_STAGE_ACCOUNT);
	f = fopen(path, "r");
	CU_ASSERT_FATAL(f != NULL && fgets(text, sizeof text, f) != NULL);
	CU_ASSERT_STRING_EQUAL(text, "brandnew\n");
	fclose(f);
	unlink(path);
	/* given up: warden hangs up */
	begin(lines, PAM_KIND_KBDINT);
	expect_prompt("", 1, "Password", false);
	reply(1, "old");
	CU_ASSERT_FATAL(next());
	shutdown(fd, SHUT_RDWR);
	CU_ASSERT_EQUAL(end(), 3);
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
}

static void
test_rounds(void)
{
	char lines[128];

	snprintf(lines, sizeof lines, "auth required @ rounds=%u\n" PERMIT, PAM_ROUNDS_MAX);
	begin(lines, PAM_KIND_KBDINT);
	for (unsigned i = 0; i < PAM_ROUNDS_MAX; i++) {
		expect_prompt("", 1, "More", true);
		reply(1, "x");
	}
	expect_verdict(true, PAM_STAGE_ACCOUNT);
	snprintf(lines, sizeof lines, "auth required @ rounds=%u\n" PERMIT, PAM_ROUNDS_MAX + 1);
	begin(lines, PAM_KIND_KBDINT);
	for (unsigned i = 0; i < PAM_ROUNDS_MAX; i++) {
		expect_prompt("", 1, "More", true);
		reply(1, "x");
	}
	expect_verdict(false, PAM_STAGE_DIALOGUE);
}

/* Warden makes no sense, or is gone: the child ends without a word. */
static void
test_nonsense(void)
{
	for (int i = 0; i < 6; i++) {
		struct msg m = { .type = i == 0 ? MSG_PAM_VERDICT : MSG_PAM_REPLY };
		uint8_t body[4096] = { 0, 0, 0, 1, 0, 0, 0, 3, 'a', 0, 'b' };

		begin("auth required @ prompt:Password\n" PERMIT, PAM_KIND_KBDINT);
		expect_prompt("", 1, "Password", false);
		if (i == 1)
			body[3] = 2; /* a second one, which is not there */
		if (i == 2)
			body[3] = 0;
		if (i == 4)
			body[6] = PAM_PASSWORD_MAX >> 8 & 0xff, body[7] = 1;
		m.body = view_of(body, i == 4 ? 9 + PAM_PASSWORD_MAX : i == 3 ? 12 : i == 2 ? 4 : 11);
		if (i == 5)
			shutdown(fd, SHUT_RDWR);
		else
			CU_ASSERT_EQUAL(msg_send(fd, &m), 0);
		CU_ASSERT_FALSE(next());
		CU_ASSERT_EQUAL(end(), 3);
	}
}

/* ---- modules that misbehave ---- */

static void
test_modules(void)
{
	static const struct {
		const char *what;
		bool verdict;
		int status;
	} cases[] = {
		{ "print", true, 0 },
		{ "leak", true, 0 },
		{ "crash", false, 1000 + SIGABRT },
		{ "exit", false, 0 },
		{ "closeall", false, 3 },
	};
	char lines[128];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(
		    lines, sizeof lines, "auth required @ prompt:Password=horse %s\n" PERMIT, cases[i].what);
		begin(lines, PAM_KIND_PASSWORD);
		reply(1, "horse");
		if (cases[i].verdict) {
			expect_verdict(true, PAM_STAGE_ACCOUNT);
			continue;
		}
		CU_ASSERT_FALSE(next());
		CU_ASSERT_EQUAL(end(), cases[i].status);
	}
	/* one that stays behind and holds the socket changes nothing */
	begin("auth required @ fork prompt:Password=horse\n" PERMIT, PAM_KIND_PASSWORD);
	reply(1, "horse");
	expect_verdict(true, PAM_STAGE_ACCOUNT);
	/* one that hangs is ended by whoever waits for it */
	begin("auth required @ prompt:Password=horse hang\n" PERMIT, PAM_KIND_PASSWORD);
	reply(1, "horse");
	kill(child, SIGKILL);
	CU_ASSERT_FALSE(next());
	CU_ASSERT_EQUAL(end(), 1000 + SIGKILL);
}

static int
start(void)
{
	char self[512] = "";

	strcpy(folder, "/tmp/postern-pam-XXXXXX");
	if (mkdtemp(folder) == NULL || readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		return 1;
	snprintf(actor, sizeof actor, "%.480s/pam_actor.so", dirname(self));
	return access(actor, R_OK);
}

static int
finish(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/test", folder);
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "passwords", test_password },
		{ "the delay after a failure", test_delay },
		{ "a dialogue", test_dialogue },
		{ "an expired password", test_expired },
		{ "rounds", test_rounds },
		{ "warden makes no sense", test_nonsense },
		{ "modules that misbehave", test_modules },
		CU_TEST_INFO_NULL,
	};

	signal(SIGPIPE, SIG_IGN);
	return suite_run_in("pam", start, finish, tests);
}
