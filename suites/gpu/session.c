/* SPDX-License-Identifier: MIT */
/* session: a device in use, and what benchmarks do with one again and again. */
#include "suites/gpu/gpu.h"

#include <math.h>
#include <stdlib.h>

enum assay_code gpu_open(struct gpu_session *s, struct assay_err *err)
{
	return gpu_open_number(s, 0, err);
}

enum assay_code gpu_open_number(struct gpu_session *s, unsigned number, struct assay_err *err)
{
	enum assay_code code = s->ops->open(number, &s->device, err);
	if (code == ASSAY_OK)
		code = s->ops->stream_new(s->device, &s->stream, err);
	if (code == ASSAY_OK)
		code = s->ops->span_new(s->device, &s->span, err);
	return code;
}

void gpu_close(struct gpu_session *s)
{
	if (!s->device)
		return;
	gpu_clocks_done(s);
	s->ops->span_free(s->span);
	s->ops->stream_free(s->stream);
	s->ops->close(s->device);
	*s = (struct gpu_session){.ops = s->ops};
}

void gpu_close_with(struct gpu_session *s, struct gpu_kernel *kernel,
		    struct gpu_buffer *const *buffers, size_t n)
{
	if (!s->device)
		return;
	for (size_t i = 0; i < n; i++)
		s->ops->release(s->device, buffers[i]);
	s->ops->unbuild(s->device, kernel);
	gpu_close(s);
}

enum assay_code gpu_host_take(struct gpu_session *s, bool pinned, size_t bytes, float **ret,
			      struct assay_err *err)
{
	void *memory = NULL;
	enum assay_code code = ASSAY_OK;
	if (pinned)
		code = s->ops->pin(s->device, bytes, &memory, err);
	else if (!(memory = malloc(bytes)))
		code = assay_fail(err, ASSAY_ENOMEM, "out of memory");
	*ret = memory;
	return code;
}

void gpu_host_give(struct gpu_session *s, bool pinned, float *memory)
{
	if (pinned && memory)
		s->ops->unpin(s->device, memory);
	else
		free(memory);
}

const char *gpu_text(const struct gpu_session *s)
{
	return s->device ? s->ops->info(s->device)->text : "open";
}

enum assay_code gpu_needs(const struct gpu_session *s, enum gpu_feature feature,
			  struct assay_err *err)
{
	const char *why = s->ops->info(s->device)->lacks[feature];
	return why ? assay_fail(err, ASSAY_SKIP, "%s", why) : ASSAY_OK;
}

enum assay_code gpu_upload(struct gpu_session *s, struct gpu_buffer *to, const void *from,
			   size_t bytes, struct assay_err *err)
{
	enum assay_code code = s->ops->write(s->stream, to, from, bytes, err);
	return code == ASSAY_OK ? s->ops->wait(s->stream, err) : code;
}

enum assay_code gpu_download(struct gpu_session *s, void *to, struct gpu_buffer *from, size_t bytes,
			     struct assay_err *err)
{
	enum assay_code code = s->ops->read(s->stream, to, from, bytes, err);
	return code == ASSAY_OK ? s->ops->wait(s->stream, err) : code;
}

/* Open the gate in any case: what is behind it could never end. */
static enum assay_code let_go(struct gpu_session *s, enum assay_code code, struct assay_err *err)
{
	if (!s->gate)
		return code;
	enum assay_code opened = s->ops->gate_open(s->gate, code == ASSAY_OK ? err : NULL);
	s->gate = NULL;
	return code == ASSAY_OK ? opened : code;
}

enum assay_code gpu_hold(struct gpu_session *s, struct assay_err *err)
{
	if (!s->ops->info(s->device)->spans_early || gpu_needs(s, GPU_HAS_GATES, NULL) != ASSAY_OK)
		return ASSAY_OK;
	return s->ops->gate_close(s->stream, &s->gate, err);
}

enum assay_code gpu_run(struct gpu_session *s, const struct gpu_launch *launch, double *ret_ns,
			struct assay_err *err)
{
	enum assay_code code = s->ops->span_begin(s->stream, s->span, err);
	if (code == ASSAY_OK)
		code = s->ops->launch(s->stream, launch, err);
	if (code == ASSAY_OK)
		code = s->ops->span_end(s->stream, s->span, err);
	code = let_go(s, code, err);
	if (code == ASSAY_OK)
		code = s->ops->wait(s->stream, err);
	return code == ASSAY_OK ? s->ops->span_ns(s->span, ret_ns, err) : code;
}

