/* SPDX-License-Identifier: MIT */
/* replay: runs a fuzz target over the files of a corpus and over seeded mutations of each, 500 unless told. */
#include <dirent.h>
#include <stdbool.h>

#include "harness/base/rng.h"
#include "tests/fuzz/fuzz.h"

enum { LONGEST_INPUT = 64 * 1024, MUTATIONS = 500 };

/* Up to four edits: a byte set, removed or doubled. Returns the new size. */
static size_t mutate(struct assay_rng *rng, uint8_t *bytes, size_t size)
{
	static const char telling[] = "0123456789.,:-+*xkKMGTiBnsum_ \n\"{}[]";
	uint64_t edits = 1 + assay_rng_below(rng, 4);
	for (uint64_t i = 0; i < edits && size; i++) {
		size_t at = (size_t)assay_rng_below(rng, size);
		switch (assay_rng_below(rng, 4)) {
		case 0:
			bytes[at] = (uint8_t)assay_rng_below(rng, 256);
			break;
		case 1:
			bytes[at] = (uint8_t)telling[assay_rng_below(rng, sizeof(telling) - 1)];
			break;
		case 2:
			memmove(bytes + at, bytes + at + 1, size - at - 1);
			size--;
			break;
		default:
			if (size < LONGEST_INPUT) {
				memmove(bytes + at + 1, bytes + at, size - at);
				size++;
			}
		}
	}
	return size;
}

static bool replay_file(const char *path, struct assay_rng *rng, int mutations, uint8_t *original,
			uint8_t *changed)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return false;
	}
	size_t size = fread(original, 1, LONGEST_INPUT, file);
	fclose(file);
	LLVMFuzzerTestOneInput(original, size);
	for (int i = 0; i < mutations; i++) {
		memcpy(changed, original, size);
		LLVMFuzzerTestOneInput(changed, mutate(rng, changed, size));
	}
	return true;
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 || argc == 3 ? opendir(argv[1]) : NULL;
	if (!folder) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER [MUTATIONS]\n", argv[0]);
		return 2;
	}
	uint8_t *original = malloc(LONGEST_INPUT), *changed = malloc(LONGEST_INPUT);
	must(original && changed);
	struct assay_rng rng;
	assay_rng_init(&rng, 1);
	int files = 0, mutations = argc == 3 ? (int)strtol(argv[2], NULL, 10) : MUTATIONS;
	bool ok = true;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		ok &= replay_file(path, &rng, mutations, original, changed);
		files++;
	}
	closedir(folder);
	free(original);
	free(changed);
	printf("%d files, %d mutations of each\n", files, mutations);
	return ok && files ? 0 : 1;
}
