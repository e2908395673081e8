#include "abi/link/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

/*
 * F_SEAL_FUTURE_WRITE leaves the writer's existing mapping writable and denies
 * every later one, so it can only be set after the writer has mapped.
 */
static int
seals_for(bool shared)
{
	int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	return shared ? seals : seals | F_SEAL_FUTURE_WRITE;
}

/* Locking is a wish: without the limit the region still works, and swap is the
 * operator's to switch off. */
static void
keep_private(void *base, size_t size)
{
	(void)mlock2(base, size, MLOCK_ONFAULT);
	(void)madvise(base, size, MADV_DONTDUMP);
}

void *
memfile_create(const char *name, size_t size, int *fd, bool shared)
{
	void *base = MAP_FAILED;
	int f = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (f < 0 && errno == EINVAL)
		f = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (f < 0) {
		*fd = -errno;
		return NULL;
	}
	if (ftruncate(f, (off_t)size) != 0)
		goto fail;
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	if (base == MAP_FAILED)
		goto fail;
	if (fcntl(f, F_ADD_SEALS, seals_for(shared)) != 0)
		goto fail;
	keep_private(base, size);
	*fd = f;
	return base;
fail:
	*fd = -errno;
	if (base != MAP_FAILED)
		munmap(base, size);
	close(f);
	return NULL;
}

void *
memfile_attach(int fd, size_t size, bool shared)
{
	int want = seals_for(shared);
	int have = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *base;

	if (have < 0 || (have & want) != want)
		return NULL;
	if (fstat(fd, &st) != 0 || st.st_size != (off_t)size)
		return NULL;
	base = mmap(NULL, size, shared ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return NULL;
	keep_private(base, size);
	return base;
}
