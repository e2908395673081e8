#include "control/host/face.h"
#include "control/host/host.h"

#include <unistd.h>

#include "control/counters.h"
#include "control/log.h"
#include "control/msg.h"
#include "control/role.h"

/* From the plugin's number: the page does not change but for its values. */
static uint64_t *
value_of(const struct postern_host *face, uint32_t counter)
{
	struct counters *page = host_of(face)->counters;

	if (page == NULL || counter == 0 || counter > COUNTERS_MAX || counter > page->count)
		return NULL;
	return &page->row[counter - 1].value;
}

static int32_t
counter_of(const struct postern_host *face, struct postern_view name, uint32_t *counter)
{
	const struct counters *page = host_of(face)->counters;
	uint32_t at = COUNTERS_MAX;

	if (counter == NULL)
		return POSTERN_E_INVAL;
	*counter = 0;
	if (page != NULL && name.data != NULL && name.len <= COUNTERS_NAME_MAX)
		at = counters_find(page, view_of(name.data, name.len));
	if (at == COUNTERS_MAX)
		return POSTERN_E_NOSUCH;
	*counter = at + 1;
	return POSTERN_OK;
}

static int32_t
counter_add(const struct postern_host *face, uint32_t counter, uint64_t n)
{
	uint64_t *value = value_of(face, counter);

	if (value == NULL)
		return POSTERN_E_NOSUCH;
	__atomic_fetch_add(value, n, __ATOMIC_RELAXED);
	return POSTERN_OK;
}

static int32_t
counter_set(const struct postern_host *face, uint32_t counter, uint64_t n)
{
	uint64_t *value = value_of(face, counter);

	if (value == NULL)
		return POSTERN_E_NOSUCH;
	__atomic_store_n(value, n, __ATOMIC_RELAXED);
	return POSTERN_OK;
}

const struct postern_if_counter face_counter = { .of = counter_of, .add = counter_add, .set = counter_set };

/* ---- the page ---- */

int
face_counter_make(struct host *h, const char **why)
{
	struct counters names;

	if (counters_lines(&names, h->config, h->config_len, why) != 0)
		return -1;
	*why = "no memory for its counters";
	if (names.count > 0)
		h->counters = counters_make(&names, &h->counters_fd);
	return names.count > 0 && h->counters == NULL ? -1 : 0;
}

void
face_counter_tell(struct host *h)
{
	struct msg m = { .type = MSG_COUNTERS, .fds = { h->counters_fd }, .fd_count = 1 };

	if (h->counters != NULL && msg_send(ROLE_SUPERVISOR_FD, &m) != 0)
		log_warn("plugin %s: what it counts is not shown", h->name);
}

void
face_counter_fini(struct host *h)
{
	if (h->counters == NULL)
		return;
	counters_detach(h->counters);
	close(h->counters_fd);
	h->counters = NULL;
}
