/* SPDX-License-Identifier: MIT */
/*
 * blocked: the product that a CPU can be asked for without a library [Goto & van de Geijn, "Anatomy of high-performance
 * matrix multiplication", ACM TOMS 34(3), 2008]. Threads share out the columns; each packs what it reads into the order in
 * which it reads it.
 */
#include "suites/gpu/blocked.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suites/gpu/cpus.h"

enum {
	LANES = 8,
	TALL = 6,          /* rows and columns of what is held in registers: 12 of 16 */
	WIDE = 2 * LANES,  /* for sums, 2 for b, 1 for a */
	DEEP = 256,        /* of k at a time: WIDE columns of it stay in the first cache */
	BLOCK = 16 * TALL, /* rows of a: with DEEP, 96 KiB of the second cache */
	STRIP = 64 * WIDE, /* columns of b: with DEEP, 1 MiB of the last */
	MAX_THREADS = 256,
	ALONE = 128, /* up to this n, starting threads takes longer than it saves */
};

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/* TALL x WIDE sums over `deep`: a in columns of TALL, b in rows of WIDE. */
INLINE void corner(const float *a, const float *b, size_t deep, float out[TALL * WIDE])
{
	lanes sums[TALL][2] = {{{0}}};
	for (size_t k = 0; k < deep; k++) {
		const lanes b0 = *(const lanes *)(b + k * WIDE);
		const lanes b1 = *(const lanes *)(b + k * WIDE + LANES);
		for (size_t i = 0; i < TALL; i++) {
			float x = a[k * TALL + i];
			sums[i][0] += x * b0;
			sums[i][1] += x * b1;
		}
	}
	for (size_t i = 0; i < TALL; i++) {
		*(lanes *)(out + i * WIDE) = sums[i][0];
		*(lanes *)(out + i * WIDE + LANES) = sums[i][1];
	}
}

/* `rows` x `columns` of c += packed a and b. */
INLINE void block(const float *a, const float *b, float *c, size_t n, size_t rows, size_t columns,
		  size_t deep)
{
	float out[TALL * WIDE];
	for (size_t j = 0; j < columns; j += WIDE)
		for (size_t i = 0; i < rows; i += TALL) {
			size_t tall = rows - i < TALL ? rows - i : TALL;
			corner(a + i * deep, b + j * deep, deep, out);
			for (size_t r = 0; r < tall; r++)
				for (size_t s = 0; s < WIDE; s++)
					c[(i + r) * n + j + s] += out[r * WIDE + s];
		}
}

typedef void block_code(const float *a, const float *b, float *c, size_t n, size_t rows,
			size_t columns, size_t deep);

static void block_baseline(const float *a, const float *b, float *c, size_t n, size_t rows,
			   size_t columns, size_t deep)
{
	block(a, b, c, n, rows, columns, deep);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void block_avx2(const float *a, const float *b, float *c,
							   size_t n, size_t rows, size_t columns,
							   size_t deep)
{
	block(a, b, c, n, rows, columns, deep);
}
#endif

static block_code *choose(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return block_avx2;
#endif
	return block_baseline;
}

/* The columns of one thread. */
struct strip {
	const float *a, *b;
	float *c, *packed; /* room for BLOCK x DEEP of a and STRIP x DEEP of b */
	size_t n, begin, end;
	block_code *code;
};

static void pack_b(const struct strip *s, size_t k, size_t deep, size_t column, size_t columns,
		   float *to)
{
	for (size_t j = 0; j < columns; j += WIDE)
		for (size_t p = 0; p < deep; p++, to += WIDE)
			memcpy(to, s->b + (k + p) * s->n + column + j, WIDE * sizeof(float));
}

/* Rows that are not there are zero. */
static void pack_a(const struct strip *s, size_t k, size_t deep, size_t row, size_t rows, float *to)
{
	for (size_t i = 0; i < rows; i += TALL)
		for (size_t p = 0; p < deep; p++)
			for (size_t r = 0; r < TALL; r++)
				*to++ = i + r < rows ? s->a[(row + i + r) * s->n + k + p] : 0;
}

static void *multiply(void *argument)
{
	const struct strip *s = argument;
	float *a = s->packed, *b = a + BLOCK * DEEP;
	for (size_t row = 0; row < s->n; row++)
		memset(s->c + row * s->n + s->begin, 0, (s->end - s->begin) * sizeof(float));
	for (size_t column = s->begin; column < s->end; column += STRIP) {
		size_t columns = s->end - column < STRIP ? s->end - column : STRIP;
		for (size_t k = 0; k < s->n; k += DEEP) {
			size_t deep = s->n - k < DEEP ? s->n - k : DEEP;
			pack_b(s, k, deep, column, columns, b);
			for (size_t row = 0; row < s->n; row += BLOCK) {
				size_t rows = s->n - row < BLOCK ? s->n - row : BLOCK;
				pack_a(s, k, deep, row, rows, a);
				s->code(a, b, s->c + row * s->n + column, s->n, rows, columns,
					deep);
			}
		}
	}
	return NULL;
}

/* All strips, the last one on this thread; a thread that cannot be had is this one. */
static void run(struct strip *strips, size_t n)
{
	pthread_t threads[MAX_THREADS];
	bool started[MAX_THREADS];
	cpu_set_t saved;
	if (n > 1)
		gpu_cpus_widen(&saved);
	for (size_t i = 0; i + 1 < n; i++)
		started[i] = pthread_create(&threads[i], NULL, multiply, &strips[i]) == 0;
	multiply(&strips[n - 1]);
	for (size_t i = 0; i + 1 < n; i++)
		if (started[i])
			pthread_join(threads[i], NULL);
		else
			multiply(&strips[i]);
	if (n > 1)
		gpu_cpus_restore(&saved);
}

/* Without room for the packed parts: as slow as it is then. */
static void plain(const float *a, const float *b, float *restrict c, size_t n)
{
	memset(c, 0, n * n * sizeof(*c));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			for (size_t j = 0; j < n; j++)
				c[i * n + j] += a[i * n + k] * b[k * n + j];
}

void gpu_blocked_product(const float *a, const float *b, float *c, size_t n, unsigned threads)
{
	enum { ROOM = (BLOCK + STRIP) * DEEP };
	struct strip strips[MAX_THREADS];
	size_t columns = n / WIDE, count = threads ? threads : gpu_cpus();
	if (n <= ALONE && threads == 0)
		count = 1;
	if (count > MAX_THREADS)
		count = MAX_THREADS;
	if (count > columns)
		count = columns;
	float *packed = aligned_alloc(64, count * ROOM * sizeof(float));
	if (!packed) {
		plain(a, b, c, n);
		return;
	}
	block_code *code = choose();
	for (size_t i = 0; i < count; i++)
		strips[i] = (struct strip){a,
					   b,
					   c,
					   packed + i * ROOM,
					   n,
					   i * columns / count * WIDE,
					   (i + 1) * columns / count * WIDE,
					   code};
	run(strips, count);
	free(packed);
}
