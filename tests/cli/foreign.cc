// SPDX-License-Identifier: MIT
// foreign: an executable made with Google Benchmark as others have them, with good and bad benchmarks.
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <benchmark/benchmark.h>

static void BM_Count(benchmark::State &state)
{
	int64_t sum = 0;
	for (auto _ : state)
		for (int64_t i = 0; i < state.range(0); i++)
			benchmark::DoNotOptimize(sum += i);
	state.SetItemsProcessed(state.iterations() * state.range(0));
	state.counters["odd"] = NAN;
	state.counters["three"] = 3;
}
BENCHMARK(BM_Count)->Arg(8)->Arg(64);

template <class T> static void BM_Add(benchmark::State &state)
{
	T sum = 0;
	for (auto _ : state)
		benchmark::DoNotOptimize(sum += 1);
}
BENCHMARK_TEMPLATE(BM_Add, int);

static void BM_Sleep(benchmark::State &state)
{
	for (auto _ : state)
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
}
BENCHMARK(BM_Sleep)->UseRealTime()->ThreadRange(1, 2);

static void BM_Refuses(benchmark::State &state)
{
	state.SkipWithError("no luck \x1b[31mtoday");
	for (auto _ : state)
		;
}
BENCHMARK(BM_Refuses);

static void BM_Dies(benchmark::State &state)
{
	for (auto _ : state) {
		std::cerr << "famous last words" << std::endl;
		std::abort();
	}
}
BENCHMARK(BM_Dies);

static void BM_Hangs(benchmark::State &state)
{
	for (auto _ : state)
		std::this_thread::sleep_for(std::chrono::seconds(60));
}
BENCHMARK(BM_Hangs);

BENCHMARK_MAIN();
