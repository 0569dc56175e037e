/* SPDX-License-Identifier: MIT */
/* tbb_tasks: what subjects/tbb.c needs of oneTBB, which speaks C++ only; in both languages. */
#ifndef ASSAY_SUITES_CONCURRENCY_TBB_TASKS_H
#define ASSAY_SUITES_CONCURRENCY_TBB_TASKS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct worker;
struct task;
struct tbb_pool;

/* A pool of that many threads, the caller of tbb_run() one of them, thread i on CPU cpus[i] unless that is
 * negative. NULL, and why in text[size]. */
struct tbb_pool *tbb_start(unsigned threads, const int *cpus, char *text, size_t size);
/* Call run(NULL, root) in the pool. */
void tbb_run(struct tbb_pool *pool, void (*run)(struct worker *, struct task *), struct task *root);
/* Have run(NULL, task) called by any thread; what is returned goes to tbb_join() on this thread. */
void *tbb_fork(void (*run)(struct worker *, struct task *), struct task *task);
/* Returns when the task has. */
void tbb_join(void *group);
void tbb_stop(struct tbb_pool *pool);
/* Such as "2021.8". */
const char *tbb_version(void);

#ifdef __cplusplus
}
#endif

#endif
