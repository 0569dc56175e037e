/* SPDX-License-Identifier: MIT */
/* test_gpu: devices against their oracle, the oracle against devices that lie. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "suites/gpu/anywhere.h"
#include "suites/gpu/product.h"
#include "suites/gpu/subjects/host_product.h"
#include "suites/gpu/walk.h"
#include "suites/kernels/kernel.h"
#include "tests/suites/gpu/open_opencl.h"
#include "tests/temporary.h"

/* PoCL 3.1 keeps a little of its compiler for contexts that are opened again and again. */
ASSAY_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpocl.so\n";
}

static const struct assay_suite *suite(void)
{
	for (const struct assay_suite_entry *e = assay_suite_table; e->name; e++)
		if (strcmp(e->name, "gpu") == 0)
			return e->suite;
	return NULL;
}

static const struct gpu_ops *host_ops(void)
{
	return subject("host")->ops;
}

/* A copy of the host device in which a test replaces one function. */
static enum assay_code check_ops(const struct gpu_ops *ops, struct assay_err *err)
{
	struct assay_subject liar = {.brief = "liar", .ops = ops};
	return suite()->check(&liar, 4711, err);
}

static void null_and_host_pass_the_oracle(void **state)
{
	(void)state;
	struct assay_err err = {0};
	assert_ok(suite()->check(subject("null"), 1, &err));
	for (uint64_t seed = 1; seed <= 3; seed++)
		assert_ok(suite()->check(subject("host"), seed, &err));
}

static enum assay_code launch_nothing(struct gpu_stream *stream, const struct gpu_launch *launch,
				      struct assay_err *err)
{
	return ASSAY_OK;
}

/* Computes one element less, or one too many: the size parameter is not kept to. */
static enum assay_code launch_with(struct gpu_stream *stream, const struct gpu_launch *launch,
				   uint32_t more, struct assay_err *err)
{
	struct gpu_arg args[GPU_MAX_ARGS];
	memcpy(args, launch->args, launch->n_args * sizeof(*args));
	args[4].value.u += more;
	struct gpu_launch other = gpu_over(launch->kernel, args, launch->n_args, args[4].value.u);
	return host_ops()->launch(stream, &other, err);
}

static enum assay_code launch_short(struct gpu_stream *stream, const struct gpu_launch *launch,
				    struct assay_err *err)
{
	return launch_with(stream, launch, UINT32_MAX, err);
}

static enum assay_code launch_long(struct gpu_stream *stream, const struct gpu_launch *launch,
				   struct assay_err *err)
{
	return launch_with(stream, launch, 1, err);
}

static enum assay_code span_backwards(struct gpu_span *span, double *ret_ns, struct assay_err *err)
{
	*ret_ns = -1;
	return ASSAY_OK;
}

static enum assay_code write_half(struct gpu_stream *stream, struct gpu_buffer *to,
				  const void *from, size_t bytes, struct assay_err *err)
{
	return host_ops()->write(stream, to, from, bytes / 2, err);
}

static void the_oracle_catches_every_lie(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct gpu_ops ops = *host_ops();
	ops.launch = launch_nothing;
	assert_fails(check_ops(&ops, &err), ASSAY_ECHECK, "element 0");
	ops.launch = launch_short;
	assert_fails(check_ops(&ops, &err), ASSAY_ECHECK, "expected");
	ops.launch = launch_long;
	assert_fails(check_ops(&ops, &err), ASSAY_ECHECK, "behind its end");
	ops = *host_ops();
	ops.span_ns = span_backwards;
	assert_fails(check_ops(&ops, &err), ASSAY_ECHECK, "ran for -1 ns");
	ops = *host_ops();
	ops.write = write_half;
	assert_fails(check_ops(&ops, &err), ASSAY_ECHECK, "came back changed");
}

static void an_answer_may_be_fused_but_not_wrong(void **state)
{
	(void)state;
	float b[] = {1.1f, -3.3f}, c[] = {0.7f, 1.1f}, s = 3.0f;
	float fused[] = {fmaf(s, c[0], b[0]), fmaf(s, c[1], b[1])};
	float wrong[] = {fused[0], fused[1] + 1e-5f};
	float nan[] = {fused[0], NAN};
	struct assay_err err = {0};
	assert_ok(gpu_stream_check(&gpu_kernel_triad, fused, b, c, s, 2, 0, &err));
	assert_fails(gpu_stream_check(&gpu_kernel_triad, wrong, b, c, s, 2, 0, &err), ASSAY_ECHECK,
		     "element 1");
	assert_fails(gpu_stream_check(&gpu_kernel_triad, nan, b, c, s, 2, 0, &err), ASSAY_ECHECK,
		     "element 1");
}

