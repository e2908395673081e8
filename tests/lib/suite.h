/*
 * The main of a test program: tables of tests, run in order.
 *
 * Prints CUnit's report; the result is for main to return, 0 only when every
 * test ran and passed.
 */
#ifndef POSTERN_TEST_SUITE_H
#define POSTERN_TEST_SUITE_H

#include <CUnit/Basic.h>

/* suites_run(suites): until CU_SUITE_INFO_NULL. */
static inline int
suites_run(CU_SuiteInfo *suites)
{
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failure_records();
	CU_cleanup_registry();
	return failed != 0;
}

/* suite_run_in(name, begin, finish, tests): one suite, until CU_TEST_INFO_NULL,
 * with what goes before and after it. */
static inline int
suite_run_in(const char *name, CU_InitializeFunc begin, CU_CleanupFunc finish, const CU_TestInfo *tests)
{
	CU_SuiteInfo suites[] = {
		{ name, begin, finish, NULL, NULL, (CU_TestInfo *)tests },
		CU_SUITE_INFO_NULL,
	};

	return suites_run(suites);
}

static inline int
suite_run(const char *name, const CU_TestInfo *tests)
{
	return suite_run_in(name, NULL, NULL, tests);
}

#endif
