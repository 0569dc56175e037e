/* SPDX-License-Identifier: MIT */
/* toy: benchmarks of known behaviour. */
#include "tests/engine/toy.h"

#include <stdatomic.h>

#include "harness/bench.h"

struct toy_calls toy_calls;

static void setup(struct assay_run *run)
{
	toy_calls.setup++;
	assay_set_state(run, &toy_calls);
}

static void teardown(struct assay_run *run)
{
	(void)run;
	toy_calls.teardown++;
}

static void thread_setup(struct assay_run *run)
{
	toy_calls.thread_setup++;
	assay_set_thread_state(run, run);
}

static void thread_teardown(struct assay_run *run)
{
	(void)run;
	toy_calls.thread_teardown++;
}

static void prepare(struct assay_run *run, uint64_t n)
{
	(void)run;
	(void)n;
	toy_calls.prepare++;
}

static void empty_body(struct assay_run *run)
{
	toy_calls.body++;
	ASSAY_LOOP (run)
		assay_clobber();
	assay_metric(run, "share", "ratio", ASSAY_HIGHER, 0.5);
}

static const struct assay_bench empty = {
	.brief = "nothing",
	.body = empty_body,
	.setup = setup,
	.teardown = teardown,
	.thread_setup = thread_setup,
	.thread_teardown = thread_teardown,
	.prepare = prepare,
	.subjects = ASSAY_NO_SUBJECT,
};

static void sweep_body(struct assay_run *run)
{
	uint64_t size = (uint64_t)assay_axis(run, "size");
	ASSAY_LOOP (run)
		assay_keep(size);
}

static const struct assay_bench sweep = {
	.brief = "a space of two axes",
	.body = sweep_body,
	.axes = ASSAY_AXES({"size", "bytes", "16,4Ki", .quick = "16"},
			   {"mode", "name", "fast,slow"}),
	.threads = "1,2",
};