/* A product, which checks itself; false: the device has not that way or type. */
static bool multiply(struct gpu_session *session, enum gpu_way way, enum gpu_type type)
{
	struct gpu_trial trial;
	struct assay_err err = {0};
	enum assay_code code = gpu_trial_open(&trial, session, way, type, 64, 5, &err);
	if (code != ASSAY_SKIP)
		assert_ok(code);
	gpu_trial_close(&trial);
	return code == ASSAY_OK;
}

/* All of a product but its first element, where the poison stays. */
static enum assay_code launch_all_but_one(struct gpu_stream *stream,
					  const struct gpu_launch *launch, struct assay_err *err)
{
	static const unsigned char poison[4] = {0xa5, 0xa5, 0xa5, 0xa5};
	enum assay_code code = host_ops()->launch(stream, launch, err);
	return code == ASSAY_OK ? host_ops()->write(stream, launch->args[2].value.buffer, poison,
						    sizeof(poison), err)
				: code;
}

static void an_element_that_is_never_written_is_found(void **state)
{
	static const enum gpu_type types[] = {GPU_FP32, GPU_BF16, GPU_INT8};
	struct gpu_ops ops = *host_ops();
	struct gpu_session session = {.ops = &ops};
	struct gpu_trial trial;
	struct assay_err err = {0};
	ops.launch = launch_all_but_one;
	assert_ok(gpu_open(&session, &err));
	for (size_t i = 0; i < ASSAY_COUNT_OF(types); i++) {
		assert_fails(gpu_trial_open(&trial, &session, GPU_NAIVE, types[i], 256, 5, &err),
			     ASSAY_ECHECK, "row 0, column 0 was never written");
		gpu_trial_close(&trial);
	}
	gpu_close(&session);
}

static unsigned multiply_all(const struct gpu_ops *ops)
{
	struct gpu_session session = {.ops = ops};
	struct assay_err err = {0};
	unsigned done = 0;
	assert_ok(gpu_open(&session, &err));
	for (enum gpu_way way = 0; way < GPU_WAYS; way++)
		for (enum gpu_type type = 0; type < GPU_TYPES; type++)
			done += multiply(&session, way, type);
	gpu_close(&session);
	return done;
}

static void products_of_the_host_are_right(void **state)
{
	struct host_blas blas;
	bool has_blas = host_blas_load("libopenblas.so.0", &blas, NULL) == ASSAY_OK;
	assert_int_equal(multiply_all(host_ops()), has_blas ? 9 : 8);
	struct assay_err err = {0};
	assert_fails(host_blas_load("libNoSuchBlas.so.0", &blas, &err), ASSAY_SKIP,
		     "libNoSuchBlas");
	assert_fails(host_blas_load("libm.so.6", &blas, &err), ASSAY_SKIP, "no cblas_sgemm");
}

/* Whole numbers, so that any order gives the same sums; sizes that no block divides. */
static void a_type_that_is_not_there_has_a_reason(void **state)
{
	struct gpu_session session = {.ops = host_ops()};
	struct gpu_trial trial;
	struct assay_err err = {0};
	assert_ok(gpu_open(&session, &err));
	assert_fails(gpu_trial_open(&trial, &session, GPU_NAIVE, GPU_TF32, 64, 1, &err), ASSAY_SKIP,
		     "a type of matrix units");
	gpu_trial_close(&trial);
	assert_fails(gpu_trial_open(&trial, &session, GPU_NAIVE, GPU_FP32, 65, 1, &err), ASSAY_SKIP,
		     "a multiple of 16");
	gpu_trial_close(&trial);
	assert_fails(gpu_trial_open(&trial, &session, GPU_TENSOR, GPU_BF16, 128, 1, &err),
		     ASSAY_SKIP, "plain C");
	gpu_trial_close(&trial);
	gpu_close(&session);
}

