/* SPDX-License-Identifier: MIT */
/* front_relay: our balancers in a reverse proxy of one thread, in this process; see relay.h. */
#include "suites/concurrency/front.h"
#include "suites/concurrency/relay.h"

enum { ANSWER_MS = 5000, IDLE_MS = 10000, AWAY_MS = 1000 };

extern const struct assay_subject assay_subject_concurrency_round_robin,
	assay_subject_concurrency_smooth_weighted, assay_subject_concurrency_least_connections,
	assay_subject_concurrency_power_of_two, assay_subject_concurrency_peak_ewma,
	assay_subject_concurrency_join_idle;

static enum assay_code start(const struct front_config *config, struct front **ret,
			     uint16_t *ret_port, struct assay_err *err)
{
	static const struct assay_subject *const policies[FRONT_POLICIES_N] = {
		[FRONT_ROUND_ROBIN] = &assay_subject_concurrency_round_robin,
		[FRONT_WEIGHTED] = &assay_subject_concurrency_smooth_weighted,
		[FRONT_LEAST] = &assay_subject_concurrency_least_connections,
		[FRONT_TWO] = &assay_subject_concurrency_power_of_two,
		[FRONT_EWMA] = &assay_subject_concurrency_peak_ewma,
		[FRONT_IDLE] = &assay_subject_concurrency_join_idle};
	double weights[FRONT_BACKENDS_MAX];
	for (unsigned i = 0; i < config->backends; i++)
		weights[i] = config->weights[i];
	struct relay_config relay_config = {.policy = policies[config->policy]->ops,
					    .ports = config->ports,
					    .weights = weights,
					    .backends = config->backends,
					    .connections = config->connections,
					    .answer_ms = ANSWER_MS,
					    .idle_ms = IDLE_MS,
					    .away_ms = AWAY_MS,
					    .seed = config->seed};
	struct relay *relay = NULL;
	enum assay_code rc = relay_start(&relay_config, &relay, err);
	if (rc == ASSAY_OK) {
		*ret_port = relay_port(relay);
		*ret = (struct front *)relay;
	}
	return rc;
}

static void stop(struct front *front)
{
	relay_stop((struct relay *)front);
}

static const struct front_ops ops = {.start = start, .stop = stop};

const struct assay_subject assay_subject_concurrency_front_relay = {
	.interface = FRONT_INTERFACE,
	.brief = "our balancers in a reverse proxy of one thread",
	.ops = &ops,
};
