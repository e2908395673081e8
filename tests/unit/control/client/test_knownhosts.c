/* known_hosts: lines written by hand from sshd(8), hashed names by ssh-keygen -H of
 * OpenSSH 9.2, certificates by ssh-keygen -s. */
#include <stdio.h>
#include <stdlib.h>

#include "control/client/hostmatch.h"
#include "control/client/knownhosts.h"
#include "control/kex/base64.h"
#include "control/kex/cert.h"
#include "tests/lib/suite.h"

#define KEYS "tests/unit/control/keeper/keys/"
#define NOW 1800000000u /* 2027 */
#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILEEQ9jAUdnKNs0PJeJKE269x1IlDl9gC3dEICrMzhPl"
#define OTHER_ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"

struct key {
	uint8_t bytes[CERT_MAX];
	struct view blob;
	char text[16384]; /* type and base64, as in a line */
};

static struct key ed, other, cert, expired, nobody, user, critical, ca;

static bool
from_text(struct key *k, const char *text)
{
	struct put w = put_of(k->bytes, sizeof(k->bytes));
	const char *at = strchr(text, ' ') + 1;

	snprintf(k->text, sizeof(k->text), "%.*s", (int)(at - text + (long)strcspn(at, " \n")), text);
	if (!base64_decode(&w, view_of(at, strcspn(at, " \n"))))
		return false;
	k->blob = put_view(&w);
	return true;
}

static bool
from_file(struct key *k, const char *name)
{
	char text[16384], path[256];
	FILE *f;

	snprintf(path, sizeof(path), KEYS "%s", name);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return from_text(k, text);
}

static int
load(void)
{
	struct put w = put_of(ca.text, sizeof(ca.text) - 1);
	struct cert c;

	if (!from_text(&ed, ED) || !from_text(&other, OTHER_ED) || !from_file(&cert, "ed25519-cert.pub") ||
	    !from_file(&expired, "ecdsa256_expired-cert.pub") ||
	    !from_file(&nobody, "ecdsa256_nobody-cert.pub") || !from_file(&user, "ed25519_user-cert.pub") ||
	    !from_file(&critical, "ed25519_critical-cert.pub") || cert_parse(&c, cert.blob) != 0)
		return -1;
	ca.blob = c.ca;
	put_bytes(&w, "ssh-ed25519 ", 12);
	base64_encode(&w, c.ca);
	*w.p = '\0';
	return 0;
}

static struct knownhosts_found
find(const char *text, const char *host, uint16_t port, const struct key *key)
{
	struct knownhosts_found f;

	knownhosts_find(&f, view_str(text), host, port, key->blob, NOW);
	return f;
}

static enum knownhosts_verdict
verdict(const char *text, const char *host, uint16_t port, const struct key *key)
{
	return find(text, host, port, key).verdict;
}

