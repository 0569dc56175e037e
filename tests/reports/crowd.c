/* SPDX-License-Identifier: MIT */
/* crowd: cases whose figures are drawn from a seed. */
#include "tests/reports/crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/rng.h"

enum { LAUNCHES = 5, BENCHES = 40, SUBJECTS = 5 };

struct text {
	char benchmark[24], subject[24], size[24], name[120];
};

struct crowd {
	struct assay_run_info run;
	struct assay_result *results;
	struct assay_param *params;
	struct text *texts;
	double *values;
	uint8_t *flags;
	uint32_t ends[LAUNCHES];
	size_t n, samples;
};

static void *grab(size_t n, size_t each)
{
	void *memory = calloc(n, each);
	if (!memory)
		abort();
	return memory;
}

static void fill_text(struct text *t, size_t i)
{
	size_t bench = i % BENCHES, subject = i / BENCHES % SUBJECTS,
	       size = i / BENCHES / SUBJECTS + 1;
	snprintf(t->benchmark, sizeof(t->benchmark), "bench_%zu", bench % 1000);
	snprintf(t->subject, sizeof(t->subject), "subject_%zu", subject % 1000);
	snprintf(t->size, sizeof(t->size), "%zuKi", size % 1000000);
	snprintf(t->name, sizeof(t->name), "memory/%s/size:%s/subject:%s/threads:1", t->benchmark,
		 t->size, t->subject);
}

static void fill_case(struct crowd *c, size_t i, struct assay_rng *rng)
{
	struct text *text = &c->texts[i];
	double *values = c->values + i * c->samples;
	fill_text(text, i);
	c->params[i] = (struct assay_param){"size", text->size};
	for (size_t s = 0; s < c->samples; s++)
		values[s] = 10 + assay_rng_unit(rng);
	c->results[i] = (struct assay_result){
		.name = text->name,
		.suite = "memory",
		.benchmark = text->benchmark,
		.subject = text->subject,
		.version = 1,
		.threads = 1,
		.params = &c->params[i],
		.n_params = 1,
		.metric = {"time", "ns/op", ASSAY_LOWER},
		.primary = true,
		.reason = "",
		.driver = "native",
		.clock = "monotonic",
		.noise = 'B',
		.samples = {values, c->flags + i * c->samples, c->samples, c->ends, LAUNCHES},
		.estimate = {.n = c->samples,
			     .median = values[0],
			     .lo = 0.999 * values[0],
			     .hi = 1.001 * values[0],
			     .min = values[1],
			     .max = values[2],
			     .mean = values[3],
			     .sd = values[4],
			     .mad = 0.1,
			     .p50 = values[0]},
	};
}

struct crowd *crowd_new(size_t n, size_t samples)
{
	struct assay_rng rng;
	struct crowd *c = grab(1, sizeof(*c));
	*c = (struct crowd){
		.run = {.id = 1, .profile = "full", .noise = 'B'},
		.results = grab(n, sizeof(struct assay_result)),
		.params = grab(n, sizeof(struct assay_param)),
		.texts = grab(n, sizeof(struct text)),
		.values = grab(n * samples, sizeof(double)),
		.flags = grab(n * samples, 1),
		.n = n,
		.samples = samples,
	};
	for (size_t l = 0; l < LAUNCHES; l++)
		c->ends[l] = (uint32_t)((l + 1) * samples / LAUNCHES);
	assay_rng_init(&rng, 1);
	for (size_t i = 0; i < n; i++)
		fill_case(c, i, &rng);
	return c;
}

void crowd_free(struct crowd *c)
{
	free(c->results);
	free(c->params);
	free(c->texts);
	free(c->values);
	free(c->flags);
	free(c);
}

void crowd_scale(struct crowd *c, double factor)
{
	for (size_t i = 0; i < c->n * c->samples; i++)
		c->values[i] *= factor;
	for (size_t i = 0; i < c->n; i++) {
		struct assay_estimate *e = &c->results[i].estimate;
		double *const all[] = {&e->median, &e->lo, &e->hi,  &e->min, &e->max,
				       &e->mean,   &e->sd, &e->mad, &e->p50};
		for (size_t k = 0; k < ASSAY_COUNT_OF(all); k++)
			*all[k] *= factor;
	}
}

struct assay_report_input crowd_input(const struct crowd *c)
{
	return (struct assay_report_input){
		.run = &c->run, .results = c->results, .n_results = c->n};
}
