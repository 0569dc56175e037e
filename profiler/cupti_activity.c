/* SPDX-License-Identifier: MIT */
/*
 * cupti_activity: buffers for CUPTI's activity records, and what becomes of them. A call to the driver that is made
 * between begin and end carries our number (external correlation); a record of work is ours when the call that
 * started it does.
 */
#include "profiler/cupti_activity.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/base/clock.h"
#include "harness/base/str.h"

/* CUPTI asks for records' memory in the middle of what is watched, so some of it is there before. */
enum { BUFFER_BYTES = 1 << 20, READY = 8, MOST_BUFFERS = 128, ALIGNMENT = 8 };

struct buffer {
	uint8_t *bytes;
	size_t valid; /* of them, once it came back */
	bool taken, full;
};

struct cupti_watch {
	struct cupti cupti;
	pthread_mutex_t lock; /* of the buffers: they come back on CUPTI's own thread */
	struct buffer buffers[MOST_BUFFERS];
	uint64_t id; /* of this region among all regions of all processes of a machine */
	uint64_t begin_ns;
	int64_t offset_ns; /* what CUPTI's clock is ahead of ours */
	uint32_t *ours;    /* correlations of calls that carry our number, ascending */
	size_t n_ours, room;
};

/* CUPTI calls back without a context. */
static _Atomic(struct cupti_watch *) watching;

static bool take(struct buffer *b)
{
	if (b->taken)
		return false;
	if (!b->bytes)
		b->bytes = aligned_alloc(ALIGNMENT, BUFFER_BYTES);
	b->taken = b->bytes != NULL;
	return b->taken;
}

/* Without a buffer CUPTI drops records and counts them. */
static void on_request(uint8_t **buffer, size_t *size, size_t *most_records)
{
	struct cupti_watch *w = atomic_load(&watching);
	*buffer = NULL;
	*size = *most_records = 0;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < MOST_BUFFERS && !*buffer; i++)
		if (take(&w->buffers[i]))
			*buffer = w->buffers[i].bytes;

	pthread_mutex_unlock(&w->lock);
	*size = *buffer ? BUFFER_BYTES : 0;
}

static void on_complete(struct CUctx_st *context, uint32_t stream, uint8_t *buffer, size_t size,
			size_t valid)
{
	struct cupti_watch *w = atomic_load(&watching);
	(void)context;
	(void)stream;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < MOST_BUFFERS; i++)
		if (w->buffers[i].taken && w->buffers[i].bytes == buffer) {
			w->buffers[i].full = true;
			w->buffers[i].valid = valid < size ? valid : size;
		}
	pthread_mutex_unlock(&w->lock);
}

static enum assay_code failed(const struct cupti *cupti, const char *call, unsigned status,
			      struct assay_err *err)
{
	const char *text = NULL;
	if (cupti->result_text(status, &text) != CUPTI_OK)
		text = NULL;
	return cupti_failed(call, status, text, err);
}

static const uint32_t kinds[] = {CUPTI_KIND_KERNEL,   CUPTI_KIND_COPY,   CUPTI_KIND_PEER_COPY,
				 CUPTI_KIND_FILL,     CUPTI_KIND_MEMORY, CUPTI_KIND_GRAPH,
				 CUPTI_KIND_OVERHEAD, CUPTI_KIND_DRIVER, CUPTI_KIND_RUNTIME,
				 CUPTI_KIND_EXTERNAL};
/* Kinds that only some drivers have: the rest is of use without them. */
static bool is_optional(uint32_t kind)
{
	return kind == CUPTI_KIND_GRAPH || kind == CUPTI_KIND_OVERHEAD || kind == CUPTI_KIND_MEMORY;
}

static void disable_all(const struct cupti *cupti)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(kinds); i++)
		cupti->disable(kinds[i]);
}

static enum assay_code enable_all(const struct cupti *cupti, struct assay_err *err)
{
	static const uint32_t noise[] = {CUPTI_CALL_SET_CONTEXT, CUPTI_CALL_EVENT_QUERY,
					 CUPTI_CALL_STREAM_QUERY};
	for (size_t i = 0; i < ASSAY_COUNT_OF(kinds); i++) {
		unsigned status = cupti->enable(kinds[i]);
		if (status == CUPTI_OK || (is_optional(kinds[i]) && status == CUPTI_NOT_SUPPORTED))
			continue;
		disable_all(cupti);
		return failed(cupti, "cuptiActivityEnable", status, err);
	}
	/* Whoever waits by asking makes thousands of these. Where they cannot be left out, they are read over. */
	for (size_t i = 0; i < ASSAY_COUNT_OF(noise); i++)
		cupti->driver_call(noise[i], 0);
	return ASSAY_OK;
}

