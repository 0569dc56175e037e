/* SPDX-License-Identifier: MIT */
/* site: the routes, each a few lines. */
#include "suites/concurrency/site.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE_MS = 10000 };

struct site {
	struct web *web;
	struct model_box *model;
	struct web_route routes[5];
};

static size_t answer_static(void *context, unsigned worker, const struct http_request *request,
			    char *body, unsigned *status)
{
	memset(body, 'x', SITE_STATIC_BYTES);
	return SITE_STATIC_BYTES;
}

static size_t answer_health(void *context, unsigned worker, const struct http_request *request,
			    char *body, unsigned *status)
{
	memcpy(body, "ok\n", 3);
	return 3;
}

static size_t answer_stats(void *context, unsigned worker, const struct http_request *request,
			   char *body, unsigned *status)
{
	const struct site *site = context;
	struct web_stats s;
	web_stats(site->web, &s);
	int n = snprintf(body, WEB_BODY_MAX,
			 "requests %llu\naccepted %llu\nopen %llu\nrefused %llu\nmalformed "
			 "%llu\ntimed_out %llu\n",
			 (unsigned long long)s.requests, (unsigned long long)s.accepted,
			 (unsigned long long)s.open, (unsigned long long)s.refused,
			 (unsigned long long)s.malformed, (unsigned long long)s.timed_out);
	return (size_t)n;
}

/* Numbers separated by blanks, as many as there are inputs. */
static bool read_inputs(const struct http_request *request, float inputs[MODEL_INPUTS])
{
	char text[HTTP_BODY_MAX + 1], *at = text, *end;
	memcpy(text, request->body, request->body_size);
	text[request->body_size] = '\0';
	for (int i = 0; i < MODEL_INPUTS; i++, at = end) {
		inputs[i] = strtof(at, &end);
		if (end == at)
			return false;
	}
	return strspn(at, " \r\n") == strlen(at);
}

static size_t answer_predict(void *context, unsigned worker, const struct http_request *request,
			     char *body, unsigned *status)
{
	const struct site *site = context;
	float inputs[MODEL_INPUTS], outputs[MODEL_OUTPUTS];
	if (request->method != HTTP_POST || !read_inputs(request, inputs)) {
		*status = request->method == HTTP_POST ? 400 : 405;
		return 0;
	}
	uint64_t version = model_predict(site->model, worker, inputs, outputs);
	size_t size = (size_t)snprintf(body, WEB_BODY_MAX, "%llu", (unsigned long long)version);
	for (int i = 0; i < MODEL_OUTPUTS; i++)
		size += (size_t)snprintf(body + size, WEB_BODY_MAX - size, " %.9g",
					 (double)outputs[i]);
	return size;
}

enum assay_code site_start(unsigned workers, unsigned connections, double share_b,
			   struct site **ret, struct assay_err *err)
{
	static const uint64_t seeds[MODEL_ARMS] = {1, 2};
	struct site *site = calloc(1, sizeof(*site));
	if (!site)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for a site");
	const struct web_route routes[] = {{"/static", answer_static, site},
					   {"/health", answer_health, site},
					   {"/stats", answer_stats, site},
					   {"/predict", answer_predict, site}};
	memcpy(site->routes, routes, sizeof(routes));
	struct web_config config = {.workers = workers,
				    .connections = connections,
				    .idle_ms = IDLE_MS,
				    .routes = site->routes};
	enum assay_code rc = model_box_new(workers, seeds, share_b, &site->model, err);
	if (rc == ASSAY_OK)
		rc = web_start(&config, &site->web, err);
	if (rc != ASSAY_OK) {
		site_stop(site);
		return rc;
	}
	*ret = site;
	return ASSAY_OK;
}

struct web *site_web(const struct site *site)
{
	return site->web;
}

struct model_box *site_model(const struct site *site)
{
	return site->model;
}

void site_stop(struct site *site)
{
	if (!site)
		return;
	web_stop(site->web);
	model_box_free(site->model);
	free(site);
}
