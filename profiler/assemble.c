/* SPDX-License-Identifier: MIT */
/* assemble: address spaces as they were at the time of each sample, chains, spans. */
#include "profiler/assemble.h"

#include <string.h>

#include "profiler/modules.h"
#include "profiler/preload.h"

struct assembly {
	const struct sampler_view *view;
	struct modules *modules;
	struct assay_stacks *stacks;
	bool dwarf;
	uint64_t weight;
	size_t span; /* the first one that is not over yet */
};

/* One stack under construction, innermost first. */
struct chain {
	uint32_t frames[ASSAY_STACKS_DEPTH];
	size_t n;
};

static enum assay_code push_kernel(struct assembly *a, struct chain *chain, uint64_t address,
				   struct assay_err *err)
{
	if (chain->n == ASSAY_STACKS_DEPTH)
		return ASSAY_OK;
	return modules_kernel_frame(a->modules, address, a->stacks, &chain->frames[chain->n++],
				    err);
}

static enum assay_code push_user(struct assembly *a, struct chain *chain, struct space *space,
				 uint64_t address, struct assay_err *err)
{
	uint32_t frames[MODULES_INLINED];
	size_t n;
	enum assay_code rc = modules_frames(a->modules, space, address, a->stacks, frames, &n, err);
	for (size_t i = 0; rc == ASSAY_OK && i < n && chain->n < ASSAY_STACKS_DEPTH; i++)
		chain->frames[chain->n++] = frames[i];
	return rc;
}

/* The kernel's part of the chain; *ret_user: where the user's part begins. */
static enum assay_code take_kernel(struct assembly *a, const struct record *r, struct chain *chain,
				   size_t *ret_user, struct assay_err *err)
{
	bool kernel = false;
	for (size_t i = 0; i < r->n_chain; i++) {
		uint64_t address = r->chain[i];
		if (address == RECORD_CHAIN_USER) {
			*ret_user = i + 1;
			return ASSAY_OK;
		}
		if (address >= RECORD_CHAIN_MARKERS) {
			kernel = address == RECORD_CHAIN_KERNEL;
			continue;
		}
		enum assay_code rc = kernel ? push_kernel(a, chain, address, err) : ASSAY_OK;
		if (rc != ASSAY_OK)
			return rc;
	}
	*ret_user = r->n_chain;
	return ASSAY_OK;
}

/* By libdwfl when that reaches further than frame pointers do. *ret_complete: to the very start. */
static enum assay_code take_user(struct assembly *a, const struct record *r, size_t from,
				 struct space *space, struct chain *chain, bool *ret_complete,
				 struct assay_err *err)
{
	uint64_t ips[ASSAY_STACKS_DEPTH];
	size_t by_pointers = 0, n = 0;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = from; i < r->n_chain && r->chain[i] < RECORD_CHAIN_MARKERS; i++)
		by_pointers++;
	*ret_complete = !a->dwarf; /* frame pointers do not tell */
	if (a->dwarf && r->n_registers) {
		const struct debuginfo_thread thread = {r->registers, r->n_registers, r->stack,
							r->stack_size};
		n = space_unwind(a->modules, space, &thread, ips, ASSAY_STACKS_DEPTH, ret_complete);
	}
	if (n && (*ret_complete || n >= by_pointers)) {
		for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
			rc = push_user(a, chain, space, ips[i], err);
		return rc;
	}
	for (size_t i = 0; rc == ASSAY_OK && i < by_pointers; i++)
		rc = push_user(a, chain, space, r->chain[from + i] - (i > 0), err);
	return rc;
}

static bool in_span(struct assembly *a, uint64_t time_ns)
{
	const struct sampler_view *v = a->view;
	while (a->span < v->n_spans && v->spans[a->span].end_ns < time_ns)
		a->span++;
	return !v->n_spans || (a->span < v->n_spans && v->spans[a->span].begin_ns <= time_ns);
}

static enum assay_code push_process(struct assembly *a, const struct space *space,
				    struct chain *chain, struct assay_err *err)
{
	const struct assay_stack_frame frame = {space_named(space), "[process]", "", 0};
	if (chain->n == ASSAY_STACKS_DEPTH)
		chain->n--;
	return assay_stacks_frame(a->stacks, &frame, &chain->frames[chain->n++], err);
}

