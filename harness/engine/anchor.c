/* SPDX-License-Identifier: MIT */
/* anchor: which file it is, and ratios to it. */
#include "harness/engine/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/engine/child.h"
#include "harness/engine/gbench_exe.h"
#include "harness/engine/program.h"
#include "harness/stats/gate_math.h"
#include "harness/stats/location.h"

#define VERSION_TIMEOUT_NS 10000000000u
enum { VERSION_LIMIT_BYTES = 65536 };

static const char between[] = "_vs_anchor_";

static enum assay_code digest_file(const char *path, uint8_t digest[32], struct assay_err *err)
{
	uint8_t bytes[16384];
	struct sha256_ctx hash;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return assay_fail(err, ASSAY_EUSAGE, "read '%s': %s", path, strerror(errno));
	sha256_init(&hash);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		sha256_update(&hash, (size_t)n, bytes);
	int error = errno;
	close(fd);
	if (n < 0)
		return assay_fail(err, ASSAY_EUSAGE, "read '%s': %s", path, strerror(error));
	sha256_digest(&hash, 32, digest);
	return ASSAY_OK;
}

static bool is_plugin(const char *path)
{
	size_t length = strlen(path);
	return length > 3 && strcmp(path + length - 3, ".so") == 0;
}

/* Loaded and forgotten: what is wrong with it is said before anything is measured. */
static enum assay_code try_plugin(const char *path, const struct assay_table *table,
				  struct assay_err *err)
{
	struct assay_registry *registry = NULL;
	enum assay_code rc = assay_registry_new(table, &registry, err);
	if (rc == ASSAY_OK)
		rc = assay_registry_load(registry, path, err);
	assay_registry_free(registry);
	return rc;
}

static enum assay_code try_build(const char *path, struct assay_err *err)
{
	const char *words[] = {path, "--version", NULL};
	const struct assay_argv argv = {(char **)(uintptr_t)words, 2};
	const struct assay_child child = {path, &argv, -1, -1, -1};
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	struct assay_child_end end;
	enum assay_code rc = assay_child_capture(&child, VERSION_TIMEOUT_NS, VERSION_LIMIT_BYTES,
						 &said, &end, err);
	if (rc != ASSAY_OK)
		return assay_context(err, ASSAY_EUSAGE, "anchor '%s'", path);
	if (strncmp(assay_str_text(&said), "assay ", 6) != 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "anchor '%s' is neither a plug-in (FILE.so) nor a build of assay",
				  path);
	return ASSAY_OK;
}

static enum assay_code try_gbench(const char *path, struct assay_err *err)
{
	struct assay_argv names = {0};
	enum assay_code rc = assay_gbench_list(path, &names, err);
	assay_argv_done(&names);
	return rc;
}

/* Which file it is; what it is has been found out by then. */
static enum assay_code identify(const char *path, struct assay_anchor *ret, struct assay_err *err)
{
	*ret = (struct assay_anchor){.path = realpath(path, NULL)};
	if (!ret->path)
		return assay_fail(err, ASSAY_EUSAGE, "anchor '%s': %s", path, strerror(errno));
	enum assay_code rc = digest_file(ret->path, ret->digest, err);
	for (int i = 0; rc == ASSAY_OK && i < ASSAY_ANCHOR_ID / 2; i++)
		snprintf(ret->id + 2 * i, 3, "%02x", ret->digest[i]);
	return assay_context(err, rc, "anchor");
}

enum assay_code assay_anchor_open(const char *path, const char *program,
				  const struct assay_table *table, struct assay_anchor *ret,
				  struct assay_err *err)
{
	enum assay_code rc = identify(path, ret, err);
	if (rc == ASSAY_OK && is_plugin(ret->path)) {
		rc = assay_context(err, try_plugin(ret->path, table, err), "anchor");
		ret->plugins[0] = ret->path;
		ret->program = program;
	} else if (rc == ASSAY_OK) {
		rc = try_build(ret->path, err);
		ret->program = ret->path;
	}
	if (rc != ASSAY_OK)
		assay_anchor_done(ret);
	return rc;
}

enum assay_code assay_anchor_open_gbench(const char *path, const char *program,
					 struct assay_anchor *ret, struct assay_err *err)
{
	enum assay_code rc = identify(path, ret, err);
	if (rc == ASSAY_OK)
		rc = assay_context(err, try_gbench(ret->path, err), "anchor");
	ret->gbench = true;
	ret->program = program;
	if (rc != ASSAY_OK)
		assay_anchor_done(ret);
	return rc;
}

