/* SPDX-License-Identifier: MIT */
/* cupti_host: which counters a chip has, how they are scheduled, what their values are: in a helping process. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "profiler/cupti_range.h"

extern char **environ;

enum { PATIENCE_S = 20, MOST_IMAGE = 64 << 20 };

#define HOST_FIELD(field, symbol, parameters) unsigned(*field) parameters;
struct host {
	CUPTI_HOST_CALLS(HOST_FIELD)
};

static enum assay_code load(const char *library, struct host *ret, struct assay_err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} calls[] = {
#define HOST_SYMBOL(field, symbol, parameters) {#symbol, offsetof(struct host, field)},
		CUPTI_HOST_CALLS(HOST_SYMBOL)};
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return assay_fail(err, ASSAY_SKIP, "no CUPTI (%.100s)", dlerror());
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		void *function = dlsym(handle, calls[i].symbol);
		if (!function)
			return assay_fail(err, ASSAY_SKIP,
					  "%.80s has no %s: counters need CUDA 12.6", library,
					  calls[i].symbol);
		/* POSIX wants dlsym's object pointer to be usable as a function pointer. */
		memcpy((char *)ret + calls[i].offset, &function, sizeof(function));
	}
	return ASSAY_OK;
}

enum assay_code cupti_host_chips(const char *library, char (*ret)[32], size_t most, size_t *ret_n,
				 struct assay_err *err)
{
	struct host host;
	struct cupti_chips chips = {.size = CUPTI_SIZE(cupti_chips, names)};
	enum assay_code rc = load(library, &host, err);
	if (rc != ASSAY_OK)
		return rc;
	unsigned status = host.chips(&chips);
	if (status != CUPTI_OK)
		return cupti_failed("cuptiProfilerHostGetSupportedChips", status, NULL, err);
	*ret_n = chips.n < most ? chips.n : most;
	for (size_t i = 0; i < *ret_n; i++)
		assay_copy(ret[i], 32, chips.names[i]);
	return ASSAY_OK;
}

/* The first of a metric's names that the chip has: what it has not makes later calls crash. */
static void choose(const struct host *host, struct CUpti_Profiler_Host_Object *object,
		   const struct cupti_request *q, struct cupti_answer *a)
{
	for (size_t i = 0; i < q->n; i++)
		for (size_t k = 0; k < CUPTI_ALIASES && !a->names[i][0]; k++) {
			struct cupti_host_metric m = {.size = CUPTI_SIZE(cupti_host_metric, type),
						      .host = object,
						      .name = q->names[i][k]};
			if (q->names[i][k][0] && host->metric(&m) == CUPTI_OK)
				assay_copy(a->names[i], sizeof(a->names[i]), q->names[i][k]);
		}
}

static size_t list_names(const struct cupti_answer *a, size_t n, const char **names)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++)
		if (a->names[i][0])
			names[found++] = a->names[i];
	return found;
}

/* All in one call: one by one they would be scheduled into seven times as many passes. */
static enum assay_code configure(const struct host *host, struct CUpti_Profiler_Host_Object *object,
				 const struct cupti_request *q, struct cupti_answer *a,
				 uint8_t **ret_image, struct assay_err *err)
{
	const char *names[CUPTI_MOST_METRICS];
	struct cupti_host_add add = {.size = CUPTI_SIZE(cupti_host_add, n), .host = object};
	struct cupti_host_size size = {.size = CUPTI_SIZE(cupti_host_size, bytes), .host = object};
	choose(host, object, q, a);
	add.names = names;
	add.n = list_names(a, q->n, names);
	if (!add.n)
		return assay_fail(err, ASSAY_SKIP, "%s has none of these counters", q->chip);
	unsigned status = host->add(&add);
	if (status == CUPTI_OK)
		status = host->image_size(&size);
	if (status != CUPTI_OK)
		return cupti_failed("cuptiProfilerHostConfigAddMetrics", status, NULL, err);
	uint8_t *image = *ret_image = calloc(1, size.bytes);
	if (!image)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for counters");
	struct cupti_host_image get = {CUPTI_SIZE(cupti_host_image, image), NULL, object,
				       size.bytes, image};
	struct cupti_host_passes passes = {CUPTI_SIZE(cupti_host_passes, passes), NULL, size.bytes,
					   image, 0};
	status = host->image(&get);
	if (status == CUPTI_OK)
		status = host->passes(&passes);
	if (status != CUPTI_OK)
		return cupti_failed("cuptiProfilerHostGetConfigImage", status, NULL, err);
	a->image_bytes = size.bytes;
	a->passes = (uint32_t)passes.passes;
	return ASSAY_OK;
}

static enum assay_code evaluate(const struct host *host, struct CUpti_Profiler_Host_Object *object,
				const struct cupti_request *q, const uint8_t *data,
				struct cupti_answer *a, struct assay_err *err)
{
	const char *names[CUPTI_MOST_METRICS];
	double values[CUPTI_MOST_METRICS] = {0};
	choose(host, object, q, a);
	struct cupti_host_values get = {.size = CUPTI_SIZE(cupti_host_values, values),
					.host = object,
					.data = data,
					.bytes = q->data_bytes,
					.names = names,
					.n = list_names(a, q->n, names),
					.values = values};
	unsigned status = host->values(&get);
	if (status != CUPTI_OK)
		return cupti_failed("cuptiProfilerHostEvaluateToGpuValues", status, NULL, err);
	for (size_t i = 0, k = 0; i < q->n; i++)
		if (a->names[i][0])
			a->values[i] = values[k++];
	return ASSAY_OK;
}

