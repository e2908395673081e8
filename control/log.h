/*
 * Log lines. A role sends them to console over its log socket (a packet each);
 * what cannot be sent at once is dropped and counted, and the count is told with
 * the next line. Console escapes, stamps and writes them.
 *
 * Never on a path that a peer can drive faster than its own progress; never with
 * a secret in it.
 */
#ifndef POSTERN_CONTROL_LOG_H
#define POSTERN_CONTROL_LOG_H

#include <stdint.h>

enum log_level { LOG_L_ERROR = 3, LOG_L_WARN = 4, LOG_L_INFO = 6, LOG_L_DEBUG = 7 };

/* log_start(name, fd): lines carry `name`; fd -1 writes to stderr (tests, -t). */
void log_start(const char *name, int fd);
void log_set_fd(int fd);

/* log_set_level(most): lines above it are not made; LOG_L_INFO at start. */
void log_set_level(enum log_level most);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* log_conn(level, conn, gen, ...): a line about that connection. Those that sshd has
 * too are written as sshd writes them (console/logline.h). */
void log_conn(enum log_level level, uint32_t conn, uint32_t gen, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define log_error(...) log_line(LOG_L_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_L_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_L_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_L_DEBUG, __VA_ARGS__)

#endif
