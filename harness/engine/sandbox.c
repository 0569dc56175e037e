/* SPDX-License-Identifier: MIT */
/* sandbox: the command line of bubblewrap, and whether it works here. */
#include "harness/engine/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/engine/child.h"

enum { SAID_LIMIT_BYTES = 4096 };
#define PROBE_TIMEOUT_NS 10000000000u

/* Later words cover earlier ones: the private folders hide what the whole tree shows. */
static const char *const options[] = {
	"--die-with-parent",
	"--unshare-user-try",
	"--unshare-ipc",
	"--unshare-pid",
	"--unshare-net",
	"--unshare-uts",
	"--ro-bind",
	"/",
	"/",
	"--dev",
	"/dev",
	"--dev-bind-try",
	"/dev/dri",
	"/dev/dri",
	"--proc",
	"/proc",
	"--tmpfs",
	"/run",
	"--tmpfs",
	"/tmp",
	"--tmpfs",
	"/var/tmp",
};

static enum assay_code add_all(struct assay_argv *argv, const char *const *words, size_t n,
			       struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++)
		rc = assay_argv_add(argv, words[i], err);
	return rc;
}

/* Let `path` be there inside, though it may lie in a folder that is hidden. */
static enum assay_code bind_to(struct assay_argv *argv, const char *how, const char *path,
			       struct assay_err *err)
{
	const char *const words[] = {how, path, path};
	return add_all(argv, words, ASSAY_COUNT_OF(words), err);
}

static enum assay_code show(struct assay_argv *argv, const char *path, struct assay_err *err)
{
	return bind_to(argv, "--ro-bind", path, err);
}

static enum assay_code set_inside(struct assay_argv *argv, const char *pair, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *name = strndup(pair, strcspn(pair, "="));
	if (!name)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for an environment");
	const char *value = pair + strlen(name);
	const char *const words[] = {"--setenv", name, *value ? value + 1 : value};
	return add_all(argv, words, ASSAY_COUNT_OF(words), err);
}

static enum assay_code bind_all(struct assay_argv *argv, const char *how, const char *const *paths,
				struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && paths && paths[i]; i++)
		rc = bind_to(argv, how, paths[i], err);
	return rc;
}

/* What it prints when started with these words; ASSAY_EUSAGE unless it ends well. */
static enum assay_code ask(const char *bwrap, const struct assay_argv *argv, struct assay_str *said,
			   struct assay_err *err)
{
	/* its errors are no more than the sentence above them says */
	const struct assay_child child = {bwrap, argv, -1, -1, -1};
	struct assay_child_end end;
	enum assay_code rc =
		assay_child_capture(&child, PROBE_TIMEOUT_NS, SAID_LIMIT_BYTES, said, &end, err);
	if (rc != ASSAY_OK)
		return rc;
	return !end.timed_out && WIFEXITED(end.wait_status) && WEXITSTATUS(end.wait_status) == 0
		       ? ASSAY_OK
		       : assay_fail(err, ASSAY_EUSAGE, "it did not start");
}

static enum assay_code ask_version(const char *bwrap, char version[ASSAY_SANDBOX_VERSION_BYTES],
				   struct assay_err *err)
{
	ASSAY_AUTO(assay_argv_done) struct assay_argv argv = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	const char *const words[] = {"bwrap", "--version"};
	enum assay_code rc = add_all(&argv, words, ASSAY_COUNT_OF(words), err);
	if (rc == ASSAY_OK)
		rc = ask(bwrap, &argv, &said, err);
	if (rc != ASSAY_OK)
		return rc;
	const char *text = assay_str_text(&said);
	ASSAY_AUTO_FREE char *line = strndup(text, strcspn(text, "\n"));
	assay_sanitise(version, ASSAY_SANDBOX_VERSION_BYTES, line ? line : "");
	return ASSAY_OK;
}

/* Anything that does nothing would do: /proc/self/exe is there wherever this program is. */
static enum assay_code try_it(const char *bwrap, struct assay_err *err)
{
	ASSAY_AUTO(assay_argv_done) struct assay_argv argv = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	const struct assay_sandbox_needs none = {0};
	enum assay_code rc = assay_sandbox_words(bwrap, "/bin/true", &none, &argv, err);
	return rc == ASSAY_OK ? ask(bwrap, &argv, &said, err) : rc;
}