static enum assay_code prepare(struct cupti_watch *w, struct assay_err *err)
{
	struct cupti_watch *nobody = NULL;
	for (size_t i = 0; i < READY; i++) {
		w->buffers[i].bytes = aligned_alloc(ALIGNMENT, BUFFER_BYTES);
		if (!w->buffers[i].bytes)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
		memset(w->buffers[i].bytes, 0, BUFFER_BYTES); /* no page faults later */
	}
	enum assay_code rc = cupti_load(cupti_driver_version(), &w->cupti, err);
	if (rc != ASSAY_OK)
		return rc;
	if (!atomic_compare_exchange_strong(&watching, &nobody, w))
		return assay_fail(err, ASSAY_SKIP, "another thread of this process is traced");
	unsigned status = w->cupti.callbacks(on_request, on_complete);
	return status == CUPTI_OK
		       ? enable_all(&w->cupti, err)
		       : failed(&w->cupti, "cuptiActivityRegisterCallbacks", status, err);
}

enum assay_code cupti_watch_new(struct cupti_watch **ret, struct assay_err *err)
{
	struct cupti_watch *w = *ret = calloc(1, sizeof(*w));
	if (!w)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
	pthread_mutex_init(&w->lock, NULL);
	enum assay_code rc = prepare(w, err);
	if (rc != ASSAY_OK) {
		cupti_watch_free(w);
		*ret = NULL;
	}
	return rc;
}

void cupti_watch_free(struct cupti_watch *w)
{
	struct cupti_watch *self = w;
	if (!w)
		return;
	if (atomic_load(&watching) == w) {
		disable_all(&w->cupti);
		w->cupti.flush(CUPTI_FLUSH_FORCED); /* no buffer may come back to freed memory */
		atomic_compare_exchange_strong(&watching, &self, NULL);
	}
	for (size_t i = 0; i < MOST_BUFFERS; i++)
		free(w->buffers[i].bytes);
	pthread_mutex_destroy(&w->lock);
	free(w->ours);
	free(w);
}

/* Buffers whose records are of no interest, or have been read. */
static void empty(struct cupti_watch *w)
{
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < MOST_BUFFERS; i++)
		if (w->buffers[i].full)
			w->buffers[i].taken = w->buffers[i].full = false;
	pthread_mutex_unlock(&w->lock);
}

/* Both clocks at one moment, as nearly as three readings give it. */
static enum assay_code compare_clocks(struct cupti_watch *w, struct assay_err *err)
{
	enum { TRIES = 5 };
	uint64_t narrowest_ns = UINT64_MAX, theirs;
	for (int i = 0; i < TRIES; i++) {
		uint64_t before_ns = assay_now_ns();
		unsigned status = w->cupti.timestamp(&theirs);
		uint64_t took_ns = assay_now_ns() - before_ns;
		if (status != CUPTI_OK)
			return failed(&w->cupti, "cuptiGetTimestamp", status, err);
		if (took_ns >= narrowest_ns)
			continue;
		narrowest_ns = took_ns;
		w->offset_ns = (int64_t)(theirs - (before_ns + took_ns / 2));
	}
	return ASSAY_OK;
}

enum assay_code cupti_watch_begin(struct cupti_watch *w, struct assay_err *err)
{
	size_t dropped;
	unsigned status = w->cupti.flush(CUPTI_FLUSH_FORCED);
	if (status != CUPTI_OK)
		return failed(&w->cupti, "cuptiActivityFlushAll", status, err);
	empty(w);
	w->cupti.dropped(NULL, 0, &dropped); /* counts from here on */
	w->n_ours = 0;
	enum assay_code rc = compare_clocks(w, err);
	if (rc != ASSAY_OK)
		return rc;
	w->begin_ns = assay_now_ns();
	w->id = (uint64_t)getpid() << 32 ^ w->begin_ns;
	status = w->cupti.push(CUPTI_EXTERNAL_OURS, w->id);
	return status == CUPTI_OK
		       ? ASSAY_OK
		       : failed(&w->cupti, "cuptiActivityPushExternalCorrelationId", status, err);
}

/* ---- reading ---- */

typedef enum assay_code (*record_fn)(struct cupti_watch *w, const struct cupti_record *record,
				     struct assay_gpu_trace *trace, struct assay_err *err);

static enum assay_code read_buffer(struct cupti_watch *w, const struct buffer *b, record_fn fn,
				   struct assay_gpu_trace *trace, struct assay_err *err)
{
	struct cupti_record *record = NULL;
	for (;;) {
		unsigned status = w->cupti.next(b->bytes, b->valid, &record);
		if (status == CUPTI_LIMIT_REACHED)
			return ASSAY_OK;
		if (status != CUPTI_OK) { /* what lies behind cannot be found */
			uint8_t *at = record ? (uint8_t *)record : b->bytes;
			trace->head.damaged += b->valid - (size_t)(at - b->bytes);
			return ASSAY_OK;
		}
		enum assay_code rc = fn(w, record, trace, err);
		if (rc != ASSAY_OK)
			return rc;
	}
}

