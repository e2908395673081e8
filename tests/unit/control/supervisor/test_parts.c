/*
 * The supervisor's parts that stand alone: queued sending, plugin descriptors, the
 * dataplane's share of the configuration.
 */
#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/link/attach.h"
#include "control/plugconf.h"
#include "control/serves.h"
#include "control/supervisor/line.h"
#include "control/supervisor/plugin.h"
#include "control/supervisor/supervisor.h"
#include "tests/lib/suite.h"

/* ---- lines ---- */

static struct loop *loop;
static int pair[2];
static struct line ln;
static uint8_t buf[MSG_MAX];
static uint32_t next_tag;
static uint32_t last_tag;
static int fd_count;

/* The receiver, behind by a whole queue. */
static void
on_far(void *ctx, int fd, unsigned events)
{
	struct msg m;

	(void)ctx;
	(void)events;
	while (msg_recv(fd, &m, buf) == 1) {
		CU_ASSERT(m.tag == next_tag);
		next_tag++;
		fd_count += m.fd_count;
		msg_drop_fds(&m);
	}
	if (next_tag == last_tag)
		loop_stop(loop);
}

static void
on_near(void *ctx, int fd, unsigned events)
{
	(void)ctx;
	(void)fd;
	(void)events;
}

static void
line_setup(void)
{
	loop = loop_new();
	CU_ASSERT_FATAL(loop != NULL && msg_pair(pair) == 0);
	CU_ASSERT_FATAL(line_open(&ln, loop, pair[0], on_near, NULL) == 0);
	next_tag = 0;
	fd_count = 0;
}

static void
line_teardown(void)
{
	line_close(&ln);
	line_close(&ln);
	close(pair[1]);
	loop_free(loop);
}

static void
test_line_order(void)
{
	static uint8_t body[20000];
	struct msg m = { .type = MSG_CONF, .body = view_of(body, sizeof(body)) };
	int sent_fds = 0;

	line_setup();
	for (m.tag = 0; m.tag < 200; m.tag++) {
		m.fd_count = m.tag % 10 == 0;
		m.fds[0] = pair[1];
		sent_fds += m.fd_count;
		CU_ASSERT(line_msg(&ln, &m) == 0);
	}
	CU_ASSERT(ln.queued > 0);
	last_tag = 200;
	CU_ASSERT(loop_watch(loop, pair[1], LOOP_IN, on_far, NULL) == 0);
	loop_run(loop, NULL, NULL);
	CU_ASSERT(next_tag == 200 && fd_count == sent_fds);
	CU_ASSERT(ln.first == NULL && ln.queued == 0);
	/* And directly again. */
	m.fd_count = 0;
	CU_ASSERT(line_msg(&ln, &m) == 0 && ln.first == NULL);
	line_teardown();
}

static void
test_line_given_up(void)
{
	static uint8_t body[60000];
	struct msg m = { .type = MSG_CONF, .body = view_of(body, sizeof(body)) };
	int r = 0;
	int sent;

	line_setup();
	for (sent = 0; sent < 2000 && r == 0; sent++)
		r = line_msg(&ln, &m);
	CU_ASSERT(r == -EAGAIN && ln.failed);
	CU_ASSERT((size_t)sent * sizeof(body) >= LINE_QUEUE_MAX);
	CU_ASSERT(ln.queued == 0 && line_msg(&ln, &m) == -EPIPE);
	line_teardown();
}

static void
test_line_gone(void)
{
	struct msg m = { .type = MSG_CONF };

	line_setup();
	close(pair[1]);
	CU_ASSERT(line_msg(&ln, &m) == -EPIPE);
	CU_ASSERT(ln.failed);
	pair[1] = -1;
	line_teardown();
}

/* ---- plugins ---- */

static char folder[64];

static void
put_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

static int
find(struct plugin *p, const char *id)
{
	const char *why = NULL;
	int r = plugin_find(p, folder, id, strlen(id), &why);

	CU_ASSERT(why != NULL);
	return r;
}

