/* SPDX-License-Identifier: MIT */
/* replay: the simulator's command line, its folder, and what is pinned so that counts come again. */
#include "harness/engine/replay.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "harness/engine/child.h"
#include "harness/engine/frame.h"
#include "harness/engine/launch.h"
#include "harness/engine/replay_clock.h"
#include "harness/engine/replay_rounds.h"

/* The same for every replay: a workload made from another seed is another workload. */
#define REPLAY_SEED UINT64_C(0x61737361)

/*
 * What glibc chooses by the processor it finds is chosen for the least x86-64 instead, and the sizes
 * that steer its copies are given: the same binary took 1.9 or 4.0 million instructions for the same
 * strings on two processors. Names that a glibc does not know are passed over by it.
 */
#define PINNED_TUNABLES                                                                      \
	"glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-AVX_Fast_Unaligned_Load," \
	"-SSSE3,-Fast_Unaligned_Copy,-Fast_Copy_Backward,-SSE4_1,-SSE4_2,-ERMS,-FSRM,-BMI1," \
	"-BMI2,-LZCNT,-MOVBE,-POPCNT,-FMA,-FMA4,-RTM,-Prefer_No_VZEROUPPER"                  \
	":glibc.cpu.x86_data_cache_size=32768"                                               \
	":glibc.cpu.x86_shared_cache_size=1048576"                                           \
	":glibc.cpu.x86_non_temporal_threshold=786432"
#define TUNABLES "GLIBC_TUNABLES="

static enum assay_code find_valgrind(char **ret, struct assay_err *err)
{
	if (assay_child_find("valgrind", ret, NULL) == ASSAY_OK)
		return ASSAY_OK;
	return assay_fail(err, ASSAY_SKIP,
			  "valgrind is not installed (Debian package valgrind), so nothing can be "
			  "replayed");
}

enum assay_code assay_replay_probe(struct assay_err *err)
{
	ASSAY_AUTO_FREE char *path = NULL;
	enum assay_code rc = assay_replay_built(err);
	if (rc == ASSAY_OK && ASSAY_SANITIZED)
		rc = assay_fail(err, ASSAY_SKIP, "a sanitizer's build cannot run under valgrind");
	return rc == ASSAY_OK ? find_valgrind(&path, err) : rc;
}

enum assay_code assay_replay_probe_case(const struct assay_case *c, struct assay_err *err)
{
	if (c->bench->program)
		return assay_fail(
			err, ASSAY_SKIP,
			"a program is not replayed: without the harness in it nothing says "
			"where its start ends, and whole processes do not repeat exactly");
	enum assay_code rc = assay_replay_suits(c, err);
	return rc == ASSAY_OK ? assay_replay_probe(err) : rc;
}

/* Delete the folder of a replay and what valgrind left in it. */
static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(folder);
}

/* What is added to the environment of the worker. */
struct pins {
	const char **list;
	struct assay_str tunables, preload;
};

static void pins_done(struct pins *pins)
{
	free(pins->list);
	assay_str_done(&pins->tunables);
	assay_str_done(&pins->preload);
}

/* Write the library that makes time and chance repeat into the folder, and preload it. */
static enum assay_code pin_clock(const char *folder, struct assay_str *preload,
				 struct assay_err *err)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/clock.so", folder);
	if (strpbrk(path, " :"))
		return assay_fail(
			err, ASSAY_SKIP,
			"TMPDIR has a space or a colon in it, which the loader would take "
			"for the end of a name");
	FILE *file = fopen(path, "wxe");
	bool ok = file && fwrite(assay_replay_clock, 1, assay_replay_clock_size, file) ==
				  assay_replay_clock_size;
	if (file && fclose(file) != 0)
		ok = false;
	if (!ok)
		return assay_fail(err, ASSAY_EIO, "write '%s': %s", path, strerror(errno));
	const char *before = getenv("LD_PRELOAD");
	assay_str_add(preload, "LD_PRELOAD=%s%s%s", path, before && *before ? ":" : "",
		      before ? before : "");
	return ASSAY_OK;
}

