/* SPDX-License-Identifier: MIT */
/* NCCL, by its stand-in: what arrives is right, wrong floats are caught, and every call that fails ends in a sentence. */
#include <stdio.h>
#include <stdlib.h>

#include "suites/scaling/comm.h"
#include "suites/scaling/nccl.h"
#include "suites/scaling/scaling.h"
#include "suites/table.h"
#include "tests/t.h"

static const struct comm_ops *nccl(void)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "scaling") == 0 && strcmp(e->name, "nccl") == 0)
			return e->subject->ops;
	return NULL;
}

static int settings(void **state)
{
	(void)state;
	return setenv("FAKE_CUDA", "devices=3", 1) != 0 || unsetenv("FAKE_NCCL") != 0;
}

/* Everything once; the first thing that goes wrong. */
static enum assay_code do_all(unsigned ranks, size_t count, struct assay_err *err)
{
	const struct comm_ops *ops = nccl();
	struct comm *comm;
	enum assay_code code = ops->start(ranks, NULL, count, &comm, err);
	if (code != ASSAY_OK)
		return code;
	for (int op = 0; op < COMM_OPS && code == ASSAY_OK; op++) {
		uint64_t ns = 0;
		if (op == COMM_PT2PT && ranks < 2)
			continue;
		code = ops->run(comm, (enum comm_op)op, 3, &ns, err);
		if (code == ASSAY_OK)
			code = ops->verify(comm, (enum comm_op)op, 5, err);
		if (code == ASSAY_OK)
			assert_true(ns > 0);
	}
	ops->stop(comm);
	return code;
}

static void what_arrives_is_right(void **state)
{
	(void)state;
	struct assay_err err = {0};
	assert_ok(scaling_check_comm(nccl(), 7, &err));
	assert_ok(do_all(1, 10, &err));
	assert_ok(do_all(2, 1, &err));
	assert_ok(do_all(3, 2500, &err));
}

static void wrong_sums_are_caught(void **state)
{
	(void)state;
	struct assay_err err = {0};
	setenv("FAKE_NCCL", "wrong", 1);
	assert_fails(do_all(2, 2500, &err), ASSAY_ECHECK,
		     "allreduce: rank 0 has 3 wrong floats of 2500");
}

/* Each function that says what came of it, in turn. */
static void each_call_may_fail(void **state)
{
	(void)state;
	static const struct {
		const char *fails, *says;
	} calls[] = {
		{"ncclGetUniqueId", "rank 0: NCCL: ncclGetUniqueId gives 3 (internal error)"},
		{"ncclCommInitRank", "rank 0: NCCL: ncclCommInitRank gives 3 (internal error)"},
		{"ncclAllReduce", "rank 0: NCCL: ncclAllReduce gives 3 (internal error)"},
		{"ncclBroadcast", "rank 0: NCCL: ncclBroadcast gives 3 (internal error)"},
		{"ncclSend", "rank 0: NCCL: ncclSend gives 3 (internal error)"},
		{"ncclRecv", "rank 0: NCCL: ncclSend gives 6 (remote"}, /* who sends is told */
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(calls); i++) {
		struct assay_err err = {0};
		setenv("FAKE_NCCL", calls[i].fails, 1);
		assert_fails(do_all(2, 10, &err), ASSAY_EIO, calls[i].says);
	}
}

static void each_call_of_the_driver_may_fail(void **state)
{
	(void)state;
	enum { FEWEST = 30, ENOUGH = 20 };
	int failed = 0, well = 0; /* one that looks twice whether a stream is done forgives */
	for (int n = 1; well < ENOUGH; n++) {
		struct assay_err err = {0};
		char said[80];
		snprintf(said, sizeof(said), "devices=2,fail=%d", n);
		setenv("FAKE_CUDA", said, 1);
		enum assay_code code = do_all(2, 10, &err);
		well = code == ASSAY_OK ? well + 1 : 0;
		failed += code != ASSAY_OK;
		if (code == ASSAY_SKIP)
			assert_non_null(strstr(err.text, "finds no device"));
		else if (code != ASSAY_OK)
			assert_fails(code, ASSAY_EIO, " gives ");
	}
	assert_in_range(failed, FEWEST, 1000);
}

static void what_is_missing_is_a_reason(void **state)
{
	(void)state;
	static const struct {
		const char *settings, *says;
	} machines[] = {
		{"devices=1", "2 ranks want a GPU each, and here is 1"},
		{"devices=0", "the CUDA driver finds no device (status 0)"},
		{"init=100", "the CUDA driver finds no device (status 100)"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(machines); i++) {
		struct assay_err err = {0};
		setenv("FAKE_CUDA", machines[i].settings, 1);
		assert_fails(do_all(2, 10, &err), ASSAY_SKIP, machines[i].says);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, settings)
	const struct CMUnitTest tests[] = {
		T(what_arrives_is_right),       T(wrong_sums_are_caught),
		T(each_call_may_fail),          T(each_call_of_the_driver_may_fail),
		T(what_is_missing_is_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