static void pair_body(struct assay_run *run)
{
	_Atomic uint64_t *count = assay_state(run);
	bool producer = assay_role(run) == 0;
	ASSAY_LOOP (run)
		if (producer)
			atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

static void pair_setup(struct assay_run *run)
{
	static _Atomic uint64_t count;
	atomic_store(&count, 0);
	assay_set_state(run, &count);
}

static const struct assay_bench pair = {
	.brief = "two roles",
	.setup = pair_setup,
	.body = pair_body,
	.subjects = ASSAY_NO_SUBJECT,
	.roles = ASSAY_ROLES({"producer", 1, .counts = true}, {"consumer", 1}),
};

static const struct assay_bench window = {
	.brief = "a contended window",
	.setup = pair_setup,
	.body = pair_body,
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_CONTENDED,
	.threads = "1,2",
};

static void latency_body(struct assay_run *run)
{
	ASSAY_LOOP (run) {
		uint64_t stamp = assay_op_begin(run);
		assay_clobber();
		assay_op_end(run, stamp);
	}
}

static const struct assay_bench latency = {
	.brief = "stamps",
	.body = latency_body,
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_LATENCY,
};

static const struct assay_bench once = {
	.brief = "single shots",
	.body = empty_body,
	.subjects = ASSAY_NO_SUBJECT,
	.mode = ASSAY_ONCE,
};

static void stated_body(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_clobber();
	assay_set_elapsed_ns(run, 1e3);
}

static const struct assay_bench stated = {
	.brief = "a time the body states",
	.body = stated_body,
	.subjects = ASSAY_NO_SUBJECT,
	.unit = "B/s",
	.bytes_per_op = 64,
	.max_ops = 8,
};

static void queued_body(struct assay_run *run)
{
	uint64_t n = 0;
	assay_queue_begins(run);
	ASSAY_LOOP (run)
		n++;
	toy_calls.device += n;
	assay_queue_done(run);
	toy_calls.device = 0;
	assay_set_elapsed_ns(run, (double)n * TOY_QUEUED_NS);
}

static const struct assay_bench queued = {
	.brief = "a loop that only queues what takes long elsewhere",
	.body = queued_body,
	.subjects = ASSAY_NO_SUBJECT,
	.max_ops = 8,
	.thorough = true,
};

/* Quick as long as the trials last, then as slow as queued. */
static void moody_body(struct assay_run *run)
{
	uint64_t n = 0;
	ASSAY_LOOP (run)
		n++;
	assay_set_elapsed_ns(run, (double)n * (++toy_calls.body <= 4 ? 1000 : TOY_QUEUED_NS));
}

static const struct assay_bench moody = {
	.brief = "a quick mode that does not last",
	.body = moody_body,
	.subjects = ASSAY_NO_SUBJECT,
	.thorough = true,
};

static void four_setup(struct assay_run *run)
{
	assay_set_ops_per_iteration(run, 4);
}

static const struct assay_bench bundle = {
	.brief = "four operations to a turn, a microsecond to eight turns",
	.body = stated_body,
	.subjects = ASSAY_NO_SUBJECT,
	.unit = "Hz",
	.setup = four_setup,
	.max_ops = 8,
	.thorough = true,
};

static void discount_body(struct assay_run *run)
{
	stated_body(run);
	assay_discount(run, 3);
}

static const struct assay_bench discount = {
	.brief = "as bundle, but three of the operations found nothing to do",
	.body = discount_body,
	.subjects = ASSAY_NO_SUBJECT,
	.unit = "Hz",
	.setup = four_setup,
	.max_ops = 8,
	.thorough = true,
};

static void early_body(struct assay_run *run)
{
	ASSAY_LOOP (run)
		break;
}

static const struct assay_bench early = {
	.brief = "leaves its loop",
	.body = early_body,
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "1,2",
};

static void returns_body(struct assay_run *run)
{
	ASSAY_LOOP (run)
		return;
}

static const struct assay_bench returns = {
	.brief = "returns from its loop",
	.body = returns_body,
	.subjects = ASSAY_NO_SUBJECT,
};

static void no_loop_body(struct assay_run *run)
{
	(void)run;
}

static const struct assay_bench no_loop = {
	.brief = "has no loop",
	.body = no_loop_body,
	.subjects = ASSAY_NO_SUBJECT,
	.threads = "1,2",
};

static void wrong_body(struct assay_run *run)
{
	ASSAY_LOOP (run)
		assay_clobber();
	assay_check(run, false, "two and two are %d", 5);
}

static const struct assay_bench wrong = {
	.brief = "answers wrongly",
	.body = wrong_body,
	.subjects = ASSAY_NO_SUBJECT,
};

static void skip_setup(struct assay_run *run)
{
	assay_skip(run, "no %s here", "moon");
}

static const struct assay_bench skips = {
	.brief = "cannot run",
	.setup = skip_setup,
	.body = empty_body,
	.subjects = ASSAY_NO_SUBJECT,
};

static void replay_body(struct assay_run *run)
{
	assay_set_ops_per_iteration(run, 1000);
	ASSAY_LOOP (run)
		assay_clobber();
	assay_set_elapsed_ns(run, 1e9);
	assay_counter(run, "misses", 41);
	assay_counter(run, "misses", 42);
	assay_counter(run, "requests", 1000);
}

static const struct assay_bench replay = {
	.brief = "a thousand operations an iteration, from a file",
	.body = replay_body,
	.subjects = ASSAY_NO_SUBJECT,
	.axes = ASSAY_AXES({"file", "text", "built_in,other"}),
	.unit = "op/s",
	.max_ops = 1,
};

static const struct assay_suite suite = {.brief = "toys", .interface = "toy"};
static const int ops;
static const struct assay_subject plain = {.brief = "a subject", .ops = &ops};
static const struct assay_subject other = {.brief = "another", .ops = &ops};

const struct assay_table toy_table = {
	.suites = (const struct assay_suite_entry[]){{"toy", &suite}, {0}},
	.benches =
		(const struct assay_bench_entry[]){
			{"toy", "empty", &empty},
			{"toy", "sweep", &sweep},
			{"toy", "pair", &pair},
			{"toy", "window", &window},
			{"toy", "latency", &latency},
			{"toy", "once", &once},
			{"toy", "stated", &stated},
			{"toy", "queued", &queued},
			{"toy", "moody", &moody},
			{"toy", "bundle", &bundle},
			{"toy", "discount", &discount},
			{"toy", "early", &early},
			{"toy", "returns", &returns},
			{"toy", "no_loop", &no_loop},
			{"toy", "wrong", &wrong},
			{"toy", "skips", &skips},
			{"toy", "replay", &replay},
			{0},
		},
	.subjects =
		(const struct assay_subject_entry[]){
			{"toy", "plain", &plain},
			{"toy", "other", &other},
			{0},
		},
	.sources = (const struct assay_source *const[]){NULL},
};
