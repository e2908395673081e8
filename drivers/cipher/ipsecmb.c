#include "drivers/cipher/ipsecmb.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "drivers/cipher/library.h"

_Thread_local struct mb_thread mb;

static size_t
up(size_t size)
{
	return (size + 63) & ~(size_t)63;
}

static bool
manager_good(IMB_MGR *m)
{
	return m != NULL && imb_get_errno(m) == 0;
}

/* Cut a thread's memory up; all of it, or with NULL how much it takes. */
static size_t
lay_out(struct mb_thread *t, uint8_t *mem)
{
	size_t manager = up(imb_get_mb_mgr_size()), work = up(sizeof(*t->work));

	if (mem != NULL) {
		t->manager = imb_set_pointers_mb_mgr(mem, 0, 1);
		t->hasher = imb_set_pointers_mb_mgr(mem + manager, 0, 1);
		t->work = (struct gcm_context_data *)(void *)(mem + 2 * manager);
		t->stage = mem + 2 * manager + work;
	}
	return 2 * manager + work + MB_STAGE;
}

/*
 * Jobs leave key material in a manager until the next one, so it lives in memory
 * that is locked and in no core dump.
 */
static int
mb_thread_start(void)
{
	size_t size = lay_out(&mb, NULL);
	IMB_ARCH arch = IMB_ARCH_NONE;
	void *mem;

	if (mb.manager != NULL)
		return 0;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return -1;
	(void)mlock(mem, size);
	(void)madvise(mem, size, MADV_DONTDUMP);
	lay_out(&mb, mem);
	if (mb.manager != NULL && mb.hasher != NULL) {
		init_mb_mgr_auto(mb.manager, &arch);
		init_mb_mgr_sse(mb.hasher);
	}
	if (arch == IMB_ARCH_NONE || !manager_good(mb.manager) || !manager_good(mb.hasher)) {
		munmap(mem, size);
		mb = (struct mb_thread){ 0 };
		return -1;
	}
	return 0;
}

int
mb_submit(IMB_MGR *manager, IMB_JOB *job)
{
	IMB_JOB *done = IMB_SUBMIT_JOB(manager);

	if (done == NULL && imb_get_errno(manager) == 0)
		done = IMB_FLUSH_JOB(manager);
	return done == job && done->status == IMB_STATUS_COMPLETED ? 0 : -1;
}

const struct cipher_library cipher_library_ipsecmb = {
	.thread_start = mb_thread_start,
	.parts = { { mb_gcm_rows, 2 }, { mb_chacha_rows, 1 }, { mb_ctr_rows, 12 },
	    { mb_umac_rows, 12 } },
};

/* What the link asks for, see dir.mk. */
const char cipher_wanted_ipsecmb = 1;
