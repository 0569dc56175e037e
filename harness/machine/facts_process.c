/* SPDX-License-Identifier: MIT */
/* facts_process: how assay was built, and what the caller's environment does to it. */
#include <errno.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <locale.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "build_facts.h" /* written by the build: how it was configured */
#include "harness/base/str.h"
#include "harness/machine/facts.h"

static FACT_READER(constant)
{
	if (strcmp(argument, "unknown") == 0)
		return fact_none(why, "built outside a git checkout");
	return strdup(argument);
}

/* Known to who starts the workers; see assay_environment_state(). */
static FACT_READER(none)
{
	return strdup("none");
}

static FACT_READER(libc)
{
	char text[48];
	snprintf(text, sizeof(text), "glibc %s", gnu_get_libc_version());
	return strdup(text);
}

static FACT_READER(scheduling)
{
	int policy = sched_getscheduler(0);
	if (policy < 0)
		return fact_none(why, strerror(errno));
	const char *name = policy == SCHED_OTHER   ? "other"
			   : policy == SCHED_BATCH ? "batch"
			   : policy == SCHED_IDLE  ? "idle"
			   : policy == SCHED_FIFO  ? "fifo"
			   : policy == SCHED_RR    ? "round-robin"
						   : "another";
	errno = 0;
	int nice_value = getpriority(PRIO_PROCESS, 0);
	char text[48];
	snprintf(text, sizeof(text), "%s, nice %d", name, errno ? 0 : nice_value);
	return strdup(text);
}

/* Variables that change how programs run, by name; nothing else of the environment is recorded. */
static FACT_READER(tunables)
{
	static const char *const names[] = {
		"LD_PRELOAD",    "LD_BIND_NOW",          "GLIBC_TUNABLES",    "MALLOC_ARENA_MAX",
		"MALLOC_CONF",   "MALLOC_PERTURB_",      "OMP_NUM_THREADS",   "OMP_PROC_BIND",
		"OMP_PLACES",    "OMP_WAIT_POLICY",      "GOMP_CPU_AFFINITY", "KMP_AFFINITY",
		"POCL_AFFINITY", "CUDA_VISIBLE_DEVICES", "HWLOC_XMLFILE",     "HWLOC_SYNTHETIC",
	};
	struct assay_str text = {0};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
		const char *value = getenv(names[i]);
		if (value)
			assay_str_add(&text, "%s%s=%s", text.length ? " " : "", names[i], value);
	}
	return text.text ? text.text : strdup("none");
}

/* Its size moves the stack, and with it alignments. */
static FACT_READER(environment_bytes)
{
	size_t bytes = 0;
	for (char **variable = environ; variable && *variable; variable++)
		bytes += strlen(*variable) + 1;
	char text[24];
	snprintf(text, sizeof(text), "%zu", bytes);
	return strdup(text);
}

static FACT_READER(locale)
{
	const char *names[] = {getenv("LC_ALL"), getenv("LC_NUMERIC"), getenv("LANG")};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++)
		if (names[i] && names[i][0])
			return strdup(names[i]);
	return strdup("C");
}

static FACT_READER(page_size)
{
	char text[24];
	snprintf(text, sizeof(text), "%ld", sysconf(_SC_PAGESIZE));
	return strdup(text);
}

static FACT_READER(major_faults)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return fact_none(why, strerror(errno));
	char text[24];
	snprintf(text, sizeof(text), "%ld", usage.ru_majflt);
	return strdup(text);
}

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

const struct fact_row fact_rows_process[] = {
	{"build.version", true, constant, ASSAY_VERSION},
	{"build.commit", false, constant, ASSAY_BUILD_COMMIT},
	{"build.compiler", true, constant, COMPILER},
	{"build.linker", true, constant, ASSAY_BUILD_LINKER},
	{"build.type", true, constant, ASSAY_BUILD_TYPE},
	{"build.flags", true, constant, ASSAY_BUILD_FLAGS},
	{"build.lto", true, constant, ASSAY_BUILD_LTO},
	{"libc.version", true, libc, NULL},
	{"process.scheduling", true, scheduling, NULL},
	{"process.tunables", true, tunables, NULL},
	{"process.sandbox", true, none, NULL},
	{"process.locale", true, locale, NULL},
	{"process.page_bytes", true, page_size, NULL},
	{"process.environment_bytes", false, environment_bytes, NULL},
	{"process.major_faults", false, major_faults, NULL},
	{0},
};