static void
test_plugin(void)
{
	static struct plugin p;
	char command[128];

	strcpy(folder, "/tmp/postern-plug-XXXXXX");
	CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
	put_file("org.example.shell.so", "x", 0755);
	put_file("org.example.shell.conf", "  # text\n runas   USER \nkeep this\n", 0644);
	CU_ASSERT(find(&p, "org.example.shell") == 0);
	CU_ASSERT(p.user && strstr(p.config, "keep this") != NULL);
	CU_ASSERT(strstr(p.file, "/org.example.shell.so") != NULL);
	CU_ASSERT(find(&p, "none") == -1);
	CU_ASSERT(find(&p, "") == -1);
	CU_ASSERT(find(&p, "..") == -1);
	CU_ASSERT(find(&p, "a/b") == -1);
	CU_ASSERT(find(&p, "-x") == -1);
	CU_ASSERT(plugin_find(&p, folder, "a\0b", 3, &(const char *){ NULL }) == -1);
	put_file("open.so", "x", 0777);
	CU_ASSERT(find(&p, "open") == -1);
	put_file("half.so", "x", 0755);
	put_file("half.conf", "RunAs user", 0666);
	CU_ASSERT(find(&p, "half") == -1);
	put_file("word.so", "x", 0755);
	put_file("word.conf", "RunAs nobody", 0644);
	CU_ASSERT(find(&p, "word") == -1);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	CU_ASSERT(system(command) == 0);
}

static int
parse(struct plugconf *p, const char *text)
{
	const char *why = NULL;
	int r = plugconf_parse(p, text, strlen(text), &why);

	CU_ASSERT(r == 0 || why != NULL);
	return r;
}

static void
test_plugin_parse(void)
{
	struct plugconf p;

	CU_ASSERT(parse(&p, "") == 0 && !p.user && p.sandbox == SANDBOX_PLAIN);
	CU_ASSERT(parse(&p, "RunAs user") == 0 && p.user);
	CU_ASSERT(parse(&p, "RunAs service\n") == 0 && !p.user);
	CU_ASSERT(parse(&p, "RunAsuser\n#RunAs user\n") == 0 && !p.user);
	CU_ASSERT(parse(&p, "\n\nOther x\nRunAs user\n") == 0 && p.user);
	CU_ASSERT(parse(&p, "RunAs users") == -1);
	CU_ASSERT(parse(&p, "RunAs") == -1);
	CU_ASSERT(parse(&p, "runas USER\nsandbox Files\n") == 0 && p.user && p.sandbox == SANDBOX_FILES);
	CU_ASSERT(parse(&p, "Sandbox plain") == 0 && p.sandbox == SANDBOX_PLAIN);
	CU_ASSERT(parse(&p, "Sandbox net") == 0 && p.sandbox == SANDBOX_NET);
	CU_ASSERT(parse(&p, "Sandbox local") == 0 && p.sandbox == SANDBOX_LOCAL);
	CU_ASSERT(parse(&p, "Sandbox none") == -1);
	CU_ASSERT(parse(&p, "Sandbox") == -1);
	CU_ASSERT(parse(&p, "") == 0 && p.task_threads == 4 && p.task_queue == 1024);
	CU_ASSERT(parse(&p, "TaskThreads 64\nTaskQueue 65536") == 0 && p.task_threads == 64 && p.task_queue == 65536);
	CU_ASSERT(parse(&p, "OpenQueue 3\nOpenTimeout 7") == 0 && p.open_queue == 3 && p.open_timeout == 7);
	CU_ASSERT(parse(&p, "OpenQueue 0") == -1);
	CU_ASSERT(parse(&p, "OpenTimeout 3601") == -1);
	CU_ASSERT(parse(&p, "TaskThreads 65") == -1);
	CU_ASSERT(parse(&p, "TaskThreads 0") == -1);
	CU_ASSERT(parse(&p, "TaskThreads 1x") == -1);
	CU_ASSERT(parse(&p, "TaskQueue") == -1);
	CU_ASSERT(parse(&p, "TaskQueue 65537") == -1);
	CU_ASSERT(parse(&p, "TaskQueue 99999999999") == -1);
	CU_ASSERT(parse(&p, "") == 0);
	CU_ASSERT(p.memory == 512ull << 20 && p.files == 4096 && p.threads == 128 && p.cpu == 0);
	CU_ASSERT(p.watchdog == 15 && p.restart_delay == 60);
	CU_ASSERT(parse(&p, "MemoryMax 64M\nFilesMax 99\nthreadsmax 3\nCPUMax 250\n") == 0);
	CU_ASSERT(p.memory == 64ull << 20 && p.files == 99 && p.threads == 3 && p.cpu == 250);
	CU_ASSERT(parse(&p, "Watchdog 0\nRestartDelayMax 3600\nMemoryMax 1g") == 0);
	CU_ASSERT(p.memory == 1ull << 30 && p.watchdog == 0 && p.restart_delay == 3600);
	CU_ASSERT(parse(&p, "MemoryMax 20000k") == 0 && p.memory == 20000ull << 10);
	CU_ASSERT(parse(&p, "MemoryMax 15M") == -1);
	CU_ASSERT(parse(&p, "MemoryMax 64MB") == -1);
	CU_ASSERT(parse(&p, "MemoryMax M") == -1);
	CU_ASSERT(parse(&p, "MemoryMax 99999999999999999999") == -1);
	CU_ASSERT(parse(&p, "FilesMax 4k") == -1);
	CU_ASSERT(parse(&p, "FilesMax 31") == -1);
	CU_ASSERT(parse(&p, "ThreadsMax 0") == -1);
	CU_ASSERT(parse(&p, "ThreadsMax -1") == -1);
	CU_ASSERT(parse(&p, "CPUMax") == -1);
	CU_ASSERT(parse(&p, "Watchdog 3601") == -1);
	CU_ASSERT(parse(&p, "RestartDelayMax 1s") == -1);
	/* The next line is no value of this one. */
	CU_ASSERT(parse(&p, "RunAs\nuser\n") == -1);
}

