/* SPDX-License-Identifier: MIT */
/* soak: choose campaigns, run each in a folder of its own, print a line each, keep the table of the long form. */
#include "tests/soak/soak.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"

static const struct campaign *const campaigns[] = {
	&soak_kill_controller, &soak_kill_worker, &soak_kill_merger, &soak_children,
	&soak_signals,         &soak_suspend,     &soak_writers,     &soak_day,
	&soak_space,           &soak_io_errors,   &soak_power_loss,  &soak_memory,
	&soak_failed_calls,    &soak_clock,       &soak_gate,
};

enum { SHOWN_FAILURES = 10 };

bool soak_trial(struct soak *soak)
{
	if (soak->done == soak->asked || assay_now_ns() >= soak->deadline_ns)
		return false;
	soak->done++;
	return true;
}

void soak_fail(struct soak *soak, const char *fmt, ...)
{
	va_list args;
	if (++soak->failures > SHOWN_FAILURES)
		return;
	fprintf(stderr, "# trial %" PRIu64 " of seed %" PRIu64 ": ", soak->done, soak->seed);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void soak_broken(const char *fmt, ...)
{
	va_list args;
	fputs("soak: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, " (%s)\n", strerror(errno));
	exit(99);
}

void soak_skip(struct soak *soak, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(soak->skipped, sizeof(soak->skipped), fmt, args);
	va_end(args);
}

uint64_t soak_below(struct soak *soak, uint64_t n)
{
	return assay_rng_below(&soak->rng, n);
}

char *soak_built(const struct soak *soak, const char *path)
{
	char *whole;
	if (asprintf(&whole, "%s/%s", soak->build, path) < 0)
		soak_broken("out of memory");
	return whole;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level > 0 && remove(path) != 0 && errno != ENOENT)
		soak_broken("remove '%s'", path);
	return 0;
}

void soak_clear_folder(void)
{
	nftw(".", remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void soak_check_store(struct soak *soak, const char *path, struct assay_store_report *ret)
{
	struct assay_err err = {0};
	*ret = (struct assay_store_report){0};
	if (assay_store_check(path, ret, &err) != ASSAY_OK)
		soak_fail(soak, "the store cannot be checked: %s", err.text);
	else if (ret->problem[0])
		soak_fail(soak, "the store is damaged: %s", ret->problem);
}

/* ---- the table in a document: one row per campaign, replaced where it stands ---- */

struct row {
	const struct campaign *campaign;
	const struct soak *soak;
	double seconds;
};

static void verdict(const struct row *row, struct assay_str *text)
{
	const struct soak *s = row->soak;
	if (s->skipped[0]) {
		assay_str_add(text, "skipped: %s", s->skipped);
		return;
	}
	assay_str_add(text, "%" PRIu64 " failures", s->failures);
	if (s->most_rss_bytes)
		assay_str_add(text, "; controller at most %zu MB", s->most_rss_bytes / 1000000 + 1);
	if (s->note[0])
		assay_str_add(text, "; %s", s->note);
}

static void make_row(const struct row *row, struct assay_str *text)
{
	assay_str_add(text, "| `%s` | %s | %" PRIu64 " | ", row->campaign->name,
		      row->campaign->brief, row->soak->done);
	verdict(row, text);
	assay_str_add(text, " | %.0f s |\n", row->seconds);
}

/* Where it stands, or at the end of the table of campaigns. */
static void replace_row(const char *document, const struct row *row)
{
	ASSAY_AUTO(assay_str_done) struct assay_str whole = {0}, start = {0};
	ASSAY_AUTO_FREE char *line = NULL;
	size_t size = 0;
	bool replaced = false, in_table = false;
	FILE *file = fopen(document, "re");
	if (!file)
		soak_broken("open '%s'", document);
	assay_str_add(&start, "| `%s` |", row->campaign->name);
	for (ssize_t n; (n = getline(&line, &size, file)) > 0;) {
		bool same = strncmp(line, assay_str_text(&start), start.length) == 0;
		if (!replaced && (same || (in_table && *line != '|'))) {
			make_row(row, &whole);
			replaced = true;
		}
		if (!same)
			assay_str_put(&whole, line, (size_t)n);
		in_table = *line == '|' && (in_table || strncmp(line, "| campaign |", 12) == 0);
	}
	fclose(file);
	if (!replaced || whole.failed)
		soak_broken("'%s' has no table of campaigns", document);
	file = fopen(document, "we");
	if (!file || fputs(assay_str_text(&whole), file) < 0 || fclose(file) != 0)
		soak_broken("write '%s'", document);
}

/* ---- one campaign ---- */

struct wish {
	bool brief;
	double scale;
	uint64_t seconds; /* per campaign */
	uint64_t seed;
	const char *document; /* NULL: none */
};

static void find_build(struct soak *soak)
{
	char self[sizeof(soak->build)];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < 3; i++) { /* BUILD/tests/soak/soak */
		char *slash = strrchr(self, '/');
		if (!slash)
			soak_broken("the build directory is not to be found");
		*slash = '\0';
	}
	assay_copy(soak->build, sizeof(soak->build), self);
	snprintf(soak->assay, sizeof(soak->assay), "%s/cli/assay", self);
}

static void make_folder(struct soak *soak)
{
	snprintf(soak->folder, sizeof(soak->folder), "/tmp/assay-soak-XXXXXX");
	if (!mkdtemp(soak->folder) || chdir(soak->folder) != 0)
		soak_broken("make the folder '%s'", soak->folder);
	/* What is killed cannot clean up behind itself: its temporary files go with this folder. */
	if (setenv("TMPDIR", soak->folder, 1) != 0)
		soak_broken("set TMPDIR");
}

static uint64_t trials(const struct campaign *campaign, const struct wish *wish)
{
	double n = wish->brief ? (double)campaign->few : (double)campaign->trials * wish->scale;
	return n < 1 ? 1 : (uint64_t)n;
}

/* Prints the line; true when nothing failed. */
static bool perform(const struct campaign *campaign, const struct wish *wish)
{
	struct soak *soak = calloc(1, sizeof(*soak));
	if (!soak)
		soak_broken("out of memory");
	uint64_t began_ns = assay_now_ns();
	fflush(NULL); /* else a process that is forked may print it again */
	soak->asked = trials(campaign, wish);
	soak->deadline_ns = began_ns + wish->seconds * 1000000000u;
	soak->seed = wish->seed;
	soak->brief = wish->brief;
	assay_rng_init(&soak->rng, soak->seed);
	find_build(soak);
	make_folder(soak);
	campaign->run(soak);
	if (!soak->skipped[0] && soak->done == 0)
		soak_fail(soak, "not one trial was done");
	soak_clear_folder();
	if (chdir("/") != 0 || rmdir(soak->folder) != 0)
		soak_broken("remove the folder '%s'", soak->folder);
	const struct row row = {campaign, soak, (double)(assay_now_ns() - began_ns) / 1e9};
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	verdict(&row, &said);
	printf("%-16s %6" PRIu64 " trials  %s  (%.1f s)\n", campaign->name, soak->done,
	       assay_str_text(&said), row.seconds);
	fflush(stdout);
	if (wish->document && wish->scale >= 1)
		replace_row(wish->document, &row);
	bool good = soak->failures == 0, skipped = soak->skipped[0];
	free(soak);
	if (skipped && wish->brief)
		exit(77); /* Meson's code for a test that was skipped */
	return good;
}

/* In a process of its own: a campaign changes its process for good. */
static bool apart(const struct campaign *campaign, const struct wish *wish)
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		soak_broken("fork");
	if (pid == 0)
		exit(perform(campaign, wish) ? 0 : 1);
	if (waitpid(pid, &status, 0) != pid)
		soak_broken("wait");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const struct campaign *find(const char *name)
{
	for (size_t i = 0; i < ASSAY_COUNT_OF(campaigns); i++)
		if (strcmp(campaigns[i]->name, name) == 0)
			return campaigns[i];
	fprintf(stderr, "soak: there is no campaign '%s'; there are:\n", name);
	for (size_t i = 0; i < ASSAY_COUNT_OF(campaigns); i++)
		fprintf(stderr, "  %-16s %s\n", campaigns[i]->name, campaigns[i]->brief);
	exit(2);
}

static double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);
	if (*end || !(value > 0)) {
		fprintf(stderr, "soak: '%s' is not a number above 0\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct wish wish = {.scale = 1, .seconds = 900};
	if (getrandom(&wish.seed, sizeof(wish.seed), 0) != sizeof(wish.seed))
		soak_broken("get a random number");
	wish.seed >>= 16; /* short enough to be typed again */
	for (int c; (c = getopt(argc, argv, "bn:t:s:o:")) != -1;) {
		if (c == 'b')
			wish.brief = true;
		else if (c == 'n')
			wish.scale = number(optarg);
		else if (c == 't')
			wish.seconds = (uint64_t)number(optarg);
		else if (c == 's')
			wish.seed = (uint64_t)number(optarg);
		else if (c == 'o')
			wish.document = optarg;
		else
			return 2;
	}
	unsetenv("ASSAY_DB");
	unsetenv("ASSAY_PROFILE");
	bool good = true;
	if (optind == argc)
		for (size_t i = 0; i < ASSAY_COUNT_OF(campaigns); i++)
			good = apart(campaigns[i], &wish) && good;
	if (optind == argc - 1) /* a single one may say that it was skipped */
		good = perform(find(argv[optind]), &wish);
	else
		for (int i = optind; i < argc; i++)
			good = apart(find(argv[i]), &wish) && good;
	return good ? 0 : 1;
}
