/* What is checked in for the whole connection gets everywhere. */
#include <dirent.h>
#include <stdio.h>

#include "tests/fuzz/session/session.h"
#include "tests/lib/suite.h"

#define CORPUS "tests/fuzz/corpus/session"

static void
feed(const char *name)
{
	static uint8_t data[1 << 20];
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), CORPUS "/%s", name);
	f = fopen(path, "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), f));
	fclose(f);
}

static void
test_reached(void)
{
	const struct session_seen *s = &session_seen;
	DIR *dir = opendir(CORPUS);
	struct dirent *e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			feed(e->d_name);
	closedir(dir);
	printf("\nkeyed %u, asked %u, logged in %u, refused %u, opened %u, started %u, data %u, eof %u, rekeys %u and %u, inflated %u ",
	    s->keyed, s->asked, s->logged_in, s->refused, s->opened, s->started, s->data, s->eof, s->rekeyed_peer,
	    s->rekeyed_own, s->inflated);
	CU_ASSERT(s->keyed > 10 && s->asked > 10 && s->refused > 2 && s->logged_in > 10);
	CU_ASSERT(s->opened > 5 && s->started > 5 && s->data > 3 && s->eof > 0);
	CU_ASSERT(s->rekeyed_peer > 2 && s->rekeyed_own > 1 && s->inflated > 5);
}

int
main(void)
{
	static const CU_TestInfo tests[] = { { "reached", test_reached }, CU_TEST_INFO_NULL };

	return suite_run("whole connection", tests);
}