static enum assay_code note_ours(struct cupti_watch *w, const struct cupti_record *record,
				 struct assay_gpu_trace *trace, struct assay_err *err)
{
	const struct cupti_external *e = (const struct cupti_external *)record;
	(void)trace;
	if (record->kind != CUPTI_KIND_EXTERNAL || e->whose != CUPTI_EXTERNAL_OURS ||
	    e->id != w->id)
		return ASSAY_OK;
	if (w->n_ours == w->room) {
		size_t room = w->room ? 2 * w->room : 1024;
		uint32_t *more = realloc(w->ours, room * sizeof(*more));
		if (!more)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
		w->ours = more;
		w->room = room;
	}
	w->ours[w->n_ours++] = e->correlation;
	return ASSAY_OK;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static bool is_ours(const struct cupti_watch *w, uint32_t correlation)
{
	return w->n_ours &&
	       bsearch(&correlation, w->ours, w->n_ours, sizeof(*w->ours), ascending) != NULL;
}

static void name_copy(const struct cupti_copy *c, char *ret, size_t size)
{
	static const char *const memories[] = {"?",     "pageable", "pinned", "device",
					       "array", "managed",  "static", "managed static"};
	size_t from = c->from < ASSAY_COUNT_OF(memories) ? c->from : 0;
	size_t to = c->to < ASSAY_COUNT_OF(memories) ? c->to : 0;
	snprintf(ret, size, "%s to %s", memories[from], memories[to]);
}

static struct assay_gpu_activity of_kernel(const struct cupti_kernel *k)
{
	struct assay_gpu_activity a = {
		.kind = ASSAY_GPU_KERNEL,
		.device = k->device,
		.stream = k->stream,
		.registers = k->registers,
		.shared_bytes = (uint32_t)(k->static_shared + k->dynamic_shared),
		.begin_ns = k->begin,
		.end_ns = k->end,
	};
	for (size_t i = 0; i < 3; i++) {
		a.grid[i] = (uint32_t)k->grid[i];
		a.block[i] = (uint32_t)k->block[i];
	}
	assay_sanitise(a.name, sizeof(a.name), k->name ? k->name : "unnamed");
	return a;
}

static struct assay_gpu_activity of_copy(const struct cupti_copy *c)
{
	struct assay_gpu_activity a = {.kind = ASSAY_GPU_COPY,
				       .device = c->device,
				       .stream = c->stream,
				       .begin_ns = c->begin,
				       .end_ns = c->end,
				       .bytes = c->bytes};
	name_copy(c, a.name, sizeof(a.name));
	return a;
}

/* The activity that a record tells of, and what started it; false for records of other things. */
static bool to_activity(const struct cupti_record *record, struct assay_gpu_activity *a,
			uint32_t *correlation)
{
	*a = (struct assay_gpu_activity){0};
	switch (record->kind) {
	case CUPTI_KIND_KERNEL: {
		const struct cupti_kernel *k = (const struct cupti_kernel *)record;
		*a = of_kernel(k);
		*correlation = k->correlation;
		return true;
	}
	case CUPTI_KIND_COPY: {
		const struct cupti_copy *c = (const struct cupti_copy *)record;
		*a = of_copy(c);
		*correlation = c->correlation;
		return true;
	}
	case CUPTI_KIND_PEER_COPY: {
		const struct cupti_peer_copy *c = (const struct cupti_peer_copy *)record;
		*a = of_copy((const struct cupti_copy *)record); /* the same up to the stream */
		snprintf(a->name, sizeof(a->name), "device %u to device %u", c->from_device,
			 c->to_device);
		*correlation = c->correlation;
		return true;
	}
	case CUPTI_KIND_FILL: {
		const struct cupti_fill *f = (const struct cupti_fill *)record;
		*a = (struct assay_gpu_activity){ASSAY_GPU_FILL,      f->device,
						 .stream = f->stream, .begin_ns = f->begin,
						 .end_ns = f->end,    .bytes = f->bytes,
						 .name = "fill"};
		*correlation = f->correlation;
		return true;
	}
	case CUPTI_KIND_MEMORY: {
		const struct cupti_memory *m = (const struct cupti_memory *)record;
		*a = (struct assay_gpu_activity){
			ASSAY_GPU_MEMORY,  m->device,       .stream = ASSAY_GPU_NO_STREAM,
			.begin_ns = m->at, .end_ns = m->at, .bytes = m->bytes};
		assay_copy(a->name, sizeof(a->name),
			   m->operation == CUPTI_MEMORY_RELEASE ? "release" : "allocation");
		*correlation = m->correlation;
		return true;
	}
	case CUPTI_KIND_GRAPH: {
		const struct cupti_graph *g = (const struct cupti_graph *)record;
		*a = (struct assay_gpu_activity){ASSAY_GPU_GRAPH,     g->device,
						 .stream = g->stream, .begin_ns = g->begin,
						 .end_ns = g->end,    .name = "graph"};
		*correlation = g->correlation;
		return true;
	}
	default:
		return false;
	}
}

static void name_overhead(uint32_t what, char *ret, size_t size)
{
	static const char *const names[] = {
		"other",
		"compiler",
		"flush of records",
		"instrumentation",
		"resources",
		"module loading",
		"function loading",
		"full commands",
		"request of buffers",
		"managed memory",
	};
	size_t which = what >= 1u << 16 ? (what >> 16) + 1 : what;
	assay_copy(ret, size, names[which < ASSAY_COUNT_OF(names) ? which : 0]);
}

static bool overhead_to_activity(const struct cupti_watch *w, const struct cupti_record *record,
				 struct assay_gpu_activity *a)
{
	const struct cupti_overhead *o = (const struct cupti_overhead *)record;
	uint64_t begin_ns = o->begin - (uint64_t)w->offset_ns;
	if (record->kind != CUPTI_KIND_OVERHEAD || begin_ns < w->begin_ns)
		return false;
	*a = (struct assay_gpu_activity){ASSAY_GPU_OVERHEAD, .stream = ASSAY_GPU_NO_STREAM,
					 .begin_ns = o->begin, .end_ns = o->end};
	name_overhead(o->what, a->name, sizeof(a->name));
	return true;
}

static enum assay_code add_record(struct cupti_watch *w, const struct cupti_record *record,
				  struct assay_gpu_trace *trace, struct assay_err *err)
{
	struct assay_gpu_activity a;
	uint32_t correlation;
	if (to_activity(record, &a, &correlation)) {
		if (!is_ours(w, correlation)) {
			trace->head.outside++;
			return ASSAY_OK;
		}
	} else if (!overhead_to_activity(w, record, &a)) {
		return ASSAY_OK;
	}
	if (!a.begin_ns || a.end_ns < a.begin_ns) { /* CUPTI had no memory for its times */
		trace->head.dropped++;
		return ASSAY_OK;
	}
	a.begin_ns -= (uint64_t)w->offset_ns;
	a.end_ns -= (uint64_t)w->offset_ns;
	return assay_gpu_trace_add(trace, &a, err);
}

/* Every buffer that came back; those that did not are of no use, but their records count as lost. */
static enum assay_code read_all(struct cupti_watch *w, record_fn fn, struct assay_gpu_trace *trace,
				struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < MOST_BUFFERS; i++)
		if (w->buffers[i].full)
			rc = read_buffer(w, &w->buffers[i], fn, trace, err);
	return rc;
}