bool assay_anchor_may_have(const struct assay_anchor *anchor, const struct assay_bench_entry *bench)
{
	return anchor->gbench ? assay_gbench_original(bench->program) != NULL : !bench->program;
}

enum assay_code assay_anchor_describe(const struct assay_anchor *anchor,
				      const struct assay_bench_entry *bench, char **ret,
				      struct assay_err *err)
{
	/* Its label is the other executable's name: the case is called the same. */
	return assay_gbench_describe(anchor->path, assay_gbench_original(bench->program),
				     bench->program->name, ret, err);
}

void assay_anchor_done(struct assay_anchor *anchor)
{
	free(anchor->path);
	*anchor = (struct assay_anchor){0};
}

bool assay_anchor_metric(const char *metric, const char *id, char name[64])
{
	int n = snprintf(name, 64, "%s%s%s", metric, between, id);
	return n > 0 && n < 64;
}

bool assay_anchor_metric_parse(const char *name, size_t *ret_length, const char **ret_id)
{
	const size_t suffix = sizeof(between) - 1 + ASSAY_ANCHOR_ID;
	size_t length = strlen(name);
	if (length <= suffix)
		return false;
	const char *at = name + length - suffix, *id = at + sizeof(between) - 1;
	if (strncmp(at, between, sizeof(between) - 1) != 0 ||
	    strspn(id, "0123456789abcdef") != ASSAY_ANCHOR_ID)
		return false;
	*ret_length = (size_t)(at - name);
	*ret_id = id;
	return true;
}

/* A metric as two sides measured it, launch after launch, and what comes of it. */
struct pairing {
	const struct collect_metric *ours, *theirs;
	double *logs, *ratios, *scratch; /* logs, ratios: one per pair */
	uint8_t *flags;                  /* one per pair, zero */
	uint32_t *ends;
	size_t n;
};

static size_t launch_start(const struct collect_metric *metric, size_t launch)
{
	return launch ? metric->launch_end[launch - 1] : 0;
}

static double launch_level(const struct collect_metric *metric, size_t launch, double *scratch)
{
	size_t from = launch_start(metric, launch);
	bool preempted_used;
	return assay_gate_launch(metric->values + from, metric->flags + from,
				 metric->launch_end[launch] - from, metric->better, scratch,
				 &preempted_used);
}

static void pairing_done(struct pairing *p)
{
	free(p->logs);
	free(p->ratios);
	free(p->scratch);
	free(p->flags);
	free(p->ends);
}

static enum assay_code pair_launches(struct pairing *p, struct assay_err *err)
{
	const struct collect_metric *a = p->theirs, *b = p->ours;
	size_t launches = a->launches < b->launches ? a->launches : b->launches;
	p->logs = calloc(launches + 1, sizeof(*p->logs));
	p->ratios = calloc(launches + 1, sizeof(*p->ratios));
	p->scratch = calloc(a->n + b->n + 1, sizeof(*p->scratch));
	p->flags = calloc(launches + 1, sizeof(*p->flags));
	p->ends = calloc(launches + 1, sizeof(*p->ends));
	if (!p->logs || !p->ratios || !p->scratch || !p->flags || !p->ends)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for ratios to the anchor");
	for (size_t l = 0; l < launches; l++) {
		double ratio = launch_level(b, l, p->scratch) / launch_level(a, l, p->scratch);
		if (!(ratio > 0) || isinf(ratio))
			continue; /* a launch without a sample that counts, or a figure of zero */
		p->logs[p->n] = log(ratio);
		p->ratios[p->n++] = ratio;
		p->ends[p->n - 1] = (uint32_t)p->n;
	}
	return ASSAY_OK;
}

static const struct collect_metric *find_metric(const struct assay_collect *collect,
						const struct collect_metric *like)
{
	for (size_t i = 0; i < collect->n_metrics; i++)
		if (strcmp(collect->metrics[i].name, like->name) == 0 &&
		    strcmp(collect->metrics[i].unit, like->unit) == 0 &&
		    collect->metrics[i].better == like->better)
			return &collect->metrics[i];
	return NULL;
}

/* What an anchor can take the machine out of: all that is counted in time. */
static bool takes_time(const char *unit)
{
	return strncmp(unit, "ns", 2) == 0 || strcmp(unit, "s") == 0 || strstr(unit, "/s");
}

