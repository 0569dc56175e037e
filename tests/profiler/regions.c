/* SPDX-License-Identifier: MIT */
/*
 * regions: a program that names its parts. Build it against an installed assay, and ask how long each took:
 *
 *   cc regions.c $(pkg-config --cflags --libs assay-region) -o regions
 *   assay profile -- ./regions
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <profiler/region.h>

static int by_value(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;
	return (x > y) - (x < y);
}

static void fill(int *numbers, size_t n)
{
	ASSAY_REGION("fill");
	unsigned x = 1;
	for (size_t i = 0; i < n; i++)
		numbers[i] = (int)(x = x * 1664525u + 1013904223u);
}

static void *work(void *unused)
{
	ASSAY_REGION("work");
	enum { N = 20000 };
	int *numbers = malloc(N * sizeof(*numbers));
	for (int round = 0; numbers && round < 5; round++) {
		fill(numbers, N);
		ASSAY_REGION("sort");
		qsort(numbers, N, sizeof(*numbers), by_value);
	}
	free(numbers);
	return unused;
}

int main(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, work, NULL) != 0)
		return 1;
	work(NULL);
	pthread_join(thread, NULL);
	ASSAY_REGION_BEGIN("say so");
	puts("sorted");
	ASSAY_REGION_END();
	return 0;
}
