/* SPDX-License-Identifier: MIT */
/* papi_trial: add, start, work, stop, and believe an event only when it saw the work. */
#include "profiler/papi_trial.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/base/str.h"

enum { FRESH_PAGES = 16, SPINS = 20000 };

/* About 20 us of arithmetic with branches, and some pages never touched before. */
static void work_plain(void)
{
	uint64_t x = 88172645463325252u;
	for (int i = 0; i < SPINS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		if (x & 1)
			__asm__ volatile("" : "+r"(x));
	}
	size_t page = 4096, size = FRESH_PAGES * page;
	char *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return;
	madvise(fresh, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += page)
		((volatile char *)fresh)[i] = 1;
	munmap(fresh, size);
}

/* Give up the CPU twice; returns how many switches the kernel accounted to this thread. */
static long work_switches(void)
{
	struct rusage before, after;
	struct timespec nap = {.tv_nsec = 50000};
	getrusage(RUSAGE_THREAD, &before);
	nanosleep(&nap, NULL);
	nanosleep(&nap, NULL);
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw;
}

/* Pin the caller to one CPU; true when the kernel agreed. */
static bool move_to(int cpu)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one) == 0;
}

/* Move to another CPU and back; false when there is none. The affinity is as before afterwards. */
static bool work_migrations(void)
{
	cpu_set_t saved;
	int home = sched_getcpu();
	bool moved = false;
	if (home < 0 || sched_getaffinity(0, sizeof(saved), &saved) != 0)
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE && !moved; cpu++)
		moved = cpu != home && move_to(cpu);
	if (moved)
		move_to(home);
	sched_setaffinity(0, sizeof(saved), &saved);
	return moved;
}

void papi_explain(const struct papi_calls *calls, const struct pmu_facts *facts, int status,
		  char *reason, size_t size)
{
	switch (status) {
	case PAPI_CALL_NO_EVENT:
		assay_copy(reason, size, "not an event that PAPI can count on this machine");
		break;
	case PAPI_CALL_CONFLICT:
		assay_copy(reason, size,
			   "no hardware counter is free beside the other events: "
			   "ask for fewer at a time");
		break;
	case PAPI_CALL_RUNNING:
		assay_copy(reason, size, "this thread is already counting through PAPI");
		break;
	case PAPI_CALL_PERMISSION:
		pmu_kernel_reason(facts, reason, size);
		break;
	default:
		snprintf(reason, size, "PAPI: %s (%d)", calls->error_text(status), status);
	}
}

/* Does the count agree with what must have happened? */
static bool believe(enum papi_witness witness, long long value, long switches, bool migrated,
		    char *reason, size_t size)
{
	reason[0] = '\0';
	if (witness == PAPI_WITNESS_NOT_ZERO && value <= 0) {
		assay_copy(reason, size, "PAPI accepts it but it stays at 0 while there is work");
		return false;
	}
	if (witness == PAPI_WITNESS_SWITCHES && value <= 0 && switches > 0) {
		snprintf(reason, size, "PAPI counts 0 where getrusage saw %ld switches", switches);
		return false;
	}
	if (witness == PAPI_WITNESS_MIGRATIONS && value <= 0 && migrated) {
		assay_copy(reason, size, "PAPI counts 0 while the thread moves between CPUs");
		return false;
	}
	if (witness == PAPI_WITNESS_MIGRATIONS && !migrated)
		assay_copy(reason, size, "not verified: there is only one CPU to run on");
	return true;
}

/* Count `code` in `set` over the work its witness needs. */
static int count_work(const struct papi_calls *calls, int set, int code, enum papi_witness witness,
		      long long *value, long *switches, bool *migrated)
{
	int status = calls->set_add(set, code);
	if (status != PAPI_CALL_OK)
		return status;
	status = calls->set_start(set);
	if (status == PAPI_CALL_OK) {
		work_plain();
		if (witness == PAPI_WITNESS_SWITCHES)
			*switches = work_switches();
		if (witness == PAPI_WITNESS_MIGRATIONS)
			*migrated = work_migrations();
		status = calls->set_stop(set, value);
	}
	calls->set_cleanup(set);
	return status;
}

int papi_trial(const struct papi_calls *calls, int code, const struct papi_event *known,
	       char *reason, size_t size)
{
	enum papi_witness witness = known ? known->witness : PAPI_WITNESS_NONE;
	int set = -1; /* PAPI_NULL: create insists on it */
	long long value = 0;
	long switches = 0;
	bool migrated = false;
	int status = calls->set_create(&set);
	if (status == PAPI_CALL_OK) {
		status = count_work(calls, set, code, witness, &value, &switches, &migrated);
		calls->set_destroy(&set);
	}
	if (status != PAPI_CALL_OK)
		return status;
	return believe(witness, value, switches, migrated, reason, size) ? PAPI_CALL_OK
									 : PAPI_TRIAL_DISBELIEVED;
}
