/* SPDX-License-Identifier: MIT */
/* fixture: what the store's tests share. */
#include "tests/store/fixture.h"
#include "tests/temporary.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	if (!folder)
		return -1;
	if (!mkdtemp(t_path(folder->path, "store")) || chmod(folder->path, 0755) != 0)
		return -1;
	snprintf(folder->db, sizeof(folder->db), "%s/results.db", folder->path);
	*state = folder;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int folder_teardown(void **state)
{
	struct folder *folder = *state;
	int rc = nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(folder);
	return rc;
}

struct assay_run_info sample_run(unsigned which)
{
	static const struct assay_tag tags[] = {{"branch", "main"}, {"note", "it's \"quoted\""}};
	struct assay_run_info info = {
		.started_ns = UINT64_C(1700000000123456789) + which * UINT64_C(60000000000),
		.seed = UINT64_C(0xfedcba9876543210) + which,
		.profile = "ci",
		.command = "[\"assay\",\"run\"]",
		.plan = "{\"patterns\":[\"memory\"]}",
		.noise = 'B',
		.machine_name = which % 2 ? "beta" : "alpha",
		.topology_xml = "<topology/>",
		.machine_json = "{\"pus\":2}",
		.environment_json = "{\"kernel.release\":\"6.1\"}",
		.version = "0.1.0",
		.commit = which % 2 ? "1a2b3c4d5e6f" : "1affffffffff",
		.dirty = which % 2,
		.tags = tags,
		.n_tags = 2,
	};
	memset(info.fingerprint, (int)(which % 2), sizeof(info.fingerprint));
	memset(info.environment_hash, 7, sizeof(info.environment_hash));
	/* All of one prefix, so that eight digits of it are ambiguous. */
	memset(info.uuid, 0xab, sizeof(info.uuid));
	info.uuid[15] = (uint8_t)which;
	return info;
}

static void fill_estimate(struct assay_estimate *e)
{
	*e = (struct assay_estimate){60,  12.5, 12.25, 12.75, 11,    99, 13.5,
				     2.5, 0.75, 12.5,  14.25, 55.55, NAN};
}

static void fill_samples(struct sample *s)
{
	for (int i = 0; i < FIXTURE_SAMPLES; i++) {
		s->values[i] = 12.5 + i / 7.0;
		s->flags[i] = i % 9 == 0 ? ASSAY_SAMPLE_PREEMPTED : 0;
	}
	memcpy(s->ends, (uint32_t[]){20, 41, FIXTURE_SAMPLES}, sizeof(s->ends));
	s->result.samples = (struct assay_samples){s->values, s->flags, FIXTURE_SAMPLES, s->ends,
						   FIXTURE_LAUNCHES};
	memcpy(s->index, (uint32_t[]){3, 400, 70000}, sizeof(s->index));
	memcpy(s->tally, (uint64_t[]){1, UINT64_C(1) << 40, 5}, sizeof(s->tally));
	s->result.histogram = (struct assay_histogram_data){s->index, s->tally, 3};
}

static void fill_counts(struct sample *s)
{
	s->counts[0] = (struct assay_count){"instructions",    "papi", "",  ASSAY_SCALED, 123.25,
					    UINT64_C(1) << 50, 1000,   500, "multiplexed"};
	s->counts[1] = (struct assay_count){.event = "cycles", .reason = "no hardware unit"};
	s->result.counters = s->counts;
	s->result.n_counters = 2;
}

void sample_result(struct sample *s, unsigned which)
{
	*s = (struct sample){0};
	snprintf(s->size, sizeof(s->size), "%u", 16 + which);
	snprintf(s->name, sizeof(s->name), "memory/alloc/size:%s/kind:heap/subject:pool/threads:2",
		 s->size);
	s->params[0] = (struct assay_param){"size", s->size};
	s->params[1] = (struct assay_param){"kind", "heap"};
	s->result = (struct assay_result){
		.name = s->name,
		.suite = "memory",
		.benchmark = "alloc",
		.subject = "pool",
		.version = 4,
		.threads = 2,
		.params = s->params,
		.n_params = 2,
		.metric = {"time", "ns/op", ASSAY_LOWER},
		.primary = true,
		.status = ASSAY_STATUS_UNSTABLE,
		.reason = "still drifting",
		.bytes_per_op = 16.5,
		.flops_per_op = 2.25,
		.cpu_ratio = 0.875,
		.flags = ASSAY_RESULT_DRIFT | ASSAY_RESULT_UNPINNED,
		.driver = "native",
		.clock = "monotonic",
		.noise = 'C',
		.started_ns = UINT64_C(1700000000999999999) + which,
		.elapsed_ns = 123456789,
	};
	fill_estimate(&s->result.estimate);
	fill_samples(s);
	fill_counts(s);
}

unsigned char *slurp(const char *path, size_t *ret_size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes = NULL;
	if (fd >= 0 && fstat(fd, &st) == 0 && (bytes = malloc((size_t)st.st_size + 1)) &&
	    read(fd, bytes, (size_t)st.st_size) == st.st_size) {
		*ret_size = (size_t)st.st_size;
	} else {
		free(bytes);
		bytes = NULL;
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

int spit(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "w");
	if (!file)
		return -1;
	size_t written = fwrite(bytes, 1, size, file);
	return fclose(file) == 0 && written == size ? 0 : -1;
}
