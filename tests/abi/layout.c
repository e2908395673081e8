/*
 * The layout of every public struct and the value of every public number, written
 * out. A difference in this file is the review of a change to the ABI.
 */
#include <postern/postern.h>
#include <postern/draft/channel.h>
#include <postern/draft/config.h>
#include <postern/draft/connection.h>
#include <postern/draft/counter.h>
#include <postern/draft/log.h>
#include <postern/draft/loop.h>
#include <postern/draft/requests.h>
#include <postern/draft/session.h>
#include <postern/draft/spawn.h>
#include <postern/draft/subsystem.h>
#include <postern/draft/task.h>

#define SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
#define AT(type, member, bytes) \
	_Static_assert(offsetof(struct type, member) == (bytes), #type "." #member)
#define IS(name, value) _Static_assert((name) == (value), #name)
#define ID(name, text) _Static_assert(__builtin_strcmp(name, text) == 0, #name)

SIZE(postern_view, 16);
AT(postern_view, data, 0);
AT(postern_view, len, 8);

SIZE(postern_host, 24);
AT(postern_host, size, 0);
AT(postern_host, abi_minor, 4);
AT(postern_host, impl, 8);
AT(postern_host, query, 16);

SIZE(postern_plugin, 48);
AT(postern_plugin, size, 0);
AT(postern_plugin, reserved, 4);
AT(postern_plugin, impl, 8);
AT(postern_plugin, start, 16);
AT(postern_plugin, stop, 24);
AT(postern_plugin, destroy, 32);
AT(postern_plugin, query, 40);

SIZE(postern_entry, 48);
AT(postern_entry, size, 0);
AT(postern_entry, abi_minor, 4);
AT(postern_entry, id, 8);
AT(postern_entry, version, 24);
AT(postern_entry, create, 40);

SIZE(postern_channel, 8);
AT(postern_channel, handle, 0);

SIZE(postern_if_channel, 176);
AT(postern_if_channel, write, 0);
AT(postern_if_channel, writev, 8);
AT(postern_if_channel, await_credit, 16);
AT(postern_if_channel, consume, 24);
AT(postern_if_channel, resume, 32);
AT(postern_if_channel, discard, 40);
AT(postern_if_channel, eof, 48);
AT(postern_if_channel, exit_status, 56);
AT(postern_if_channel, exit_signal, 64);
AT(postern_if_channel, reply, 72);
AT(postern_if_channel, refuse, 80);
AT(postern_if_channel, request, 88);
AT(postern_if_channel, close, 96);
AT(postern_if_channel, get, 104);
AT(postern_if_channel, set, 112);
AT(postern_if_channel, read, 120);
AT(postern_if_channel, await, 128);
AT(postern_if_channel, grow, 136);
AT(postern_if_channel, hold, 144);
AT(postern_if_channel, release, 152);
AT(postern_if_channel, abort, 160);
AT(postern_if_channel, label, 168);

SIZE(postern_connection, 8);
AT(postern_connection, handle, 0);

SIZE(postern_open, 56);
AT(postern_open, size, 0);
AT(postern_open, kind, 4);
AT(postern_open, type, 8);
AT(postern_open, body, 24);
AT(postern_open, context, 40);
AT(postern_open, opened, 48);

SIZE(postern_if_connection, 56);
AT(postern_if_connection, of, 0);
AT(postern_if_connection, reply, 8);
AT(postern_if_connection, variable, 16);
AT(postern_if_connection, text, 24);
AT(postern_if_connection, number, 32);
AT(postern_if_connection, open, 40);
AT(postern_if_connection, request, 48);

SIZE(postern_answers, 24);
AT(postern_answers, kind, 0);
AT(postern_answers, reserved, 4);
AT(postern_answers, name, 8);

SIZE(postern_if_requests, 40);
AT(postern_if_requests, answers, 0);
AT(postern_if_requests, answers_count, 8);
AT(postern_if_requests, request, 16);
AT(postern_if_requests, session_ended, 24);
AT(postern_if_requests, connection_ended, 32);

SIZE(postern_serves, 24);
AT(postern_serves, kind, 0);
AT(postern_serves, reserved, 4);
AT(postern_serves, name, 8);

SIZE(postern_window, 16);
AT(postern_window, columns, 0);
AT(postern_window, rows, 4);
AT(postern_window, width, 8);
AT(postern_window, height, 12);

SIZE(postern_variable, 32);
AT(postern_variable, name, 0);
AT(postern_variable, value, 16);

SIZE(postern_start, 120);
AT(postern_start, size, 0);
AT(postern_start, kind, 4);
AT(postern_start, token, 8);
AT(postern_start, name, 16);
AT(postern_start, flags, 32);
AT(postern_start, reserved, 36);
AT(postern_start, terminal, 40);
AT(postern_start, modes, 56);
AT(postern_start, window, 72);
AT(postern_start, environment, 88);
AT(postern_start, environment_count, 96);
AT(postern_start, body, 104);

SIZE(postern_if_subsystem, 96);
AT(postern_if_subsystem, serves, 0);
AT(postern_if_subsystem, serves_count, 8);
AT(postern_if_subsystem, open, 16);
AT(postern_if_subsystem, data, 24);
AT(postern_if_subsystem, closed, 32);
AT(postern_if_subsystem, eof, 40);
AT(postern_if_subsystem, writable, 48);
AT(postern_if_subsystem, window_change, 56);
AT(postern_if_subsystem, signal, 64);
AT(postern_if_subsystem, send_break, 72);
AT(postern_if_subsystem, request, 80);
AT(postern_if_subsystem, hangup, 88);

SIZE(postern_spawn, 120);
AT(postern_spawn, size, 0);
AT(postern_spawn, kind, 4);
AT(postern_spawn, flags, 8);
AT(postern_spawn, fds, 12);
AT(postern_spawn, terminal, 24);
AT(postern_spawn, program, 32);
AT(postern_spawn, argv, 48);
AT(postern_spawn, argc, 56);
AT(postern_spawn, environment, 64);
AT(postern_spawn, environment_count, 72);
AT(postern_spawn, directory, 80);
AT(postern_spawn, context, 96);
AT(postern_spawn, started, 104);
AT(postern_spawn, exited, 112);

SIZE(postern_if_spawn, 32);
AT(postern_if_spawn, terminal, 0);
AT(postern_if_spawn, start, 8);
AT(postern_if_spawn, signal, 16);
AT(postern_if_spawn, forget, 24);

SIZE(postern_if_loop, 40);
AT(postern_if_loop, watch, 0);
AT(postern_if_loop, unwatch, 8);
AT(postern_if_loop, timer, 16);
AT(postern_if_loop, cancel, 24);
AT(postern_if_loop, now, 32);

SIZE(postern_if_log, 8);
AT(postern_if_log, line, 0);

SIZE(postern_if_session, 24);
AT(postern_if_session, text, 0);
AT(postern_if_session, number, 8);
AT(postern_if_session, rekey, 16);

SIZE(postern_if_counter, 24);
AT(postern_if_counter, of, 0);
AT(postern_if_counter, add, 8);
AT(postern_if_counter, set, 16);

SIZE(postern_if_task, 16);
AT(postern_if_task, run, 0);
AT(postern_if_task, cancel, 8);

SIZE(postern_if_config, 16);
AT(postern_if_config, text, 0);
AT(postern_if_config, name, 8);

IS(POSTERN_OK, 0);
IS(POSTERN_E_FAIL, -1);
IS(POSTERN_E_AGAIN, -2);
IS(POSTERN_E_NOMEM, -3);
IS(POSTERN_E_INVAL, -4);
IS(POSTERN_E_CLOSED, -5);
IS(POSTERN_E_NOSUCH, -6);
IS(POSTERN_E_DENIED, -7);
IS(POSTERN_E_THREAD, -8);
IS(POSTERN_ABI_MINOR, 0);
ID(POSTERN_IF_CHANNEL, "postern.channel/1");
IS(POSTERN_STREAM_DATA, 0u);
IS(POSTERN_STREAM_STDERR, 1u);
IS(POSTERN_CHANNEL_CREDIT, 1u);
IS(POSTERN_CHANNEL_UNREAD, 2u);
IS(POSTERN_CHANNEL_HELD, 3u);
IS(POSTERN_CHANNEL_WINDOW, 4u);
IS(POSTERN_CHANNEL_MAX_PACKET, 5u);
IS(POSTERN_CHANNEL_PEER_EOF, 6u);
IS(POSTERN_CHANNEL_LOCAL_EOF, 7u);
IS(POSTERN_CHANNEL_OWED, 8u);
IS(POSTERN_CHANNEL_CONSUME_BY_HAND, 9u);
IS(POSTERN_CHANNEL_PEER_WINDOW, 10u);
IS(POSTERN_CHANNEL_PEER_MAX_PACKET, 11u);
IS(POSTERN_CHANNEL_SEND_LEFT, 12u);
IS(POSTERN_CHANNEL_RECEIVE_LEFT, 13u);
IS(POSTERN_CHANNEL_READY, 14u);
IS(POSTERN_CHANNEL_PEER_CLOSED, 15u);
IS(POSTERN_CHANNEL_LOCAL_CLOSED, 16u);
IS(POSTERN_CHANNEL_EXTENDED, 17u);
IS(POSTERN_CHANNEL_LOW_WATER, 18u);
IS(POSTERN_CHANNEL_LINGER, 19u);
IS(POSTERN_CHANNEL_PRODUCERS, 20u);
IS(POSTERN_EXTENDED_SEPARATE, 0u);
IS(POSTERN_EXTENDED_MERGE, 1u);
IS(POSTERN_EXTENDED_IGNORE, 2u);
IS(POSTERN_READY_DATA, 0x1u);
IS(POSTERN_READY_EXTENDED, 0x2u);
IS(POSTERN_READY_WRITE, 0x4u);
IS(POSTERN_READY_EOF, 0x8u);
IS(POSTERN_READY_CLOSED, 0x10u);
ID(POSTERN_IF_CONFIG, "postern.config/1");
ID(POSTERN_IF_CONNECTION, "postern.connection/1");
IS(POSTERN_OPEN_CHANNEL, 1u);
ID(POSTERN_IF_REQUESTS, "postern.requests/1");
IS(POSTERN_REQUEST_GLOBAL, 1u);
IS(POSTERN_REQUEST_SESSION, 2u);
ID(POSTERN_IF_LOG, "postern.log/1");
IS(POSTERN_LOG_ERROR, 3u);
IS(POSTERN_LOG_WARN, 4u);
IS(POSTERN_LOG_INFO, 6u);
IS(POSTERN_LOG_DEBUG, 7u);
ID(POSTERN_IF_LOOP, "postern.loop/1");
IS(POSTERN_READABLE, 0x1u);
IS(POSTERN_WRITABLE, 0x2u);
IS(POSTERN_HANGUP, 0x4u);
ID(POSTERN_IF_SESSION, "postern.session/1");
IS(POSTERN_SESSION_USER, 1u);
IS(POSTERN_SESSION_HOME, 2u);
IS(POSTERN_SESSION_SHELL, 3u);
IS(POSTERN_SESSION_METHODS, 4u);
IS(POSTERN_SESSION_KEY, 5u);
IS(POSTERN_SESSION_PEER, 6u);
IS(POSTERN_SESSION_LOCAL, 7u);
IS(POSTERN_SESSION_UID, 32u);
IS(POSTERN_SESSION_GID, 33u);
IS(POSTERN_SESSION_PEER_PORT, 34u);
IS(POSTERN_SESSION_LOCAL_PORT, 35u);
IS(POSTERN_SESSION_RESTRICTIONS, 36u);
IS(POSTERN_SESSION_CONNECTION, 37u);
IS(POSTERN_SESSION_CERT_ID, 8u);
IS(POSTERN_SESSION_CERT_CA, 9u);
IS(POSTERN_SESSION_ID, 10u);
IS(POSTERN_SESSION_IDENT, 11u);
IS(POSTERN_SESSION_KEX, 12u);
IS(POSTERN_SESSION_HOST_KEY, 13u);
IS(POSTERN_SESSION_CIPHER_IN, 14u);
IS(POSTERN_SESSION_CIPHER_OUT, 15u);
IS(POSTERN_SESSION_MAC_IN, 16u);
IS(POSTERN_SESSION_MAC_OUT, 17u);
IS(POSTERN_SESSION_COMPRESSION_IN, 18u);
IS(POSTERN_SESSION_COMPRESSION_OUT, 19u);
IS(POSTERN_SESSION_CERT_SERIAL, 38u);
IS(POSTERN_SESSION_ENCRYPTED, 39u);
IS(POSTERN_SESSION_VERIFIED, 40u);
IS(POSTERN_SESSION_GROUP_COUNT, 41u);
IS(POSTERN_SESSION_GROUP_0, 0x10000u);
IS(POSTERN_DIRECTION_IN, 0x1u);
IS(POSTERN_DIRECTION_OUT, 0x2u);
IS(POSTERN_NO_PTY, 0x01u);
IS(POSTERN_NO_FORWARD, 0x02u);
IS(POSTERN_NO_AGENT, 0x04u);
IS(POSTERN_NO_X11, 0x08u);
IS(POSTERN_NO_RC, 0x10u);
ID(POSTERN_IF_COUNTER, "postern.counter/1");
ID(POSTERN_IF_TASK, "postern.task/1");
ID(POSTERN_IF_SPAWN, "postern.spawn/1");
IS(POSTERN_SPAWN_PROGRAM, 1u);
IS(POSTERN_SPAWN_F_LOGIN, 0x1u);
IS(POSTERN_SPAWN_F_RC, 0x2u);
IS(POSTERN_SPAWN_F_SUBSYSTEM, 0x4u);
IS(POSTERN_START_HAS_TERMINAL, 0x1u);
IS(POSTERN_START_IS_SUBSYSTEM, 0x2u);
ID(POSTERN_IF_SUBSYSTEM, "postern.subsystem/1");
IS(POSTERN_START_SHELL, 1u);
IS(POSTERN_START_EXEC, 2u);
IS(POSTERN_START_SUBSYSTEM, 3u);
IS(POSTERN_START_OPEN, 4u);
IS(POSTERN_START_HAS_TERMINAL, 0x1u);
IS(POSTERN_CLOSED_BOTH, 0u);
IS(POSTERN_CLOSED_CONNECTION, 1u);
IS(POSTERN_CLOSED_FAULT, 2u);
