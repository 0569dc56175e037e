/* SPDX-License-Identifier: MIT */
/*
 * loop: what ASSAY_LOOP costs beside Google Benchmark's own range-for, both under the library, an empty
 * body, interleaved. The library's native loop only exists in C++, hence this file.
 */
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <vector>

extern "C" {
/* tests/bench/loop_body.c: an ASSAY_LOOP whose edges are the two functions below. */
void assay_loop_body(void *run);
unsigned long assay_begin(void *run);
unsigned long assay_next(void *run, unsigned long left);
}

namespace
{

benchmark::State *current;

class Catcher : public benchmark::BenchmarkReporter
{
      public:
	bool ReportContext(const Context &) override
	{
		return true;
	}
	void ReportRuns(const std::vector<Run> &runs) override
	{
		for (const Run &run : runs)
			ns = run.real_accumulated_time * 1e9 / static_cast<double>(run.iterations);
	}
	double ns = 0;
};

void range_for(benchmark::State &state)
{
	for (auto _ : state)
		asm volatile("" : : : "memory");
}

void through_assay(benchmark::State &state)
{
	current = &state;
	assay_loop_body(nullptr);
}

double measure(void (*body)(benchmark::State &))
{
	Catcher catcher;
	benchmark::RegisterBenchmark("loop", body)->Iterations(40000000);
	benchmark::RunSpecifiedBenchmarks(&catcher, "loop");
	benchmark::ClearRegisteredBenchmarks();
	return catcher.ns;
}

} // namespace

extern "C" unsigned long assay_begin(void *)
{
	current->KeepRunningBatch(current->max_iterations);
	return static_cast<unsigned long>(current->max_iterations);
}

extern "C" unsigned long assay_next(void *, unsigned long)
{
	current->KeepRunningBatch(current->max_iterations);
	return 0;
}

int main()
{
	const int rounds = 41;
	std::vector<double> ratios, ours, theirs;
	for (int i = 0; i < rounds; i++) {
		bool first = i % 2 == 0;
		double a = first ? measure(through_assay) : 0;
		double b = measure(range_for);
		if (!first)
			a = measure(through_assay);
		ours.push_back(a);
		theirs.push_back(b);
		ratios.push_back(a / b);
	}
	for (auto *v : {&ratios, &ours, &theirs})
		std::sort(v->begin(), v->end());
	double ratio = ratios[rounds / 2];
	std::printf("%-40s %7.3f  [%.3f, %.3f] over %d pairs; at most 1.02: %s\n",
		    "ASSAY_LOOP / C++ range-for, empty body", ratio, ratios[rounds / 4],
		    ratios[rounds * 3 / 4], rounds, ratio <= 1.02 ? "met" : "MISSED");
	std::printf("%-40s %7.4f ns, range-for %.4f ns\n", "  medians: ASSAY_LOOP",
		    ours[rounds / 2], theirs[rounds / 2]);
	return ratio > 1.02;
}
