/* SPDX-License-Identifier: MIT */
/* worker: limits, oracle or measurement, records. */
#include "harness/engine/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/engine/frame.h"
#include "harness/engine/link.h"
#include "harness/engine/peak.h"
#include "harness/engine/pen.h"
#include "harness/engine/program.h"
#include "harness/engine/replay_rounds.h"

/* How large a limit is: more than any benchmark needs, less than it takes to spoil the machine. */
static const rlim_t file_bytes = (rlim_t)64 << 30;
enum { MOST_DESCRIPTORS = 1 << 20 };

/* Lower a limit for this process and all it starts; one that is lower already stays. */
static void limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit now;
	if (getrlimit(resource, &now) != 0)
		return;
	if (now.rlim_max > most)
		now.rlim_max = most;
	if (now.rlim_cur > most)
		now.rlim_cur = most;
	setrlimit(resource, &now);
}

/* Processes and threads on this machine, the fourth word of /proc/loadavg; 0 when it cannot be read. */
static unsigned long tasks_now(void)
{
	char text[128];
	ASSAY_AUTO_CLOSE int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *slash = strchr(text, '/');
	return slash ? strtoul(slash + 1, NULL, 10) : 0;
}

/*
 * What foreign code must not have: more rights than we have, all processes, descriptors and disk. Not for a
 * command: it is the user's own, perhaps one that needs its rights.
 */
static void confine_body(void)
{
	unsigned long tasks = tasks_now();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	limit(RLIMIT_FSIZE, file_bytes);
	limit(RLIMIT_NOFILE, MOST_DESCRIPTORS);
	if (tasks)
		limit(RLIMIT_NPROC, tasks + assay_pen_most_tasks());
}

/* Die with the controller, leave no core, be the first that a full machine kills. */
enum assay_code assay_worker_confine(const struct assay_job *job, struct assay_err *err)
{
	if (!job->ranks) /* the parent of a rank is a thread of its launcher, which may end earlier */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (job->parent && getppid() != job->parent)
		return assay_fail(err, ASSAY_EINTR, "the controller is gone");
	assay_pen_enter();
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	if (!job->program)
		confine_body();
	if (job->memory_bytes && !ASSAY_SANITIZED) /* no limit of ours must count shadow memory */
		setrlimit(RLIMIT_DATA, &(struct rlimit){job->memory_bytes, job->memory_bytes});
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1000", 4) != 4)
			errno = 0; /* a hint to the kernel; without it the limit above still holds */
		close(fd);
	}
	if (!job->ranks) /* a rank's socket is opened so */
		fcntl(job->fd, F_SETFD, FD_CLOEXEC);
	signal(SIGPIPE, SIG_IGN);
	sigset_t let_go_on; /* for gang_batch(), which asks whether it came */
	sigemptyset(&let_go_on);
	sigaddset(&let_go_on, SIGCONT);
	sigprocmask(SIG_BLOCK, &let_go_on, NULL);
	return ASSAY_OK;
}

static enum assay_code write_status(const struct assay_job *job, enum assay_status status,
				    const char *reason, struct assay_err *err)
{
	struct assay_status_frame frame = {.status = status};
	assay_copy(frame.reason, sizeof(frame.reason), reason);
	return assay_frame_write(job->fd, ASSAY_FRAME_STATUS, &frame, sizeof(frame), err);
}

static const struct assay_subject *subject_of(const struct assay_case *c)
{
	return c->subject ? c->subject->subject : NULL;
}

static enum assay_code probe(const struct assay_subject_entry *subject, struct assay_err *err)
{
	return subject && subject->subject->probe ? subject->subject->probe(err) : ASSAY_OK;
}

static enum assay_code run_check(const struct assay_registry *registry, const struct assay_job *job,
				 struct assay_err *err)
{
	const struct assay_suite *suite = assay_registry_suite(registry, job->check_suite);
	const struct assay_subject_entry *subject =
		assay_registry_subject(registry, job->check_suite, job->check_subject);
	struct assay_err why = {0};
	if (!suite || !subject) {
		assay_fail(&why, ASSAY_SKIP, "there is no subject %s/%s", job->check_suite,
			   job->check_subject);
		return write_status(job, ASSAY_STATUS_SKIPPED, why.text, err);
	}
	enum assay_code rc = probe(subject, &why);
	if (rc == ASSAY_OK && suite->check)
		rc = suite->check(subject->subject, job->seed, &why);
	enum assay_status status = rc == ASSAY_OK     ? ASSAY_STATUS_OK
				   : rc == ASSAY_SKIP ? ASSAY_STATUS_SKIPPED
						      : ASSAY_STATUS_FAILED;
	return write_status(job, status, why.text, err);
}