static void
test_plain(void)
{
	static const char file[] = "# comment\n\n"
				   "host.example,192.0.2.1 " ED " me\n"
				   "  \tspaces.example\t" ED "\r\n"
				   "[ports.example]:2222 " ED;

	CU_ASSERT_EQUAL(verdict(file, "host.example", 22, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(find(file, "host.example", 22, &ed).line, 3);
	CU_ASSERT_EQUAL(verdict(file, "HOST.Example", 22, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(verdict(file, "192.0.2.1", 22, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(verdict(file, "spaces.example", 22, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(verdict(file, "host.example", 22, &other), KNOWNHOSTS_CHANGED);
	CU_ASSERT_EQUAL(find(file, "host.example", 22, &other).line, 3);
	CU_ASSERT_EQUAL(verdict(file, "host.exampl", 22, &ed), KNOWNHOSTS_UNKNOWN);
	CU_ASSERT_EQUAL(verdict(file, "host.example.org", 22, &ed), KNOWNHOSTS_UNKNOWN);
	CU_ASSERT_EQUAL(verdict(file, "ports.example", 2222, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(verdict(file, "ports.example", 2222, &other), KNOWNHOSTS_CHANGED);
	CU_ASSERT_EQUAL(verdict(file, "ports.example", 22, &ed), KNOWNHOSTS_UNKNOWN);
	/* Another port: the plain name is good for a yes, not for a no. */
	CU_ASSERT_EQUAL(verdict(file, "host.example", 2222, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(verdict(file, "host.example", 2222, &other), KNOWNHOSTS_UNKNOWN);
}

static void
test_several_keys(void)
{
	static const char two[] = "h " OTHER_ED "\nh " ED "\n";
	char types[1024];

	CU_ASSERT_EQUAL(verdict(two, "h", 22, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(find(two, "h", 22, &ed).line, 2);
	CU_ASSERT_EQUAL(verdict(two, "h", 22, &other), KNOWNHOSTS_KNOWN);
	/* Another type is known: neither this key nor another of its type. */
	snprintf(types, sizeof(types), "h ecdsa-sha2-nistp256 "
	    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNIREykojr2oqMUgz8ssjvxaOZWjuG5q7m3AGDOITSvRDFHc"
	    "7kDgDKF23/XyI3QSqG6PcFlzLcVRqg+LaoYzU2A=\n");
	CU_ASSERT_EQUAL(verdict(types, "h", 22, &ed), KNOWNHOSTS_UNKNOWN);
	CU_ASSERT(find(types, "h", 22, &ed).other_type);
	CU_ASSERT(!find(types, "g", 22, &ed).other_type);
}

static void
test_patterns(void)
{
	static const struct {
		const char *names, *host;
		bool fits;
	} cases[] = {
		{ "*", "a", true }, { "*.example", "a.example", true }, { "*.example", "example", false },
		{ "*.Example", "a.b.example", true }, { "a?c", "abc", true }, { "a?c", "ac", false },
		{ "a*c*e", "abcde", true }, { "a*c*e", "abcd", false }, { "a,b", "b", true },
		{ "*,!b", "a", true }, { "*,!b", "b", false }, { "!b,*", "b", false }, { "!b", "a", false },
		{ "!b", "b", false }, { "*.example,!bad.example", "bad.example", false },
		{ "*.example,!bad.example", "good.example", true }, { ",,a,", "a", true }, { "!", "a", false },
		{ "[a]:*", "[a]:22", true }, { "**********b", "aaaaaaaaaaaaaaaaaaaac", false },
		{ "|1|x", "a", false }, { "|2|aa|bb", "a", false }, { "", "a", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(hostmatch(view_str(cases[i].names), cases[i].host), cases[i].fits);
}

static void
test_hashed(void)
{
	static const char file[] = "|1|ohVJh7L3LpqsvQS5It6b+oCY71M=|IpJPi9td7bAzXcrm9c/xGRjzPL8= " ED "\n"
				   "|1|ViDzfeTXtJrrKYEYXNzsWmSpmTM=|15c+kezo78dY4lUccgsc89buaU4= " ED "\n"
				   "|1|KGTKHvHbClmGmyAovWcZcQAeiro=|ZA65q4eLWGD/xt6kBq7YV/6+HgQ= " ED "\n";
	static const char broken[] = "|1|ohVJh7L3LpqsvQS5It6b+oCY71M=|JpJPi9td7bAzXcrm9c/xGRjzPL8= " ED "\n"
				     "|1|ohVJh7L3LpqsvQS5It6b+oCY71M= " ED "\n"
				     "|1||IpJPi9td7bAzXcrm9c/xGRjzPL8= " ED "\n|1|| " ED "\n| " ED "\n";

	CU_ASSERT_EQUAL(find(file, "192.0.2.1", 22, &ed).line, 3);
	CU_ASSERT_EQUAL(find(file, "host.example", 2222, &ed).line, 2);
	CU_ASSERT_EQUAL(verdict(file, "host.example", 2222, &other), KNOWNHOSTS_CHANGED);
	CU_ASSERT_EQUAL(verdict(file, "192.0.2.1", 22, &other), KNOWNHOSTS_CHANGED);
	CU_ASSERT_EQUAL(verdict(file, "192.0.2.2", 22, &ed), KNOWNHOSTS_UNKNOWN);
	CU_ASSERT_EQUAL(verdict(broken, "host.example", 22, &ed), KNOWNHOSTS_UNKNOWN);
}

static void
test_revoked(void)
{
	char file[65536];

	snprintf(file, sizeof(file), "h %s\n@revoked * %s\n", ed.text, ed.text);
	CU_ASSERT_EQUAL(verdict(file, "h", 22, &ed), KNOWNHOSTS_REVOKED);
	CU_ASSERT_EQUAL(find(file, "h", 22, &ed).line, 2);
	CU_ASSERT_EQUAL(verdict(file, "h", 2222, &ed), KNOWNHOSTS_REVOKED);
	CU_ASSERT_EQUAL(verdict(file, "h", 22, &other), KNOWNHOSTS_CHANGED);
	snprintf(file, sizeof(file), "@revoked g %s\nh %s\n", ed.text, ed.text);
	CU_ASSERT_EQUAL(verdict(file, "h", 22, &ed), KNOWNHOSTS_KNOWN);
	/* A certificate goes with its CA, and with the key in it. */
	snprintf(file, sizeof(file), "@cert-authority * %s\n@revoked * %s\n", ca.text, ca.text);
	CU_ASSERT_EQUAL(verdict(file, "host.example", 22, &cert), KNOWNHOSTS_REVOKED);
	snprintf(file, sizeof(file), "@cert-authority * %s\n@revoked * %s\n", ca.text, ed.text);
	CU_ASSERT_EQUAL(verdict(file, "host.example", 22, &cert), KNOWNHOSTS_REVOKED);
}

static void
test_authority(void)
{
	char file[65536];
	struct knownhosts_found f;

	snprintf(file, sizeof(file), "@cert-authority *.example %s\n", ca.text);
	f = find(file, "host.example", 22, &cert);
	CU_ASSERT(f.verdict == KNOWNHOSTS_KNOWN && f.by_ca && f.line == 1);
	CU_ASSERT_EQUAL(verdict(file, "host.example", 2222, &cert), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(verdict(file, "host.test", 22, &cert), KNOWNHOSTS_UNKNOWN);
	/* It names host.example alone. */
	f = find(file, "other.example", 22, &cert);
	CU_ASSERT(f.verdict == KNOWNHOSTS_UNKNOWN && f.why != NULL && strstr(f.why, "name") != NULL);
	f = find(file, "host.example", 22, &expired);
	CU_ASSERT(f.verdict == KNOWNHOSTS_UNKNOWN && f.why != NULL && strstr(f.why, "now") != NULL);
	f = find(file, "host.example", 22, &nobody);
	CU_ASSERT(f.verdict == KNOWNHOSTS_UNKNOWN && f.why != NULL && strstr(f.why, "name") != NULL);
	f = find(file, "alice.example", 22, &user);
	CU_ASSERT(f.verdict == KNOWNHOSTS_UNKNOWN && f.why != NULL && strstr(f.why, "host's") != NULL);
	f = find(file, "x.example", 22, &critical);
	CU_ASSERT(f.verdict == KNOWNHOSTS_UNKNOWN && f.why != NULL && strstr(f.why, "critical") != NULL);
	knownhosts_find(&f, view_str(file), "host.example", 22, cert.blob, 3000000000u);
	CU_ASSERT_EQUAL(f.verdict, KNOWNHOSTS_UNKNOWN);
	knownhosts_find(&f, view_str(file), "host.example", 22, cert.blob, 1500000000u);
	CU_ASSERT_EQUAL(f.verdict, KNOWNHOSTS_UNKNOWN);
	/* A CA is no host, and a host's key is no CA. */
	CU_ASSERT_EQUAL(verdict(file, "ca.example", 22, &ca), KNOWNHOSTS_UNKNOWN);
	snprintf(file, sizeof(file), "* %s\n", ca.text);
	CU_ASSERT_EQUAL(verdict(file, "host.example", 22, &cert), KNOWNHOSTS_CHANGED);
	/* Without a CA that counts the key in it is looked for. */
	snprintf(file, sizeof(file), "host.example %s\n", ed.text);
	f = find(file, "host.example", 22, &cert);
	CU_ASSERT(f.verdict == KNOWNHOSTS_KNOWN && !f.by_ca);
}

static void
test_bad_lines(void)
{
	static const char *const lines[] = { "h", "h ssh-ed25519", "h ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAECAw==",
		"h ssh-ed25519 !!!!", "@unknown h " ED, "@revoked", "@cert-authority", "h 1024 35 1234567", "@", "\t" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CU_ASSERT_EQUAL(verdict(lines[i], "h", 22, &ed), KNOWNHOSTS_UNKNOWN);
	CU_ASSERT_EQUAL(verdict("", "h", 22, &ed), KNOWNHOSTS_UNKNOWN);
	CU_ASSERT_EQUAL(verdict("* " ED, "", 22, &ed), KNOWNHOSTS_UNKNOWN);
}

static void
test_limits(void)
{
	char *text = malloc(KNOWNHOSTS_FILE_MAX + 1);
	char host[400];
	struct knownhosts_found f;

	/* A line as long as it may be, and one byte longer. */
	for (int more = 0; more < 2; more++) {
		size_t len = KNOWNHOSTS_LINE_MAX - strlen(" " ED) - 2 + (size_t)more;

		memset(text, 'x', len);
		snprintf(text + len, 200, ",h %s\n", ED);
		CU_ASSERT_EQUAL(verdict(text, "h", 22, &ed), more ? KNOWNHOSTS_UNKNOWN : KNOWNHOSTS_KNOWN);
	}
	/* Lines that are counted to the end. */
	memset(text, '\n', KNOWNHOSTS_FILE_MAX);
	for (unsigned skip = KNOWNHOSTS_LINES_MAX - 1; skip <= KNOWNHOSTS_LINES_MAX; skip++) {
		memset(text, '\n', skip);
		snprintf(text + skip, 200, "h %s\n", ED);
		CU_ASSERT_EQUAL(verdict(text, "h", 22, &ed),
		    skip < KNOWNHOSTS_LINES_MAX ? KNOWNHOSTS_KNOWN : KNOWNHOSTS_UNKNOWN);
	}
	memset(text, ' ', KNOWNHOSTS_FILE_MAX + 1);
	memcpy(text, "h " ED "\n", strlen("h " ED "\n"));
	knownhosts_find(&f, view_of(text, KNOWNHOSTS_FILE_MAX), "h", 22, ed.blob, NOW);
	CU_ASSERT_EQUAL(f.verdict, KNOWNHOSTS_KNOWN);
	knownhosts_find(&f, view_of(text, KNOWNHOSTS_FILE_MAX + 1), "h", 22, ed.blob, NOW);
	CU_ASSERT_EQUAL(f.verdict, KNOWNHOSTS_UNKNOWN);
	/* Names. */
	memset(host, 'h', sizeof(host));
	host[KNOWNHOSTS_HOST_MAX] = '\0';
	CU_ASSERT_EQUAL(verdict("* " ED, host, 65535, &ed), KNOWNHOSTS_KNOWN);
	host[KNOWNHOSTS_HOST_MAX] = 'h';
	host[KNOWNHOSTS_HOST_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(verdict("* " ED, host, 22, &ed), KNOWNHOSTS_UNKNOWN);
	free(text);
}

static void
test_order(void)
{
	static const char names[] = "ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-512";
	char file[65536], out[512];
	struct put w = put_of(out, sizeof(out));

	knownhosts_order(&w, names, view_str("h " ED "\n"), "h", 22);
	CU_ASSERT(view_is(put_view(&w),
	    "ssh-ed25519,ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256,rsa-sha2-512"));
	w = put_of(out, sizeof(out));
	knownhosts_order(&w, names, view_str("h " ED "\n"), "g", 22);
	CU_ASSERT(view_is(put_view(&w), names));
	snprintf(file, sizeof(file), "g %s\n@cert-authority h %s\n", ed.text, ca.text);
	w = put_of(out, sizeof(out));
	knownhosts_order(&w, names, view_str(file), "h", 22);
	CU_ASSERT(view_is(put_view(&w), names));
}

static void
test_entry(void)
{
	const uint8_t salt[KNOWNHOSTS_SALT] = { 1, 2, 3 };
	char out[1024];
	struct put w = put_of(out, sizeof(out) - 1);

	knownhosts_entry(&w, "Host.Example", 2222, ed.blob, NULL);
	CU_ASSERT(view_is(put_view(&w), "[host.example]:2222 " ED "\n"));
	w = put_of(out, sizeof(out) - 1);
	knownhosts_entry(&w, "h", 22, cert.blob, NULL);
	CU_ASSERT(view_is(put_view(&w), "h " ED "\n"));
	w = put_of(out, sizeof(out) - 1);
	knownhosts_entry(&w, "host.example", 22, ed.blob, salt);
	*w.p = '\0';
	CU_ASSERT(strncmp(out, "|1|AQIDAAAAAAAAAAAAAAAAAAAAAAA=|", 32) == 0);
	CU_ASSERT_EQUAL(verdict(out, "host.example", 22, &ed), KNOWNHOSTS_KNOWN);
	CU_ASSERT_EQUAL(verdict(out, "host.exampl", 22, &ed), KNOWNHOSTS_UNKNOWN);
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "names, addresses, ports", test_plain },
		{ "several keys of a host", test_several_keys },
		{ "patterns", test_patterns },
		{ "hashed names", test_hashed },
		{ "revoked keys", test_revoked },
		{ "certificates", test_authority },
		{ "lines that say nothing", test_bad_lines },
		{ "limits", test_limits },
		{ "order of the offer", test_order },
		{ "a line is written", test_entry },
		CU_TEST_INFO_NULL,
	};

	return suite_run_in("knownhosts", load, NULL, tests);
}