/* How long any of the devices was at work, as far as activities are known one by one. */
static enum assay_code sum_up_work(struct assay_gpu_trace *trace, struct assay_err *err)
{
	size_t n = 0;
	ASSAY_AUTO_FREE uint64_t *begins = calloc(trace->n + 1, sizeof(*begins));
	ASSAY_AUTO_FREE uint64_t *ends = calloc(trace->n + 1, sizeof(*ends));
	if (!begins || !ends)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a trace");
	for (size_t i = 0; i < trace->n; i++) {
		const struct assay_gpu_activity *a = &trace->activities[i];
		if (!assay_gpu_is_work(a->kind))
			continue;
		begins[n] = a->begin_ns;
		ends[n++] = a->end_ns;
	}
	trace->head.busy_ns = assay_gpu_union_ns(begins, ends, n);
	return ASSAY_OK;
}

enum assay_code cupti_watch_end(struct cupti_watch *w, struct assay_gpu_trace *trace,
				struct assay_err *err)
{
	uint64_t end_ns = assay_now_ns(), id;
	size_t dropped = 0;
	trace->head.begin_ns = w->begin_ns;
	trace->head.end_ns = end_ns;
	w->cupti.pop(CUPTI_EXTERNAL_OURS, &id);
	unsigned status = w->cupti.flush(CUPTI_FLUSH_FORCED);
	if (status != CUPTI_OK)
		return failed(&w->cupti, "cuptiActivityFlushAll", status, err);
	if (w->cupti.dropped(NULL, 0, &dropped) == CUPTI_OK)
		trace->head.dropped += dropped;
	struct assay_gpu_trace nothing = {0}; /* damage is counted once */
	enum assay_code rc = read_all(w, note_ours, &nothing, err);
	if (w->n_ours)
		qsort(w->ours, w->n_ours, sizeof(*w->ours), ascending);
	if (rc == ASSAY_OK)
		rc = read_all(w, add_record, trace, err);
	if (rc == ASSAY_OK)
		rc = sum_up_work(trace, err);
	empty(w);
	return rc;
}
