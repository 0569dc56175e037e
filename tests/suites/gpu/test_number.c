/* SPDX-License-Identifier: MIT */
/* test_number: floats to fewer bits and back, number by number. */
#include <math.h>

#include "suites/gpu/number.h"
#include "tests/t.h"

static double packed(enum gpu_type type, float x)
{
	uint32_t room = 0;
	gpu_type_pack(type, &x, &room, 1);
	return gpu_type_at(type, &room, 0);
}

/* Every number of 16 bits comes back as it was, except that all that are no numbers become one. */
static void sixteen_bits_come_back(void **state)
{
	for (uint32_t bits = 0; bits < 0x10000; bits++) {
		uint16_t back = 0;
		float x = gpu_from_fp16((uint16_t)bits), y = gpu_from_bf16((uint16_t)bits);
		gpu_type_pack(GPU_FP16, &x, &back, 1);
		if (isnan(x))
			assert_true((bits & 0x7c00) == 0x7c00 && (back & 0x7fff) > 0x7c00);
		else
			assert_int_equal(back, bits);
		gpu_type_pack(GPU_BF16, &y, &back, 1);
		if (!isnan(y))
			assert_int_equal(back, bits);
	}
}

static void known_numbers_are_known(void **state)
{
	assert_true(gpu_from_fp16(0x3c00) == 1 && gpu_from_fp16(0xc000) == -2);
	assert_true(gpu_from_fp16(0x7bff) == 65504 && gpu_from_fp16(1) == 0x1p-24f);
	assert_true(isinf(gpu_from_fp16(0xfc00)) && isnan(gpu_from_fp16(0x7e00)));
	assert_true(gpu_from_bf16(0x3f80) == 1 && gpu_from_bf16(0xff80) == -INFINITY);
}

static void halves_go_to_the_even(void **state)
{
	/* One and a half steps of the last bit, then less than half, then more. */
	assert_true(packed(GPU_FP16, 1 + 0x1.8p-10f) == 1 + 0x1p-9);
	assert_true(packed(GPU_FP16, 1 + 0x1p-11f) == 1);
	assert_true(packed(GPU_FP16, 1 + 0x1.1p-11f) == 1 + 0x1p-10);
	assert_true(packed(GPU_FP16, 65519) == 65504 && isinf(packed(GPU_FP16, 65520)));
	assert_true(packed(GPU_FP16, 0x1p-25f) == 0 && packed(GPU_FP16, 0x1.8p-25f) == 0x1p-24);
	assert_true(packed(GPU_BF16, 1 + 0x1p-8f) == 1);
	assert_true(packed(GPU_BF16, 1 + 0x1.8p-7f) == 1 + 0x1p-6);
	assert_true(isnan(packed(GPU_BF16, NAN)) && isnan(packed(GPU_FP16, NAN)));
}

static void steps_of_int8_end(void **state)
{
	assert_true(packed(GPU_INT8, 16) == 127 && packed(GPU_INT8, -1000) == -127);
	assert_true(packed(GPU_INT8, (float)(3.4 * GPU_INT8_STEP)) == 3);
	assert_true(packed(GPU_INT8, NAN) == -128);
	assert_true(packed(GPU_FP32, 0.1f) == 0.1f && packed(GPU_TF32, 0.1f) == 0.1f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sixteen_bits_come_back),
		cmocka_unit_test(known_numbers_are_known),
		cmocka_unit_test(halves_go_to_the_even),
		cmocka_unit_test(steps_of_int8_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
