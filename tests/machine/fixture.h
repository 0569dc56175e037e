/* SPDX-License-Identifier: MIT */
/* fixture: machines to test with, and scratch files. */
#ifndef ASSAY_TESTS_MACHINE_FIXTURE_H
#define ASSAY_TESTS_MACHINE_FIXTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/machine/topology.h"
#include "tests/t.h"

#define TWO_SOCKETS "synthetic:pack:2 numa:1 l3:1 core:4 pu:2"
#define EIGHT_NUMA  "synthetic:pack:2 numa:4 l3:1 core:8 pu:1"
#define CORES_256   "synthetic:pack:2 numa:4 l3:4 core:8 pu:2"

/* Path of a file in tests/fixtures/topology; static. */
static inline const char *fixture_path(const char *name)
{
	static char path[4096];
	const char *folder = getenv("ASSAY_FIXTURES");
	snprintf(path, sizeof(path), "%s/topology/%s", folder ? folder : "tests/fixtures", name);
	return path;
}

static inline struct assay_topology *load(const char *spec)
{
	struct assay_err err = {0};
	struct assay_topology *topology = NULL;
	enum assay_code code = assay_topology_load(spec, &topology, &err);
	if (code == ASSAY_SKIP) /* built without hwloc; test_topology checks that it says so */
		skip();
	assert_ok(code);
	return topology;
}

static inline char *read_whole(const char *path)
{
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	char *text = calloc(1, 1 << 20);
	assert_non_null(text);
	size_t n = fread(text, 1, (1 << 20) - 1, file);
	assert_true(n < (1 << 20) - 1);
	fclose(file);
	return text;
}

static inline void write_whole(const char *path, const char *text, size_t n)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

/* A copy of `text` with the first `from` replaced by `to`; `from` must be there. */
static inline char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	assert_non_null(at);
	size_t size = strlen(text) + strlen(to) + 1;
	char *result = malloc(size);
	assert_non_null(result);
	snprintf(result, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return result;
}

#endif
