/* SPDX-License-Identifier: MIT */
/*
 * test_tensor: the code of the product on matrix units, run without a device. Each work item is a coroutine; copies, the
 * barrier and the multiplication of fragments are done as the PTX manual has them, so that which lane takes what, and
 * when a tile is there, is tried word by word.
 */
#include <stdlib.h>
#include <ucontext.h>

#include "suites/gpu/product.h"
#include "suites/gpu/tensor_text.h"
#include "tests/t.h"

enum { LANES = 32, STACK_BYTES = 64 << 10, MAX_FETCHES = 64 };

/* What a lane brings to a multiplication of its warp, and takes away. */
struct fragment {
	uint32_t a[4], b[2];
	double out[4];
};

struct item {
	ucontext_t context;
	char *stack;
	bool over;
	/* Copies that are on their way: they land when the item waits for them, not before. */
	struct {
		uint32_t *to;
		const uint32_t *from;
	} fetches[MAX_FETCHES];
	size_t n_fetches, n_sent;
	struct fragment fragment;
};

static struct {
	struct item items[TENSOR_ITEMS];
	ucontext_t scheduler;
	unsigned now, group[2];
	void (*code)(void);
	const void *a, *b;
	void *c;
	unsigned n;
} machine;

/* The rest of the machine goes on until it comes here too. */
static void rest(void)
{
	struct item *item = &machine.items[machine.now];
	swapcontext(&item->context, &machine.scheduler);
}

static void tensor_fetch(uint32_t *to, const uint32_t *from)
{
	struct item *item = &machine.items[machine.now];
	assert_true(item->n_fetches < MAX_FETCHES);
	assert_true((uintptr_t)to % 16 == 0 && (uintptr_t)from % 16 == 0);
	item->fetches[item->n_fetches].to = to;
	item->fetches[item->n_fetches++].from = from;
}

static void tensor_sent(void)
{
	struct item *item = &machine.items[machine.now];
	item->n_sent = item->n_fetches;
}

static void tensor_arrived(void)
{
	struct item *item = &machine.items[machine.now];
	for (size_t i = 0; i < item->n_sent; i++)
		memcpy(item->fetches[i].to, item->fetches[i].from, 16);
	item->n_fetches = item->n_sent = 0;
}

/* Number k of a word that lanes hold. */
static double number(enum gpu_type type, uint32_t word, unsigned k)
{
	return gpu_type_at(type, &word, k);
}

/* d += a b of a warp: word w of row r of a is in lane 4 (r % 8) + w % 4, register r / 8 + 2 (w / 4); of b, column c, in
 * lane 4 c + w % 4, register w / 4; results r and c in lane 4 (r % 8) + c / 2, register 2 (r / 8) + c % 2. */
static void multiply_warp(enum gpu_type type, struct item *warp)
{
	const unsigned per_word = 4 / (unsigned)gpu_type_bytes(type);
	for (unsigned r = 0; r < 16; r++)
		for (unsigned c = 0; c < 8; c++) {
			double sum = 0;
			for (unsigned w = 0; w < 8; w++)
				for (unsigned k = 0; k < per_word; k++)
					sum += number(type,
						      warp[r % 8 * 4 + w % 4]
							      .fragment.a[r / 8 + w / 4 * 2],
						      k) *
					       number(type, warp[c * 4 + w % 4].fragment.b[w / 4],
						      k);
			warp[r % 8 * 4 + c / 2].fragment.out[r / 8 * 2 + c % 2] = sum;
		}
}

static const double *meet(enum gpu_type type, const uint32_t a[4], const uint32_t b[2])
{
	struct item *item = &machine.items[machine.now];
	memcpy(item->fragment.a, a, sizeof(item->fragment.a));
	memcpy(item->fragment.b, b, sizeof(item->fragment.b));
	rest(); /* until all lanes have come with theirs */
	if (machine.now % LANES == 0)
		multiply_warp(type, item);
	rest();
	return item->fragment.out;
}

#define GPU_KERNEL  static
#define GPU_LOCAL   static
#define GPU_ALIGNED _Alignas(16)
#define GPU_UNROLL
#define GPU_ITEM      machine.now
#define GPU_GROUP     machine.group[0]
#define GPU_GROUP_Y   machine.group[1]
#define GPU_BARRIER() rest()

