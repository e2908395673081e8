#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/conf_row.h"
#include "control/kex/names.h"
#include "control/log.h"
#include "tests/lib/suite.h"

struct told {
	int errors;
	int warnings;
	char first[1024];
	char all[8192];
};

static void
told(void *ctx, bool fatal, const char *line)
{
	struct told *t = ctx;

	if (t->errors + t->warnings == 0)
		snprintf(t->first, sizeof t->first, "%s", line);
	if (fatal)
		t->errors++;
	else
		t->warnings++;
	strncat(t->all, line, sizeof t->all - strlen(t->all) - 2);
	strcat(t->all, "\n");
}

static int
parse(struct conf *c, const char *text, struct told *t)
{
	memset(t, 0, sizeof *t);
	return conf_parse(c, text, strlen(text), "FILE", told, t);
}

static bool
good(struct conf *c, const char *text)
{
	struct told t;
	int r = parse(c, text, &t);

	if (r != 0 || t.warnings != 0)
		fprintf(stderr, "unexpected: %s\n", t.first);
	return r == 0 && t.errors == 0 && t.warnings == 0;
}

/* ---- syntax ---- */

static void
test_defaults(void)
{
	struct conf c;

	CU_ASSERT(good(&c, ""));
	CU_ASSERT_EQUAL(c.port, 22);
	CU_ASSERT_EQUAL(c.permit_root_login, CONF_ROOT_PROHIBIT_PASSWORD);
	CU_ASSERT(c.strict_modes && c.use_pam && c.pubkey_authentication);
	CU_ASSERT_EQUAL(c.authorized_keys_count, 2);
	CU_ASSERT_STRING_EQUAL(c.authorized_keys[0], ".ssh/authorized_keys");
	CU_ASSERT_STRING_EQUAL(c.pam_service, "postern");
	CU_ASSERT_EQUAL(c.login_grace_s, 120);
	CU_ASSERT_EQUAL(c.max_auth_tries, 6);
	CU_ASSERT_EQUAL(c.workers, 1);
}

static void
test_syntax(void)
{
	struct conf c;

	CU_ASSERT(good(&c, "# comment\n\n \t \n  pOrT 2022   # the port\r\n"));
	CU_ASSERT_EQUAL(c.port, 2022);
	CU_ASSERT(good(&c, "Port=2023"));
	CU_ASSERT_EQUAL(c.port, 2023);
	CU_ASSERT(good(&c, "port = 2024\n"));
	CU_ASSERT_EQUAL(c.port, 2024);
	CU_ASSERT(good(&c, "AuthorizedKeysFile \"/etc/keys of/%u\" '/x\"y' a\\ b\n"));
	CU_ASSERT_EQUAL(c.authorized_keys_count, 3);
	CU_ASSERT_STRING_EQUAL(c.authorized_keys[0], "/etc/keys of/%u");
	CU_ASSERT_STRING_EQUAL(c.authorized_keys[1], "/x\"y");
	CU_ASSERT_STRING_EQUAL(c.authorized_keys[2], "a b");
	CU_ASSERT(good(&c, "AuthorizedKeysFile none\n"));
	CU_ASSERT_EQUAL(c.authorized_keys_count, 0);
}

static void
test_first_wins(void)
{
	struct conf c;
	struct told t;

	CU_ASSERT(
	    good(&c, "MaxAuthTries 3\nMaxAuthTries 5\nLogLevel DEBUG\nLogLevel INFO\n"
		     "AuthorizedKeysFile a b\nAuthorizedKeysFile c d e\nStrictModes no\nStrictModes yes\n"));
	CU_ASSERT_EQUAL(c.max_auth_tries, 3);
	CU_ASSERT_EQUAL(c.log_level, LOG_L_DEBUG);
	CU_ASSERT_EQUAL(c.authorized_keys_count, 2);
	CU_ASSERT_FALSE(c.strict_modes);
	/* what is not used is checked all the same */
	CU_ASSERT_EQUAL(parse(&c, "MaxAuthTries 3\nMaxAuthTries x\n", &t), -1);
}

/* Every form of sshd_config(5), on lists that are made up for it. */
/* Lists as sshd_config(5) has them, over a table of letters: served are a, b, c, cc
 * and d, of which the profile has all but d; z is known to others. */
static void
test_algorithms(void)
{
	static const struct {
		const char *line, *result;
		int errors, warnings;
	} cases[] = {
		{ "c,a", "c,a", 0, 0 },
		{ "c,c,a,c", "c,a", 0, 0 },
		{ "d", "d", 0, 0 },
		{ "+b", "a,b,cc,c", 0, 0 },
		{ "+d,a", "a,b,cc,c,d", 0, 0 },
		{ "+*", "a,b,cc,c,d", 0, 0 },
		{ "-b", "a,cc,c", 0, 0 },
		{ "-c*", "a,b", 0, 0 },
		{ "-x,a", "b,cc,c", 0, 0 },
		{ "-d", "a,b,cc,c", 0, 0 },
		{ "^c", "c,a,b,cc", 0, 0 },
		{ "^d,b", "d,b,a,cc,c", 0, 0 },
		{ "^c,b,z", "c,b,a,cc", 0, 1 },
		{ "c*,?", "cc,c,a,b,d", 0, 0 },
		{ "z,b,y*", "b", 0, 1 },
		{ "+z", "a,b,cc,c", 0, 1 },
		{ "z", NULL, 1, 1 },
		{ "x,b", NULL, 1, 0 },
		{ "+x", NULL, 1, 0 },
		{ "x,b,y", NULL, 2, 0 },
		{ "-*", NULL, 1, 0 },
		{ "-c*,?", NULL, 1, 0 },
		{ "", NULL, 1, 0 },
	};
	static const char *const profiles[] = { "a,b,cc,c", "b", "c" };

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf_row row = *conf_row_find("KexAlgorithms");
		struct conf_wanted wanted[CONF_LIST_COUNT] = { 0 };
		struct conf c = { .kex_algorithms = "before" };
		struct told t = { 0 };
		struct conf_parser p = { .conf = &c, .wanted = wanted, .report = told, .ctx = &t,
			.file = "FILE", .line = 1 };
		struct conf_args a = { .count = 1 };
		char word[32];

		row.fine = "a,b,cc,c,d";
		row.foreign = "z";
		row.profiles = profiles;
		snprintf(word, sizeof word, "%s", cases[i].line);
		a.word[0] = word;
		conf_set_algorithms(&p, &row, &c, &a);
		conf_finish_list(&p, &row);
		if (t.errors != cases[i].errors || t.warnings != cases[i].warnings)
			fprintf(stderr, "[%s] %d errors, %d warnings: %s\n", word, t.errors, t.warnings, t.first);
		CU_ASSERT_EQUAL(t.errors, cases[i].errors);
		CU_ASSERT_EQUAL(t.warnings, cases[i].warnings);
		if (cases[i].errors == 0)
			CU_ASSERT_STRING_EQUAL(c.kex_algorithms, cases[i].result);
	}
}

