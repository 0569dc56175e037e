// SPDX-License-Identifier: MIT
// tbb_tasks: fork and join as task groups of oneTBB, the one file that sees its headers.
//
// A group waits for all its tasks, so each fork has one of its own. They are kept by the thread and
// used again: making one costs about as much as a task.
#include "suites/concurrency/tbb_tasks.h"

#include <sched.h>

#include <cstdio>
#include <exception>
#include <vector>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <oneapi/tbb/version.h>

namespace
{

// Threads of the library inherit the CPU of whoever started them: each is moved when it comes in.
class placement : public tbb::task_scheduler_observer
{
      public:
	placement(tbb::task_arena &arena, std::vector<int> cpus)
	    : tbb::task_scheduler_observer(arena), cpus_(std::move(cpus))
	{
		observe(true);
	}
	~placement() override
	{
		observe(false);
	}
	void on_scheduler_entry(bool is_worker) override
	{
		int i = tbb::this_task_arena::current_thread_index();
		if (!is_worker || i < 0 || i >= static_cast<int>(cpus_.size()) || cpus_[i] < 0)
			return;
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET(static_cast<size_t>(cpus_[i]), &set);
		// refused: it then runs where the library put it, as libraries' threads do
		sched_setaffinity(0, sizeof(set), &set);
	}

      private:
	std::vector<int> cpus_;
};

struct kept_group {
	tbb::task_group group;
	kept_group *next = nullptr;
};

struct kept_groups {
	kept_group *first = nullptr;
	~kept_groups()
	{
		while (first) {
			kept_group *next = first->next;
			delete first;
			first = next;
		}
	}
};

thread_local kept_groups free_groups;

} // namespace

struct tbb_pool {
	tbb::global_control limit;
	tbb::task_arena arena;
	placement place;
	tbb_pool(unsigned threads, const int *cpus)
	    : limit(tbb::global_control::max_allowed_parallelism, threads),
	      arena(static_cast<int>(threads), 1),
	      place(arena, std::vector<int>(cpus, cpus + threads))
	{
		arena.initialize();
	}
};

tbb_pool *tbb_start(unsigned threads, const int *cpus, char *text, size_t size)
{
	try {
		return new tbb_pool(threads, cpus);
	} catch (const std::exception &e) {
		std::snprintf(text, size, "%s", e.what());
		return nullptr;
	}
}

void tbb_run(tbb_pool *pool, void (*run)(worker *, task *), task *root)
{
	pool->arena.execute([=] { run(nullptr, root); });
}

void *tbb_fork(void (*run)(worker *, task *), task *task)
{
	kept_group *kept = free_groups.first;
	if (kept)
		free_groups.first = kept->next;
	else
		kept = new kept_group;
	kept->group.run([=] { run(nullptr, task); });
	return kept;
}

void tbb_join(void *group)
{
	auto *kept = static_cast<kept_group *>(group);
	kept->group.wait();
	kept->next = free_groups.first;
	free_groups.first = kept;
}

void tbb_stop(tbb_pool *pool)
{
	delete pool;
}

const char *tbb_version(void)
{
	return TBB_VERSION_STRING;
}
