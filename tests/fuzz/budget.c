/* SPDX-License-Identifier: MIT */
/* budget: no file upsets the reader; what is a bound can be shown, and judged against nothing. */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/budget_file.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct budget *b)
{
	char text[40];
	struct assay_bound_outcome outcome;
	struct assay_err err = {0};
	must(b->name && b->path && b->line > 0);
	must(b->bounded == !b->reason);
	if (!b->bounded)
		return;
	must(isfinite(b->bound.limit) && b->bound.limit >= 0 && b->bound.over.series);
	must(b->bound.at_least ? b->bound.far >= b->bound.limit : b->bound.far <= b->bound.limit);
	must(*assay_unit_format(&b->bound.unit, b->bound.limit, text, sizeof(text)));
	must(assay_bound_judge(&b->bound, NULL, 0, &outcome, &err) == ASSAY_OK);
	must(outcome.verdict == ASSAY_BOUND_VANISHED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("budget", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct assay_err err = {0};
	struct budget_list list = {0};
	if (budget_list_read(&list, path, &err) != ASSAY_OK)
		must(err.text[0] != '\0');
	else
		for (size_t i = 0; i < list.n; i++)
			check(&list.budgets[i]);
	budget_list_done(&list);
	close(fd);
	return 0;
}