static void
test_profiles(void)
{
	static const struct {
		const char *text, *kex, *host_keys, *sign, *ciphers, *macs;
		uint32_t rsa;
	} cases[] = {
		{ "", KEX_NAMES, HOST_KEY_NAMES, SIGN_NAMES, CIPHER_NAMES, MAC_NAMES, 2048 },
		{ "AlgorithmProfile modern", KEX_NAMES, HOST_KEY_NAMES, SIGN_NAMES, CIPHER_NAMES, MAC_NAMES, 2048 },
		{ "AlgorithmProfile line-rate", KEX_NAMES, HOST_KEY_NAMES, SIGN_NAMES,
		    "aes128-gcm@openssh.com,aes256-gcm@openssh.com", MAC_NAMES, 2048 },
		{ "AlgorithmProfile cnsa", "mlkem1024nistp384-sha384,ecdh-sha2-nistp384",
		    "ecdsa-sha2-nistp384-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,"
		    "ecdsa-sha2-nistp384,rsa-sha2-512", "ecdsa-sha2-nistp384,rsa-sha2-512",
		    "aes256-gcm@openssh.com", "hmac-sha2-512-etm@openssh.com,hmac-sha2-512", 3072 },
		/* the lists stand before and behind it, and change the profile's */
		{ "Ciphers +aes256-ctr\nAlgorithmProfile cnsa\nKexAlgorithms -mlkem*\nRequiredRSASize 2048\n"
		  "HostKeyAlgorithms ^rsa-*\nPubkeyAcceptedAlgorithms ssh-ed25519\nAlgorithmProfile modern",
		    "ecdh-sha2-nistp384",
		    "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-256,"
		    "ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp384", "ssh-ed25519",
		    "aes256-gcm@openssh.com,aes256-ctr", "hmac-sha2-512-etm@openssh.com,hmac-sha2-512", 2048 },
	};
	struct conf c;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		CU_ASSERT(good(&c, cases[i].text));
		CU_ASSERT_STRING_EQUAL(c.kex_algorithms, cases[i].kex);
		CU_ASSERT_STRING_EQUAL(c.host_key_algorithms, cases[i].host_keys);
		CU_ASSERT_STRING_EQUAL(c.pubkey_algorithms, cases[i].sign);
		CU_ASSERT_STRING_EQUAL(c.ciphers, cases[i].ciphers);
		CU_ASSERT_STRING_EQUAL(c.macs, cases[i].macs);
		CU_ASSERT_EQUAL(c.required_rsa_size, cases[i].rsa);
	}
}

/* What is broken stays out of every default: CBC, SHA-1, MD5 and "none". */
static void
test_defaults_sound(void)
{
	static const char *const texts[] = { "", "AlgorithmProfile line-rate", "AlgorithmProfile cnsa" };
	struct conf c;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		CU_ASSERT(good(&c, texts[i]));
		const char *lists[] = { c.kex_algorithms, c.host_key_algorithms, c.pubkey_algorithms, c.ciphers,
			c.macs };

		for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
			CU_ASSERT_PTR_NULL(strstr(lists[k], "cbc"));
			CU_ASSERT_PTR_NULL(strstr(lists[k], "sha1"));
			CU_ASSERT_PTR_NULL(strstr(lists[k], "md5"));
			CU_ASSERT_PTR_NULL(strstr(lists[k], "none"));
			CU_ASSERT_PTR_NULL(strstr(lists[k], "ssh-rsa"));
		}
	}
}

static void
test_accumulate(void)
{
	struct conf c, none;

	CU_ASSERT(good(&c,
	    "HostKey /a\nHostKey /b\nHostCertificate /c\nHostCertificate /d\nHostKeyAgent SSH_AUTH_SOCK\n"
	    "AcceptEnv LANG LC_*\nAcceptEnv TERM\n"
	    "Address 10.0.0.1/24\nAddress fd00::1/64 10.0.1.1/16\nGateway 10.0.0.254\nPort 22\nPort 22\n"));
	CU_ASSERT_EQUAL(c.host_key_count, 2);
	CU_ASSERT_EQUAL(c.host_certificate_count, 2);
	CU_ASSERT_STRING_EQUAL(c.host_certificate[1], "/d");
	CU_ASSERT_STRING_EQUAL(c.host_key_agent, "SSH_AUTH_SOCK");
	CU_ASSERT(good(&none, "HostCertificate none\nHostKeyAgent none"));
	CU_ASSERT(none.host_certificate_count == 0 && none.host_key_agent[0] == '\0');
	CU_ASSERT_STRING_EQUAL(c.host_key[0], "/a");
	CU_ASSERT_EQUAL(c.accept_env_count, 3);
	CU_ASSERT_STRING_EQUAL(c.accept_env[2], "TERM");
	CU_ASSERT_EQUAL(c.address_count, 3);
	CU_ASSERT_EQUAL(c.address[0].family, 4);
	CU_ASSERT_EQUAL(c.address[0].prefix, 24);
	CU_ASSERT_EQUAL(c.address[1].family, 6);
	CU_ASSERT_EQUAL(c.address[1].prefix, 64);
	CU_ASSERT_EQUAL(c.address[1].b[0], 0xfd);
	CU_ASSERT_EQUAL(c.gateway_count, 1);
	CU_ASSERT_EQUAL(c.gateway[0].b[3], 254);
}

