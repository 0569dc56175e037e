/* SPDX-License-Identifier: MIT */
/* target: a program to be profiled: burns 60 ms of CPU time in burn(), then ends as its word says. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/attr.h"

/* Leaves no symbol behind: only debug information knows it. */
static inline __attribute__((always_inline)) uint64_t turn(uint64_t x)
{
	for (int i = 0; i < 200000; i++)
		__asm__ volatile("" : "+r"(x));
	return x;
}

/* Looks at the clock rarely, so that nearly all samples are its own. */
static ASSAY_NOIPA uint64_t burn(uint64_t ns)
{
	struct timespec t;
	uint64_t x = 0, now, end = 0;
	do {
		x = turn(x);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
		end = end ? end : now + ns;
	} while (now < end);
	return x;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	uint64_t x = burn(60000000);
	printf("target was here%s\n", x ? "?" : "");
	fflush(stdout);
	if (strcmp(word, "crash") == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		raise(SIGSEGV);
	}
	if (strcmp(word, "remove") == 0 && argc > 2) {
		execl(argv[2], argv[2], "unlink", argv[2], (char *)NULL);
		return 1;
	}
	if (strcmp(word, "unlink") == 0 && argc > 2)
		return unlink(argv[2]) != 0;
	return strcmp(word, "fail") == 0 ? 7 : 0;
}
