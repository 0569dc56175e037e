/* SPDX-License-Identifier: MIT */
/*
 * libomp: the tasks of LLVM's OpenMP runtime, by the calls that clang makes of `parallel`, `masked`,
 * `task firstprivate(task)` and `taskwait` (openmp/runtime/src/kmp.h).
 *
 * join is a taskwait, as in libgomp.c. Clang asks for the thread's number once in each function;
 * here it travels as the worker, since a tied task stays on its thread.
 */
#include <stdlib.h>

#include "suites/concurrency/concurrency.h"
#include "suites/concurrency/openmp_peer.h"

enum { FROM_CLANG = 2, TIED = 1 };

struct ident {
	int32_t reserved_1, flags, reserved_2, reserved_3;
	const char *source;
};

/* What the runtime knows of a task, and what clang puts behind it. */
struct kmp_task {
	void *shareds;
	int32_t (*entry)(int32_t thread, struct kmp_task *task);
	int32_t part;
	void *data_1, *data_2;
	struct task *ours;
};

typedef void microtask(int32_t *thread, int32_t *number, ...);

static struct {
	void (*fork_call)(struct ident *, int32_t n, microtask *run, ...);
	void (*push_num_threads)(struct ident *, int32_t thread, int32_t threads);
	int32_t (*thread)(struct ident *);
	struct kmp_task *(*task_alloc)(struct ident *, int32_t thread, int32_t flags, size_t size,
				       size_t shareds_size,
				       int32_t (*entry)(int32_t, struct kmp_task *));
	int32_t (*task)(struct ident *, int32_t thread, struct kmp_task *);
	int32_t (*taskwait)(struct ident *, int32_t thread);
	int (*num_threads)(void);
} kmp;

static struct ident here = {.flags = FROM_CLANG, .source = ";unknown;unknown;0;0;;"};

struct executor {
	int32_t threads;
	struct task *root;
	int got;
};

static enum assay_code kmp_probe(struct assay_err *err)
{
	static const char *const libraries[] = {"libomp.so.5", "libomp.so", NULL};
	const struct openmp_symbol symbols[] = {
		{"__kmpc_fork_call", (void **)&kmp.fork_call},
		{"__kmpc_push_num_threads", (void **)&kmp.push_num_threads},
		{"__kmpc_global_thread_num", (void **)&kmp.thread},
		{"__kmpc_omp_task_alloc", (void **)&kmp.task_alloc},
		{"__kmpc_omp_task", (void **)&kmp.task},
		{"__kmpc_omp_taskwait", (void **)&kmp.taskwait},
		{"omp_get_num_threads", (void **)&kmp.num_threads},
	};
	return openmp_open(libraries, "libomp5-14", symbols, ASSAY_COUNT_OF(symbols), err);
}

static struct worker *worker_of(int32_t thread)
{
	return (struct worker *)(intptr_t)thread;
}

static int32_t thread_of(const struct worker *worker)
{
	return (int32_t)(intptr_t)worker;
}

/* Both microtasks have one argument, the executor; the runtime passes it on as it is. */
static void count_threads(int32_t *thread, int32_t *number, struct executor *executor)
{
	if (*number == 0)
		executor->got = kmp.num_threads();
}

static void region(int32_t *thread, int32_t *number, struct executor *executor)
{
	if (*number == 0)
		executor->root->run(worker_of(*thread), executor->root);
}

/* The region ends when all tasks are done. */
static void parallel(struct executor *executor,
		     void (*run)(int32_t *, int32_t *, struct executor *))
{
	kmp.push_num_threads(&here, kmp.thread(&here), executor->threads);
	kmp.fork_call(&here, 1, (microtask *)(void (*)(void))run, executor);
}

/* The first region starts the runtime's threads; they are its own and bound by OMP_PLACES. */
static enum assay_code kmp_start(unsigned threads, const int *cpus, struct executor **ret,
				 struct assay_err *err)
{
	struct executor *executor = calloc(1, sizeof(*executor));
	if (!executor)
		return assay_fail(err, ASSAY_ENOMEM, "libomp: out of memory");
	executor->threads = (int32_t)threads;
	parallel(executor, count_threads);
	if (executor->got != (int)threads) {
		enum assay_code code = assay_fail(err, ASSAY_EENV, "libomp gave %d of %u threads",
						  executor->got, threads);
		free(executor);
		return code;
	}
	*ret = executor;
	return ASSAY_OK;
}

static void kmp_run(struct executor *executor, struct task *root)
{
	executor->root = root;
	parallel(executor, region);
}

static int32_t run_task(int32_t thread, struct kmp_task *kmp_task)
{
	kmp_task->ours->run(worker_of(thread), kmp_task->ours);
	return 0;
}

static void kmp_fork(struct worker *worker, struct task *task)
{
	int32_t thread = thread_of(worker);
	struct kmp_task *kmp_task =
		kmp.task_alloc(&here, thread, TIED, sizeof(*kmp_task), 0, run_task);
	kmp_task->ours = task;
	kmp.task(&here, thread, kmp_task);
}

static void kmp_join(struct worker *worker, struct task *task)
{
	kmp.taskwait(&here, thread_of(worker));
}

static void kmp_stop(struct executor *executor)
{
	free(executor);
}

static const struct executor_ops ops = {
	.start = kmp_start,
	.run = kmp_run,
	.fork = kmp_fork,
	.join = kmp_join,
	.stop = kmp_stop,
};

const struct assay_subject assay_subject_concurrency_libomp = {
	.brief = "task and taskwait of LLVM's OpenMP runtime",
	.ops = &ops,
	.probe = kmp_probe,
};
