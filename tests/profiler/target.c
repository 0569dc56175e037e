/* SPDX-License-Identifier: MIT */
/* target: a program to be profiled: burns 60 ms of CPU time in burn(), then ends as its word says. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
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

static void *burn_a_little(void *ns)
{
	burn(*(const uint64_t *)ns);
	return NULL;
}

/* One after the other, each for so long; false when one could not be started. */
static bool burn_on_threads(int n, uint64_t ns)
{
	pthread_t thread;
	for (int i = 0; i < n; i++) {
		if (pthread_create(&thread, NULL, burn_a_little, &ns) != 0)
			return false;
		pthread_join(thread, NULL);
	}
	return true;
}

static void ring(int number)
{
	(void)number;
}

/* A signal every 2 ms, which ends whatever call the kernel is in. */
static void set_alarms(void)
{
	const struct sigaction action = {.sa_handler = ring};
	const struct itimerval timer = {{0, 2000}, {0, 2000}};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Another process image after each 5 ms, so many times, by one exec function after the other. */
static int become_next(char *self, const char *times)
{
	char left[24], chain[] = "chain";
	char *const argv[] = {self, chain, left, NULL};
	burn(5000000);
	long n = strtol(times, NULL, 10);
	if (n <= 0)
		return 0;
	snprintf(left, sizeof(left), "%ld", n - 1);
	execv("/nonexistent", argv);
	switch (n % 4) {
	case 0:
		execv(self, argv);
		break;
	case 1:
		execvp(self, argv);
		break;
	case 2:
		execl(self, self, chain, left, (char *)NULL);
		break;
	case 3:
		execle(self, self, chain, left, (char *)NULL, environ);
		break;
	}
	return 1;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	if (strcmp(word, "brief") == 0) /* threads that are too brief for a sample */
		return !burn_on_threads(800, 100000);
	if (strcmp(word, "threads") == 0)
		return !burn_on_threads(20, 6000000);
	if (strcmp(word, "alarms") == 0)
		set_alarms();
	if (strcmp(word, "chain") == 0 && argc > 2)
		return become_next(argv[0], argv[2]);
	uint64_t x = burn(60000000);
	printf("target was here%s\n", x ? "?" : "");
	fflush(stdout);
	if (strcmp(word, "crash") == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		raise(SIGSEGV);
	}
	if (strcmp(word, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(word, "long") == 0)
		burn(60000000000);
	if (strcmp(word, "remove") == 0 && argc > 2) {
		execl(argv[2], argv[2], "unlink", argv[2], (char *)NULL);
		return 1;
	}
	if (strcmp(word, "unlink") == 0 && argc > 2)
		return unlink(argv[2]) != 0;
	return strcmp(word, "fail") == 0 ? 7 : 0;
}