static void opencl_passes_the_oracle(void **state)
{
	(void)state;
	const struct gpu_ops *ops;
	struct assay_err err = {0};
	struct gpu_device *device = open_opencl(&ops);
	print_message("# %s\n", ops->info(device)->text);
	ops->close(device);
	assert_ok(suite()->check(subject("opencl"), 99, &err));
}

static void products_of_opencl_are_right(void **state)
{
	const struct gpu_ops *ops;
	struct gpu_device *device = open_opencl(&ops);
	ops->close(device);
	if (getenv("ASSAY_SOAK")) {
		assert_int_equal(multiply_all(ops), 8);
		return;
	}
	/* Each way and each type: PoCL takes its time to compile one. */
	struct gpu_session session = {.ops = ops};
	struct assay_err err = {0};
	assert_ok(gpu_open(&session, &err));
	assert_true(multiply(&session, GPU_NAIVE, GPU_FP32));
	assert_true(multiply(&session, GPU_NAIVE, GPU_FP16));
	assert_true(multiply(&session, GPU_TILED, GPU_BF16));
	assert_true(multiply(&session, GPU_TILED, GPU_INT8));
	gpu_close(&session);
}

/* Rows of every workload: what the device computes, and nothing that the CPU did instead. */
static void rows_of_opencl_are_right(void **state)
{
	enum { ROWS = 100, WIDEST = 2048 };
	static float shared[1 << 14], in[ROWS * WIDEST], out[ROWS * WIDEST], want[ROWS * WIDEST];
	const struct gpu_ops *ops;
	struct gpu_device *device = open_opencl(&ops);
	ops->close(device);
	for (size_t i = 0; i < GPU_ROW_KERNELS; i++) {
		const struct gpu_row_kernel *row = &gpu_row_kernels[i];
		const struct kernel *kind = &kernels[row->number];
		struct gpu_anywhere where;
		struct assay_err err = {0};
		assert_true(kind->in <= WIDEST && kind->out <= WIDEST);
		assert_true(kind->shared * sizeof(float) <= sizeof(shared));
		if (kind->fill_shared)
			kind->fill_shared(shared);
		for (size_t r = 0; r < ROWS; r++)
			kind->fill(in + r * kind->in, 7, r);
		memset(out, 0xa5, sizeof(out));
		kernel_scalar.rows[row->number](shared, in, want, ROWS);
		gpu_anywhere_open(&where, ops, row);
		assert_true(gpu_anywhere_rows(&where, shared, in, out, ROWS, 0));
		assert_ok(gpu_rows_check(row, shared, in, out, want, ROWS, &err));
		out[3] += 1;
		assert_fails(gpu_rows_check(row, shared, in, out, want, ROWS, &err), ASSAY_ECHECK,
			     "row ");
		gpu_anywhere_close(&where);
	}
}

/* NaN is near nothing: not by a tie, not at a threshold, not in a product. */
static void a_nan_is_never_right(void **state)
{
	enum { WIDEST = 2048, N = 16 };
	static float shared[1 << 14], in[WIDEST], want[WIDEST];
	for (size_t i = 0; i < GPU_ROW_KERNELS; i++) {
		const struct gpu_row_kernel *row = &gpu_row_kernels[i];
		const struct kernel *kind = &kernels[row->number];
		struct assay_err err = {0};
		if (kind->fill_shared)
			kind->fill_shared(shared);
		kind->fill(in, 7, 0);
		/* A neuron that comes just to its threshold: whether it fires, rounding decides. */
		if (row->source == &gpu_kernel_spiking) {
			in[0] = 0.9f;
			in[32] = 1.9f;
		}
		kernel_scalar.rows[row->number](shared, in, want, 1);
		assert_ok(gpu_rows_check(row, shared, in, want, want, 1, &err));
		for (size_t at = 0; at < kind->out; at++) {
			float kept = want[at], got[WIDEST];
			memcpy(got, want, sizeof(got));
			got[at] = NAN;
			assert_fails(gpu_rows_check(row, shared, in, got, want, 1, &err),
				     ASSAY_ECHECK, "nan");
			assert_true(want[at] == kept);
		}
	}
	struct assay_err err = {0};
	float a[N * N], c[N * N];
	double error;
	gpu_fill(a, N * N, 3);
	const struct gpu_operands operands = {
		.type = GPU_FP32, .n = N, .exact = {a, a}, .packed = {a, a}};
	for (size_t i = 0; i < N * N; i++)
		c[i] = NAN;
	assert_fails(gpu_gemm_check(&operands, c, 64, 1, &error, &err), ASSAY_ECHECK, "nan");
}

