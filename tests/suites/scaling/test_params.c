/* SPDX-License-Identifier: MIT */
/* Every place where parameters are kept passes the oracle; one that forgets is caught; a dead server is said. */
#include "suites/scaling/params.h"

#include "suites/table.h"
#include "tests/t.h"

static const struct params_ops *ops_of(const char *name)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "scaling") == 0 && strcmp(e->name, name) == 0)
			return e->subject->ops;
	return NULL;
}

static void places_pass_the_oracle(void **state)
{
	(void)state;
	static const char *const names[] = {"params_shm", "params_view", "params_tcp",
					    "params_redis"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(names); i++) {
		struct assay_err err = {0};
		enum assay_code code = scaling_check_params(ops_of(names[i]), 3 + i, &err);
		if (code == ASSAY_SKIP)
			print_message("%s: %s\n", names[i], err.text);
		else
			assert_ok(code);
	}
}

static enum assay_code forget(struct params_link *link, const float *gradient,
			      struct assay_err *err)
{
	(void)link;
	(void)gradient;
	(void)err;
	return ASSAY_OK;
}

/* Pulls, but pushes nothing. */
static enum assay_code half_exchange(struct params_link *link, const float *gradient, float *into,
				     struct assay_err *err)
{
	(void)gradient;
	return ops_of("params_shm")->pull(link, into, err);
}

static const float *look_elsewhere(struct params_link *link)
{
	static const float nothing[1 << 16];
	(void)link;
	return nothing;
}

static void one_that_forgets_is_caught(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct params_ops forgetful = *ops_of("params_shm");
	forgetful.push = forget;
	assert_fails(scaling_check_params(&forgetful, 1, &err), ASSAY_ECHECK, "parameter 0 is 0");
	forgetful = *ops_of("params_shm");
	forgetful.exchange = half_exchange;
	assert_fails(scaling_check_params(&forgetful, 1, &err), ASSAY_ECHECK, "parameter 0 is");
	forgetful = *ops_of("params_view");
	forgetful.view = look_elsewhere;
	assert_fails(scaling_check_params(&forgetful, 1, &err), ASSAY_ECHECK, "parameter 0 is 0");
}

/* The server is stopped under a worker. */
static void a_server_that_is_gone_is_said(void **state)
{
	(void)state;
	struct assay_err err = {0};
	const struct params_ops *ops = ops_of("params_tcp");
	struct params *params;
	struct params_link *link;
	float values[10] = {0};
	enum assay_code code = ops->start(10, &params, &err);
	if (code == ASSAY_SKIP)
		skip();
	assert_ok(code);
	assert_ok(ops->connect(params, &link, &err));
	assert_ok(ops->push(link, values, &err));
	ops->stop(params);
	assert_fails(ops->push(link, values, &err), ASSAY_EIO, "parameter server has gone");
	assert_fails(ops->pull(link, values, &err), ASSAY_EIO, "parameter server has gone");
	ops->disconnect(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_pass_the_oracle),
		cmocka_unit_test(one_that_forgets_is_caught),
		cmocka_unit_test(a_server_that_is_gone_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
