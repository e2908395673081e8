/* A program that links no third-party engine is served by the reference. */
#include <string.h>

#include "abi/wire/algo.h"
#include "drivers/cipher/select.h"
#include "tests/lib/suite.h"

static void
test_alone(void)
{
	const struct cipher_engine *list[8];
	const char *why = NULL;

	CU_ASSERT_PTR_NULL(cipher_engine_for(SUITE_AES128_GCM));
	CU_ASSERT_EQUAL_FATAL(cipher_start(NULL, &why), 0);
	CU_ASSERT_STRING_EQUAL(cipher_engine_for(SUITE_AES128_GCM)->name, "ref");
	CU_ASSERT_EQUAL(cipher_engines(SUITE_AES128_GCM, list, 8), 1);
	CU_ASSERT_EQUAL(cipher_start("ref", &why), 0);
	CU_ASSERT_EQUAL(cipher_start("openssl", &why), -1);
	CU_ASSERT_PTR_NOT_NULL(why);
	CU_ASSERT_PTR_NULL(cipher_engine_for(SUITE_AES128_GCM));
}

int
main(void)
{
	static const CU_TestInfo tests[] = {
		{ "the reference serves", test_alone },
		CU_TEST_INFO_NULL,
	};

	return suite_run("cipher alone", tests);
}
