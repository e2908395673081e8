/* The main of these test programs. */
#ifndef POSTERN_TEST_SUITE_H
#define POSTERN_TEST_SUITE_H

#include <CUnit/Basic.h>

static inline int
suite_run(const char *name, const CU_TestInfo *tests)
{
	CU_pSuite suite;
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	suite = CU_add_suite(name, NULL, NULL);
	for (; tests->pName != NULL; tests++)
		CU_add_test(suite, tests->pName, tests->pTestFunc);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failed != 0;
}

#endif