/* What the sink needs: where to write and which metrics have been introduced. */
struct stream {
	const struct assay_job *job;
	char names[GANG_MAX_METRICS + 1][64];
	size_t n_names;
	struct assay_err err;
};

static bool introduce(struct stream *stream, const char *name, const char *unit,
		      enum assay_better better)
{
	struct assay_metric_frame frame = {.index = (uint32_t)stream->n_names, .better = better};
	assay_copy(frame.name, sizeof(frame.name), name);
	assay_copy(frame.unit, sizeof(frame.unit), unit);
	assay_copy(stream->names[stream->n_names++], sizeof(stream->names[0]), name);
	return assay_frame_write(stream->job->fd, ASSAY_FRAME_METRIC, &frame, sizeof(frame),
				 &stream->err) == ASSAY_OK;
}

static bool on_sample(void *context, const struct gang_batch *batch, double value, unsigned flags)
{
	struct stream *stream = context;
	const struct assay_span_frame span = {batch->begin_ns, batch->end_ns};
	if (stream->job->spans && assay_frame_write(stream->job->fd, ASSAY_FRAME_SPAN, &span,
						    sizeof(span), &stream->err) != ASSAY_OK)
		return false;
	struct assay_sample_frame frame = {
		.flags = flags,
		.value = value,
		.wall_ns = batch->busy_ns,
		.cpu_ns = batch->cpu_ns,
		.ops = batch->ops,
	};
	return assay_frame_write(stream->job->fd, ASSAY_FRAME_SAMPLE, &frame, sizeof(frame),
				 &stream->err) == ASSAY_OK;
}

static bool on_metric(void *context, const struct gang_metric *metric, unsigned flags)
{
	struct stream *stream = context;
	size_t index = 1;
	while (index < stream->n_names && strcmp(stream->names[index], metric->name) != 0)
		index++;
	if (index == stream->n_names &&
	    !introduce(stream, metric->name, metric->unit, metric->better))
		return false;
	struct assay_sample_frame frame = {
		.metric = (uint32_t)index,
		.flags = flags,
		.value = metric->value,
	};
	return assay_frame_write(stream->job->fd, ASSAY_FRAME_SAMPLE, &frame, sizeof(frame),
				 &stream->err) == ASSAY_OK;
}

static bool on_meet(void *context, enum measure_meeting what, uint64_t *value)
{
	struct stream *stream = context;
	return assay_link_meet(stream->job->link, what, value, &stream->err) == ASSAY_OK;
}

/* What ranks agree on while they set up. */
static enum assay_code agree(void *context, uint64_t *value, struct assay_err *err)
{
	return assay_link_meet(context, MEASURE_MEET_SETUP, value, err);
}

static enum assay_code write_hello(const struct assay_job *job, const struct gang *gang,
				   const struct assay_driver *driver, struct assay_err *err)
{
	struct assay_hello hello = {
		.bytes_per_op = gang->bytes_per_op,
		.flops_per_op = gang->flops_per_op,
		.pinned = gang->pinned,
		.version = gang->bench->version,
	};
	assay_copy(hello.driver, sizeof(hello.driver), driver->name);
	assay_copy(hello.clock, sizeof(hello.clock),
		   isnan(gang->elapsed_ns) ? "monotonic" : "stated");
	return assay_frame_write(job->fd, ASSAY_FRAME_HELLO, &hello, sizeof(hello), err);
}

static enum assay_code write_histogram(const struct assay_job *job, const struct gang *gang,
				       struct assay_err *err)
{
	struct assay_bucket_frame buckets[256];
	size_t n = 0;
	for (unsigned t = 0; t < gang->n_threads; t++) {
		const struct assay_histogram *h = gang->runs[t].histogram;
		if (!h || !gang_counts(gang, gang->runs[t].role))
			continue;
		for (uint32_t i = 0; i < ASSAY_HISTOGRAM_BUCKETS; i++) {
			if (!h->counts[i])
				continue;
			buckets[n++] = (struct assay_bucket_frame){i, h->counts[i]};
			if (n < ASSAY_COUNT_OF(buckets))
				continue;
			enum assay_code rc = assay_frame_write(job->fd, ASSAY_FRAME_HISTOGRAM,
							       buckets, sizeof(buckets), err);
			if (rc != ASSAY_OK)
				return rc;
			n = 0;
		}
	}
	return n ? assay_frame_write(job->fd, ASSAY_FRAME_HISTOGRAM, buckets,
				     n * sizeof(buckets[0]), err)
		 : ASSAY_OK;
}

/* Was the mark of the most memory set back before the case began? */
struct peak {
	enum assay_code reset;
	struct assay_err why;
};

static bool counted(const struct assay_job *job)
{
	return job->events && job->events[0];
}

