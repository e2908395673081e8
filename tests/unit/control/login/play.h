/* Programs run through the login of a bench, as the tests of programs and of leaders do. */
#ifndef TESTS_LOGIN_PLAY_H
#define TESTS_LOGIN_PLAY_H

#include "tests/unit/control/login/loginbench.h"

#define USER "nobody"
#define QUIET_MS 10000

extern struct world w;

struct view none(void);
struct view pty_request(const char *term, uint32_t columns, uint32_t rows);

/* Run a command with this input and collect all of it. */
void run(struct outcome *o, const char *command, struct view pty);

/* A suite's beginning and end: a login of USER, with records of logins of its own. */
int open_login(void);
int close_login(void);

#endif
