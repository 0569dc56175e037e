/* SPDX-License-Identifier: MIT */
/* environment: the record of facts around a measurement, its JSON and its hash. */
#include "harness/machine/environment.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/machine/facts.h"

static const struct fact_row *const topics[] = {
	fact_rows_cpu,
	fact_rows_kernel,
	fact_rows_limits,
	fact_rows_process,
};

static void open_files(struct fact_files *files, const char *root)
{
	*files = (struct fact_files){
		.root = root,
		.cpuinfo = proc_read(root, "/proc/cpuinfo", NULL),
		.meminfo = proc_read(root, "/proc/meminfo", NULL),
		.status = proc_read(root, "/proc/self/status", NULL),
		.cmdline = proc_read(root, "/proc/cmdline", NULL),
		.mounts = proc_read(root, "/proc/self/mounts", NULL),
		.cgroup = proc_read(root, "/proc/self/cgroup", NULL),
	};
}

static void close_files(struct fact_files *files)
{
	free(files->cpuinfo);
	free(files->meminfo);
	free(files->status);
	free(files->cmdline);
	free(files->mounts);
	free(files->cgroup);
}

/* One line of plain text, whatever the file held. */
static char *clean_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *clean = malloc(size);
	if (clean)
		assay_sanitise(clean, size, text);
	return clean;
}

static bool read_fact(const struct fact_files *files, const struct fact_row *row,
		      struct assay_fact *ret)
{
	struct proc_why why = {"not readable here"};
	ASSAY_AUTO_FREE char *raw = row->read(files, row->argument, &why);
	*ret = (struct assay_fact){.key = row->key, .stable = row->stable};
	if (raw)
		ret->value = clean_copy(raw);
	else
		ret->unavailable = clean_copy(why.text);
	return ret->value || ret->unavailable;
}

enum assay_code environment_read_from(const char *root, struct assay_environment *ret,
				      struct assay_err *err)
{
	size_t n = 0;
	for (size_t topic = 0; topic < ASSAY_COUNT_OF(topics); topic++)
		for (const struct fact_row *row = topics[topic]; row->key; row++)
			n++;
	struct assay_environment environment = {.facts = calloc(n, sizeof(struct assay_fact))};
	bool ok = environment.facts != NULL;
	struct fact_files files;
	open_files(&files, root);
	for (size_t topic = 0; topic < ASSAY_COUNT_OF(topics); topic++)
		for (const struct fact_row *row = topics[topic]; ok && row->key; row++)
			ok = read_fact(&files, row, &environment.facts[environment.n++]);
	close_files(&files);
	if (!ok) {
		assay_environment_done(&environment);
		return assay_fail(err, ASSAY_ENOMEM, "environment record: out of memory");
	}
	*ret = environment;
	return ASSAY_OK;
}

enum assay_code assay_environment_read(struct assay_environment *ret, struct assay_err *err)
{
	return environment_read_from("", ret, err);
}

enum assay_code assay_environment_state(struct assay_environment *environment, const char *key,
					const char *value, struct assay_err *err)
{
	for (size_t i = 0; i < environment->n; i++) {
		struct assay_fact *fact = &environment->facts[i];
		if (strcmp(fact->key, key) != 0)
			continue;
		char *copy = clean_copy(value);
		if (!copy)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory");
		free(fact->value);
		free(fact->unavailable);
		fact->value = copy;
		fact->unavailable = NULL;
		return ASSAY_OK;
	}
	return assay_fail(err, ASSAY_EBUG, "no fact '%s'", key);
}

void assay_environment_done(struct assay_environment *environment)
{
	if (!environment)
		return;
	for (size_t i = 0; i < environment->n; i++) {
		free(environment->facts[i].value);
		free(environment->facts[i].unavailable);
	}
	free(environment->facts);
	*environment = (struct assay_environment){0};
}

const char *environment_value(const struct assay_environment *environment, const char *key)
{
	for (size_t i = 0; i < environment->n; i++)
		if (strcmp(environment->facts[i].key, key) == 0)
			return environment->facts[i].value;
	return NULL;
}

json_t *assay_environment_json(const struct assay_environment *environment)
{
	json_t *json = json_object();
	for (size_t i = 0; i < environment->n; i++) {
		const struct assay_fact *fact = &environment->facts[i];
		json_t *value = assay_json_text(fact->value);
		if (!fact->value) {
			value = json_object();
			json_object_set_new(value, "unavailable",
					    assay_json_text(fact->unavailable));
		}
		json_object_set_new(json, fact->key, value);
	}
	return json;
}

bool assay_environment_is_stable(const char *key)
{
	for (size_t topic = 0; topic < ASSAY_COUNT_OF(topics); topic++)
		for (const struct fact_row *row = topics[topic]; row->key; row++)
			if (strcmp(row->key, key) == 0)
				return row->stable;
	return false;
}

void assay_environment_hash(const struct assay_environment *environment, uint8_t ret[32])
{
	struct sha256_ctx hash;
	sha256_init(&hash);
	for (size_t i = 0; i < environment->n; i++) {
		const struct assay_fact *fact = &environment->facts[i];
		if (!fact->stable)
			continue;
		/* With the final NULs, so that neither key nor value can run into the next. The
		 * reason of what is unavailable is wording, not a fact. */
		const char *value = fact->value ? fact->value : "";
		sha256_update(&hash, strlen(fact->key) + 1, (const uint8_t *)fact->key);
		sha256_update(&hash, strlen(value) + 1, (const uint8_t *)value);
	}
	sha256_digest(&hash, SHA256_DIGEST_SIZE, ret);
}