#define STEP(name, type, sum)                                          \
	static void name(sum *d, const uint32_t *a, const uint32_t *b) \
	{                                                              \
		const double *out = meet(type, a, b);                  \
		for (unsigned i = 0; i < 4; i++)                       \
			d[i] += (sum)out[i];                           \
	}
STEP(tf32_step, GPU_TF32, float)
STEP(bf16_step, GPU_BF16, float)
STEP(fp16_step, GPU_FP16, float)
STEP(int8_step, GPU_INT8, int)

TENSOR_CODE(tensor_tf32, float, tf32_step, 1)
TENSOR_CODE(tensor_bf16, float, bf16_step, 2)
TENSOR_CODE(tensor_fp16, float, fp16_step, 2)
TENSOR_CODE(tensor_int8, int, int8_step, 4)

static void run_tf32(void)
{
	tensor_tf32(machine.a, machine.b, machine.c, machine.n);
}

static void run_bf16(void)
{
	tensor_bf16(machine.a, machine.b, machine.c, machine.n);
}

static void run_fp16(void)
{
	tensor_fp16(machine.a, machine.b, machine.c, machine.n);
}

static void run_int8(void)
{
	tensor_int8(machine.a, machine.b, machine.c, machine.n);
}

static void begin(void)
{
	machine.code();
	machine.items[machine.now].over = true;
}

/* One group of work items, in turns. */
static void run_group(void)
{
	bool alive = true;
	for (unsigned i = 0; i < TENSOR_ITEMS; i++) {
		struct item *item = &machine.items[i];
		item->over = false;
		getcontext(&item->context);
		item->context.uc_stack.ss_sp = item->stack;
		item->context.uc_stack.ss_size = STACK_BYTES;
		item->context.uc_link = &machine.scheduler;
		makecontext(&item->context, begin, 0);
	}
	while (alive) {
		alive = false;
		for (machine.now = 0; machine.now < TENSOR_ITEMS; machine.now++)
			if (!machine.items[machine.now].over) {
				swapcontext(&machine.scheduler,
					    &machine.items[machine.now].context);
				alive = true;
			}
	}
}

enum { MAX_N = 2 * TENSOR_TILE, ALL = MAX_N * MAX_N };

/* A product of every group, compared with sums in double. */
static void multiply(enum gpu_type type, unsigned n)
{
	static void (*const codes[GPU_TYPES])(void) = {[GPU_TF32] = run_tf32,
						       [GPU_BF16] = run_bf16,
						       [GPU_FP16] = run_fp16,
						       [GPU_INT8] = run_int8};
	static float exact[2][ALL];
	static _Alignas(16) char packed[2][ALL * sizeof(float)];
	static char result[ALL * sizeof(float)];
	struct assay_err err = {0};
	double error;
	struct gpu_operands operands = {
		type, n, true, {exact[0], exact[1]}, {packed[0], packed[1]}};
	for (uint64_t i = 0; i < 2; i++) {
		gpu_fill(exact[i], (size_t)n * n, i);
		gpu_pack_matrix(type, i == 1, exact[i], packed[i], n);
	}
	memset(result, 0xa5, sizeof(result));
	machine.code = codes[type];
	machine.a = packed[0];
	machine.b = packed[1];
	machine.c = result;
	machine.n = n;
	for (unsigned group = 0; group < n / TENSOR_TILE * (n / TENSOR_TILE); group++) {
		machine.group[0] = group % (n / TENSOR_TILE);
		machine.group[1] = group / (n / TENSOR_TILE);
		run_group();
	}
	assert_ok(gpu_gemm_check(&operands, result, 2000, 3, &error, &err));
	assert_true(error <= (type == GPU_INT8 ? 0.03 : 0.004));
	/* And the check would have seen it. */
	memset(result, 0x55, sizeof(result));
	assert_int_equal(gpu_gemm_check(&operands, result, 10, 3, &error, &err), ASSAY_ECHECK);
}

static void products_are_right(void **state)
{
	for (unsigned i = 0; i < TENSOR_ITEMS; i++)
		assert_non_null(machine.items[i].stack = malloc(STACK_BYTES));
	for (enum gpu_type type = GPU_TF32; type < GPU_TYPES; type++)
		multiply(type, TENSOR_TILE);
	multiply(GPU_INT8, MAX_N);
	for (unsigned i = 0; i < TENSOR_ITEMS; i++)
		free(machine.items[i].stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(products_are_right)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