/* Routes, and which of the addresses are listened at. */
static void
test_routes(void)
{
	static const char base[] = "Address 10.0.0.1/24 fd00::1/64\n";
	static const char *const wrong[] = { "Route 10.0.0.0/8", "Route 10.0.0.0/8 fd00::2", "Route 10.0.0.1 10.0.0.2",
		"Route 10.0.0.0/8 10.0.0.2/24", "Route 10.0.0.0/8 10.0.0.2 10.0.0.3", "ListenAddress 10.0.0.2",
		"ListenAddress 10.0.0.1:22", "ListenAddress fd00::2", "ListenAddress banana", "ReplyToSender maybe", "Vlan 4095" };
	char text[256];
	struct conf c;
	char *dump;

	CU_ASSERT(good(&c, "Address 10.0.0.1/24 fd00::1/64\nRoute 192.0.2.0/24 10.0.0.9\n"
	    "Route 2001:db8::/32 fd00::9\nListenAddress 10.0.0.1\nListenAddress [fd00::1]\nListenAddress ::\n"
	    "ReplyToSender yes\nVlan 4094\n"));
	CU_ASSERT_EQUAL(c.route_count, 2);
	CU_ASSERT(c.route[0].to.family == 4 && c.route[0].to.prefix == 24 && c.route[0].gateway[3] == 9);
	CU_ASSERT(c.route[1].to.family == 6 && c.route[1].to.prefix == 32 && c.route[1].gateway[15] == 9);
	CU_ASSERT_EQUAL(c.listen_count, 3);
	CU_ASSERT(c.listen[1].family == 6 && c.listen[1].b[15] == 1 && c.listen[2].b[15] == 0);
	CU_ASSERT(c.reply_to_sender);
	CU_ASSERT_EQUAL(c.vlan, 4094);
	dump = conf_dump(&c);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dump);
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "route 192.0.2.0/24 10.0.0.9\nroute 2001:db8::/32 fd00::9\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "listenaddress fd00::1\nlistenaddress ::\n"));
	free(dump);
	CU_ASSERT(good(&c, "Address 10.0.0.1/24\nListenAddress 10.0.0.1\nListenAddress *\n"));
	CU_ASSERT_EQUAL(c.listen_count, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof text, "%s%s\n", base, wrong[i]);
		CU_ASSERT(!good(&c, text));
	}
}

static void
test_virtual_routers(void)
{
	static const char base[] = "Address 10.0.0.1/24\n";
	static const char *const wrong[] = { "VirtualRouter 51", "VirtualRouter 0 10.0.0.9", "VirtualRouter 256 10.0.0.9",
		"VirtualRouter x 10.0.0.9", "VirtualRouter 51 fd00::9", "VirtualRouter 51 10.0.0.9 fe80::1",
		"VirtualRouter 51 10.0.0.9 priority=0", "VirtualRouter 51 10.0.0.9 priority=256",
		"VirtualRouter 51 10.0.0.9 interval=4096", "VirtualRouter 51 10.0.0.9 preempt=maybe",
		"VirtualRouter 51 10.0.0.9 color=red", "VirtualRouter 51 10.0.0.9 =5",
		"VirtualRouter 51 10.0.0.9\nVirtualRouter 51 10.0.0.8",
		"VirtualRouter 5 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 10.0.0.8 10.0.0.9" };
	char text[256];
	struct conf c;
	char *dump;

	CU_ASSERT(good(&c, "Address 10.0.0.1/24\nVirtualRouter 51 10.0.0.100 10.0.0.101 priority=150 interval=20 "
	    "preempt=no accept=no\nVirtualRouter 51 fe80::64 fd00::64\nListenAddress 10.0.0.101\n"));
	CU_ASSERT_EQUAL(c.vrrp_count, 2);
	CU_ASSERT(c.vrrp[0].family == 4 && c.vrrp[0].vrid == 51 && c.vrrp[0].addr_count == 2);
	CU_ASSERT(c.vrrp[0].priority == 150 && c.vrrp[0].interval == 20);
	CU_ASSERT(!c.vrrp[0].preempt && !c.vrrp[0].accept && c.vrrp[0].addr[1][3] == 101);
	CU_ASSERT(c.vrrp[1].family == 6 && c.vrrp[1].priority == 100 && c.vrrp[1].interval == 100);
	CU_ASSERT(c.vrrp[1].preempt && c.vrrp[1].accept && c.vrrp[1].addr[1][15] == 0x64);
	dump = conf_dump(&c);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dump);
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "virtualrouter 51 10.0.0.100 10.0.0.101 priority=150 interval=20 "
	    "preempt=no accept=no\nvirtualrouter 51 fe80::64 fd00::64 priority=100"));
	free(dump);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof text, "%s%s\n", base, wrong[i]);
		CU_ASSERT(!good(&c, text));
	}
}

static void
test_values(void)
{
	struct conf c;

	CU_ASSERT(good(&c, "LoginGraceTime 1h30m5s\nRekeyLimit 512M 1h\nClientAliveInterval 2w\n"));
	CU_ASSERT_EQUAL(c.login_grace_s, 5405);
	CU_ASSERT_EQUAL(c.rekey_bytes, UINT64_C(512) << 20);
	CU_ASSERT_EQUAL(c.rekey_s, 3600);
	CU_ASSERT_EQUAL(c.alive_interval_s, 1209600);
	CU_ASSERT(good(&c, "RekeyLimit default none"));
	CU_ASSERT(c.rekey_bytes == 0 && c.rekey_s == 0);
	CU_ASSERT(good(&c, "PermitRootLogin without-password"));
	CU_ASSERT_EQUAL(c.permit_root_login, CONF_ROOT_PROHIBIT_PASSWORD);
	CU_ASSERT(good(&c, "Nic af_packet:eth1\nVersionAddendum none\nLogFile /var/log/postern.log\n"));
	CU_ASSERT_STRING_EQUAL(c.nic, "af_packet:eth1");
	CU_ASSERT_STRING_EQUAL(c.version_addendum, "");
	CU_ASSERT(good(&c, "Subsystem echo plugin:echo\nSubsystem x /bin/sh -c \"a # b\"  # tail\n"));
	CU_ASSERT_EQUAL(c.subsystem_count, 2);
	CU_ASSERT_STRING_EQUAL(c.subsystem[0].plugin, "echo");
	CU_ASSERT_STRING_EQUAL(c.subsystem[0].command, "");
	CU_ASSERT_STRING_EQUAL(c.subsystem[1].command, "/bin/sh -c \"a # b\"");
	CU_ASSERT(good(&c, "Subsystem sftp internal-sftp\nSubsystem s2 /usr/lib/openssh/sftp-server -Ru 027 -l INFO # x\n"
	                   "Subsystem s3 internal-sftp -d %d/%u/%% -Premove,rename\n"));
	CU_ASSERT_STRING_EQUAL(c.subsystem[0].plugin, "sftp");
	CU_ASSERT_STRING_EQUAL(c.subsystem[0].arguments, "");
	CU_ASSERT_STRING_EQUAL(c.subsystem[1].plugin, "sftp");
	CU_ASSERT_STRING_EQUAL(c.subsystem[1].command, "");
	CU_ASSERT_STRING_EQUAL(c.subsystem[1].arguments, "-Ru 027 -l INFO");
	CU_ASSERT_STRING_EQUAL(c.subsystem[2].arguments, "-d %d/%u/%% -Premove,rename");
}

