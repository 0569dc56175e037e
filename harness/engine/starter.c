/* SPDX-License-Identifier: MIT */
/* starter: the table of templates, and filling one in. */
#include "harness/engine/starter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/str.h"

/*
 * None of them binds anything: the workers bind themselves and read it back, so that figures do not depend on who
 * started them. Open MPI asks root twice whether it means it; the workers are no MPI programs and need none of its
 * transports.
 */
static const struct assay_starter starters[] = {
	{
		"local",
		"{assay} ranks {ranks} -- {program}",
		true,
		"processes on this machine",
	},
	{
		"mpi",
		"env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun -n {ranks} "
		"--oversubscribe --bind-to none --timeout {timeout_s} -x " ASSAY_LINK_VARIABLE
		" {program}",
		false,
		"Open MPI's mpirun, with its host file",
	},
	{
		"srun",
		"srun --ntasks={ranks} --cpu-bind=none --kill-on-bad-exit=1 --input=none "
		"{program}",
		false,
		"a step inside a SLURM allocation",
	},
};

const struct assay_starter *assay_starters(size_t *ret_n)
{
	*ret_n = ASSAY_COUNT_OF(starters);
	return starters;
}

static const char *const names[] = {"program", "ranks", "assay", "timeout_s"};

/* Every {word} of ours, or an error that names the nearest one. */
static enum assay_code check_word(const char *word, struct assay_err *err)
{
	for (const char *open = strchr(word, '{'); open; open = strchr(open + 1, '{')) {
		char name[32];
		size_t length = strcspn(open + 1, "{}"), i = 0;
		snprintf(name, sizeof(name), "%.*s", (int)(length < 31 ? length : 31), open + 1);
		if (open[1 + length] != '}')
			return assay_fail(err, ASSAY_EUSAGE, "'%.80s' has a brace without an end",
					  word);
		while (i < ASSAY_COUNT_OF(names) && strcmp(names[i], name) != 0)
			i++;
		if (i == ASSAY_COUNT_OF(names))
			return assay_fail(
				err, ASSAY_EUSAGE,
				"there is no {%s}; there are {program}, {ranks}, {assay} and "
				"{timeout_s}",
				name);
		if (i == 0 && strcmp(word, "{program}") != 0)
			return assay_fail(
				err, ASSAY_EUSAGE,
				"{program} is many words, and stands by itself, not in '%.80s'",
				word);
	}
	return ASSAY_OK;
}

static enum assay_code check(const struct assay_argv *template, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	for (size_t i = 0; code == ASSAY_OK && i < template->n; i++)
		code = check_word(template->words[i], err);
	if (code == ASSAY_OK && !assay_argv_mentions(template, "program"))
		code = assay_fail(err, ASSAY_EUSAGE,
				  "no {program}: it would start none of our workers");
	if (code == ASSAY_OK && !assay_argv_mentions(template, "ranks"))
		code = assay_fail(err, ASSAY_EUSAGE, "no {ranks}: it would not know how many");
	return code;
}

enum assay_code assay_starter_parse(const char *text, struct assay_argv *ret, struct assay_err *err)
{
	struct assay_argv template = {0};
	enum assay_code code = assay_argv_split(text, &template, err);
	if (code == ASSAY_OK)
		code = check(&template, err);
	if (code == ASSAY_OK)
		*ret = template;
	else
		assay_argv_done(&template);
	return code;
}

/* The words in braces that stand for a single one. */
struct single {
	const struct assay_starter_values *values;
	char ranks[16], timeout_s[24];
};

static const char *value_of(void *context, const char *name, size_t length)
{
	const struct single *single = context;
	if (length == 5 && strncmp(name, "ranks", length) == 0)
		return single->ranks;
	if (length == 5 && strncmp(name, "assay", length) == 0)
		return single->values->assay;
	if (length == 9 && strncmp(name, "timeout_s", length) == 0)
		return single->timeout_s;
	return NULL;
}

enum assay_code assay_starter_fill(const struct assay_argv *template,
				   const struct assay_starter_values *values,
				   struct assay_argv *ret, struct assay_err *err)
{
	struct single single = {.values = values};
	struct assay_argv filled = {0}, all = {0};
	snprintf(single.ranks, sizeof(single.ranks), "%u", values->ranks);
	snprintf(single.timeout_s, sizeof(single.timeout_s), "%" PRIu64,
		 values->timeout_ns / 1000000000u + 5); /* ours comes first, and says more */
	enum assay_code code = assay_argv_fill(template, value_of, &single, &filled, err);
	for (size_t i = 0; code == ASSAY_OK && i < filled.n; i++) {
		if (strcmp(filled.words[i], "{program}") != 0) {
			code = assay_argv_add(&all, filled.words[i], err);
			continue;
		}
		for (size_t k = 0; code == ASSAY_OK && k < values->program->n; k++)
			code = assay_argv_add(&all, values->program->words[k], err);
	}
	assay_argv_done(&filled);
	if (code == ASSAY_OK)
		*ret = all;
	else
		assay_argv_done(&all);
	return code;
}
