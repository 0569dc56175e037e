/* SPDX-License-Identifier: MIT */
/* kernel_names: /proc/kallsyms, sorted. */
#include "profiler/kernel_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	uint64_t address;
	char *name;
};

struct kernel_names {
	struct entry *entries;
	size_t n, capacity;
};

static int by_address(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return x->address < y->address ? -1 : x->address > y->address;
}

static int add(struct kernel_names *names, uint64_t address, const char *name)
{
	if (names->n == names->capacity) {
		size_t capacity = names->capacity ? names->capacity * 2 : 1 << 16;
		struct entry *larger = realloc(names->entries, capacity * sizeof(*larger));
		if (!larger)
			return 0;
		names->entries = larger;
		names->capacity = capacity;
	}
	char *copy = strdup(name);
	if (!copy)
		return 0;
	names->entries[names->n++] = (struct entry){address, copy};
	return 1;
}

static void read_all(struct kernel_names *names, FILE *file)
{
	unsigned long long address;
	char type, name[256];
	char line[512];
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %c %255s", &address, &type, name) != 3 || !address ||
		    !strchr("tTwW", type))
			continue;
		if (!add(names, address, name))
			return;
	}
}

struct kernel_names *kernel_names_new(void)
{
	struct kernel_names *names = calloc(1, sizeof(*names));
	FILE *file = names ? fopen("/proc/kallsyms", "re") : NULL;
	if (file) {
		read_all(names, file);
		fclose(file);
	}
	if (!file || !names->n) {
		kernel_names_free(names);
		return NULL;
	}
	qsort(names->entries, names->n, sizeof(*names->entries), by_address);
	return names;
}

const char *kernel_name(const struct kernel_names *names, uint64_t address)
{
	size_t lo = 0, hi = names ? names->n : 0;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		if (names->entries[middle].address <= address)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo ? names->entries[lo - 1].name : NULL;
}

void kernel_names_free(struct kernel_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->n; i++)
		free(names->entries[i].name);
	free(names->entries);
	free(names);
}
