/* SPDX-License-Identifier: MIT */
/* params_redis: parameters as one value of a Redis on a private socket. It cannot add: the last one pushed stands. */
#include <stdlib.h>

#include "suites/remote/server.h"
#include "suites/remote/wire.h"
#include "suites/scaling/params.h"

enum { KEY = 1, DEADLINE_MS = 20000 };

struct params {
	struct server *server;
	size_t bytes;
};

struct params_link {
	struct wire *wire;
	size_t bytes;
};

static enum assay_code broken(const struct params_link *link, struct assay_err *err)
{
	const char *why = wire_error(link->wire);
	return assay_fail(err, ASSAY_EIO, "redis: %s", why ? why : "the parameters are gone");
}

static void disconnect(struct params_link *link)
{
	if (!link)
		return;
	wire_close(link->wire);
	free(link);
}

static void stop(struct params *p)
{
	if (!p)
		return;
	server_stop(p->server);
	free(p);
}

static enum assay_code connect(struct params *p, struct params_link **ret, struct assay_err *err)
{
	struct params_link *link = calloc(1, sizeof(*link));
	if (!link)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	link->bytes = p->bytes;
	enum assay_code code = wire_open(server_socket(p->server), DEADLINE_MS, &link->wire, err);
	if (code == ASSAY_OK)
		*ret = link;
	else
		free(link);
	return code;
}

static enum assay_code push(struct params_link *link, const float *gradient, struct assay_err *err)
{
	return wire_redis_set(link->wire, KEY, gradient, link->bytes) ? ASSAY_OK
								      : broken(link, err);
}

static enum assay_code pull(struct params_link *link, float *into, struct assay_err *err)
{
	return wire_redis_get(link->wire, KEY, into, link->bytes) ? ASSAY_OK : broken(link, err);
}

/* Both commands sent before the first reply is awaited. */
static enum assay_code exchange(struct params_link *link, const float *gradient, float *into,
				struct assay_err *err)
{
	return wire_redis_set_get(link->wire, KEY, gradient, into, link->bytes) ? ASSAY_OK
										: broken(link, err);
}

static enum assay_code put_zeros(struct params *p, struct assay_err *err)
{
	struct params_link *link = NULL;
	float *zeros = calloc(1, p->bytes);
	enum assay_code code =
		zeros ? connect(p, &link, err)
		      : assay_fail(err, ASSAY_ENOMEM, "no memory for %zu bytes", p->bytes);
	if (code == ASSAY_OK)
		code = push(link, zeros, err);
	disconnect(link);
	free(zeros);
	return code;
}

static enum assay_code start(size_t count, struct params **ret, struct assay_err *err)
{
	static const char *const argv[] = {
		"redis-server", "--port", "0", "--unixsocket", SERVER_SOCKET, "--dir",
		SERVER_FOLDER,  "--save", "",  "--appendonly", "no",          NULL};
	enum assay_code code = wire_redis_probe(err);
	if (code == ASSAY_OK)
		code = server_probe(argv[0], "redis-server", err);
	if (code != ASSAY_OK)
		return code;
	struct params *p = calloc(1, sizeof(*p));
	if (!p)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	p->bytes = count * sizeof(float);
	code = server_start(argv, &p->server, err);
	if (code == ASSAY_OK)
		code = put_zeros(p, err);
	if (code == ASSAY_OK)
		*ret = p;
	else
		stop(p);
	return code;
}

static const struct params_ops ops = {
	.computes = true,
	.start = start,
	.connect = connect,
	.push = push,
	.pull = pull,
	.exchange = exchange,
	.disconnect = disconnect,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_params_redis = {
	.interface = SCALING_PARAMS,
	.brief = "one value of a Redis on a private socket; the last one pushed stands",
	.ops = &ops,
};