static enum assay_code write_counters(const struct assay_job *job, struct gang *gang, uint64_t n,
				      const struct peak *peak, struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < gang->n_stated; i++)
		rc = assay_frame_write(job->fd, ASSAY_FRAME_COUNTER, &gang->stated[i],
				       sizeof(gang->stated[i]), err);
	if (rc != ASSAY_OK || !counted(job) || !gang_ok(gang))
		return rc;
	struct assay_count counts[GANG_MAX_EVENTS], mark;
	assay_peak_read(peak->reset, &peak->why, &mark); /* before counting adds to it */
	rc = assay_frame_write(job->fd, ASSAY_FRAME_COUNTER, &mark, sizeof(mark), err);
	size_t n_counts = assay_measure_counted(gang, n, job->events, counts);
	for (size_t i = 0; rc == ASSAY_OK && i < n_counts; i++)
		rc = assay_frame_write(job->fd, ASSAY_FRAME_COUNTER, &counts[i], sizeof(counts[i]),
				       err);
	return rc;
}

/* An array in frames that are as full as they may be. */
static enum assay_code write_array(const struct assay_job *job, enum assay_frame_type type,
				   const void *items, size_t n, size_t size, struct assay_err *err)
{
	size_t most = ASSAY_FRAME_MAX / size;
	enum assay_code rc = ASSAY_OK;
	for (size_t at = 0; rc == ASSAY_OK && at < n; at += most) {
		size_t now = n - at < most ? n - at : most;
		rc = assay_frame_write(job->fd, type, (const char *)items + at * size, now * size,
				       err);
	}
	return rc;
}

static enum assay_code write_trace(const struct assay_job *job, const struct assay_gpu_trace *trace,
				   struct assay_err *err)
{
	if (!trace->head.end_ns) /* nobody watched */
		return ASSAY_OK;
	enum assay_code rc = assay_frame_write(job->fd, ASSAY_FRAME_TRACE, &trace->head,
					       sizeof(trace->head), err);
	if (rc == ASSAY_OK)
		rc = write_array(job, ASSAY_FRAME_TRACE_SUM, trace->sums, trace->n_sums,
				 sizeof(*trace->sums), err);
	if (rc == ASSAY_OK)
		rc = write_array(job, ASSAY_FRAME_ACTIVITY, trace->activities, trace->n,
				 sizeof(*trace->activities), err);
	return rc;
}

static enum assay_code measure_gang(const struct assay_job *job, struct gang *gang,
				    const struct assay_driver *driver, const struct peak *peak,
				    struct assay_err *err)
{
	struct stream stream = {.job = job};
	enum assay_code rc = write_hello(job, gang, driver, err);
	if (rc != ASSAY_OK)
		return rc;
	struct assay_metric_info primary = assay_primary_metric(gang->bench, subject_of(gang->c));
	if (gang_ok(gang) && !introduce(&stream, primary.name, primary.unit, primary.better))
		return assay_fail(err, ASSAY_EIO, "%s", stream.err.text);
	const struct measure_sink sink = {on_sample, on_metric, &stream,
					  job->link ? on_meet : NULL};
	uint64_t n = 1;
	if (gang_ok(gang))
		assay_measure(gang, driver, &job->effort, &sink, &n);
	if (!isnan(gang->elapsed_ns)) /* only now is it known that the body states its times */
		rc = write_hello(job, gang, driver, err);
	if (rc == ASSAY_OK)
		rc = assay_frame_write(job->fd, ASSAY_FRAME_BATCH, &n, sizeof(n), err);
	if (rc == ASSAY_OK)
		rc = write_histogram(job, gang, err);
	if (rc == ASSAY_OK)
		rc = write_counters(job, gang, n, peak, err);
	if (rc == ASSAY_OK)
		rc = write_trace(job, &gang->trace, err);
	return rc;
}

static enum assay_code run_program(struct assay_registry *registry, const struct assay_job *job,
				   struct assay_err *err)
{
	struct assay_case c;
	struct assay_program_end end;
	enum assay_code rc = assay_program_add(registry, job->program, NULL, err);
	if (rc == ASSAY_OK)
		rc = assay_case_parse(registry, job->case_name, &c, err);
	if (rc != ASSAY_OK)
		return rc;
	rc = assay_program_measure(&c, job, &end, err);
	assay_case_done(&c);
	if (rc != ASSAY_OK)
		return rc;
	struct assay_status_frame frame = {.status = end.status, .quote_output = end.quote_output};
	assay_copy(frame.reason, sizeof(frame.reason), end.reason);
	return assay_frame_write(job->fd, ASSAY_FRAME_STATUS, &frame, sizeof(frame), err);
}

