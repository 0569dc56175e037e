/* SPDX-License-Identifier: MIT */
/* every: count the places first, then fork for each, and judge what is on the disk without faults. */
#include "tests/soak/every.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct every_shared *every_shared_new(void)
{
	void *memory = mmap(NULL, sizeof(struct every_shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		soak_broken("no shared memory");
	return memory;
}

/* What was there before goes back to how it was: the shim sees nothing of it. */
static uint64_t set_scene(const struct scene *scene, struct every_shared *shared)
{
	soak_clear_folder();
	shared->shim.failing = 0;
	shared->shim.remote = false;
	shared->allocation.at = 0;
	shared->allocation.fired = shared->shim.fired = false;
	shared->state.acknowledged = scene->prepare ? scene->prepare() : 0;
	shared->shim.remote = scene->remote;
	return shared->state.acknowledged;
}

/* The exit status of the process that played, as waitpid() gives it. */
static int play(const struct scene *scene, const struct every_kind *kind, uint64_t k,
		struct every_shared *shared)
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		soak_broken("fork");
	if (pid == 0) {
		struct assay_err err = {0};
		kind->arm(shared, kind, k);
		enum assay_code rc = scene->play(&shared->state, &err);
		shared->shim.failing = 0;
		shared->allocation.at = 0;
		shared->err = err;
		exit(rc == ASSAY_OK ? 0 : 1); /* not _exit(): a sanitizer looks for leaks now */
	}
	if (waitpid(pid, &status, 0) != pid)
		soak_broken("wait");
	shared->shim.failing = 0;
	shared->allocation.at = 0;
	return status;
}

static bool one_sentence(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			return false;
	return *text;
}

/* Files that an error has to take away with it. */
static void look_for_leftovers(struct soak *soak, const char *what)
{
	DIR *folder = opendir(".");
	for (struct dirent *entry; folder && (entry = readdir(folder));)
		if (strstr(entry->d_name, ".new-") || strstr(entry->d_name, ".partial-"))
			soak_fail(soak, "%s: '%s' is left behind", what, entry->d_name);
	if (folder)
		closedir(folder);
}

static void one_fault(struct soak *soak, const struct scene *scene, const struct every_kind *kind,
		      uint64_t k, struct every_shared *shared)
{
	char what[120];
	set_scene(scene, shared);
	snprintf(what, sizeof(what), "%s, %s %s%" PRIu64, scene->name, kind->name,
		 kind->for_ever ? "from " : "at ", k);
	int status = play(scene, kind, k, shared);
	if (WIFSIGNALED(status))
		soak_fail(soak, "%s: killed by signal %d", what, WTERMSIG(status));
	else if (WEXITSTATUS(status) > 1)
		soak_fail(soak, "%s: exit status %d", what, WEXITSTATUS(status));
	else if (WEXITSTATUS(status) == 1 && !one_sentence(shared->err.text))
		soak_fail(soak, "%s: the error says '%s'", what, shared->err.text);
	if (!kind->for_ever) /* with it not even unlinking need have worked */
		look_for_leftovers(soak, what);
	scene_judge(soak, shared->state.acknowledged, what);
}

/* How often the kind of fault could strike in the scene. */
static uint64_t count(struct soak *soak, const struct scene *scene, const struct every_kind *kind,
		      struct every_shared *shared)
{
	set_scene(scene, shared);
	if (play(scene, kind, UINT64_MAX, shared) != 0)
		soak_fail(soak, "%s fails without a fault: %s", scene->name, shared->err.text);
	return kind->seen(shared);
}

void every_fault(struct soak *soak, const struct scene *const *played, size_t n_played,
		 const struct every_kind *kinds, size_t n_kinds, struct every_shared *shared)
{
	uint64_t places[16][16] = {{0}}, total = 0, at = 0;
	for (size_t i = 0; i < n_played; i++)
		for (size_t j = 0; j < n_kinds; j++)
			total += places[i][j] = count(soak, played[i], &kinds[j], shared);
	uint64_t step = total / soak->asked + 1;
	uint64_t next = soak_below(soak, step < total ? step : total);
	for (size_t i = 0; i < n_played; i++)
		for (size_t j = 0; j < n_kinds; j++)
			for (uint64_t k = 1; k <= places[i][j]; k++) {
				if (at++ != next)
					continue;
				next += step;
				if (soak_trial(soak))
					one_fault(soak, played[i], &kinds[j], k, shared);
			}
	snprintf(soak->note, sizeof(soak->note), "%" PRIu64 " places where it can strike", total);
}