/* The view's root and its callers go. False: it is not there. */
static bool cut_at_root(const struct assembly *a, struct chain *chain)
{
	for (size_t i = 0; a->view->root && i < chain->n; i++)
		if (strcmp(a->stacks->frames[chain->frames[i]].function, a->view->root) == 0) {
			chain->n = i;
			return true;
		}
	return false;
}

/* What took the sample is not what it is about. */
static void leave_out_ours(const struct assembly *a, struct chain *chain)
{
	size_t ours = 0;
	while (ours < chain->n &&
	       strcmp(a->stacks->frames[chain->frames[ours]].module, PRELOAD_ALLOC) == 0)
		ours++;
	memmove(chain->frames, chain->frames + ours, (chain->n - ours) * sizeof(chain->frames[0]));
	chain->n -= ours;
}

static enum assay_code add_sample(struct assembly *a, const struct record *r, struct assay_err *err)
{
	struct chain chain = {.n = 0};
	uint32_t outermost_first[ASSAY_STACKS_DEPTH];
	size_t user = 0;
	bool complete = true;
	struct space *space = modules_process(a->modules, r->pid);
	if (!space)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for samples");
	enum assay_code rc = take_kernel(a, r, &chain, &user, err);
	if (rc == ASSAY_OK)
		rc = take_user(a, r, user, space, &chain, &complete, err);
	/* Whatever lies beyond the root is not missed. */
	if (rc == ASSAY_OK && cut_at_root(a, &chain))
		complete = true;
	leave_out_ours(a, &chain);
	if (rc == ASSAY_OK && a->view->processes)
		rc = push_process(a, space, &chain, err);
	if (rc != ASSAY_OK)
		return rc;
	for (size_t i = 0; i < chain.n; i++)
		outermost_first[i] = chain.frames[chain.n - 1 - i];
	a->stacks->facts.samples++;
	a->stacks->facts.partial += !complete;
	return assay_stacks_add(a->stacks, outermost_first, chain.n, a->weight, err);
}

static enum assay_code on_record(void *context, const struct record *r, struct assay_err *err)
{
	struct assembly *a = context;
	struct space *space = r->kind == RECORD_LOST ? NULL : modules_process(a->modules, r->pid);
	if (r->kind == RECORD_LOST) {
		a->stacks->facts.lost += r->lost;
		return ASSAY_OK;
	}
	if (!space)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for samples");
	switch (r->kind) {
	case RECORD_SAMPLE:
		if (in_span(a, r->time_ns))
			return add_sample(a, r, err);
		a->stacks->facts.outside++;
		return ASSAY_OK;
	case RECORD_MAP:
		if (r->executable &&
		    !space_map(a->modules, space, r->name, r->address, r->length, r->offset))
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for mapped files");
		return ASSAY_OK;
	case RECORD_NAME:
		if (r->exec)
			space_exec(space);
		if (r->pid == r->tid)
			space_name(space, r->name);
		return ASSAY_OK;
	case RECORD_FORK:
		if (r->pid != r->parent)
			modules_fork(a->modules, r->pid, r->parent);
		return ASSAY_OK;
	case RECORD_EXIT:
	case RECORD_LOST:
		break;
	}
	return ASSAY_OK;
}

enum assay_code assemble(const void *bytes, size_t size, const struct record_layout *layout,
			 bool dwarf, const struct sampler_view *view, uint64_t weight,
			 struct assay_stacks *stacks, struct assay_str *remarks,
			 struct assay_err *err)
{
	struct assembly a = {.view = view, .stacks = stacks, .dwarf = dwarf, .weight = weight};
	enum assay_code rc = modules_new(debuginfo_missing() == NULL, &a.modules, err);
	if (rc == ASSAY_OK)
		rc = records_read(bytes, size, layout, on_record, &a, err);
	const char *first = NULL;
	size_t missing = a.modules ? modules_missing(a.modules, &first) : 0;
	if (missing)
		assay_str_add(
			remarks,
			"%zu mapped file%s could not be read, such as %s: addresses instead of "
			"names\n",
			missing, missing == 1 ? "" : "s", first);
	modules_free(a.modules);
	return rc;
}