enum assay_code assay_sandbox_find(char **ret_bwrap, char version[ASSAY_SANDBOX_VERSION_BYTES],
				   struct assay_err *err)
{
	struct assay_err why = {0};
	char *bwrap = NULL;
	if (assay_child_find("bwrap", &bwrap, &why) != ASSAY_OK)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--sandbox needs bubblewrap, and there is no bwrap in PATH; "
				  "install the package bubblewrap, or measure without");
	enum assay_code rc = ask_version(bwrap, version, &why);
	if (rc == ASSAY_OK)
		rc = try_it(bwrap, &why);
	if (rc == ASSAY_OK) {
		*ret_bwrap = bwrap;
		return ASSAY_OK;
	}
	assay_fail(err, ASSAY_EUSAGE,
		   "--sandbox: '%.200s' cannot make a sandbox here (%s); user namespaces may be "
		   "forbidden, as they are in many containers",
		   bwrap, why.text);
	free(bwrap);
	return ASSAY_EUSAGE;
}

/* The file behind a name in /proc, which means another program once bubblewrap runs. */
static enum assay_code resolve(const char *program, char path[PATH_MAX], struct assay_err *err)
{
	if (!realpath(program, path))
		return assay_fail(err, ASSAY_EIO, "find '%s': %s", program, strerror(errno));
	return ASSAY_OK;
}

static bool is_hidden_itself(const char *folder)
{
	static const char *const hidden[] = {"/", "/run", "/tmp", "/var/tmp"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(hidden); i++)
		if (strcmp(folder, hidden[i]) == 0)
			return true;
	return false;
}

enum assay_code assay_sandbox_words(const char *bwrap, const char *program,
				    const struct assay_sandbox_needs *needs, struct assay_argv *ret,
				    struct assay_err *err)
{
	char path[PATH_MAX], here[PATH_MAX];
	enum assay_code rc = resolve(program, path, err);
	if (rc == ASSAY_OK)
		rc = assay_argv_add(ret, bwrap, err);
	if (rc == ASSAY_OK)
		rc = add_all(ret, options, ASSAY_COUNT_OF(options), err);
	if (rc == ASSAY_OK && getcwd(here, sizeof(here)) && !is_hidden_itself(here))
		rc = show(ret, here, err);
	if (rc == ASSAY_OK)
		rc = show(ret, path, err);
	if (rc == ASSAY_OK)
		rc = bind_all(ret, "--ro-bind", needs->plugins, err);
	if (rc == ASSAY_OK)
		rc = bind_all(ret, "--ro-bind", needs->reads, err);
	if (rc == ASSAY_OK)
		rc = bind_all(ret, "--bind", needs->writes, err);
	for (size_t i = 0; rc == ASSAY_OK && needs->environment && needs->environment[i]; i++)
		rc = set_inside(ret, needs->environment[i], err);
	const char *const last[] = {"--setenv", "TMPDIR", "/tmp", "--", path};
	return rc == ASSAY_OK ? add_all(ret, last, ASSAY_COUNT_OF(last), err) : rc;
}

/* Beginnings of names: what finds programs and libraries, and what tunes how they run. */
bool assay_sandbox_passes(const char *variable)
{
	static const char *const allowed[] = {
		"PATH=",
		"HOME=",
		"LANG=",
		"LC_",
		"TZ=",
		"TERM=",
		"LD_LIBRARY_PATH=",
		"LD_PRELOAD=",
		"GLIBC_",
		"MALLOC_",
		"OMP_",
		"GOMP_",
		"KMP_",
		"POCL_",
		"OCL_ICD_",
		"HWLOC_",
		"CUDA_",
		"_ASSAY_",
		"ASAN_",
		"UBSAN_",
		"TSAN_",
		"LSAN_",
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(allowed); i++)
		if (strncmp(variable, allowed[i], strlen(allowed[i])) == 0)
			return true;
	return false;
}
