/* SPDX-License-Identifier: MIT */
/*
 * gbench: the one C++ file. The harness owns search, sampling, order and stop rule; the library runs
 * one repetition of a given number of iterations and times it.
 */
#include "harness/engine/gbench.h"

#include <benchmark/benchmark.h>

namespace
{

/* The repetition at hand. The library itself is global state; one thread uses it at a time. */
benchmark::State *current;
bool ended;

/* Takes the one run that a call produces; also keeps the library from printing anything. */
class Catcher : public benchmark::BenchmarkReporter
{
      public:
	bool ReportContext(const Context &) override
	{
		return true;
	}
	void ReportRuns(const std::vector<Run> &runs) override
	{
		for (const Run &run : runs) {
			if (run.run_type != Run::RT_Iteration || run.error_occurred)
				continue;
			times.real_ns = run.real_accumulated_time * 1e9;
			times.cpu_ns = run.cpu_accumulated_time * 1e9;
			caught = true;
		}
	}
	gbench_times times = {};
	bool caught = false;
};

} // namespace

extern "C" const char *gbench_version(void)
{
	return "google benchmark";
}

extern "C" bool gbench_run(uint64_t n, void (*body)(void *), void *context, gbench_times *ret)
{
	Catcher catcher;
	ended = false;
	benchmark::RegisterBenchmark("assay", [=](benchmark::State &state) {
		current = &state;
		body(context);
		if (!ended) /* the library aborts the process when its loop was never run */
			state.SkipWithError("the loop did not end");
		current = nullptr;
	})->Iterations(static_cast<benchmark::IterationCount>(n));
	benchmark::RunSpecifiedBenchmarks(&catcher, "assay");
	benchmark::ClearRegisteredBenchmarks();
	*ret = catcher.times;
	return catcher.caught;
}

/* One call hands out all iterations and starts the clock, the second ends the loop and stops it. */
extern "C" void gbench_begin(void *)
{
	current->KeepRunningBatch(current->max_iterations);
}

extern "C" void gbench_end(void *)
{
	current->KeepRunningBatch(current->max_iterations);
	ended = true;
}
