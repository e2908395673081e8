/*
 * fuse-hang DIR: a file system for which nobody answers, until it is ended by a signal.
 * Root; one line on stdout when it is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char options[128];
	sigset_t ends;
	int fd, got;

	if (argc != 2) {
		fprintf(stderr, "usage: fuse-hang DIR\n");
		return 2;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (fd < 0 || mount("fuse-hang", argv[1], "fuse", MS_NODEV | MS_NOSUID, options) != 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	puts("mounted");
	fflush(stdout);
	sigwait(&ends, &got);
	/* Who waits is let go by the end of the descriptor. */
	close(fd);
	return umount2(argv[1], MNT_DETACH) == 0 ? 0 : 1;
}
