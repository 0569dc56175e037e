/* SPDX-License-Identifier: MIT */
/*
 * gbench_exe: the benchmarks of an executable made with Google Benchmark, each as a case of the
 * suite "gbench": gbench/<executable>/case:<its name>/threads:<n>. A launch is one process that runs
 * one of its benchmarks; each of its repetitions is a sample.
 */
#ifndef ASSAY_ENGINE_GBENCH_EXE_H
#define ASSAY_ENGINE_GBENCH_EXE_H

#include "harness/engine/argv.h"
#include "harness/engine/program.h"

/* `clock` of results whose wall time is divided by the number of threads: libraries before 1.9.0. */
#define ASSAY_GBENCH_OLD_CLOCK "gbench-pre-1.9"

/*
 * The benchmarks that `executable` lists, in its order. ASSAY_EUSAGE when it is no program, lists
 * nothing, or does not answer within 10 s: it is no Google Benchmark executable then.
 */
enum assay_code assay_gbench_list(const char *executable, struct assay_argv *ret,
				  struct assay_err *err);

/*
 * Write the description of one of its benchmarks for assay_program_add(); *ret is malloc'd. `label`
 * stands for the executable in names, so that two builds can be compared; NULL: its file name.
 */
enum assay_code assay_gbench_describe(const char *executable, const char *benchmark,
				      const char *label, char **ret, struct assay_err *err);

/* What a benchmark of an executable is called: gbench/BENCHMARK/case:LABEL/threads:THREADS. */
struct assay_gbench_name {
	char benchmark[41]; /* of the executable's file name */
	char label[64];     /* of the benchmark's name, without its threads */
	char threads[16];
};
void assay_gbench_name(const char *executable, const char *benchmark,
		       struct assay_gbench_name *ret);

/* The name the executable itself gives to the benchmark of a program; NULL when it is another kind. */
const char *assay_gbench_original(const struct assay_program *program);

/* Its name as a regular expression that matches this and nothing else: ^BM_Copy<int>/64$. */
void assay_gbench_filter(const char *benchmark, struct assay_str *out);

#endif
