#include "signals.h"

#include <signal.h>
#include <stddef.h>

static const struct {
	const char *name;
	int number;
} rows[] = {
	{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "FPE", SIGFPE }, { "HUP", SIGHUP }, { "ILL", SIGILL },
	{ "INT", SIGINT }, { "KILL", SIGKILL }, { "PIPE", SIGPIPE }, { "QUIT", SIGQUIT },
	{ "SEGV", SIGSEGV }, { "TERM", SIGTERM }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },
};

uint32_t
signal_number(struct postern_view name)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (postern_view_is(name, rows[i].name))
			return (uint32_t)rows[i].number;
	return 0;
}

const char *
signal_name(uint32_t number)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].number == (int)number)
			return rows[i].name;
	return "SIG@openssh.com"; /* what sshd says for the others */
}