/* The subject's environment with our tunables before its own, and the clock. */
static enum assay_code pin_environment(const char *const *subject, const char *folder,
				       struct pins *pins, struct assay_err *err)
{
	struct assay_str *tunables = &pins->tunables;
	enum assay_code rc = pin_clock(folder, &pins->preload, err);
	if (rc != ASSAY_OK)
		return rc;
	size_t n = 0, used = 0;
	while (subject && subject[n])
		n++;
	pins->list = calloc(n + 3, sizeof(*pins->list));
	assay_str_add(tunables, "%s%s", TUNABLES, PINNED_TUNABLES);
	for (size_t i = 0; pins->list && i < n; i++) {
		if (strncmp(subject[i], TUNABLES, strlen(TUNABLES)) == 0)
			assay_str_add(tunables, ":%s", subject[i] + strlen(TUNABLES));
		else
			pins->list[used++] = subject[i];
	}
	if (!pins->list || tunables->failed || pins->preload.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a replay");
	pins->list[used++] = pins->preload.text;
	pins->list[used] = tunables->text;
	return ASSAY_OK;
}

static enum assay_code take_record(void *context, enum assay_frame_type type, const void *payload,
				   size_t length, struct assay_err *err)
{
	struct assay_replayed *replayed = context;
	struct assay_count count;
	if (type == ASSAY_FRAME_BATCH && length == sizeof(replayed->operations))
		memcpy(&replayed->operations, payload, length);
	if (type != ASSAY_FRAME_COUNTER)
		return ASSAY_OK;
	if (length != sizeof(count))
		return assay_fail(err, ASSAY_EPARSE, "a record of the worker makes no sense");
	memcpy(&count, payload, sizeof(count));
	count.event[sizeof(count.event) - 1] = '\0';
	count.source[sizeof(count.source) - 1] = '\0';
	count.unit[sizeof(count.unit) - 1] = '\0';
	count.reason[sizeof(count.reason) - 1] = '\0';
	for (unsigned e = 0; e < ASSAY_REPLAY_EVENTS; e++)
		if (strcmp(count.event, assay_replay_event_name(e)) == 0 &&
		    count.quality == ASSAY_SIMULATED)
			replayed->counts[e] = count;
	return ASSAY_OK;
}

static bool complete(const struct assay_replayed *replayed)
{
	for (unsigned e = 0; e < ASSAY_REPLAY_EVENTS; e++)
		if (replayed->counts[e].quality != ASSAY_SIMULATED)
			return false;
	return replayed->operations > 0;
}

/* The line of valgrind's log that holds `part`, cut to fit; false when there is none. */
static bool find_in_log(const char *path, const char *part, char *line, size_t size)
{
	bool found = false;
	char text[512];
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(text, sizeof(text), file)) {
		const char *at = strstr(text, part);
		found = at != NULL;
		if (found) {
			text[strcspn(text, "\n")] = '\0';
			assay_sanitise(line, size, at);
		}
	}
	if (file)
		fclose(file);
	return found;
}

/*
 * What the worker died of may be the simulator's doing: an instruction it does not know becomes SIGILL.
 * 0x62 begins the instructions of AVX-512; 0xF 0xB is the one that programs use to trap.
 */
static void blame_simulator(const char *log, struct assay_replayed *replayed)
{
	static const char unknown[] = "unhandled instruction bytes: ";
	char line[200];
	if (find_in_log(log, unknown, line, sizeof(line))) {
		const char *bytes = line + strlen(unknown);
		if (strncmp(bytes, "0xF 0xB", 7) == 0)
			return;
		replayed->status = ASSAY_STATUS_SKIPPED;
		if (strncmp(bytes, "0x62", 4) == 0)
			snprintf(replayed->reason, sizeof(replayed->reason),
				 "valgrind cannot execute AVX-512: have the code choose its "
				 "instructions at run time, by what the processor says it has");
		else
			snprintf(replayed->reason, sizeof(replayed->reason),
				 "valgrind cannot execute an instruction of it (%.60s)", bytes);
	} else if (find_in_log(log, "valgrind: ", line, sizeof(line))) {
		size_t used = strlen(replayed->reason);
		snprintf(replayed->reason + used, sizeof(replayed->reason) - used, "; %.150s",
			 line);
	}
}

/*
 * The simulator's options. The caches are those of no machine in particular, so that counts compare
 * across machines; valgrind's own guess made one of 480 MiB out of a shared L3. Whatever a user keeps
 * in ~/.valgrindrc or VALGRIND_OPTS stays out.
 */
