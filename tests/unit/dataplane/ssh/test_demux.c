#include <stdio.h>
#include <string.h>

#include "dataplane/ssh/demux.h"
#include "tests/lib/suite.h"

/*
 * Written by hand from RFC 4250 4.1.2, 4252, 4253 7 and 12, 4254, 8308 and
 * OpenSSH's PROTOCOL; one letter per message number, ten in a row:
 *   . refused   C control   s answered here   N NEWKEYS   c channel
 *   d dropped   u UNIMPLEMENTED
 */
#define NOTHING_128_191 \
	".........." ".........." ".........." ".........." ".........." ".........." "...."
#define UNKNOWN_128_191 \
	"uuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuu"
#define NOTHING_LOCAL NOTHING_128_191
#define UNKNOWN_LOCAL "ssuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuuuu" "uuuu"
#define NOTHING_80_127 ".........." ".........." ".........." ".........." "........"

static const char *const all_refused =
    ".........." ".........." ".........." ".........." ".........." ".........." ".........."
    ".........." NOTHING_80_127 NOTHING_128_191 NOTHING_LOCAL;

static const char *const first_exchange =
    ".CCCC....." ".........." "CN........" "CCCCCCCCCC" "CCCCCCCCCC"
    ".........." ".........." ".........." NOTHING_80_127 NOTHING_128_191 NOTHING_LOCAL;

static const char *const server_service =
    ".ssssC.Cuu" "uuuuuuuuuu" "..uuuuuuuu" ".........." ".........."
    ".........." ".........." ".........." NOTHING_80_127 UNKNOWN_128_191 UNKNOWN_LOCAL;

static const char *const server_auth =
    ".ssssC.duu" "uuuuuuuuuu" "..uuuuuuuu" ".........." ".........."
    "C...uuuuuu" ".Cuuuuuuuu" "uuuuuuuuuu" NOTHING_80_127 UNKNOWN_128_191 UNKNOWN_LOCAL;

#define CONNECTION_80_127 "CCCuuuuuuu" "Cccccccccc" "cuuuuuuuuu" "uuuuuuuuuu" "uuuuuuuu"

static const char *const server_open =
    ".ssss..duu" "uuuuuuuuuu" "CNuuuuuuuu" "CCCCCCCCCC" "CCCCCCCCCC"
    "d...uuuuuu" "..uuuuuuuu" "uuuuuuuuuu" CONNECTION_80_127 UNKNOWN_128_191 UNKNOWN_LOCAL;

static const char *const client_service =
    ".ssss.CCuu" "uuuuuuuuuu" "..uuuuuuuu" ".........." ".........."
    ".........." ".........." ".........." NOTHING_80_127 UNKNOWN_128_191 UNKNOWN_LOCAL;

static const char *const client_auth =
    ".ssss.CCuu" "uuuuuuuuuu" "..uuuuuuuu" ".........." ".........."
    ".CCCuuuuuu" "Cuuuuuuuuu" "uuuuuuuuuu" NOTHING_80_127 UNKNOWN_128_191 UNKNOWN_LOCAL;

static const char *const client_open =
    ".ssss..duu" "uuuuuuuuuu" "CNuuuuuuuu" "CCCCCCCCCC" "CCCCCCCCCC"
    "....uuuuuu" ".uuuuuuuuu" "uuuuuuuuuu" CONNECTION_80_127 UNKNOWN_128_191 UNKNOWN_LOCAL;

static char
letter(enum demux_verdict v)
{
	static const char letters[] = {
		[DEMUX_REFUSE] = '.', [DEMUX_CONTROL] = 'C', [DEMUX_SELF] = 's', [DEMUX_NEWKEYS] = 'N',
		[DEMUX_CHANNEL] = 'c', [DEMUX_DROP] = 'd', [DEMUX_UNKNOWN] = 'u',
	};

	return letters[v];
}

static void
check(bool client, enum ssh_phase phase, const char *want)
{
	CU_ASSERT_EQUAL_FATAL(strlen(want), 256);
	for (unsigned msg = 0; msg < 256; msg++) {
		char got = letter(demux_in(client, phase, (uint8_t)msg));

		if (got != want[msg])
			printf("\n%s phase %d message %u: %c, want %c", client ? "client" : "server", phase,
			    msg, got, want[msg]);
		CU_ASSERT_EQUAL(got, want[msg]);
	}
}

static void
test_server(void)
{
	check(false, SSH_PHASE_IDENT, all_refused);
	check(false, SSH_PHASE_KEX, first_exchange);
	check(false, SSH_PHASE_SERVICE, server_service);
	check(false, SSH_PHASE_AUTH, server_auth);
	check(false, SSH_PHASE_OPEN, server_open);
	check(false, SSH_PHASE_CLOSING, all_refused);
	check(false, SSH_PHASE_COUNT, all_refused);
}

static void
test_client(void)
{
	check(true, SSH_PHASE_IDENT, all_refused);
	check(true, SSH_PHASE_KEX, first_exchange);
	check(true, SSH_PHASE_SERVICE, client_service);
	check(true, SSH_PHASE_AUTH, client_auth);
	check(true, SSH_PHASE_OPEN, client_open);
	check(true, SSH_PHASE_CLOSING, all_refused);
}

/* RFC 4253 7.1: after KEXINIT 1-4, 20-29 and 30-49, without another KEXINIT. */
static void
test_kexing(void)
{
	for (unsigned m = 0; m < 256; m++) {
		bool transport = m >= 1 && m <= 4, method = m >= 30 && m <= 49;

		CU_ASSERT_EQUAL(demux_kexing((uint8_t)m), transport || m == 21 || method);
		CU_ASSERT_EQUAL(mux_held((uint8_t)m), !(transport || (m >= 20 && m <= 49)));
	}
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "server, every cell", test_server },
		{ "client, every cell", test_client },
		{ "during an exchange", test_kexing },
		CU_TEST_INFO_NULL,
	};

	return suite_run("demux", tests);
}