static enum assay_code answer(const struct cupti_request *q, const uint8_t *data,
			      struct cupti_answer *a, uint8_t **ret_image, struct assay_err *err)
{
	struct host host;
	struct cupti_host_open open = {.size = CUPTI_SIZE(cupti_host_open, host), .chip = q->chip};
	enum assay_code rc = load(q->library, &host, err);
	if (rc != ASSAY_OK)
		return rc;
	unsigned status = host.open(&open);
	if (status != CUPTI_OK)
		return cupti_failed("cuptiProfilerHostInitialize", status, NULL, err);
	rc = q->data_bytes ? evaluate(&host, open.host, q, data, a, err)
			   : configure(&host, open.host, q, a, ret_image, err);
	struct cupti_host_close close = {CUPTI_SIZE(cupti_host_close, host), NULL, open.host};
	host.close(&close);
	return rc;
}

void cupti_host_answer(const struct cupti_request *q, const uint8_t *data, struct cupti_answer *ret,
		       uint8_t **ret_image)
{
	struct assay_err err = {0};
	memset(ret, 0, sizeof(*ret));
	*ret_image = NULL;
	if (answer(q, data, ret, ret_image, &err) == ASSAY_OK)
		return;
	ret->refused = 1;
	ret->image_bytes = 0;
	assay_copy(ret->text, sizeof(ret->text), err.text);
}

/* ---- the two ends of the pipes ---- */

static bool read_all(int fd, void *to, size_t size, uint64_t deadline_ns)
{
	for (size_t have = 0; have < size;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		uint64_t now_ns = assay_now_ns();
		if (now_ns >= deadline_ns)
			return false;
		if (poll(&ready, 1, (int)((deadline_ns - now_ns) / 1000000 + 1)) <= 0)
			continue;
		ssize_t n = read(fd, (char *)to + have, size - have);
		if (n <= 0 && errno != EINTR)
			return false;
		have += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)from + done, size - done);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

int cupti_host_serve(int in, int out)
{
	struct cupti_request *q = calloc(1, sizeof(*q));
	struct cupti_answer *a = calloc(1, sizeof(*a));
	uint8_t *data = NULL, *image = NULL;
	uint64_t deadline_ns = assay_now_ns() + PATIENCE_S * 1000000000ull;
	bool ok = q && a && read_all(in, q, sizeof(*q), deadline_ns) &&
		  q->data_bytes <= MOST_IMAGE && q->n <= CUPTI_MOST_METRICS;
	if (ok && q->data_bytes) {
		data = malloc(q->data_bytes);
		ok = data && read_all(in, data, q->data_bytes, deadline_ns);
	}
	if (ok) {
		cupti_host_answer(q, data, a, &image);
		ok = write_all(out, a, sizeof(*a)) && write_all(out, image, a->image_bytes);
	}
	free(data);
	free(image);
	free(q);
	free(a);
	return ok ? 0 : 1;
}

static enum assay_code start_helper(int pipes[2][2], pid_t *ret, struct assay_err *err)
{
	char name[] = "assay", verb[] = CUPTI_HOST_VERB;
	char *argv[] = {name, verb, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[0][0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, pipes[1][1], STDOUT_FILENO);
	int error = posix_spawn(ret, "/proc/self/exe", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error == 0
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_SKIP, "no helper for counters: %s", strerror(error));
}

static enum assay_code exchange(const int pipes[2][2], const struct cupti_request *q,
				const uint8_t *data, struct cupti_answer *ret, uint8_t **ret_image,
				struct assay_err *err)
{
	uint64_t deadline_ns = assay_now_ns() + PATIENCE_S * 1000000000ull;
	bool ok = write_all(pipes[0][1], q, sizeof(*q)) &&
		  write_all(pipes[0][1], data, q->data_bytes) &&
		  read_all(pipes[1][0], ret, sizeof(*ret), deadline_ns) &&
		  ret->image_bytes <= MOST_IMAGE;
	if (ok && ret->image_bytes) {
		*ret_image = malloc(ret->image_bytes);
		ok = *ret_image && read_all(pipes[1][0], *ret_image, ret->image_bytes, deadline_ns);
	}
	ret->text[sizeof(ret->text) - 1] = '\0';
	if (!ok)
		return assay_fail(err, ASSAY_SKIP,
				  "CUPTI's host library crashed or hangs on this "
				  "set of counters");
	return ret->refused ? assay_fail(err, ASSAY_SKIP, "%s", ret->text) : ASSAY_OK;
}

static void close_all(int pipes[2][2])
{
	for (int i = 0; i < 4; i++)
		if (pipes[i / 2][i % 2] >= 0)
			close(pipes[i / 2][i % 2]);
}

enum assay_code cupti_host_ask(const struct cupti_request *request, const uint8_t *data,
			       struct cupti_answer *ret, uint8_t **ret_image, struct assay_err *err)
{
	int pipes[2][2] = {{-1, -1}, {-1, -1}};
	pid_t child = -1;
	*ret_image = NULL;
	if (pipe2(pipes[0], O_CLOEXEC) != 0 || pipe2(pipes[1], O_CLOEXEC) != 0) {
		close_all(pipes);
		return assay_fail(err, ASSAY_SKIP, "no helper for counters: %s", strerror(errno));
	}
	enum assay_code rc = start_helper(pipes, &child, err);
	close(pipes[0][0]);
	close(pipes[1][1]);
	pipes[0][0] = pipes[1][1] = -1;
	if (rc == ASSAY_OK)
		rc = exchange(pipes, request, data, ret, ret_image, err);
	close_all(pipes);
	if (child > 0) {
		if (rc != ASSAY_OK)
			kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (rc != ASSAY_OK) {
		free(*ret_image);
		*ret_image = NULL;
	}
	return rc;
}
