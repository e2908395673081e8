/* Peers by their identification string, and what they are not offered. */
#include "control/kex/kex.h"
#include "control/kex/namelist.h"
#include "control/kex/quirks.h"
#include "tests/lib/suite.h"

static void
test_table(void)
{
	static const struct {
		const char *ident;
		unsigned quirks;
	} cases[] = {
		{ "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", 0 },
		{ "SSH-2.0-OpenSSH_10.0p2", 0 },
		{ "SSH-2.0-OpenSSH_6.6.1p1 Ubuntu-2ubuntu2", 0 },
		{ "SSH-2.0-OpenSSH_6.6p1", QUIRK_CURVE25519_PAD },
		{ "SSH-2.0-OpenSSH_6.6", QUIRK_CURVE25519_PAD },
		{ "SSH-1.99-OpenSSH_6.5p1", QUIRK_CURVE25519_PAD },
		{ "SSH-2.0-OpenSSH_6.4", 0 },
		{ "SSH-1.99-Cisco-1.25", QUIRK_NO_HOSTKEYS },
		{ "SSH-2.0-TTSSH/2.72 Win32", QUIRK_NO_HOSTKEYS },
		{ "SSH-2.0-TTSSH/2.73 Win32", 0 },
		{ "SSH-2.0-PuTTY_Release_0.64", QUIRK_DHGEX_OLD },
		{ "SSH-2.0-PuTTY_Release_0.78", 0 },
		{ "SSH-2.0-WinSCP_release_5.7.4", QUIRK_DHGEX_OLD },
		{ "SSH-2.0-WinSCP_release_5.7.41", 0 },
		{ "SSH-2.0-WinSCP_release_5.1", QUIRK_DHGEX_OLD },
		{ "SSH-2.0-WinSCP_release_5.13", 0 },
		{ "SSH-2.0-dropbear_2022.83", 0 },
		{ "SSH-2.0-My OpenSSH_6.6", 0 },
		{ "SSH-2.0-", 0 },
		{ "SSH-2.0", 0 },
		{ "SSH-", 0 },
		{ "", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(quirks_of(view_str(cases[i].ident)), cases[i].quirks);
}

static struct view
methods(uint8_t buf[KEXINIT_MAX], const char *kex, unsigned quirks, bool first)
{
	static const uint8_t cookie[16];
	struct kex_offer offer = *kex_offer_default(false);
	struct put w = put_of(buf, KEXINIT_MAX);
	struct kexinit k;

	offer.kex = kex;
	offer.quirks = quirks;
	kexinit_build(&w, &offer, true, first, cookie);
	CU_ASSERT_EQUAL_FATAL(kexinit_parse(&k, put_view(&w), false), 0);
	return k.lists[0];
}

static void
test_withheld(void)
{
	static const char all[] = "curve25519-sha256,diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp256,"
				  "curve25519-sha256@libssh.org,diffie-hellman-group14-sha256";
	uint8_t buf[KEXINIT_MAX];

	CU_ASSERT(view_is(methods(buf, all, 0, false), all));
	CU_ASSERT(view_is(methods(buf, all, QUIRK_NO_HOSTKEYS, false), all));
	CU_ASSERT(view_is(methods(buf, all, QUIRK_CURVE25519_PAD, false),
	    "diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp256,diffie-hellman-group14-sha256"));
	CU_ASSERT(view_is(methods(buf, all, QUIRK_DHGEX_OLD, false),
	    "curve25519-sha256,ecdh-sha2-nistp256,curve25519-sha256@libssh.org,diffie-hellman-group14-sha256"));
	CU_ASSERT(view_is(methods(buf, all, QUIRK_DHGEX_OLD | QUIRK_CURVE25519_PAD, true),
	    "ecdh-sha2-nistp256,diffie-hellman-group14-sha256,ext-info-s,kex-strict-s-v00@openssh.com"));
	/* Nothing is left: no empty name in front of the markers. */
	CU_ASSERT(view_is(methods(buf, "curve25519-sha256", QUIRK_CURVE25519_PAD, true),
	    "ext-info-s,kex-strict-s-v00@openssh.com"));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "the table", test_table },
		{ "methods that are withheld", test_withheld },
		CU_TEST_INFO_NULL,
	};

	return suite_run("quirks", tests);
}