/* What the configuration says behind internal-sftp goes to the plugin with its text. */
static void
test_plugin_arguments(void)
{
	static struct conf conf;
	static struct plugin p;

	conf_default(&conf);
	snprintf(p.id, sizeof(p.id), "sftp");
	snprintf(p.config, sizeof(p.config), "RunAs user");
	CU_ASSERT_EQUAL(plugin_arguments(&p, &conf), 0);
	CU_ASSERT_STRING_EQUAL(p.config, "RunAs user");
	conf.subsystem_count = 3;
	conf.subsystem[0] = (struct conf_subsystem){ "sftp", "sftp", "", "" };
	conf.subsystem[1] = (struct conf_subsystem){ "look", "sftp", "", "-R -u 022" };
	conf.subsystem[2] = (struct conf_subsystem){ "other", "echo", "", "-R" };
	CU_ASSERT_EQUAL(plugin_arguments(&p, &conf), 0);
	CU_ASSERT_STRING_EQUAL(p.config, "RunAs user\nSubsystem look -R -u 022\n");
	memset(p.config, 'x', sizeof(p.config) - 4);
	CU_ASSERT_EQUAL(plugin_arguments(&p, &conf), -1);
}

/* Lines of the configuration go to the plugins whose rows name their keywords. */
static void
test_plugin_keywords(void)
{
	static const char conf[] = "Port 22\nx11useLocalhost no\nX11DisplayOffset 20\nX11Display no\nGatewayPorts yes";
	static struct plugin p;

	snprintf(p.id, sizeof(p.id), "x11");
	snprintf(p.config, sizeof(p.config), "RunAs user\nKeyword X11UseLocalhost X11DisplayOffset # not GatewayPorts");
	CU_ASSERT_EQUAL(plugin_keywords(&p, conf), 0);
	CU_ASSERT_STRING_EQUAL(p.config, "RunAs user\nKeyword X11UseLocalhost X11DisplayOffset # not GatewayPorts\n"
					 "x11useLocalhost no\nX11DisplayOffset 20\n");
	/* The last line needs no end; without rows there is nothing. */
	snprintf(p.config, sizeof(p.config), "Keyword GatewayPorts\n");
	CU_ASSERT_EQUAL(plugin_keywords(&p, conf), 0);
	CU_ASSERT_STRING_EQUAL(p.config, "Keyword GatewayPorts\nGatewayPorts yes\n");
	snprintf(p.config, sizeof(p.config), "RunAs user\n");
	CU_ASSERT_EQUAL(plugin_keywords(&p, conf), 0);
	CU_ASSERT_EQUAL(plugin_keywords(&p, ""), 0);
	CU_ASSERT_STRING_EQUAL(p.config, "RunAs user\n");
	/* No room. */
	memset(p.config, '#', sizeof(p.config) - 8);
	snprintf(p.config, sizeof(p.config), "Keyword GatewayPorts\n");
	p.config[strlen(p.config)] = '#';
	p.config[sizeof(p.config) - 8] = '\0';
	CU_ASSERT_EQUAL(plugin_keywords(&p, conf), -1);
}

