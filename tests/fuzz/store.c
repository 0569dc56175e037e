/* SPDX-License-Identifier: MIT */
/*
 * store: the bytes of a file that is said to be one, and what may stand for a run in it. It is read, every result of
 * it, or refused; its check ends; and the file is as it was.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/store/store.h"
#include "tests/fuzz/fuzz.h"

static void read_runs(struct assay_store *store, const char *reference)
{
	struct assay_err err = {0};
	struct assay_run_list runs = {0};
	if (assay_store_runs(store, reference, &runs, &err) != ASSAY_OK) {
		must(err.text[0]);
		return;
	}
	must(runs.n > 0);
	for (size_t i = 0; i < runs.n && i < 4; i++) {
		struct assay_result_list list = {0};
		if (assay_store_results(store, runs.runs[i].id, NULL,
					ASSAY_LOAD_SAMPLES | ASSAY_LOAD_COUNTERS, &list,
					&err) != ASSAY_OK) {
			must(err.text[0]);
			continue;
		}
		for (size_t k = 0; k < list.n; k++)
			must(list.results[k].name && list.results[k].metric.name);
		assay_result_list_done(&list);
	}
	assay_run_list_done(&runs);
}

/* After the image, behind a mark, may stand references, one per line. */
static size_t split(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n--references--\n";
	const uint8_t *at = memmem(data, size, mark, sizeof(mark) - 1);
	return at ? (size_t)(at - data) : size;
}

/* A file that says it has a log gets one, when it is read. */
static void drop(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < 4; i++) {
		char name[64];
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/assay-fuzz-store-XXXXXX";
	size_t image = split(data, size);
	int fd = mkostemp(path, O_CLOEXEC);
	must(fd >= 0 && write(fd, data, image) == (ssize_t)image);
	close(fd);
	struct assay_err err = {0};
	struct assay_store *store = NULL;
	struct assay_store_report report;
	if (assay_store_open(path, ASSAY_STORE_READ, &store, &err) == ASSAY_OK) {
		char *text = fuzz_text(data + image, size - image), *cursor = text;
		read_runs(store, "@last");
		strsep(&cursor, "\n");
		for (int i = 0; cursor && i < 16; i++)
			read_runs(store, strsep(&cursor, "\n"));
		free(text);
		assay_store_close(store);
		if (assay_store_check(path, &report, &err) != ASSAY_OK)
			must(err.text[0]);
	} else {
		must(err.text[0]);
	}
	struct stat st;
	must(stat(path, &st) == 0 && (size_t)st.st_size == image);
	drop(path);
	return 0;
}
