#include "control/host/face.h"
#include "control/host/host.h"

static int32_t
find(struct host *h, struct postern_connection connection, struct host_conn **c)
{
	if (!face_thread(h))
		return POSTERN_E_THREAD;
	*c = conns_by_handle(&h->conns, connection.handle);
	return *c == NULL ? POSTERN_E_CLOSED : POSTERN_OK;
}

static int32_t
connection_of(const struct postern_host *face, struct postern_channel channel,
    struct postern_connection *connection)
{
	struct host *h = host_of(face);
	struct chan *c;

	if (!face_thread(h))
		return POSTERN_E_THREAD;
	if (connection == NULL)
		return POSTERN_E_INVAL;
	c = chans_by_handle(&h->chans, channel.handle);
	connection->handle = c != NULL ? conns_handle(c->on) : 0;
	return c != NULL ? POSTERN_OK : POSTERN_E_CLOSED;
}

static int32_t
connection_text(const struct postern_host *face, struct postern_connection connection, uint32_t what,
    struct postern_view *out)
{
	struct host_conn *c;
	int32_t r = find(host_of(face), connection, &c);

	return r == POSTERN_OK ? face_fact_text(c, what, out) : r;
}

static int32_t
connection_number(const struct postern_host *face, struct postern_connection connection, uint32_t what,
    uint64_t *out)
{
	struct host_conn *c;
	int32_t r = find(host_of(face), connection, &c);

	return r == POSTERN_OK ? face_fact_number(c, what, out) : r;
}

static int32_t
connection_open(const struct postern_host *face, struct postern_connection connection,
    const struct postern_open *record, struct postern_channel *channel)
{
	struct host_conn *c;
	int32_t r = find(host_of(face), connection, &c);

	return r == POSTERN_OK ? ask_open(host_of(face), c, record, channel) : r;
}

static int32_t
connection_request(const struct postern_host *face, struct postern_connection connection,
    struct postern_view name, struct postern_view body,
    void (*answered)(void *context, int32_t success, struct postern_view body), void *context)
{
	struct host_conn *c;
	int32_t r = find(host_of(face), connection, &c);

	return r == POSTERN_OK ? ask_global(host_of(face), c, name, body, answered, context) : r;
}

static int32_t
connection_reply(const struct postern_host *face, struct postern_connection connection, uint64_t token,
    uint32_t success, struct postern_view body)
{
	struct host_conn *c;
	int32_t r = find(host_of(face), connection, &c);

	if (r != POSTERN_OK)
		return r;
	if (success > 1 || (body.data == NULL && body.len > 0))
		return POSTERN_E_INVAL;
	return query_reply(host_of(face), c, token, success != 0, view_of(body.data, body.len));
}

static int32_t
connection_variable(const struct postern_host *face, struct postern_connection connection, uint64_t token,
    struct postern_view name, struct postern_view value)
{
	struct host_conn *c;
	int32_t r = find(host_of(face), connection, &c);

	if (r != POSTERN_OK)
		return r;
	if ((name.data == NULL && name.len > 0) || (value.data == NULL && value.len > 0))
		return POSTERN_E_INVAL;
	return query_variable(host_of(face), c, token, view_of(name.data, name.len), view_of(value.data, value.len));
}

const struct postern_if_connection face_connection = { .of = connection_of,
	.reply = connection_reply,
	.variable = connection_variable,
	.text = connection_text,
	.number = connection_number,
	.open = connection_open,
	.request = connection_request };