/* ---- what plugins serve ---- */

static struct serves served;

static int
lines(const char *plugin, const char *text)
{
	const char *why = NULL;
	int r = serves_lines(&served, plugin, text, strlen(text), &why);

	CU_ASSERT(r == 0 || why != NULL);
	return r;
}

static bool
has(enum serves_kind kind, const char *name, const char *plugin)
{
	return serves_has(&served, kind, view_str(name), view_str(plugin));
}

static void
test_serves(void)
{
	memset(&served, 0, sizeof(served));
	CU_ASSERT_EQUAL(lines("forward",
	    "RunAs user\nserves OPEN direct-tcpip  direct-streamlocal@openssh.com\r\n\tServes global tcpip-forward # and\n"
	    "Serves request x11-req\nOpens forwarded-tcpip\nRequests ping\nVariables DISPLAY\nKeyword GatewayPorts"), 0);
	CU_ASSERT_EQUAL(served.count, 8);
	CU_ASSERT(has(SERVES_OPEN, "direct-tcpip", "forward") && has(SERVES_OPEN, "direct-streamlocal@openssh.com", "forward"));
	CU_ASSERT(has(SERVES_GLOBAL, "tcpip-forward", "forward") && !has(SERVES_GLOBAL, "and", "forward"));
	CU_ASSERT(has(SERVES_REQUEST, "x11-req", "forward") && has(SERVES_OPENS, "forwarded-tcpip", "forward"));
	CU_ASSERT(has(SERVES_REQUESTS, "ping", "forward") && has(SERVES_VARIABLE, "DISPLAY", "forward"));
	CU_ASSERT(has(SERVES_KEYWORD, "GatewayPorts", "forward"));
	/* Names as they stand, of that plugin and kind. */
	CU_ASSERT(!has(SERVES_OPEN, "Direct-tcpip", "forward") && !has(SERVES_OPEN, "direct-tcpip", "other"));
	CU_ASSERT(!has(SERVES_OPENS, "direct-tcpip", "forward"));
	/* The first one serves it; twice counts once. */
	CU_ASSERT_EQUAL(lines("other", "Serves open direct-tcpip direct-tcpip\n"), 0);
	CU_ASSERT_EQUAL(served.count, 9);
	CU_ASSERT_STRING_EQUAL(serves_who(&served, SERVES_OPEN, view_str("direct-tcpip")), "forward");
	CU_ASSERT_PTR_NULL(serves_who(&served, SERVES_GLOBAL, view_str("direct-tcpip")));
	CU_ASSERT_EQUAL(lines("none", ""), 0);
	CU_ASSERT_EQUAL(lines("none", "#Serves open x\nServesopen x\n"), 0);
	CU_ASSERT_EQUAL(served.count, 9);
}

