/* SPDX-License-Identifier: MIT */
/*
 * fetch_sim: a ring of the newest values, each with the time at which it is there. A value that nobody has
 * asked for when its place is taken was wasted. Fetches that a reader waits for are not held up by others.
 */
#include "suites/concurrency/fetch_sim.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/attr.h"
#include "harness/base/rng.h"

enum { KEYS = 4096, RUN = 1000, STRIDE = 7 };

struct value {
	uint64_t key, there_ns;
	bool used, any;
};

struct scene {
	const struct fetch_sim_config *config;
	struct assay_rng rng;
	uint32_t order[KEYS]; /* FETCH_CHAIN: which key follows which */
	uint64_t key, left;   /* of the pattern: the last one, and how many of a run are left */
	struct value values[FETCH_ROOM_MAX];
	unsigned at;
	uint64_t busy_until_ns[FETCH_SLOTS_MAX];
	struct fetch_sim_result *result;
};

/* One cycle through all keys [Sattolo 1986]. */
static void make_order(struct scene *s)
{
	for (uint32_t i = 0; i < KEYS; i++)
		s->order[i] = i;
	for (uint32_t i = KEYS - 1; i > 0; i--) {
		uint32_t k = (uint32_t)assay_rng_below(&s->rng, i), other = s->order[k];
		s->order[k] = s->order[i];
		s->order[i] = other;
	}
}

static uint64_t draw_key(struct scene *s)
{
	enum fetch_pattern pattern = s->config->pattern;
	if (pattern == FETCH_RANDOM || assay_rng_unit(&s->rng) < s->config->strays)
		return assay_rng_below(&s->rng, KEYS);
	if (pattern == FETCH_CHAIN)
		return s->key = s->order[s->key % KEYS];
	if (!s->left) {
		s->left = RUN;
		s->key = assay_rng_next(&s->rng) >> 16;
	}
	s->left--;
	return s->key += pattern == FETCH_STRIDED ? STRIDE : 1;
}

static struct value *find(struct scene *s, uint64_t key)
{
	for (unsigned i = 0; i < s->config->room; i++)
		if (s->values[i].any && s->values[i].key == key)
			return &s->values[i];
	return NULL;
}

static void keep(struct scene *s, struct value value)
{
	struct value *place = &s->values[s->at];
	s->result->wasted += place->any && !place->used;
	*place = value;
	s->at = s->at + 1 < s->config->room ? s->at + 1 : 0;
}

static uint64_t ask(struct scene *s, uint64_t key, uint64_t now_ns)
{
	struct fetch_sim_result *r = s->result;
	struct value *v = find(s, key);
	if (!v) {
		r->misses++;
		keep(s, (struct value){key, now_ns + s->config->fetch_ns, true, true});
		return now_ns + s->config->fetch_ns;
	}
	v->used = true;
	*(v->there_ns <= now_ns ? &r->hits : &r->late) += 1;
	return v->there_ns > now_ns ? v->there_ns : now_ns;
}

/* As many as there are slots free; what is left out may be guessed again next time. */
static void fetch_ahead(struct scene *s, struct guess *guess, uint64_t key, uint64_t now_ns)
{
	uint64_t keys[GUESS_MOST];
	unsigned n = guess_after(guess, key, keys, s->config->ahead), slot = 0;
	for (unsigned i = 0; i < n; i++) {
		if (keys[i] == key || find(s, keys[i]))
			continue;
		while (slot < s->config->slots && s->busy_until_ns[slot] > now_ns)
			slot++;
		if (slot == s->config->slots)
			return;
		s->busy_until_ns[slot] = now_ns + s->config->fetch_ns;
		s->result->ahead++;
		keep(s, (struct value){keys[i], s->busy_until_ns[slot], false, true});
	}
}

static void play(struct scene *s, struct guess *guess)
{
	uint64_t now_ns = 0;
	for (uint32_t i = 0; i < s->config->requests; i++) {
		double think_ns = -log(1 - assay_rng_unit(&s->rng)) * s->config->think_ns;
		now_ns += (uint64_t)think_ns;
		uint64_t key = draw_key(s), asked_ns = now_ns;
		now_ns = ask(s, key, now_ns);
		s->result->waited_ns += (double)(now_ns - asked_ns);
		/* told when it was asked for, so that the rest is fetched meanwhile */
		fetch_ahead(s, guess, key, asked_ns);
	}
	for (unsigned i = 0; i < s->config->room; i++)
		s->result->wasted += s->values[i].any && !s->values[i].used;
}

enum assay_code fetch_sim(const struct fetch_sim_config *config, struct fetch_sim_result *ret,
			  struct assay_err *err)
{
	*ret = (struct fetch_sim_result){0};
	if (config->room < 1 || config->room > FETCH_ROOM_MAX || config->slots < 1 ||
	    config->slots > FETCH_SLOTS_MAX || config->ahead > GUESS_MOST)
		return assay_fail(err, ASSAY_EUSAGE,
				  "room for %u, %u slots, %u ahead: at most %d, %d and %d",
				  config->room, config->slots, config->ahead, FETCH_ROOM_MAX,
				  FETCH_SLOTS_MAX, GUESS_MOST);
	if (!(config->think_ns >= 0 && config->strays >= 0 && config->strays <= 1))
		return assay_fail(err, ASSAY_EUSAGE, "times: at least 0; strays: from 0 to 1");
	struct guess *guess = NULL;
	enum assay_code rc = guess_new(config->rule, KEYS, &guess, err);
	if (rc != ASSAY_OK)
		return rc;
	struct scene *s = calloc(1, sizeof(*s));
	if (s) {
		s->config = config;
		s->result = ret;
		assay_rng_init(&s->rng, config->seed);
		make_order(s);
		play(s, guess);
	} else {
		rc = assay_fail(err, ASSAY_ENOMEM, "no memory for a simulation");
	}
	free(s);
	guess_free(guess);
	return rc;
}
