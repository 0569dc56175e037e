/* SPDX-License-Identifier: MIT */
/* profile_regions: what a program under test handed over about the regions it named. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/profile.h"
#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "profiler/preload.h"

enum { MOST = 512 };

struct profile_region {
	char name[64];
	uint64_t count, total_ns, self_ns, max_ns;
};

struct profile_regions {
	struct profile_region list[MOST];
	size_t n;
	uint64_t processes, threads, unmatched;
	char path[64];
};

enum assay_code profile_regions_begin(struct profile_regions **ret, struct assay_err *err)
{
	static const char template[] = "/tmp/assay-regions-XXXXXX";
	struct profile_regions *r = calloc(1, sizeof(*r));
	*ret = NULL;
	if (!r)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for regions");
	memcpy(r->path, template, sizeof(template));
	int fd = mkostemp(r->path, O_CLOEXEC);
	if (fd < 0) {
		free(r);
		return assay_fail(err, ASSAY_EIO, "a file for regions in /tmp: %s",
				  strerror(errno));
	}
	close(fd);
	setenv(PRELOAD_REGION_ENV, r->path, 1);
	*ret = r;
	return ASSAY_OK;
}

const char *profile_regions_path(const struct profile_regions *r)
{
	return r->path;
}

/* Places of the same name, and the same places of several processes, add up. */
static void take_region(struct profile_regions *r, const struct profile_region *one)
{
	size_t i = 0;
	while (i < r->n && strcmp(r->list[i].name, one->name) != 0)
		i++;
	if (i == MOST)
		return;
	if (i == r->n)
		r->list[r->n++] = (struct profile_region){0};
	struct profile_region *to = &r->list[i];
	assay_sanitise(to->name, sizeof(to->name), one->name);
	to->count += one->count;
	to->total_ns += one->total_ns;
	to->self_ns += one->self_ns;
	to->max_ns = one->max_ns > to->max_ns ? one->max_ns : to->max_ns;
}

static void take_line(struct profile_regions *r, const char *line)
{
	struct profile_region one;
	uint64_t threads, unmatched;
	if (sscanf(line, "region %63s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, one.name,
		   &one.count, &one.total_ns, &one.self_ns, &one.max_ns) == 5)
		take_region(r, &one);
	else if (sscanf(line, "process %*d %" SCNu64 " %" SCNu64, &threads, &unmatched) == 2) {
		r->processes++;
		r->threads += threads;
		r->unmatched += unmatched;
	}
}

static int longest_first(const void *a, const void *b)
{
	const struct profile_region *x = a, *y = b;
	return x->self_ns > y->self_ns ? -1 : x->self_ns < y->self_ns;
}

void profile_regions_end(struct profile_regions *r)
{
	char line[256];
	unsetenv(PRELOAD_REGION_ENV);
	FILE *file = fopen(r->path, "re");
	while (file && fgets(line, sizeof(line), file))
		take_line(r, line);
	if (file)
		fclose(file);
	unlink(r->path);
	qsort(r->list, r->n, sizeof(r->list[0]), longest_first);
}

static void show_text(const struct profile_regions *r)
{
	static const char *const columns[] = {"region",  ">entered", ">total",
					      ">itself", ">each",    ">longest"};
	struct cli_table *table = cli_table_new(columns, ASSAY_COUNT_OF(columns));
	printf("\nregions, by their own time; %" PRIu64 " thread%s in %" PRIu64 " process%s%s\n",
	       r->threads, r->threads == 1 ? "" : "s", r->processes, r->processes == 1 ? "" : "es",
	       r->unmatched ? "; some begin without an end, or the other way round" : "");
	for (size_t i = 0; i < r->n; i++) {
		const struct profile_region *one = &r->list[i];
		char count[24], text[4][32];
		snprintf(count, sizeof(count), "%" PRIu64, one->count);
		const char *const cells[] = {
			one->name,
			count,
			assay_format_value((double)one->total_ns, "ns", text[0], 32),
			assay_format_value((double)one->self_ns, "ns", text[1], 32),
			assay_format_value((double)one->total_ns / (double)one->count, "ns",
					   text[2], 32),
			assay_format_value((double)one->max_ns, "ns", text[3], 32)};
		cli_table_row(table, cells);
	}
	cli_table_print(table, stdout);
}

enum assay_code profile_regions_show(const struct cli *cli, const struct profile_regions *r,
				     struct assay_err *err)
{
	enum assay_code rc = ASSAY_OK;
	if (!r->n)
		return ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && cli->json && i < r->n; i++) {
		const struct profile_region *one = &r->list[i];
		rc = assay_json_line(
			json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I}", "schema", "assay/1",
				  "event", "region", "name", assay_json_text(one->name), "count",
				  (json_int_t)one->count, "total_ns", (json_int_t)one->total_ns,
				  "self_ns", (json_int_t)one->self_ns, "max_ns",
				  (json_int_t)one->max_ns),
			cli->json, err);
	}
	if (rc == ASSAY_OK && !cli->json_is_stdout)
		show_text(r);
	return rc;
}

void profile_regions_free(struct profile_regions *r)
{
	if (r) /* where nothing was ever run it is still there */
		unlink(r->path);
	free(r);
}
