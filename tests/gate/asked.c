/* SPDX-License-Identifier: MIT */
/*
 * asked: a plug-in whose oracle writes down each time it is asked, to the file that ASKED names, and finds the
 * subject `wrong` wrong. What it says of a time is 100 ns.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/bench.h"

static const char right_ops[] = "right", wrong_ops[] = "wrong";

static enum assay_code ask(const struct assay_subject *subject, uint64_t seed,
			   struct assay_err *err)
{
	const char *path = getenv("ASKED");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	(void)seed;
	if (fd < 0 || write(fd, subject->ops, 1) != 1)
		return assay_fail(err, ASSAY_ECHECK, "nowhere to write to");
	close(fd);
	return strcmp(subject->ops, "wrong") == 0 ? assay_fail(err, ASSAY_ECHECK, "two for one")
						  : ASSAY_OK;
}

static void body(struct assay_run *run)
{
	uint64_t n = 0;
	ASSAY_LOOP (run)
		n++;
	assay_set_elapsed_ns(run, (double)n * 100);
}

static const struct assay_suite suite = {
	.brief = "an oracle that is counted", .interface = "asked", .check = ask};
static const struct assay_bench one = {.brief = "one", .body = body},
				two = {.brief = "two", .body = body};
static const struct assay_subject right = {.brief = "always right", .ops = right_ops},
				  wrong = {.brief = "always wrong", .ops = wrong_ops};
static const struct assay_plugin_bench benches[] = {{"one", &one}, {"two", &two}, {0}};
static const struct assay_plugin_subject subjects[] = {{"right", &right}, {"wrong", &wrong}, {0}};

extern const struct assay_plugin assay_plugin;
ASSAY_API const struct assay_plugin assay_plugin = {ASSAY_ABI, "asked", &suite, benches, subjects};
