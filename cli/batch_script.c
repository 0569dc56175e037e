/* SPDX-License-Identifier: MIT */
/* batch_script: a fixed text with numbers and quoted words in it. */
#include "cli/batch_script.h"

#include <inttypes.h>

#define NS_PER_S UINT64_C(1000000000)

static void add_quoted(struct assay_str *out, const char *word)
{
	struct assay_argv one = {.words = (char *[]){(char *)word, NULL}, .n = 1};
	assay_argv_quote(&one, out);
}

static void add_directives(const struct batch_script *s, struct assay_str *out)
{
	assay_str_add(out, "#SBATCH --job-name=%s\n#SBATCH --ntasks=%u\n", s->name, s->ranks);
	assay_str_add(out, "#SBATCH --time=%" PRIu64 "\n",
		      (s->time_ns + 60 * NS_PER_S - 1) / (60 * NS_PER_S));
	assay_str_add(out, "#SBATCH --signal=B:USR1@%" PRIu64 "\n", s->warn_ns / NS_PER_S);
	if (s->tasks > 1)
		assay_str_add(out, "#SBATCH --array=1-%u\n", s->tasks);
}

static void add_run(const struct batch_script *s, struct assay_str *out)
{
	add_quoted(out, s->program);
	assay_str_add(out, " --db \"$scratch/results.db\" run --launcher=srun --ranks=%u",
		      s->ranks);
	if (s->words->n) {
		assay_str_add(out, " \\\n\t");
		assay_argv_quote(s->words, out);
	}
	assay_str_add(out, " &\n");
}

void batch_script_write(const struct batch_script *s, struct assay_str *out)
{
	assay_str_add(out,
		      "#!/bin/sh\n"
		      "# Made by assay " ASSAY_VERSION
		      ": measures on the nodes that SLURM gives, and "
		      "leaves one file, the bundle.\n");
	add_directives(s, out);
	assay_str_add(out, "set -u\nfolder=");
	add_quoted(out, s->folder);
	assay_str_add(
		out,
		"\ntask=${SLURM_ARRAY_TASK_ID:-1}\n"
		"\n"
		"# The store stays on this node: a write-ahead log must not be on a network file system.\n"
		"scratch=$(mktemp -d \"${TMPDIR:-/tmp}/assay.XXXXXX\") || exit 1\n"
		"trap 'rm -rf \"$scratch\"' EXIT\n"
		"\n");
	add_run(s, out);
	assay_str_add(
		out,
		"pid=$!\n"
		"# The time limit is near, or somebody cancels: stop, and keep what is finished.\n"
		"trap 'kill -INT \"$pid\"' USR1 TERM\n"
		"wait \"$pid\"\n"
		"code=$?\n"
		"while kill -0 \"$pid\" 2>/dev/null; do # a signal ended the wait, not the run\n"
		"\twait \"$pid\"\n"
		"\tcode=$?\n"
		"done\n"
		"\n"
		"# Whole under another name first. A link never replaces what is there, so a job that runs\n"
		"# twice leaves one result.\n");
	add_quoted(out, s->program);
	assay_str_add(out,
		      " --db \"$scratch/results.db\" \\\n"
		      "\texport --format bundle -o \"$scratch/result.assay\" || exit 1\n"
		      "part=$folder/part-$task-$SLURM_JOB_ID\n"
		      "cp \"$scratch/result.assay\" \"$part\" && sync \"$part\" && ln \"$part\" "
		      "\"$folder/result-$task.assay\"\n"
		      "rm -f \"$part\"\n"
		      "exit \"$code\"\n");
}
