/*
 * The interfaces that a host offers its plugin, one file each.
 */
#ifndef POSTERN_CONTROL_HOST_FACE_H
#define POSTERN_CONTROL_HOST_FACE_H

#include "abi/postern/draft/channel.h"
#include "abi/postern/draft/config.h"
#include "abi/postern/draft/connection.h"
#include "abi/postern/draft/counter.h"
#include "abi/postern/draft/log.h"
#include "abi/postern/draft/loop.h"
#include "abi/postern/draft/session.h"
#include "abi/postern/draft/spawn.h"
#include "abi/postern/draft/task.h"

struct chan;
struct host;

/* face_any(h, channel, r): the channel behind a handle, or NULL and why not in *r.
 * face_chan: of one that the peer knows. face_live: and that is not closing. */
struct chan *face_any(struct host *h, struct postern_channel channel, int32_t *r);
struct chan *face_chan(struct host *h, struct postern_channel channel, int32_t *r);
struct chan *face_live(struct host *h, struct postern_channel channel, int32_t *r);

extern const struct postern_if_channel face_channel;
extern const struct postern_if_session face_session;
extern const struct postern_if_loop face_loop;
extern const struct postern_if_connection face_connection;
extern const struct postern_if_spawn face_spawn;
extern const struct postern_if_task face_task;
extern const struct postern_if_counter face_counter;

#endif
