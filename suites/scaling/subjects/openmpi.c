/* SPDX-License-Identifier: MIT */
/* openmpi: ranks of Open MPI, in a helper that mpirun starts; spoken to by lines (cli/mpi_ranks.c). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "suites/scaling/comm.h"

extern char **environ;

enum { REPLY_MS = 60000, STOP_MS = 2000, LINE = 256 };

struct comm {
	pid_t pid; /* mpirun; 0: none */
	int to, from, log;
	size_t count;
	unsigned rank;   /* when joined */
	char line[LINE]; /* the reply being read */
};

/* From the folder of the program: beside it, from a test as built, as installed. */
static const char *const places[] = {".", "../../../cli", "../../cli", "../libexec/assay"};

static enum assay_code find_helper(char path[PATH_MAX], struct assay_err *err)
{
	char program[PATH_MAX - 64];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && i < ASSAY_COUNT_OF(places); i++) {
		snprintf(path, PATH_MAX, "%s/%s/assay-mpi", program, places[i]);
		if (access(path, X_OK) == 0)
			return ASSAY_OK;
	}
	return assay_fail(err, ASSAY_SKIP,
			  "built without Open MPI; install openmpi-bin and libopenmpi-dev and "
			  "build again");
}

/* The last line that mpirun or a rank complained with. */
static void complaint(const struct comm *c, char *text, size_t size)
{
	char bytes[4096], *last = bytes;
	off_t end = lseek(c->log, 0, SEEK_END);
	off_t at = end > (off_t)sizeof(bytes) - 1 ? end - (off_t)sizeof(bytes) + 1 : 0;
	ssize_t n = pread(c->log, bytes, sizeof(bytes) - 1, at);
	bytes[n > 0 ? n : 0] = '\0';
	for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > 3 && line[0] != '-' && line[0] != '*')
			last = line;
	assay_sanitise(text, size, *last ? last : "it said nothing");
}

static enum assay_code ended(const struct comm *c, struct assay_err *err)
{
	char why[160];
	complaint(c, why, sizeof(why));
	return assay_fail(err, ASSAY_EIO, "openmpi: mpirun has ended: %s", why);
}

/* One line of the helper, whatever mpirun breaks it into. */
static enum assay_code read_line(struct comm *c, struct assay_err *err)
{
	uint64_t until = assay_now_ns() + REPLY_MS * UINT64_C(1000000);
	for (size_t n = 0; n + 1 < sizeof(c->line);) {
		struct pollfd fd = {.fd = c->from, .events = POLLIN};
		int64_t left = (int64_t)(until - assay_now_ns()) / 1000000;
		int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return assay_fail(err, ASSAY_EIO, "openmpi: no answer within %d s",
					  REPLY_MS / 1000);
		if (read(c->from, c->line + n, 1) != 1)
			return ended(c, err);
		if (c->line[n] == '\n') {
			c->line[n] = '\0';
			return ASSAY_OK;
		}
		n++;
	}
	return assay_fail(err, ASSAY_EIO, "openmpi: an answer of more than %d bytes", LINE);
}

static enum assay_code send_line(struct comm *c, const char *verb, enum comm_op op, uint64_t n,
				 struct assay_err *err)
{
	char line[LINE];
	int length =
		snprintf(line, sizeof(line), "%s %d %llu\n", verb, (int)op, (unsigned long long)n);
	if (write(c->to, line, (size_t)length) != length)
		return ended(c, err);
	return read_line(c, err);
}

static bool has_ended(struct comm *c)
{
	if (c->pid && waitpid(c->pid, NULL, WNOHANG) != 0)
		c->pid = 0;
	return c->pid == 0;
}

static void stop(struct comm *c)
{
	if (!c)
		return;
	if (c->to >= 0)
		close(c->to); /* asks them to end */
	for (int signal = 0; !has_ended(c) && signal <= 2; signal++) {
		if (signal)
			kill(c->pid, signal == 1 ? SIGTERM : SIGKILL);
		for (int ms = 0; ms < STOP_MS && !has_ended(c); ms += 5)
			poll(NULL, 0, 5);
	}
	if (c->from >= 0)
		close(c->from);
	if (c->log >= 0)
		close(c->log);
	free(c);
}

/* Ours and two more: root in a container is asked twice whether it means it. */
static char **environment(void)
{
	static char allow[] = "OMPI_ALLOW_RUN_AS_ROOT=1",
		    confirm[] = "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1";
	size_t n = 0;
	while (environ[n])
		n++;
	char **all = calloc(n + 3, sizeof(*all));
	if (!all)
		return NULL;
	memcpy(all, environ, n * sizeof(*all));
	all[n] = allow;
	all[n + 1] = confirm;
	return all;
}

static int spawn_with(struct comm *c, const char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, c->log, STDERR_FILENO);
	char **env = environment();
	int error = env ? posix_spawnp(&c->pid, argv[0], &files, NULL, (char *const *)argv, env)
			: ENOMEM;
	free(env);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

static enum assay_code spawn(struct comm *c, const char *const *argv, struct assay_err *err)
{
	int in[2], out[2];
	c->log = memfd_create("mpirun", MFD_CLOEXEC);
	if (c->log < 0 || pipe2(in, O_CLOEXEC) != 0)
		return assay_fail(err, ASSAY_EIO, "openmpi: %s", strerror(errno));
	c->to = in[1];
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		return assay_fail(err, ASSAY_EIO, "openmpi: %s", strerror(errno));
	}
	c->from = out[0];
	int error = spawn_with(c, argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (!error)
		return ASSAY_OK;
	c->pid = 0;
	return assay_fail(err, ASSAY_SKIP, "mpirun: %s; install openmpi-bin", strerror(error));
}