/* `rc` and `why` are what the subject's probe said; it saw the simulator's processor. */
static enum assay_code may_replay(const struct assay_case *c, enum assay_code rc,
				  struct assay_err *why)
{
	if (rc == ASSAY_SKIP)
		return assay_context(why, rc, "in the simulator");
	return rc == ASSAY_OK ? assay_replay_fits(c, why) : rc;
}

static enum assay_code replay_gang(const struct assay_job *job, struct gang *gang,
				   struct assay_err *err)
{
	return gang_ok(gang) ? assay_replay_measure(gang, job, err) : ASSAY_OK;
}

static enum assay_code run_case(const struct assay_registry *registry, const struct assay_job *job,
				struct assay_err *err)
{
	struct assay_case c;
	const struct assay_driver *driver;
	struct assay_err why = {0};
	enum assay_code rc = assay_case_parse(registry, job->case_name, &c, &why);
	if (rc == ASSAY_EUSAGE) /* an anchor need not have all that is measured */
		return write_status(job, ASSAY_STATUS_SKIPPED, why.text, err);
	if (rc != ASSAY_OK)
		return assay_fail(err, rc, "%s", why.text);
	rc = assay_driver_choose(job->driver, &c, &driver, &why);
	if (rc == ASSAY_OK)
		rc = probe(c.subject, &why);
	if (job->replay)
		rc = may_replay(&c, rc, &why);
	if (rc != ASSAY_OK) {
		assay_case_done(&c);
		return write_status(job,
				    rc == ASSAY_SKIP ? ASSAY_STATUS_SKIPPED : ASSAY_STATUS_FAILED,
				    why.text, err);
	}
	if (job->replay)
		assay_replay_level_heap();
	struct gang *gang = aligned_alloc(_Alignof(struct gang), sizeof(*gang));
	if (!gang) {
		assay_case_done(&c);
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	struct peak peak = {.reset = ASSAY_SKIP};
	if (counted(job))
		peak.reset = assay_peak_reset(&peak.why);
	const struct gang_world world = {
		.rank = job->link ? job->link->rank : 0,
		.size = job->link ? job->link->size : 1,
		.max = agree,
		.context = job->link,
	};
	rc = gang_init(gang, &c, job->n_cpus >= c.threads ? job->cpus : NULL, job->seed,
		       assay_registry_sources(registry), job->link ? &world : NULL, err);
	if (rc == ASSAY_OK)
		rc = job->replay ? replay_gang(job, gang, err)
				 : measure_gang(job, gang, driver, &peak, err);
	enum assay_status status = gang->status;
	char reason[sizeof(gang->reason)];
	memcpy(reason, gang->reason, sizeof(reason));
	gang_done(gang);
	if (status == ASSAY_STATUS_OK && gang->status != ASSAY_STATUS_OK) {
		status = gang->status; /* a check in teardown counts too */
		memcpy(reason, gang->reason, sizeof(reason));
	}
	free(gang);
	assay_case_done(&c);
	return rc == ASSAY_OK ? write_status(job, status, reason, err) : rc;
}

/* How many CPUs the rank wants; a case that is none is for run_case() to complain about. */
static unsigned threads_of(const struct assay_registry *registry, const struct assay_job *job)
{
	struct assay_case c;
	if (!job->case_name || assay_case_parse(registry, job->case_name, &c, NULL) != ASSAY_OK)
		return 1;
	unsigned threads = c.threads;
	assay_case_done(&c);
	return threads;
}

/* The same as any worker, once it has its place among the ranks and a socket to write to. */
static enum assay_code run_rank(const struct assay_registry *registry, const struct assay_job *job,
				struct assay_err *err)
{
	struct assay_link *link = malloc(sizeof(*link));
	if (!link)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a rank");
	enum assay_code rc = assay_link_open(link, threads_of(registry, job), job->timeout_ns, err);
	if (rc != ASSAY_OK) {
		free(link);
		return rc;
	}
	struct assay_job mine = *job;
	mine.fd = link->fd;
	mine.link = link;
	mine.cpus = link->n_cpus ? link->cpus : NULL;
	mine.n_cpus = link->n_cpus;
	if (!link->placed)
		rc = write_status(&mine, ASSAY_STATUS_SKIPPED, link->reason, err);
	else if (job->roll_call)
		rc = write_status(&mine, ASSAY_STATUS_OK, "", err);
	else
		rc = run_case(registry, &mine, err);
	assay_link_close(link);
	free(link);
	return rc;
}

enum assay_code assay_worker_run(struct assay_registry *registry, const struct assay_job *job,
				 struct assay_err *err)
{
	if (job->ranks)
		return run_rank(registry, job, err);
	if (job->program)
		return run_program(registry, job, err);
	return job->case_name ? run_case(registry, job, err) : run_check(registry, job, err);
}
