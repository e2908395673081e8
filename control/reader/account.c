#include <fcntl.h>
#include <shadow.h>
#include <string.h>
#include <unistd.h>

#include "control/reader/reader.h"

#define LOCKED_PREFIX '!'

static void
read_text(char text[READER_TEXT_MAX], int fd)
{
	ssize_t n = read(fd, text, READER_TEXT_MAX - 1);

	text[n > 0 ? n : 0] = '\0';
	/* what follows a NUL is not text */
	memset(text + strlen(text), 0, READER_TEXT_MAX - strlen(text));
}

void
reader_facts(struct reader_facts *f, const char *name, uid_t uid, const char *password,
    const char *nologin_path, long today)
{
	const struct spwd *shadow = getspnam(name);
	int fd;

	*f = (struct reader_facts){ 0 };
	if (shadow != NULL) {
		password = shadow->sp_pwdp;
		f->expired = shadow->sp_expire != -1 && shadow->sp_expire < today;
	}
	f->locked = password != NULL && password[0] == LOCKED_PREFIX;
	if (uid == 0)
		return;
	fd = open(nologin_path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		f->nologin = access(nologin_path, F_OK) == 0;
	else {
		f->nologin = true;
		read_text(f->text, fd);
		close(fd);
	}
}