/* ---- errors ---- */

static const struct {
	const char *text;
	const char *error; /* part of the first line */
} errors[] = {
	{ "Prot 22", "FILE:1: unknown keyword \"Prot\"; the nearest known one is \"Port\"" },
	{ "\n\nPermitRootLogon no", "FILE:3: unknown keyword \"PermitRootLogon\"; the nearest known one is "
				    "\"PermitRootLogin\"" },
	{ "Wrokers 1", "nearest known one is \"Workers\"" },
	{ "Xyzzyplugh 1", "FILE:1: unknown keyword \"Xyzzyplugh\"" },
	{ "Port", "Port: a value is expected" },
	{ "Port =", "Port: a value is expected" },
	{ "Port # 22", "Port: a value is expected" },
	{ "Port 0", "a number from 1 to 65535 expected" },
	{ "Port 65536", "a number from 1 to 65535 expected" },
	{ "Port 22x", "\"22x\" found" },
	{ "Port -1", "\"-1\" found" },
	{ "Port 22 23", "one value is expected, found 2" },
	{ "Port 22\nPort 23", "FILE:2: Port: a second port" },
	{ "StrictModes maybe", "\"maybe\" found, yes or no expected" },
	{ "MaxAuthTries 0", "a number from 1 to 1000 expected" },
	{ "MaxAuthTries 99999999999999999999", "expected" },
	{ "Workers 33", "a number from 1 to 32 expected" },
	{ "WorkerCPUs 1,,2", "CPU numbers with commas expected" },
	{ "WorkerCPUs 0,x", "CPU numbers with commas expected" },
	{ "LoginGraceTime 5x", "a time such as" },
	{ "LoginGraceTime h", "a time such as" },
	{ "LoginGraceTime 99999999999w", "a time such as" },
	{ "PermitRootLogin perhaps", "one of these expected: no, prohibit-password" },
	{ "LogLevel LOUD", "one of these expected" },
	{ "RekeyLimit 1X", "a size such as 512M" },
	{ "RekeyLimit 8", "a size such as 512M" },
	{ "RekeyLimit 1M 1h 2", "at most two" },
	{ "RekeyLimit 1M soon", "none or a time" },
	{ "RekeyLimit 99999999999G", "a size such as" },
	{ "HostKey ssh_host_key", "an absolute path expected" },
	{ "HostKey /a /b", "one value" },
	{ "HostKey none", "an absolute path expected" },
	{ "HostCertificate cert.pub", "an absolute path expected" },
	{ "HostCertificate /a /b", "one value" },
	{ "HostKeyAgent ssh_auth_sock", "an absolute path expected" },
	{ "HostKeyAgent agent", "an absolute path expected" },
	{ "HostKeyAgent "
	  "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa",
	    "longer than 107" },
	{ "ControlSocket none", "an absolute path expected" },
	{ "Nic eth0", "DRIVER:DEVICE, DRIVER one of af_packet, af_xdp, tap, memif, ring, bond, pci expected" },
	{ "Nic \"af_packet:a b\"", "DRIVER:DEVICE" },
	{ "LogFile \"/a b\"", "a blank in the path" },
	{ "ControlSocket "
	  "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaa",
	    "longer than 107" },
	{ "Nic af_packet:", "INTERFACE expected" },
	{ "Address 10.0.0.1", "with / prefix length" },
	{ "Address 10.0.0.1/33", "with / prefix length" },
	{ "Address 10.0.0.1/0", "with / prefix length" },
	{ "Address 10.0.0.300/8", "with / prefix length" },
	{ "Address fe80::1/129", "with / prefix length" },
	{ "Gateway 10.0.0.1/24", "without prefix length" },
	{ "Gateway nowhere", "without prefix length" },
	{ "AuthorizedKeysFile \"a", "a quote is not closed" },
	{ "AcceptEnv a b c d e f g h i j k l m n o p q", "more than 16 values" },
	{ "Subsystem x", "a name and plugin:ID or a command" },
	{ "Subsystem x plugin:", "plugin:ID expected" },
	{ "Subsystem x plugin:../y", "plugin:ID expected" },
	{ "Subsystem x plugin:y z", "plugin:ID expected" },
	{ "Subsystem x plugin:y\nSubsystem x plugin:z", "FILE:2: Subsystem: \"x\" is defined already" },
	{ "Subsystem sftp internal-sftp -x", "internal-sftp has no option -x" },
	{ "Subsystem sftp internal-sftp -h", "internal-sftp has no option -h" },
	{ "Subsystem sftp internal-sftp read", "internal-sftp has no argument \"read\"" },
	{ "Subsystem sftp internal-sftp -", "internal-sftp has no argument \"-\"" },
	{ "Subsystem sftp internal-sftp -u", "-u: \"\": a value is expected" },
	{ "Subsystem sftp internal-sftp -u 8", "-u: \"8\": an octal number" },
	{ "Subsystem sftp internal-sftp -u 1777", "-u: \"1777\": an octal number" },
	{ "Subsystem sftp internal-sftp -l LOUD", "a log level is expected" },
	{ "Subsystem sftp internal-sftp -P open,look", "a list of requests" },
	{ "Subsystem sftp internal-sftp -p ,", "a list of requests" },
	{ "Subsystem sftp internal-sftp -d data", "an absolute directory is expected" },
	{ "Subsystem sftp internal-sftp -d /%h", "only %d, %u and %% are known" },
	{ "Subsystem sftp internal-sftp -d \"/a b\"", "blanks and quotes" },
	{ "Include /etc/x", "Include: not possible here" },
	{ "Match User x\nPermitTTY no\nNonsense 1\n", "FILE:1: Match: not served" },
	{ "AllowUsers a", "AllowUsers: not served yet" },
	{ "ForceCommand /bin/true", "ForceCommand: not served yet" },
	{ "ChrootDirectory /x", "ChrootDirectory: not served yet" },
	{ "AuthenticationMethods publickey,password", "AuthenticationMethods: not served yet" },
	{ "Ciphers aes999-ctr", "FILE:1: Ciphers: unknown algorithm \"aes999-ctr\"; the nearest that is served is \"aes192-ctr\"" },
	{ "\nKexAlgorithms curve25519-sha265", "FILE:2: KexAlgorithms: unknown algorithm \"curve25519-sha265\"; the nearest that is served is \"curve25519-sha256\"" },
	{ "MACs quite-another-thing", "MACs: unknown algorithm \"quite-another-thing\"; served are hmac-" },
	{ "Ciphers -*gcm*\n\nAlgorithmProfile line-rate", "FILE:1: Ciphers: the list excludes all that is served: aes128-gcm" },
	{ "AlgorithmProfile fips", "AlgorithmProfile" },
	{ "Ciphers aes256-cbc", "Ciphers: not served and left out: aes256-cbc" },
	{ "MACs hmac-sha1", "MACs: not served and left out: hmac-sha1" },
	{ "Ciphers -aes*,chacha*", "Ciphers: the list excludes" },
	{ "KexAlgorithms diffie-hellman-group1-sha1", "KexAlgorithms: not served and left out: diffie-hellman-group1-sha1" },
	{ "HostKeyAlgorithms ssh-rsa,ssh-dss", "HostKeyAlgorithms: not served and left out: ssh-rsa,ssh-dss" },
	{ "RequiredRSASize 512", "a number from 1024 to 16384 expected" },
	{ "PubkeyAcceptedKeyTypes ssh-rsa", "PubkeyAcceptedAlgorithms: not served and left out: ssh-rsa" },
	{ "Port 2\x01"
	  "2",
	    "expected" },
	{ "VersionAddendum a\x01"
	  "b",
	    "control character" },
};

