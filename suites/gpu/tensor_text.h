/* SPDX-License-Identifier: MIT */
/*
 * tensor_text: a product of matrices on the matrix units of NVIDIA devices from sm_80 on, as code. kernels_tensor.c
 * makes it a text for NVRTC; a test compiles it with helpers of its own, and runs it without a device.
 */
#ifndef ASSAY_SUITES_GPU_TENSOR_TEXT_H
#define ASSAY_SUITES_GPU_TENSOR_TEXT_H

/*
 * A block of 256 work items has a tile of 128 x 128 results, each of its eight warps 64 x 32 of them. Matrices are
 * seen as words of 32 bits along k, a by rows and b by columns: fragments of mma.sync then lie at the same places
 * whatever the numbers in a word are [PTX ISA, "Matrix fragments for mma.m16n8k8 / k16 / k32"]. A row of a tile is
 * kept at 20 words instead of 16, so that the 32 lanes of a fragment's load meet 32 banks. While one
 * stage is multiplied, the next is on its way.
 */
enum { TENSOR_TILE = 128, TENSOR_ITEMS = 256, TENSOR_ARCH = 80 };

/* clang-format off */
#define TENSOR_CODE(name, sum, multiply, per_word)                                                 \
	GPU_KERNEL void name(const unsigned *a, const unsigned *b, sum *c, unsigned n)             \
	{                                                                                          \
		GPU_LOCAL GPU_ALIGNED unsigned left[2][128 * 20];                                  \
		GPU_LOCAL GPU_ALIGNED unsigned right[2][128 * 20];                                 \
		unsigned item = GPU_ITEM, lane = item % 32, warp = item / 32;                      \
		unsigned group = lane / 4, at = lane % 4;                                          \
		unsigned row = warp / 4 * 64 + group, column = warp % 4 * 32 + group;              \
		unsigned words = n / per_word;                                                     \
		sum sums[4][4][4];                                                                 \
		GPU_UNROLL for (unsigned i = 0; i < 4; i++)                                        \
			GPU_UNROLL for (unsigned j = 0; j < 4; j++)                                \
				GPU_UNROLL for (unsigned r = 0; r < 4; r++)                        \
					sums[i][j][r] = 0;                                         \
		a += (unsigned long long)GPU_GROUP_Y * 128 * words;                                \
		b += (unsigned long long)GPU_GROUP * 128 * words;                                  \
		for (unsigned k = 0; k < words + 16; k += 16) {                                    \
			unsigned stage = k / 16 % 2;                                               \
			tensor_arrived();                                                          \
			GPU_BARRIER();                                                             \
			if (k < words) {                                                           \
				GPU_UNROLL for (unsigned half = 0; half < 2; half++) {             \
					unsigned r = item / 4 + half * 64, w = item % 4 * 4;       \
					tensor_fetch(&left[stage][r * 20 + w],                     \
						     &a[(unsigned long long)r * words + k + w]);   \
					tensor_fetch(&right[stage][r * 20 + w],                    \
						     &b[(unsigned long long)r * words + k + w]);   \
				}                                                                  \
			}                                                                          \
			tensor_sent();                                                             \
			if (k == 0)                                                                \
				continue;                                                          \
			GPU_UNROLL for (unsigned w = at; w < 16; w += 8) {                         \
				unsigned x[4][4], y[4][2];                                         \
				GPU_UNROLL for (unsigned i = 0; i < 4; i++) {                      \
					const unsigned *p = &left[1 - stage][(row + i * 16) * 20 + w]; \
					x[i][0] = p[0];                                            \
					x[i][1] = p[8 * 20];                                       \
					x[i][2] = p[4];                                            \
					x[i][3] = p[8 * 20 + 4];                                   \
				}                                                                  \
				GPU_UNROLL for (unsigned j = 0; j < 4; j++) {                      \
					const unsigned *p = &right[1 - stage][(column + j * 8) * 20 + w]; \
					y[j][0] = p[0];                                            \
					y[j][1] = p[4];                                            \
				}                                                                  \
				GPU_UNROLL for (unsigned i = 0; i < 4; i++)                        \
					GPU_UNROLL for (unsigned j = 0; j < 4; j++)                \
						multiply(sums[i][j], x[i], y[j]);                  \
			}                                                                          \
		}                                                                                  \
		c += ((unsigned long long)GPU_GROUP_Y * 128 + row) * n;                            \
		c += GPU_GROUP * 128 + warp % 4 * 32 + at * 2;                                     \
		GPU_UNROLL for (unsigned i = 0; i < 4; i++)                                        \
			GPU_UNROLL for (unsigned j = 0; j < 4; j++)                                \
				GPU_UNROLL for (unsigned r = 0; r < 4; r++)                        \
					c[(unsigned long long)(i * 16 + r / 2 * 8) * n + j * 8 + r % 2] = \
						sums[i][j][r];                                     \
	}
/* clang-format on */

#endif
