/* SPDX-License-Identifier: MIT */
/* child: run a program, read what it prints line by line. For the benchmarks of the project itself. */
#ifndef ASSAY_TESTS_BENCH_CHILD_H
#define ASSAY_TESTS_BENCH_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	FILE *lines; /* its standard output, or its standard error */
};

/* Start argv[0], found through PATH. Reads stderr when `from_stderr`; the other stream is dropped. */
bool child_start(struct child *child, const char *const argv[], bool from_stderr);
/* Read to the end and wait; the exit status, or -1 when it died by a signal. */
int child_finish(struct child *child);
/* child_start and child_finish, ignoring what it prints. */
int child_run(const char *const argv[]);

/* Median of x[n]; sorts x. */
double median_of(double *x, size_t n);

#endif