static void
test_errors(void)
{
	struct conf c;
	struct told t;

	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		int r = parse(&c, errors[i].text, &t);

		if (r != -1 || strstr(t.first, errors[i].error) == NULL)
			fprintf(stderr, "[%s] said [%s]\n", errors[i].text, t.first);
		CU_ASSERT_EQUAL(r, -1);
		CU_ASSERT(t.errors > 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(t.first, errors[i].error));
		CU_ASSERT_EQUAL(strncmp(t.first, "FILE:", 5), 0);
	}
}

static void
test_bad_bytes(void)
{
	struct conf c;
	struct told t = { 0 };
	char *text = malloc(10000);

	CU_ASSERT_EQUAL(conf_parse(&c, "Port\0 22", 8, "FILE", told, &t), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.first, "NUL"));
	memset(text, 'a', 9999);
	text[9999] = '\0';
	CU_ASSERT_EQUAL(parse(&c, text, &t), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.first, "longer than"));
	/* a flood of errors ends */
	for (int i = 0; i < 4999; i++)
		memcpy(text + 2 * i, "x\n", 2);
	CU_ASSERT_EQUAL(parse(&c, text, &t), -1);
	CU_ASSERT(t.errors <= 100);
	free(text);
}

/* ---- classes of service ---- */

static void
test_qos(void)
{
	static const char *const good[][3] = { { "IPQoS ef", "ef", "ef" }, { "IPQoS af41 0x20", "af41", "cs1" },
		{ "IPQoS lowdelay throughput", "lowdelay", "throughput" }, { "IPQoS none cs0", "none", "cs0" },
		{ "IPQoS 12 255", "0x0c", "0xfc" } };
	static const char *const bad[] = { "IPQoS", "IPQoS af14", "IPQoS 256", "IPQoS -1", "IPQoS 0x", "IPQoS ef cs1 cs2",
		"IPQoS 8x" };
	char line[64];
	struct conf c;
	struct told t;
	char *text;

	CU_ASSERT_EQUAL(parse(&c, "", &t), 0);
	CU_ASSERT_EQUAL(c.qos_interactive, 18);
	CU_ASSERT_EQUAL(c.qos_bulk, 8);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(line, sizeof line, "%s\n", good[i][0]);
		CU_ASSERT_EQUAL(parse(&c, line, &t), 0);
		text = conf_dump(&c);
		snprintf(line, sizeof line, "\nipqos %s %s\n", good[i][1], good[i][2]);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
		free(text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(line, sizeof line, "%s\n", bad[i]);
		CU_ASSERT_EQUAL(parse(&c, line, &t), -1);
		CU_ASSERT_EQUAL(t.errors, 1);
	}
}

/* ---- the table ---- */

/* sshd_config(5), one line a letter; written by hand from the manual of OpenSSH 10. */
static const char sshd_keywords[] =
    "AcceptEnv AddressFamily AllowAgentForwarding AllowGroups AllowStreamLocalForwarding AllowTcpForwarding "
    "AllowUsers AuthenticationMethods AuthorizedKeysCommand AuthorizedKeysCommandUser AuthorizedKeysFile "
    "AuthorizedPrincipalsCommand AuthorizedPrincipalsCommandUser AuthorizedPrincipalsFile "
    "Banner "
    "CASignatureAlgorithms ChannelTimeout ChrootDirectory Ciphers ClientAliveCountMax ClientAliveInterval "
    "Compression "
    "DenyGroups DenyUsers DisableForwarding "
    "ExposeAuthInfo "
    "FingerprintHash ForceCommand "
    "GatewayPorts GSSAPIAuthentication GSSAPICleanupCredentials GSSAPIDelegateCredentials "
    "GSSAPIStrictAcceptorCheck "
    "HostbasedAcceptedAlgorithms HostbasedAuthentication HostbasedUsesNameFromPacketOnly HostCertificate "
    "HostKey HostKeyAgent HostKeyAlgorithms "
    "IgnoreRhosts IgnoreUserKnownHosts Include IPQoS "
    "KbdInteractiveAuthentication KerberosAuthentication KerberosGetAFSToken KerberosOrLocalPasswd "
    "KerberosTicketCleanup KexAlgorithms "
    "ListenAddress LoginGraceTime LogLevel LogVerbose "
    "MACs Match MaxAuthTries MaxChannels MaxSessions MaxStartups ModuliFile "
    "PAMServiceName PasswordAuthentication PermitEmptyPasswords PermitListen PermitOpen PermitRootLogin "
    "PermitTTY PermitTunnel PermitUserEnvironment PermitUserRC PerSourceMaxStartups PerSourceNetBlockSize "
    "PerSourcePenalties PerSourcePenaltyExemptList PidFile Port PrintLastLog PrintMotd "
    "PubkeyAcceptedAlgorithms PubkeyAuthentication PubkeyAuthOptions "
    "RDomain RefuseConnection RekeyLimit RequiredRSASize RevokedKeys "
    "SecurityKeyProvider SetEnv SshdAuthPath SshdSessionPath StreamLocalBindMask StreamLocalBindUnlink "
    "StrictModes Subsystem SyslogFacility "
    "TCPKeepAlive TrustedUserCAKeys "
    "UnusedConnectionTimeout UseDNS UsePAM "
    "VersionAddendum "
    "X11DisplayOffset X11Forwarding X11UseLocalhost XAuthLocation";

