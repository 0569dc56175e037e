/* SPDX-License-Identifier: MIT */
/* budget_file: YAML files of budgets, see docs/budgets.md. */
#ifndef ASSAY_CLI_BUDGET_FILE_H
#define ASSAY_CLI_BUDGET_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/err.h"
#include "harness/gate/budget.h"

enum { BUDGET_NAME_MAX = 20 }; /* so that a table has at most 80 columns */

/* One entry. Texts are owned by the list, and NULL when the file does not have them. */
struct budget {
	char *path; /* of the file */
	size_t line;
	char *name;
	char *text, *source;
	char *claim;  /* id of the published claim it stands for */
	char *reason; /* why there is no bound: it cannot be measured */
	char *asked;  /* the bound as written */
	bool bounded; /* `bound` and `bound_line` are set */
	struct assay_bound bound;
	size_t bound_line;
};

/* Zero-initialise. */
struct budget_list {
	struct budget *budgets; /* in the order of the files */
	size_t n;
};
void budget_list_done(struct budget_list *list);

/*
 * Append the budgets of one file. ASSAY_EUSAGE with file and line for what is no YAML, an unknown or
 * repeated key, a malformed bound, a file without any budget; also for a file that cannot be read. Series are
 * not looked up: assay_bound_resolve() does.
 */
enum assay_code budget_list_read(struct budget_list *list, const char *path, struct assay_err *err);

/* "<path>:<line>: <name>: " in front of what is wrong with the bound of `budget`; returns `code`. */
enum assay_code budget_context(const struct budget *budget, enum assay_code code,
			       struct assay_err *err);

#endif