static enum assay_code launch_in(const char *valgrind, const char *folder,
				 const struct assay_replay *replay, const char *const *environment,
				 struct assay_replayed *ret, struct assay_err *err)
{
	char out[300], log[300];
	snprintf(out, sizeof(out), "--callgrind-out-file=%s/" ASSAY_REPLAY_FILE, folder);
	snprintf(log, sizeof(log), "--log-file=%s/log", folder);
	const char *const under[] = {
		valgrind,
		"--command-line-only=yes",
		"--quiet",
		"--sigill-diagnostics=yes",
		"--vgdb=no",
		"--main-stacksize=8388608",
		"--tool=callgrind",
		"--instr-atstart=no",
		"--collect-atstart=no",
		"--cache-sim=yes",
		"--branch-sim=yes",
		"--I1=32768,8,64",
		"--D1=32768,8,64",
		"--LL=33554432,16,64",
		"--dump-line=no",
		out,
		log,
		NULL,
	};
	const struct assay_job job = {
		.case_name = replay->case_name,
		.replay = folder,
		.seed = REPLAY_SEED,
		.effort = {.samples = 1, .batch = replay->operations},
		.memory_bytes = replay->memory_bytes,
	};
	const struct assay_launch launch = {
		.program = replay->program,
		.under = under,
		.same_layout = true,
		.plugins = replay->plugins,
		.job = &job,
		.environment = environment,
		.n_threads = 1,
		.timeout_ns = replay->timeout_ns,
		.interrupted = replay->interrupted,
	};
	struct assay_outcome outcome;
	enum assay_code rc = assay_launch_run(&launch, take_record, ret, &outcome, err);
	if (rc != ASSAY_OK)
		return rc;
	ret->status = outcome.status;
	assay_copy(ret->reason, sizeof(ret->reason), outcome.reason);
	if (ret->status == ASSAY_STATUS_CRASHED)
		blame_simulator(log + strlen("--log-file="), ret);
	if (ret->status == ASSAY_STATUS_OK && !complete(ret)) {
		ret->status = ASSAY_STATUS_FAILED;
		snprintf(ret->reason, sizeof(ret->reason), "the replay ended without its counts");
	}
	return ASSAY_OK;
}

static void skip(struct assay_replayed *ret, const struct assay_err *why)
{
	ret->status = ASSAY_STATUS_SKIPPED;
	assay_copy(ret->reason, sizeof(ret->reason), why->text);
}

static enum assay_code replay_with(const char *valgrind, const struct assay_replay *replay,
				   struct assay_replayed *ret, struct assay_err *err)
{
	const char *where = getenv("TMPDIR");
	char folder[256];
	int length = snprintf(folder, sizeof(folder), "%s/assay-replay-XXXXXX",
			      where && *where == '/' ? where : "/tmp");
	if (length >= (int)sizeof(folder) || !mkdtemp(folder))
		return assay_fail(err, ASSAY_EIO, "make a folder '%.100s': %s", folder,
				  strerror(errno));
	struct assay_err why = {0};
	ASSAY_AUTO(pins_done) struct pins pins = {0};
	enum assay_code rc = pin_environment(replay->environment, folder, &pins, &why);
	if (rc == ASSAY_OK)
		rc = launch_in(valgrind, folder, replay, pins.list, ret, err);
	else if (rc == ASSAY_SKIP)
		skip(ret, &why);
	else
		assay_fail(err, rc, "%s", why.text);
	remove_folder(folder);
	return rc == ASSAY_SKIP ? ASSAY_OK : rc;
}

enum assay_code assay_replay_case(const struct assay_replay *replay, struct assay_replayed *ret,
				  struct assay_err *err)
{
	struct assay_err why = {0};
	ASSAY_AUTO_FREE char *valgrind = NULL;
	*ret = (struct assay_replayed){0};
	enum assay_code rc = assay_replay_probe(&why);
	if (rc == ASSAY_OK)
		rc = find_valgrind(&valgrind, &why);
	if (rc == ASSAY_OK)
		return replay_with(valgrind, replay, ret, err);
	skip(ret, &why);
	return ASSAY_OK;
}

static struct assay_count *find_counter(struct assay_count *counters, size_t n, const char *event)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(counters[i].event, event) == 0)
			return &counters[i];
	return NULL;
}

void assay_replay_add(const struct assay_replayed *replayed, struct assay_count *counters,
		      size_t capacity, size_t *n)
{
	for (unsigned e = 0; e < ASSAY_REPLAY_EVENTS; e++) {
		struct assay_count count = replayed->counts[e];
		const char *event = assay_replay_event_name(e);
		struct assay_count *known = find_counter(counters, *n, event);
		bool counted = known && known->quality != ASSAY_UNAVAILABLE;
		snprintf(count.event, sizeof(count.event), "%s%s",
			 counted ? ASSAY_REPLAY_SOURCE ":" : "", event);
		if (replayed->status != ASSAY_STATUS_OK) {
			if (counted)
				continue;
			count = (struct assay_count){.quality = ASSAY_UNAVAILABLE};
			assay_copy(count.event, sizeof(count.event), event);
			assay_copy(count.reason, sizeof(count.reason), replayed->reason);
		}
		if (known && !counted)
			*known = count;
		else if (*n < capacity)
			counters[(*n)++] = count;
	}
}