/* Those whose loss would let somebody in or loose: never a mere warning. */
static const char restricting[] = " AllowUsers DenyUsers AllowGroups DenyGroups AuthenticationMethods "
				  "RevokedKeys RefuseConnection AddressFamily RDomain "
				  "ForceCommand ChrootDirectory "
				  "ChannelTimeout UnusedConnectionTimeout "
				  "PerSourcePenalties ";

static void
test_all_of_sshd(void)
{
	char names[sizeof sshd_keywords];
	int count = 0;

	memcpy(names, sshd_keywords, sizeof names);
	for (char *n = strtok(names, " "); n != NULL; n = strtok(NULL, " "), count++) {
		if (conf_row_find(n) == NULL)
			fprintf(stderr, "missing: %s\n", n);
		CU_ASSERT_PTR_NOT_NULL(conf_row_find(n));
	}
	CU_ASSERT(count > 95);
	for (size_t i = 0; i < conf_row_count; i++)
		for (size_t j = i + 1; j < conf_row_count; j++)
			CU_ASSERT_NOT_EQUAL(strcasecmp(conf_rows[i].name, conf_rows[j].name), 0);
}

/* For each kind: a value that is taken, and one that is not (NULL: none). */
static const struct {
	const char *yes;
	const char *no;
} samples[CONF_K_KIND_COUNT] = {
	[CONF_K_FLAG] = { "no", "2" },
	[CONF_K_NUMBER] = { NULL, "x" },
	[CONF_K_TIME] = { "90", "x" },
	[CONF_K_PORT] = { "2222", "x" },
	[CONF_K_TEXT] = { "word", "two words" },
	[CONF_K_PATH] = { "/a/b", "a/b" },
	[CONF_K_NIC] = { "af_packet:x", "x" },
	[CONF_K_WORD] = { NULL, "x" },
	[CONF_K_LIST] = { "A B", "\"\"" },
	[CONF_K_LIST_ONCE] = { "a b", "\"\"" },
	[CONF_K_PATHS] = { "/a", "a" },
	[CONF_K_ADDRESSES] = { NULL, "x" },
	[CONF_K_REKEY] = { "1G 2h", "x" },
	[CONF_K_SUBSYSTEM] = { "a plugin:b", "a" },
	[CONF_K_INCLUDE] = { NULL, "x" },
	[CONF_K_MATCH] = { "all", "User x" },
};

static void
check_line(const struct conf_row *row, const char *value, int errors_wanted, int warnings_wanted)
{
	char line[256];
	struct conf c;
	struct told t;

	snprintf(line, sizeof line, "%s %s\n", row->name, value);
	parse(&c, line, &t);
	if (t.errors != errors_wanted || t.warnings != warnings_wanted)
		fprintf(stderr, "[%s] %d errors, %d warnings: %s\n", line, t.errors, t.warnings, t.first);
	CU_ASSERT_EQUAL(t.errors, errors_wanted);
	CU_ASSERT_EQUAL(t.warnings, warnings_wanted);
	CU_ASSERT(t.errors + t.warnings == 0 || strstr(t.first, row->name) != NULL);
}

static void
check_fine(const struct conf_row *row)
{
	char fine[128];

	snprintf(fine, sizeof fine, "%s", row->fine != NULL ? row->fine : "");
	for (char *v = strtok(fine, " "); v != NULL; v = strtok(NULL, " "))
		check_line(row, v, 0, 0);
}

static void
test_every_row(void)
{
	char value[64];

	for (size_t i = 0; i < conf_row_count; i++) {
		const struct conf_row *row = &conf_rows[i];

		switch (row->kind) {
		case CONF_K_WARN:
		case CONF_K_REFUSE:
			snprintf(value, sizeof value, " %s ", row->name);
			CU_ASSERT_EQUAL(row->kind == CONF_K_REFUSE, strstr(restricting, value) != NULL);
			CU_ASSERT_PTR_NOT_NULL(row->why);
			check_fine(row);
			check_line(row, "other", row->kind == CONF_K_REFUSE, row->kind == CONF_K_WARN);
			break;
		case CONF_K_ALGORITHMS:
			check_line(row, "other", 2, 0);
			check_line(row, "+other", 1, 0);
			check_line(row, "other,*", 1, 0);
			check_line(row, "other*,*", 0, 1);
			check_line(row, "-other", 0, 0);
			check_line(row, "-*", 1, 0);
			break;
		case CONF_K_ALIAS:
			CU_ASSERT_PTR_NOT_NULL(conf_row_find(row->name));
			CU_ASSERT_STRING_EQUAL(conf_row_find(row->name)->name, row->why);
			break;
		case CONF_K_NUMBER:
			snprintf(value, sizeof value, "%u", row->min);
			check_line(row, value, 0, 0);
			snprintf(value, sizeof value, "%llu", row->max + 1ull);
			check_line(row, value, 1, 0);
			check_line(row, "x", 1, 0);
			break;
		case CONF_K_WORD:
			for (const struct conf_word *w = row->words; w->name != NULL; w++)
				check_line(row, w->name, 0, 0);
			check_line(row, "x", 1, 0);
			break;
		case CONF_K_ADDRESSES:
			check_line(row, row->min ? "10.0.0.1/8" : "10.0.0.1", 0, 0);
			check_line(row, "x", 1, 0);
			break;
		default:
			if (samples[row->kind].yes != NULL)
				check_line(row, samples[row->kind].yes, 0, 0);
			check_line(row, samples[row->kind].no, 1, 0);
		}
	}
}

