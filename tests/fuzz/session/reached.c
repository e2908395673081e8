/* What is checked in for a whole connection gets everywhere. */
#include <dirent.h>
#include <stdio.h>

#include "tests/fuzz/session/session.h"
#include "tests/lib/suite.h"

static void
feed(const char *name)
{
	static uint8_t data[1 << 20];
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", session_corpus, name);
	f = fopen(path, "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), f));
	fclose(f);
}

static void
test_reached(void)
{
	const struct session_seen *s = &session_seen;
	DIR *dir = opendir(session_corpus);
	struct dirent *e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			feed(e->d_name);
	closedir(dir);
	printf("\nkeyed %u, asked %u, logged in %u, refused %u, opened %u, started %u, data %u, eof %u, rekeys %u and "
	       "%u, inflated %u ",
	    s->keyed, s->asked, s->logged_in, s->refused, s->opened, s->started, s->data, s->eof, s->rekeyed_peer,
	    s->rekeyed_own, s->inflated);
	CU_ASSERT(s->keyed > 10 && s->asked > 10 && s->refused > 2 && s->logged_in > 10);
	CU_ASSERT(s->opened > 2 && s->started > 2 && s->data > 3 && s->eof > 0);
	CU_ASSERT(s->rekeyed_peer > 1 && s->rekeyed_own > 0 && s->inflated > 5);
}

int
main(void)
{
	static const CU_TestInfo tests[] = { { "reached", test_reached }, CU_TEST_INFO_NULL };

	return suite_run(session_corpus, tests);
}