/* One line that is wrong: none of its text counts. */
static void
test_serves_wrong(void)
{
	static const char *const wrong[] = { "Serves", "Serves open", "Serves open #x", "Serves opens x", "Serves # open x",
		"Opens", "Opens\nforwarded-tcpip", "Requests # ping", "Variables\t", "Keyword", "Serves open na\001me" };
	char text[128 + SERVES_NAME_MAX], name[SERVES_NAME_MAX + 2] = "";
	uint32_t at = 0;

	memset(&served, 0, sizeof(served));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "Opens good\n%s\nOpens other\n", wrong[i]);
		CU_ASSERT_EQUAL(lines("p", text), -1);
		CU_ASSERT_EQUAL(served.count, 0);
	}
	/* RFC 4250 section 4.6.1: names have at most 64 characters. */
	memset(name, 'n', SERVES_NAME_MAX);
	snprintf(text, sizeof(text), "Opens %s", name);
	CU_ASSERT(lines("p", text) == 0 && has(SERVES_OPENS, name, "p"));
	snprintf(text, sizeof(text), "Opens %sn", name);
	CU_ASSERT_EQUAL(lines("p", text), -1);
	CU_ASSERT_EQUAL(served.count, 1);
	/* The table is full: what was there stays. */
	while (served.count < SERVES_MAX - 1) {
		snprintf(text, sizeof(text), "Opens n%u", at++);
		CU_ASSERT_EQUAL_FATAL(lines("p", text), 0);
	}
	CU_ASSERT_EQUAL(lines("q", "Opens one two"), -1);
	CU_ASSERT_EQUAL(served.count, SERVES_MAX - 1);
	CU_ASSERT_EQUAL(lines("q", "Opens one"), 0);
	CU_ASSERT_EQUAL(lines("q", "Opens one"), 0);
	CU_ASSERT_EQUAL(lines("q", "Opens two"), -1);
}

/* ---- configuration of the dataplane ---- */

static void
test_attach_conf(void)
{
	static struct conf c;
	static uint8_t room[4096];
	struct put w = put_of(room, sizeof(room));
	struct cur in;
	unsigned seen[32] = { 0 };

	conf_default(&c);
	c.address[0] = (struct conf_address){ .family = 4, .prefix = 24, .b = { 10, 0, 0, 1 } };
	c.address[1] = (struct conf_address){ .family = 6, .prefix = 64, .b = { 0xfd } };
	c.address_count = 2;
	c.port = 2022;
	attach_conf_body(&w, &c, 5);
	CU_ASSERT_FATAL(!w.bad);
	in = cur_view(put_view(&w));
	CU_ASSERT(cur_u32(&in) == 5);
	while (!in.bad && cur_left(&in) > 0) {
		uint8_t number = cur_u8(&in);
		struct view body = cur_string(&in);

		CU_ASSERT_FATAL(number < 32);
		if (number == ATTACH_CONF_ADDRESS)
			CU_ASSERT(body.len == (seen[number] == 0 ? 6u : 18u));
		if (number == ATTACH_CONF_PORT)
			CU_ASSERT(
			    body.len == 2 && body.data[0] == 2022 >> 8 && body.data[1] == (2022 & 0xff));
		if (number == ATTACH_CONF_ANSWER)
			CU_ASSERT(body.len == 4 && body.data[3] == 30);
		if (number == ATTACH_CONF_REKEY)
			CU_ASSERT(body.len == 12);
		seen[number]++;
	}
	CU_ASSERT(cur_done(&in));
	CU_ASSERT(seen[ATTACH_CONF_ADDRESS] == 2 && seen[ATTACH_CONF_GATEWAY] == 0);
	CU_ASSERT(seen[ATTACH_CONF_GATES] == 1 && seen[ATTACH_CONF_GRACE_KEX] == 1 &&
		  seen[ATTACH_CONF_CHAN_MAX] == 1 && seen[ATTACH_CONF_ANSWER] == 1);
}

