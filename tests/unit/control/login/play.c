#include "tests/unit/control/login/play.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

struct world w;

struct view
none(void)
{
	return view_of(NULL, 0);
}

struct view
pty_request(const char *term, uint32_t columns, uint32_t rows)
{
	static uint8_t b[128];
	/* ECHO off, then the end: RFC 4254 section 8. */
	static const uint8_t modes[] = { 53, 0, 0, 0, 0, 0 };
	struct put p = put_of(b, sizeof(b));

	put_cstr(&p, term);
	put_u32(&p, columns);
	put_u32(&p, rows);
	put_u32(&p, 0);
	put_u32(&p, 0);
	put_string(&p, modes, sizeof(modes));
	return put_view(&p);
}

void
run(struct outcome *o, const char *command, struct view pty)
{
	outcome_init(o);
	world_start(&w, 0, LINK_START_EXEC, command, pty, 65536);
	world_collect(&w, 0, o, QUIET_MS);
	CU_ASSERT_FALSE(o->broken);
	CU_ASSERT_TRUE(o->closed);
}

/* The machine's records of logins stay as they are. */
static void
private_records(void)
{
	int i;
	static const char *const files[] = { "/var/log/wtmp", "/var/log/lastlog", "/run/utmp" };

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return;
	(void)mount("tmpfs", "/var/log", "tmpfs", 0, "mode=755");
	(void)mount("tmpfs", "/run", "tmpfs", 0, "mode=755");
	for (i = 0; i < 3; i++)
		close(open(files[i], O_CREAT | O_RDWR | O_CLOEXEC, 0644));
}

int
open_login(void)
{
	private_records();
	return world_open(&w, USER, "/bin/sh") == 0 ? 0 : -1;
}

int
close_login(void)
{
	world_close(&w);
	return 0;
}