static enum assay_code fill_ratio(struct pairing *p, struct assay_result *result, char reason[160],
				  struct assay_err *err)
{
	struct assay_summary summary;
	struct assay_location centre;
	result->samples = (struct assay_samples){p->ratios, p->flags, p->n, p->ends, p->n};
	enum assay_code rc = assay_summarise(&result->samples, &summary, err);
	if (rc == ASSAY_OK)
		rc = assay_hodges_lehmann(p->logs, p->n, 0.95, &centre, err);
	if (rc != ASSAY_OK)
		return rc;
	result->estimate = summary.estimate;
	result->estimate.median = exp(centre.estimate);
	result->estimate.lo = exp(centre.lo);
	result->estimate.hi = exp(centre.hi);
	double half = (exp(centre.hi - centre.estimate) - exp(centre.lo - centre.estimate)) / 2;
	if (half > ASSAY_UNSTABLE_HALF_WIDTH) {
		result->status = ASSAY_STATUS_UNSTABLE;
		snprintf(reason, 160, "the ratio is known to ±%.0f %% only (%zu pairs)", 100 * half,
			 p->n);
		result->reason = reason;
	}
	return ASSAY_OK;
}

/* `reason` is "" when the two sides may be held against each other. */
static void why_not(const struct assay_collect *ours, const struct assay_collect *theirs,
		    char *reason, size_t size)
{
	reason[0] = '\0';
	if (theirs->status != ASSAY_STATUS_OK)
		snprintf(reason, size, "the anchor %s: %.400s", assay_status_name(theirs->status),
			 theirs->reason);
	else if (ours->hello.version != theirs->hello.version)
		snprintf(reason, size,
			 "the anchor measures version %u of this benchmark, this is version %u",
			 theirs->hello.version, ours->hello.version);
}

static enum assay_code one_metric(const struct assay_anchor *anchor,
				  const struct assay_collect *theirs,
				  const struct collect_metric *metric, bool primary,
				  const char *obstacle, struct assay_result *result,
				  assay_result_fn on_result, void *context, struct assay_err *err)
{
	char name[64], reason[160];
	struct pairing p = {.ours = metric, .theirs = find_metric(theirs, metric)};
	if (!assay_anchor_metric(metric->name, anchor->id, name) ||
	    (!primary && (!takes_time(metric->unit) || !p.theirs || *obstacle)))
		return ASSAY_OK;
	result->metric = (struct assay_metric_info){name, "ratio", metric->better};
	enum assay_code rc = ASSAY_OK;
	if (!*obstacle && p.theirs)
		rc = pair_launches(&p, err);
	if (rc == ASSAY_OK && p.n) {
		rc = fill_ratio(&p, result, reason, err);
	} else if (rc == ASSAY_OK) {
		struct assay_summary empty;
		rc = assay_summarise(&result->samples, &empty, err);
		result->estimate = empty.estimate;
		result->status = ASSAY_STATUS_SKIPPED;
		result->reason = *obstacle  ? obstacle
				 : p.theirs ? "no pair of launches gave a ratio to the anchor"
					    : "the anchor measures this in another unit";
	}
	if (rc == ASSAY_OK)
		rc = on_result(context, result, err);
	pairing_done(&p);
	return rc;
}

enum assay_code
assay_anchor_results(const struct assay_anchor *anchor, const struct assay_collect *ours,
		     const struct assay_collect *theirs, const struct assay_planned *planned,
		     char noise, assay_result_fn on_result, void *context, struct assay_err *err)
{
	struct assay_param params[ASSAY_CASE_MAX_AXES];
	struct assay_result result;
	char obstacle[480];
	bool asked = theirs->launches_done || theirs->status != ASSAY_STATUS_OK;
	if (!asked || ours->status != ASSAY_STATUS_OK || theirs->status == ASSAY_STATUS_SKIPPED)
		return ASSAY_OK;
	why_not(ours, theirs, obstacle, sizeof(obstacle));
	assay_collect_describe(ours, planned, params, noise, &result);
	result.bytes_per_op = result.flops_per_op = 0;
	result.cpu_ratio = NAN;
	result.elapsed_ns = theirs->elapsed_ns;
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < ours->n_metrics; i++) {
		struct assay_result one = result;
		rc = one_metric(anchor, theirs, &ours->metrics[i], i == 0, obstacle, &one,
				on_result, context, err);
	}
	return rc;
}