struct gpu_launch gpu_over(struct gpu_kernel *kernel, const struct gpu_arg *args, uint32_t n_args,
			   size_t items)
{
	uint32_t groups = (uint32_t)((items + GPU_GROUP_ITEMS - 1) / GPU_GROUP_ITEMS);
	return (struct gpu_launch){kernel, args, n_args, {groups, 1}, {GPU_GROUP_ITEMS, 1}, true};
}

enum assay_code gpu_begin(struct assay_run *run, struct gpu_session *s, bool held,
			  struct assay_err *err)
{
	enum assay_code code = gpu_clocks_settle(s, err);
	assay_queue_begins(run);
	if (code == ASSAY_OK && held && gpu_needs(s, GPU_HAS_GATES, NULL) == ASSAY_OK)
		code = s->ops->gate_close(s->stream, &s->gate, err);
	return code == ASSAY_OK ? s->ops->span_begin(s->stream, s->span, err) : code;
}

/* Let the batch go, and wait for its end and for its time. */
static enum assay_code finish_batch(struct assay_run *run, struct gpu_session *s,
				    enum assay_code code, struct assay_err *err)
{
	s->batch_ns = NAN;
	if (code == ASSAY_OK)
		code = s->ops->span_end(s->stream, s->span, err);
	code = let_go(s, code, err);
	if (code == ASSAY_OK)
		code = s->ops->wait(s->stream, err);
	assay_queue_done(run);
	if (code == ASSAY_OK)
		code = s->ops->span_ns(s->span, &s->batch_ns, err);
	if (code == ASSAY_OK && isnan(s->batch_ns) && s->ops->computes)
		return assay_fail(err, ASSAY_EIO, "the device has no clock of its own");
	return code == ASSAY_OK ? gpu_clocks_look(s, err) : code;
}

bool gpu_end(struct assay_run *run, struct gpu_session *s, enum assay_code code,
	     struct assay_err *err)
{
	struct gpu_clocks *c = &s->clocks;
	if (!gpu_passed(run, s, finish_batch(run, s, code, err), err))
		return false;
	if (isnan(s->batch_ns))
		return true;
	assay_set_elapsed_ns(run, s->batch_ns);
	if (gpu_clocks_too_short(c, s->batch_ns)) {
		assay_skip(run,
			   "%s: below the noise floor: %d batches in a row took less than %d "
			   "empty launches of %.3g ns; take a larger size, or graphs",
			   gpu_text(s), GPU_BELOW, GPU_FLOORS, c->floor_ns);
		return false;
	}
	assay_metric(run, "floor", "ratio", ASSAY_LOWER,
		     s->batch_ns > 0 ? c->floor_ns / s->batch_ns : 1);
	gpu_state_clock(run, s);
	return true;
}

void gpu_state_clock(struct assay_run *run, const struct gpu_session *s)
{
	if (s->clocks.kernel)
		assay_metric(run, "clock", "Hz", ASSAY_HIGHER, s->clocks.hz);
	if (s->clocks.throttled)
		assay_counter(run, "throttled", s->clocks.throttled);
}

void gpu_of_limit(struct assay_run *run, const struct gpu_session *s, enum gpu_limit limit,
		  double amount)
{
	double most = s->ops->info(s->device)->limits[limit];
	if (most > 0 && s->batch_ns > 0)
		assay_metric(run, "of_limit", "ratio", ASSAY_HIGHER,
			     amount / s->batch_ns * 1e9 / most);
}

bool gpu_passed(struct assay_run *run, const struct gpu_session *s, enum assay_code code,
		const struct assay_err *err)
{
	if (code == ASSAY_SKIP || code == ASSAY_ENOMEM)
		assay_skip(run, "%s: %s", gpu_text(s), err->text);
	else if (code != ASSAY_OK)
		assay_check(run, false, "%s: %s", gpu_text(s), err->text);
	return code == ASSAY_OK;
}