/* Before anything is timed: as many ranks as asked for, and no two the same process. */
static enum assay_code check_world(struct comm *c, unsigned ranks, struct assay_err *err)
{
	unsigned size, distinct;
	enum assay_code code = read_line(c, err);
	if (code != ASSAY_OK)
		return code;
	if (sscanf(c->line, "world %u %u", &size, &distinct) != 2)
		return assay_fail(err, ASSAY_EIO, "openmpi: '%.60s' is no greeting", c->line);
	if (size != ranks || distinct != ranks)
		return assay_fail(err, ASSAY_ECHECK,
				  "openmpi: %u ranks were asked for, %u came, %u of them different",
				  ranks, size, distinct);
	return ASSAY_OK;
}

static enum assay_code launch(struct comm *c, unsigned ranks, const int *cpus,
			      struct assay_err *err)
{
	char path[PATH_MAX], number[16], floats[32];
	ASSAY_AUTO(assay_str_done) struct assay_str list = {0};
	enum assay_code code = find_helper(path, err);
	if (code != ASSAY_OK)
		return code;
	for (unsigned i = 0; i < ranks; i++)
		assay_str_add(&list, "%s%d", i ? "," : "", cpus ? cpus[i] : -1);
	if (list.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	snprintf(number, sizeof(number), "%u", ranks);
	snprintf(floats, sizeof(floats), "%zu", c->count);
	/* Shared memory only, and nothing bound by mpirun: the ranks bind themselves as ours do. */
	const char *const argv[] = {
		"mpirun", "-n",    number, "--oversubscribe", "--bind-to", "none", "--mca",   "pml",
		"ob1",    "--mca", "btl",  "self,vader",      path,        floats, list.text, NULL};
	code = spawn(c, argv, err);
	return code == ASSAY_OK ? check_world(c, ranks, err) : code;
}

static enum assay_code start(unsigned ranks, const int *cpus, size_t count, struct comm **ret,
			     struct assay_err *err)
{
	struct comm *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	*c = (struct comm){.to = -1, .from = -1, .log = -1, .count = count};
	enum assay_code code = launch(c, ranks, cpus, err);
	if (code == ASSAY_OK)
		*ret = c;
	else
		stop(c);
	return code;
}

/*
 * The helper beside each rank takes its place in the world of mpirun, or of a SLURM that speaks PMIx: MPI_Init() goes by
 * the environment that this process was started with.
 */
static enum assay_code join(struct assay_run *run, size_t count, struct comm **ret,
			    struct assay_err *err)
{
	char path[PATH_MAX], floats[32];
	if (!getenv("OMPI_COMM_WORLD_RANK") && !getenv("PMIX_RANK"))
		return assay_fail(err, ASSAY_SKIP,
				  "the launcher is not one of Open MPI's: --launcher mpi");
	enum assay_code code = find_helper(path, err);
	if (code != ASSAY_OK)
		return code;
	struct comm *c = calloc(1, sizeof(*c));
	if (!c)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	*c = (struct comm){
		.to = -1, .from = -1, .log = -1, .count = count, .rank = assay_world_rank(run)};
	snprintf(floats, sizeof(floats), "%zu", count);
	const char *const argv[] = {path, floats, "join", NULL};
	code = spawn(c, argv, err);
	if (code == ASSAY_OK)
		code = check_world(c, assay_world_size(run), err);
	if (code == ASSAY_OK)
		*ret = c;
	else
		stop(c);
	return code;
}

static enum assay_code run(struct comm *c, enum comm_op op, uint64_t n, uint64_t *ret_ns,
			   struct assay_err *err)
{
	/* The number of messages is even, as with our own. */
	uint64_t messages = op == COMM_PT2PT ? n + n % 2 : n;
	unsigned long long ns;
	enum assay_code code = send_line(c, "run", op, messages, err);
	if (code != ASSAY_OK)
		return code;
	if (sscanf(c->line, "ok %llu", &ns) != 1)
		return assay_fail(err, ASSAY_EIO, "openmpi: '%.60s' is no answer", c->line);
	*ret_ns = (uint64_t)((double)ns * (double)n / (double)messages);
	return ASSAY_OK;
}

static enum assay_code verify(struct comm *c, enum comm_op op, uint32_t seed, struct assay_err *err)
{
	unsigned rank = c->rank;
	unsigned long long wrong;
	enum assay_code code = send_line(c, "verify", op, seed, err);
	if (code != ASSAY_OK)
		return code;
	if (sscanf(c->line, "wrong %u %llu", &rank, &wrong) == 2)
		return assay_fail(err, ASSAY_ECHECK, "%s: rank %u has %llu wrong floats of %zu",
				  comm_op_name(op), rank, wrong, c->count);
	if (strncmp(c->line, "ok ", 3) != 0)
		return assay_fail(err, ASSAY_EIO, "openmpi: '%.60s' is no answer", c->line);
	return ASSAY_OK;
}

static enum assay_code probe(struct assay_err *err)
{
	char path[PATH_MAX];
	return find_helper(path, err);
}

static const struct comm_ops ops = {
	.computes = true,
	.slow_start = true,
	.start = start,
	.join = join,
	.run = run,
	.verify = verify,
	.stop = stop,
};

const struct assay_subject assay_subject_scaling_openmpi = {
	.interface = SCALING_COMM,
	.brief = "Open MPI over shared memory, in a helper that mpirun starts",
	.ops = &ops,
	.probe = probe,
};