/* Kernels that stream through memory, but the two that the oracle tries: a launch each, checked in double. */
static void streams_of_opencl_are_right(void **state)
{
	enum { N = 5000, GROUPS = 3 };
	static float host[3][N];
	const struct gpu_ops *ops;
	struct gpu_device *device = open_opencl(&ops);
	struct gpu_session s = {.ops = ops};
	struct assay_err err = {0};
	struct gpu_buffer *buffers[3];
	struct gpu_arg args[5] = {[3] = {GPU_FLOAT, {.f = 3}}, [4] = {GPU_UINT, {.u = N}}};
	ops->close(device);
	assert_ok(gpu_open(&s, &err));
	for (int i = 0; i < 3; i++) {
		gpu_fill(host[i], N, (uint64_t)i);
		assert_ok(ops->alloc(s.device, GPU_PLAIN, sizeof(host[i]), &buffers[i], &err));
		assert_ok(gpu_upload(&s, buffers[i], host[i], sizeof(host[i]), &err));
		args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = buffers[i]}};
	}
	for (size_t k = 0; k < GPU_STREAM_KERNELS; k++) {
		struct gpu_kernel *kernel;
		const struct gpu_kernel_source *source = gpu_stream_kernels[k].source;
		double ns;
		if (source == &gpu_kernel_triad || source == &gpu_kernel_copy)
			continue;
		assert_ok(ops->build(s.device, source, &kernel, &err));
		struct gpu_launch launch = gpu_over(kernel, args, 5, N);
		if (k == GPU_STREAM_DOT)
			launch.groups[0] = GROUPS;
		assert_ok(gpu_run(&s, &launch, &ns, &err));
		assert_ok(gpu_download(&s, host[0], buffers[0], sizeof(host[0]), &err));
		assert_ok(gpu_stream_check(source, host[0], host[1], host[2], 3, N, GROUPS, &err));
		ops->unbuild(s.device, kernel);
	}
	for (int i = 0; i < 3; i++)
		ops->release(s.device, buffers[i]);
	gpu_close(&s);
}

/* One launch of a chain of arithmetic in a type, poison where it goes, and what the check says of it. */
static enum assay_code run_roof(const struct gpu_ops *ops, unsigned type, uint32_t rounds,
				void *answer, void *words, size_t n, struct assay_err *err)
{
	const struct gpu_roof *roof = &gpu_roofs[type];
	const uint32_t numbers[] = {rounds, (uint32_t)n, roof->factor, roof->addend};
	const size_t bytes = n * roof->bytes;
	struct gpu_session s = {.ops = ops};
	struct gpu_kernel *kernel = NULL;
	struct gpu_buffer *buffers[2] = {NULL};
	struct gpu_arg args[6];
	double ns;
	enum assay_code code = gpu_open(&s, err);
	if (code == ASSAY_OK && roof->needs != GPU_FEATURES)
		code = gpu_needs(&s, roof->needs, err);
	if (code == ASSAY_OK)
		code = ops->build(s.device, roof->source, &kernel, err);
	memset(answer, 0xa5, bytes);
	gpu_roof_fill(type, words, n, 7 + type);
	for (int i = 0; i < 2 && code == ASSAY_OK; i++) {
		code = ops->alloc(s.device, GPU_PLAIN, bytes, &buffers[i], err);
		if (code == ASSAY_OK)
			code = gpu_upload(&s, buffers[i], i ? words : answer, bytes, err);
		args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = buffers[i]}};
	}
	for (int i = 0; i < 4; i++)
		args[2 + i] = (struct gpu_arg){GPU_UINT, {.u = numbers[i]}};
	struct gpu_launch launch = gpu_over(kernel, args, 6, n);
	if (code == ASSAY_OK)
		code = gpu_run(&s, &launch, &ns, err);
	if (code == ASSAY_OK)
		code = gpu_download(&s, answer, buffers[0], bytes, err);
	gpu_close_with(&s, kernel, buffers, 2);
	return code == ASSAY_OK ? gpu_roof_check(type, answer, words, rounds, n, err) : code;
}

