/*
 * Methods of postern.channel/1 about how bytes flow and when it ends, and its numbers:
 * the rest of face_channel.c.
 */
#ifndef POSTERN_CONTROL_HOST_FACE_FLOW_H
#define POSTERN_CONTROL_HOST_FACE_FLOW_H

#include "abi/postern/draft/channel.h"

int32_t channel_read(const struct postern_host *face, struct postern_channel channel, uint32_t *stream,
    void *buffer, uint64_t size, uint64_t *took);
int32_t channel_await(const struct postern_host *face, struct postern_channel channel, uint32_t events,
    void (*ready)(void *context, uint32_t events), void *context);
int32_t channel_grow(const struct postern_host *face, struct postern_channel channel, uint64_t bytes,
    uint32_t force);
int32_t channel_hold(const struct postern_host *face, struct postern_channel channel);
int32_t channel_release(const struct postern_host *face, struct postern_channel channel);
int32_t channel_abort(const struct postern_host *face, struct postern_channel channel);
int32_t channel_label(const struct postern_host *face, struct postern_channel channel,
    struct postern_view text);
int32_t channel_get(const struct postern_host *face, struct postern_channel channel, uint32_t what,
    uint64_t *value);
int32_t channel_set(const struct postern_host *face, struct postern_channel channel, uint32_t what,
    uint64_t value);

#endif