/* ---- HostKeyAgent ---- */

/* What keeper hears: 0 and a descriptor, or an errno. */
static uint32_t
agent_asked(struct sup *s, const char *path, int *fd)
{
	struct proc keeper = { .sup = s, .role = ROLE_KEEPER, .pidfd = -1 };
	struct msg m = { .type = MSG_AGENT_WANTED, .tag = 42 };
	struct cur c;
	uint32_t error;

	snprintf(s->conf.host_key_agent, sizeof(s->conf.host_key_agent), "%s", path);
	line_setup();
	keeper.line = ln;
	on_agent_wanted(s, &keeper, &m);
	CU_ASSERT_EQUAL_FATAL(msg_recv(pair[1], &m, buf), 1);
	CU_ASSERT(m.type == MSG_AGENT_IS && m.tag == 42);
	c = cur_view(m.body);
	error = cur_u32(&c);
	CU_ASSERT_TRUE(cur_done(&c));
	CU_ASSERT_EQUAL(m.fd_count, error == 0);
	*fd = msg_take_fd(&m, 0);
	line_teardown();
	return error;
}

static int
agent_listen(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 0) == 0);
	return fd;
}

static void
test_agent(void)
{
	static struct sup s;
	static char longest[256];
	char dir[] = "/tmp/postern-test-XXXXXX", path[80];
	int listener, fd, more[8], n = 0;
	char said[4] = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/agent", dir);
	CU_ASSERT_EQUAL(agent_asked(&s, path, &fd), ENOENT);
	listener = agent_listen(path);
	CU_ASSERT_EQUAL(agent_asked(&s, path, &fd), 0);
	more[n] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CU_ASSERT(more[n] >= 0 && write(fd, "hi", 2) == 2 && read(more[n], said, sizeof(said)) == 2);
	close(more[n]);
	close(fd);
	/* SSH_AUTH_SOCK means the variable of the supervisor's environment. */
	CU_ASSERT_EQUAL(unsetenv(CONF_AGENT_ENV), 0);
	CU_ASSERT_EQUAL(agent_asked(&s, CONF_AGENT_ENV, &fd), ENOENT);
	CU_ASSERT_EQUAL(setenv(CONF_AGENT_ENV, path, 1), 0);
	CU_ASSERT_EQUAL(agent_asked(&s, CONF_AGENT_ENV, &fd), 0);
	close(fd);
	/* An agent that takes nobody in does not hold the supervisor. */
	while (n < 8 && agent_asked(&s, path, &more[n]) == 0)
		n++;
	CU_ASSERT(n < 8);
	CU_ASSERT_EQUAL(agent_asked(&s, path, &fd), EAGAIN);
	while (n > 0)
		close(more[--n]);
	close(listener);
	CU_ASSERT_EQUAL(agent_asked(&s, path, &fd), ECONNREFUSED);
	memset(longest, 'a', sizeof(longest) - 1);
	CU_ASSERT_EQUAL(setenv(CONF_AGENT_ENV, longest, 1), 0);
	CU_ASSERT_EQUAL(agent_asked(&s, CONF_AGENT_ENV, &fd), ENAMETOOLONG);
	CU_ASSERT_EQUAL(unsetenv(CONF_AGENT_ENV), 0);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a queue keeps order and descriptors", test_line_order },
		{ "a receiver that does not read is given up", test_line_given_up },
		{ "a receiver that is gone", test_line_gone },
		{ "plugin files", test_plugin },
		{ "plugin descriptors", test_plugin_parse },
		{ "arguments of a plugin", test_plugin_arguments },
		{ "keywords of a plugin", test_plugin_keywords },
		{ "what plugins serve", test_serves },
		{ "rows of it that are wrong", test_serves_wrong },
		{ "configuration of the dataplane", test_attach_conf },
		{ "an ssh-agent for keeper", test_agent },
		CU_TEST_INFO_NULL,
	};

	return suite_run("supervisor parts", tests);
}