/* Debian's own file, as installed, but for the lines that cannot be served. */
static void
test_debian(void)
{
	struct conf c;
	struct told t;

	CU_ASSERT_EQUAL(parse(&c,
			    "KbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\n"
			    "PrintMotd no\nAcceptEnv LANG LC_*\n",
			    &t),
	    0);
	CU_ASSERT_EQUAL(t.warnings, 0);
	CU_ASSERT_TRUE(c.x11_forwarding);
	CU_ASSERT_FALSE(c.print_motd);
	CU_ASSERT_EQUAL(
	    parse(&c, "HostbasedAuthentication yes\nDisableForwarding yes\nCompression no\n", &t), 0);
	CU_ASSERT_EQUAL(t.warnings, 1);
	CU_ASSERT_EQUAL(c.compression, CONF_COMPRESSION_NO);
}

/* The list of message 51, by the four switches. */
static void
test_methods(void)
{
	static const char *const expected[8] = { "", "publickey", "password", "publickey,password",
		"keyboard-interactive", "publickey,keyboard-interactive", "password,keyboard-interactive",
		"publickey,password,keyboard-interactive" };
	struct conf c;
	struct told t;

	CU_ASSERT(good(&c, ""));
	CU_ASSERT_STRING_EQUAL(conf_methods(&c), expected[7]);
	for (unsigned bits = 0; bits < 16; bits++) {
		c.pubkey_authentication = bits & 1;
		c.password_authentication = bits & 2;
		c.kbd_interactive = bits & 4;
		c.use_pam = bits & 8;
		CU_ASSERT_STRING_EQUAL(conf_methods(&c), expected[bits & 8 ? bits & 7 : bits & 1]);
	}
	CU_ASSERT(good(&c, "PasswordAuthentication no\nChallengeResponseAuthentication no\n"));
	CU_ASSERT_STRING_EQUAL(conf_methods(&c), "publickey");
	CU_ASSERT_FALSE(c.permit_empty_passwords);
	/* what has no effect is told, if somebody wrote it */
	CU_ASSERT_EQUAL(parse(&c, "UsePAM no\n", &t), 0);
	CU_ASSERT_EQUAL(t.warnings, 0);
	CU_ASSERT_EQUAL(parse(&c, "UsePAM no\nPasswordAuthentication no\n", &t), 0);
	CU_ASSERT_EQUAL(t.warnings, 0);
	CU_ASSERT_EQUAL(
	    parse(&c, "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nUsePAM no\n", &t), 0);
	CU_ASSERT_EQUAL(t.warnings, 2);
}

/* After a refused Match nothing of its block is taken or told. */
static void
test_match(void)
{
	struct conf c;
	struct told t;

	CU_ASSERT_EQUAL(
	    parse(&c, "Match User a\nPort x\nUnknown y\nMatch all\nPort 22222\nMatch Group b\nZ 1\n", &t),
	    -1);
	CU_ASSERT_EQUAL(t.errors, 2);
	CU_ASSERT_EQUAL(c.port, 22222);
}

/* ---- dump ---- */

static const char rich[] =
    "Nic af_packet:eth0\nAddress 192.0.2.1/24 2001:db8::1/64\nGateway 192.0.2.254\n"
    "Gateway 2001:db8::ff\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    "PermitEmptyPasswords yes\nPAMDialogueTime 45\nPluginAnswerTime 90\nPAMMaxDialogues 7\nPAMMaxDialoguesPerSource 3\n"
    "GateProcesses 3\nClerkProcesses 4\nDataplaneMemory 512\nHugePages yes\n"
    "MaxConnections 77\nPort 2022\nHostKey \"/etc/a b\"\nHostKey \"/etc/c'd\"\nHostCertificate \"/etc/e f\"\nHostKeyAgent /run/agent\nAuthorizedKeysFile \"a b\" "
    "%h/x /#y =z\n"
    "PubkeyAuthentication no\nStrictModes no\nUsePAM no\nPAMServiceName 'ssh\"d'\nPermitRootLogin yes\n"
    "LoginGraceTime 2m\nMaxAuthTries 2\nMaxSessions 0\nRekeyLimit 1G 1h\nClientAliveInterval 7\n"
    "ClientAliveCountMax 0\nVersionAddendum \"a # b\"\nAcceptEnv LANG LC_*\nLogLevel DEBUG2\nPrintMotd no\n"
    "PermitTTY no\nPluginDir /p\nSubsystem a plugin:b-c\nSubsystem f internal-sftp -R -u 022\nSubsystem c /bin/x \"y z\" \\# #e\n"
    "DataplaneSocket /d\nControlSocket /c\nLogFile /l\\\\x\n";

static void
round_trip(const char *text)
{
	struct conf a, b;
	char *dump;

	CU_ASSERT(good(&a, text));
	dump = conf_dump(&a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dump);
	CU_ASSERT(good(&b, dump));
	CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof a), 0);
	free(dump);
}