/* Every type on every device; on each, one bit more or less is found, whichever word it is in. */
static void roofs_are_right(const struct gpu_ops *ops, unsigned *right)
{
	enum { N = 2 * GPU_ROOF_PERIOD + 77 };
	static uint64_t words[N], answer[N];
	static const uint32_t rounds[] = {1, 37};
	for (unsigned type = 0; type < GPU_ROOFS; type++)
		for (size_t i = 0; i < ASSAY_COUNT_OF(rounds); i++) {
			struct assay_err err = {0};
			enum assay_code code =
				run_roof(ops, type, rounds[i], answer, words, N, &err);
			if (code == ASSAY_SKIP) {
				assert_true(gpu_roofs[type].needs != GPU_FEATURES);
				continue;
			}
			assert_ok(code);
			/* The bit that counts most but the sign's, of the last word. */
			unsigned char *last =
				(unsigned char *)answer + (size_t)N * gpu_roofs[type].bytes;
			last[-1] ^= 0x40;
			assert_fails(gpu_roof_check(type, answer, words, rounds[i], N, &err),
				     ASSAY_ECHECK, "rounds on element");
			*right |= 1u << type;
		}
}

static void roofs_of_host_and_opencl_are_right(void **state)
{
	unsigned right = 0;
	roofs_are_right(subject("host")->ops, &right);
	assert_int_equal(right, 1u << GPU_ROOF_FP32 | 1u << GPU_ROOF_FP64 | 1u << GPU_ROOF_INT32 |
					1u << GPU_ROOF_INT8);
	const struct gpu_ops *ops;
	struct gpu_device *device = open_opencl(&ops);
	ops->close(device);
	right = 0;
	roofs_are_right(ops, &right);
	assert_true(right & 1u << GPU_ROOF_FP32 && right & 1u << GPU_ROOF_INT8);
}

/* Halves are rounded once a round, to even: 1.5 * 3/4 + 1/8 = 1.25, and a NaN never passes. */
static void halves_are_checked(void **state)
{
	struct assay_err err = {0};
	const uint16_t in[] = {0x3e00, 0x3800}, out[] = {0x3d00, 0x3800}, bad[] = {0x7e00, 0x3800};
	assert_ok(gpu_roof_check(GPU_ROOF_FP16, out, in, 1, 1, &err));
	assert_fails(gpu_roof_check(GPU_ROOF_FP16, bad, in, 1, 1, &err), ASSAY_ECHECK, "nan");
}

/* Launches go on where the last one ended, around the cycle and over; a walk that is elsewhere is found. */
static void a_walk_goes_on_where_it_ended(void **state)
{
	struct assay_err err = {0};
	struct gpu_walk walk = {.session.ops = host_ops()};
	double ns;
	assert_ok(gpu_walk_open(&walk, 100, &err));
	for (size_t lines = 2; lines <= 100; lines += 49) {
		assert_ok(gpu_walk_lay(&walk, lines, lines, &err));
		bool seen[100] = {false};
		for (size_t i = 0; i < lines; i++) {
			assert_false(seen[walk.order[i] / GPU_LINE_WORDS]);
			seen[walk.order[i] / GPU_LINE_WORDS] = true;
		}
		gpu_walk_set_steps(&walk, 7);
		for (int i = 0; i < 30; i++)
			assert_ok(gpu_walk_run(&walk, &ns, &err));
		gpu_walk_set_steps(&walk, 1);
		assert_fails(gpu_walk_check(&walk, 1, &err), ASSAY_ECHECK, "211 steps end at word");
	}
	gpu_walk_close(&walk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_and_host_pass_the_oracle),
		cmocka_unit_test(the_oracle_catches_every_lie),
		cmocka_unit_test(an_answer_may_be_fused_but_not_wrong),
		cmocka_unit_test(products_of_the_host_are_right),
		cmocka_unit_test(an_element_that_is_never_written_is_found),
		cmocka_unit_test(a_type_that_is_not_there_has_a_reason),
		cmocka_unit_test(opencl_passes_the_oracle),
		cmocka_unit_test(products_of_opencl_are_right),
		cmocka_unit_test(rows_of_opencl_are_right),
		cmocka_unit_test(streams_of_opencl_are_right),
		cmocka_unit_test(roofs_of_host_and_opencl_are_right),
		cmocka_unit_test(halves_are_checked),
		cmocka_unit_test(a_nan_is_never_right),
		cmocka_unit_test(a_walk_goes_on_where_it_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
