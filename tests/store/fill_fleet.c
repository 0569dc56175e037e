/* SPDX-License-Identifier: MIT */
/*
 * fill_fleet FOLDER: bundles node00.assay to node11.assay of machines of one shape and node12.assay of another, each with
 * 8 figures that differ by up to 1 %: node07 is slower by 30 % in all of them, node03 lacks two, node05 has one that
 * is twice as high.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/store/merge.h"

enum { NODES = 12, SERIES = 8 };

static enum assay_code add(struct assay_store *store, int64_t run, int node, int series,
			   struct assay_err *err)
{
	char name[64], size[8];
	double wobble = 1 + 0.01 * ((node * 7 + series * 3) % 11) / 11.0;
	double level = (series + 1) * wobble * (node == 7 ? 1.3 : 1);
	if (node == 5 && series == 4)
		level *= 2;
	snprintf(size, sizeof(size), "%d", series);
	snprintf(name, sizeof(name), "memory/thing/size:%d/subject:a/threads:1", series);
	const struct assay_param param = {"size", size};
	const bool rate = series % 2;
	const struct assay_result result = {
		.name = name,
		.suite = "memory",
		.benchmark = "thing",
		.subject = "a",
		.threads = 1,
		.params = &param,
		.n_params = 1,
		.metric = {rate ? "rate" : "time", rate ? "op/s" : "ns/op",
			   rate ? ASSAY_HIGHER : ASSAY_LOWER},
		.primary = true,
		.reason = series == 2 ? "tab\tand \\ and\nline" : "",
		.estimate = {.n = 1, .median = rate ? 1e9 / level : level},
		.driver = "native",
		.clock = "monotonic",
		.noise = 'A',
		.started_ns = UINT64_C(1700000000000000000),
	};
	return assay_store_add_result(store, run, &result, err);
}

static enum assay_code fill(struct assay_store *store, int node, const char *bundle,
			    struct assay_err *err)
{
	char host[32];
	snprintf(host, sizeof(host), "node%02d", node);
	struct assay_run_info info = {
		.started_ns = UINT64_C(1700000000000000000) + (uint64_t)node,
		.seed = UINT64_MAX,
		.profile = "ci",
		.machine_name = host,
		.machine_json = "{\"shape\":{\"pus\":2}}",
		.version = "0.1.0",
		.commit = "1a2b3c",
	};
	info.fingerprint[0] = node == NODES;
	info.uuid[0] = 1;
	info.uuid[15] = (uint8_t)node;
	int64_t run;
	enum assay_code code = assay_store_begin_run(store, &info, &run, err);
	for (int i = node == 3 ? 2 : 0; i < SERIES && code == ASSAY_OK; i++)
		code = add(store, run, node, i, err);
	if (code == ASSAY_OK)
		code = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err);
	return code == ASSAY_OK ? assay_store_bundle(store, run, bundle, NULL, err) : code;
}

int main(int argc, char **argv)
{
	struct assay_err err = {0};
	enum assay_code code =
		argc == 2 ? ASSAY_OK : assay_fail(&err, ASSAY_EUSAGE, "fill_fleet FOLDER");
	for (int node = 0; node <= NODES && code == ASSAY_OK; node++) {
		char db[300], bundle[300];
		struct assay_store *store;
		snprintf(db, sizeof(db), "%s/filling.db", argv[1]);
		snprintf(bundle, sizeof(bundle), "%s/node%02d.assay", argv[1], node);
		code = assay_store_open(db, ASSAY_STORE_WRITE, &store, &err);
		if (code != ASSAY_OK)
			break;
		code = fill(store, node, bundle, &err);
		assay_store_close(store);
		unlink(db);
	}
	if (code == ASSAY_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "fill_fleet: %s\n", err.text);
	return EXIT_FAILURE;
}