static void
test_startups(void)
{
	static const char *const good_lines[] = { "MaxStartups 10:30:100", "MaxStartups none", "PerSourceMaxStartups 7",
		"PerSourceMaxStartups none", "PerSourceNetBlockSize 24:56", "PerSourceNetBlockSize 0:0" };
	static const char *const bad[] = { "MaxStartups", "MaxStartups 0", "MaxStartups 10:30", "MaxStartups 10:0:100",
		"MaxStartups 10:101:100", "MaxStartups 10:30:9", "MaxStartups 10:30:100:1", "MaxStartups 1 2",
		"MaxStartups -1", "MaxStartups 1x", "MaxStartups 1:", "MaxStartups 99999999999",
		"PerSourceMaxStartups 0", "PerSourceMaxStartups 1:1", "PerSourceMaxStartups x",
		"PerSourceNetBlockSize 33", "PerSourceNetBlockSize 32:129", "PerSourceNetBlockSize :64",
		"PerSourceNetBlockSize none" };
	struct conf c;
	struct told t;

	CU_ASSERT(good(&c, ""));
	CU_ASSERT_EQUAL(c.startups_full, 0);
	CU_ASSERT_EQUAL(c.startups_source, 0);
	CU_ASSERT_EQUAL(c.net_block4, 32);
	CU_ASSERT_EQUAL(c.net_block6, 128);
	CU_ASSERT(good(&c, "MaxStartups 5\nPerSourceNetBlockSize 16\n"));
	CU_ASSERT_EQUAL(c.startups_begin, 5);
	CU_ASSERT_EQUAL(c.startups_rate, 100);
	CU_ASSERT_EQUAL(c.startups_full, 5);
	CU_ASSERT_EQUAL(c.net_block4, 16);
	CU_ASSERT_EQUAL(c.net_block6, 128);
	for (size_t i = 0; i < sizeof good_lines / sizeof good_lines[0]; i++)
		round_trip(good_lines[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CU_ASSERT_EQUAL(parse(&c, bad[i], &t), -1);
}

static void
test_permits(void)
{
	static const char *const good_lines[] = { "PermitOpen any", "PermitOpen none", "PermitOpen host:22 *:80 [::1]:*",
		"PermitListen 8080 localhost:* *:0", "StreamLocalBindMask 0077", "AllowTcpForwarding local",
		"AllowStreamLocalForwarding remote", "GatewayPorts clientspecified", "DisableForwarding yes",
		"StreamLocalBindUnlink yes" };
	static const char *const bad[] = { "PermitOpen", "PermitOpen host", "PermitOpen 22", "PermitOpen host:",
		"PermitOpen :22", "PermitOpen host:70000", "PermitOpen any host:22", "PermitOpen [::1:22",
		"PermitListen x", "PermitListen 0x1", "StreamLocalBindMask 8", "StreamLocalBindMask 1000",
		"AllowTcpForwarding perhaps", "GatewayPorts local" };
	struct conf c;
	struct told t;

	CU_ASSERT(good(&c, ""));
	CU_ASSERT_EQUAL(c.allow_tcp, CONF_FORWARD_YES);
	CU_ASSERT_EQUAL(c.allow_streamlocal, CONF_FORWARD_YES);
	CU_ASSERT_EQUAL(c.gateway_ports, CONF_GATEWAY_NO);
	CU_ASSERT_EQUAL(c.permit_open_count, 0);
	CU_ASSERT_EQUAL(c.streamlocal_mask, 0177);
	CU_ASSERT_FALSE(c.disable_forwarding);
	/* Off until somebody says so. */
	CU_ASSERT_FALSE(c.allow_agent);
	CU_ASSERT_FALSE(c.x11_forwarding);
	CU_ASSERT_TRUE(c.x11_localhost);
	CU_ASSERT_EQUAL(c.x11_offset, 10);
	CU_ASSERT_STRING_EQUAL(c.xauth, CONF_XAUTH);
	CU_ASSERT(good(&c, "PermitOpen a:1 b:2\nPermitOpen c:3\nPermitListen none\nAllowTcpForwarding all\n"));
	CU_ASSERT_EQUAL(c.permit_open_count, 2);
	CU_ASSERT_STRING_EQUAL(c.permit_open[1], "b:2");
	CU_ASSERT_EQUAL(c.permit_listen_count, 1);
	CU_ASSERT_STRING_EQUAL(c.permit_listen[0], "none");
	CU_ASSERT_EQUAL(c.allow_tcp, CONF_FORWARD_YES);
	for (size_t i = 0; i < sizeof good_lines / sizeof good_lines[0]; i++)
		round_trip(good_lines[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CU_ASSERT_EQUAL(parse(&c, bad[i], &t), -1);
}

static void
test_dump(void)
{
	struct conf c;
	char *dump;

	round_trip("");
	round_trip(rich);
	round_trip("AuthorizedKeysFile none\nRekeyLimit default 5\nVersionAddendum none\n");
	round_trip("RekeyLimit 999999999999 none\nPermitRootLogin forced-commands-only\nLogLevel QUIET\n");
	CU_ASSERT(good(&c, rich));
	dump = conf_dump(&c);
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "port 2022\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "address 192.0.2.1/24\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "rekeylimit 1073741824 3600\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "subsystem a plugin:b-c\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(dump, "subsystem f internal-sftp -R -u 022\n"));
	free(dump);
}

/* ---- files ---- */

static char dir[64];

static void
put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static int
load(struct conf *c, const char *name, struct told *t)
{
	char path[128];

	memset(t, 0, sizeof *t);
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return conf_load(c, path, told, t);
}

static void
test_include(void)
{
	struct conf c;
	struct told t;
	char command[128];

	snprintf(dir, sizeof dir, "/tmp/postern-conf-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	put_file("main", "Include part-*.conf none-*.conf\nMaxAuthTries 9\nPort 44\n");
	put_file("part-a.conf", "Port 44\nStrictModes no\n");
	put_file("part-b.conf", "MaxAuthTries 4\nStrictModes yes\n");
	put_file("bad", "\nInclude \"bad-inner\"\n");
	put_file("bad-inner", "#\n#\nBogus 1\n");
	put_file("loop", "Include loop\n");
	CU_ASSERT_EQUAL(load(&c, "main", &t), 0);
	CU_ASSERT_EQUAL(c.port, 44);
	CU_ASSERT_EQUAL(c.max_auth_tries, 4);
	CU_ASSERT_FALSE(c.strict_modes);
	CU_ASSERT_EQUAL(load(&c, "bad", &t), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.first, "/bad-inner:3: unknown keyword"));
	CU_ASSERT_EQUAL(load(&c, "loop", &t), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.first, "nested too deeply"));
	CU_ASSERT_EQUAL(load(&c, "missing", &t), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.first, "/missing: No such file"));
	CU_ASSERT_EQUAL(load(&c, ".", &t), -1);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void
test_nearest(void)
{
	CU_ASSERT_STRING_EQUAL(conf_row_nearest("hostkeys"), "HostKey");
	CU_ASSERT_STRING_EQUAL(conf_row_nearest("AllowUser"), "AllowUsers");
	CU_ASSERT_STRING_EQUAL(conf_row_nearest("DataPlaneMem"), "DataplaneMemory");
	CU_ASSERT_PTR_NULL(conf_row_nearest("qqqqqqqqqqqqqqqqqq"));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "defaults", test_defaults },
		{ "syntax", test_syntax },
		{ "first value wins", test_first_wins },
		{ "lists of algorithms", test_algorithms },
		{ "profiles of algorithms", test_profiles },
		{ "nothing broken by default", test_defaults_sound },
		{ "repeated keywords accumulate", test_accumulate },
		{ "routes and where to listen", test_routes },
		{ "virtual routers", test_virtual_routers },
		{ "values", test_values },
		{ "errors", test_errors },
		{ "bad bytes", test_bad_bytes },
		{ "classes of service", test_qos },
		{ "connections before login", test_startups },
		{ "what may be forwarded", test_permits },
		{ "all keywords of sshd", test_all_of_sshd },
		{ "every row", test_every_row },
		{ "Debian's file", test_debian },
		{ "methods", test_methods },
		{ "Match", test_match },
		{ "dump parses back", test_dump },
		{ "Include", test_include },
		{ "nearest word", test_nearest },
		CU_TEST_INFO_NULL,
	};

	return suite_run("conf", tests);
}
