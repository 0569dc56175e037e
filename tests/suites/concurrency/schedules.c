/* SPDX-License-Identifier: MIT */
/* schedules: the search, the threads as coroutines, and what their operations do to the memory. */
/* The fortified longjmp takes a jump to another thread's stack for an error, and that is what happens here. */
#undef _FORTIFY_SOURCE
#include "tests/suites/concurrency/schedules.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "tests/suites/concurrency/weak_memory.h"

enum {
	MAIN = SCHEDULES_THREADS, /* setup and finish */
	STACK_BYTES = 64 * 1024,
	CHOICES_MAX = 2000,
	STEPS_MAX = 3000,
	SITES_MAX = 128,
};
_Static_assert(WEAK_THREADS == SCHEDULES_THREADS + 1, "one more for setup and finish");

enum state { RUNNABLE, WAITING_FOR_STORE, PARKED, DONE };

struct thread {
	enum state state;
	const volatile void *parked_on;
	uint64_t looked_at;  /* stores of all threads when its round of looking began */
	uint64_t own;        /* its own among them, since */
	bool saw_old, fresh; /* in this round; from now on it sees the latest */
	bool begun;          /* the coroutine stands in its loop */
	ucontext_t start;
	jmp_buf at;
};

/* One decision of the search: which of how many. */
struct choice {
	uint8_t taken, of;
};

static struct search {
	const struct schedules_case *c;
	const struct schedules_site *weak;
	struct schedules_outcome *outcome;
	struct weak_memory memory;
	struct thread threads[SCHEDULES_THREADS];
	unsigned current;
	unsigned preemptions, old_values, lost_wakes; /* left in this execution */
	unsigned steps;
	uint64_t stores;
	struct choice choices[CHOICES_MAX];
	unsigned n_choices, at_choice;
	struct schedules_site sites[SITES_MAX];
	unsigned n_sites;
	jmp_buf controller; /* where an execution ends */
	char *stacks;
} s;

static _Noreturn void end_with(const char *failure)
{
	snprintf(s.outcome->failure, sizeof(s.outcome->failure), "%s: %s", s.c->name, failure);
	for (unsigned i = 0; i < SCHEDULES_THREADS; i++)
		s.threads[i].begun = false; /* they stand somewhere: to be made anew */
	_longjmp(s.controller, 2);
}

void schedules_expect(bool ok, const char *what)
{
	if (!ok)
		end_with(what);
}

static void still_sound(void)
{
	if (s.memory.broken)
		end_with(s.memory.broken);
}

/* Which of `of` ways: as before while repeating, then the first. */
static unsigned choose(unsigned of)
{
	if (of <= 1)
		return 0;
	if (s.at_choice == CHOICES_MAX)
		end_with("more decisions than the checker has room for");
	if (s.at_choice == s.n_choices)
		s.choices[s.n_choices++] = (struct choice){0, (uint8_t)of};
	if (s.choices[s.at_choice].of != of)
		end_with("the program does not do the same again in the same schedule");
	return s.choices[s.at_choice++].taken;
}

/* The last decision that has another way takes it; false: none has. */
static bool next_way(void)
{
	while (s.n_choices > 0) {
		struct choice *last = &s.choices[s.n_choices - 1];
		if (++last->taken < last->of)
			return true;
		s.n_choices--;
	}
	return false;
}

static void run_thread(void)
{
	for (;;) {
		unsigned i = s.current;
		/* anew, also when it comes here from the end of the execution before */
		s.threads[i].looked_at = s.threads[i].own = 0;
		s.c->thread(i);
		s.threads[i].state = DONE;
		weak_follow(&s.memory, MAIN, i);
		schedules_yield();
	}
}

static __attribute__((noinline)) void resume(struct thread *t)
{
	if (t->begun)
		_longjmp(t->at, 1);
	t->begun = true;
	setcontext(&t->start);
}

static __attribute__((noinline)) void switch_to(unsigned next)
{
	unsigned before = s.current;
	if (next == before)
		return;
	s.current = next;
	if (_setjmp(s.threads[before].at) == 0)
		resume(&s.threads[next]);
}

static bool can_run(const struct thread *t)
{
	return t->state == RUNNABLE ||
	       (t->state == WAITING_FOR_STORE && s.stores - t->own > t->looked_at);
}

/* Who goes on: the current thread first, when it is not waiting. */
static void schedule(bool waits)
{
	unsigned ways[SCHEDULES_THREADS], n = 0, done = 0;
	struct thread *current = &s.threads[s.current];
	bool goes_on = !waits && current->state == RUNNABLE;
	if (++s.steps > STEPS_MAX)
		end_with("does not come to an end");
	if (goes_on)
		ways[n++] = s.current;
	for (unsigned i = 0; i < s.c->threads; i++) {
		done += s.threads[i].state == DONE;
		if (i != s.current && can_run(&s.threads[i]) && (!goes_on || s.preemptions > 0))
			ways[n++] = i;
	}
	if (!goes_on && can_run(current))
		ways[n++] = s.current;
	if (n == 0) {
		if (done < s.c->threads)
			end_with("all threads wait for ever");
		if (_setjmp(current->at) == 0)
			_longjmp(s.controller, 1);
		return;
	}
	unsigned way = choose(n);
	s.preemptions -= goes_on && way > 0;
	s.threads[ways[way]].state = RUNNABLE;
	switch_to(ways[way]);
}

static void before_operation(void)
{
	if (s.current != MAIN)
		schedule(false);
}

/* One step weaker, for an operation that loads, stores or does both. */
static memory_order weaker(memory_order order, bool loads, bool stores, bool second)
{
	switch (order) {
	case memory_order_seq_cst:
		return loads && stores ? memory_order_acq_rel
		       : loads         ? memory_order_acquire
				       : memory_order_release;
	case memory_order_acq_rel:
		return second ? memory_order_acquire : memory_order_release;
	default:
		return memory_order_relaxed;
	}
}

static void note_site(struct schedules_site site)
{
	for (unsigned i = 0; i < s.n_sites; i++)
		if (s.sites[i].line == site.line && s.sites[i].order == site.order &&
		    s.sites[i].weaker == site.weaker &&
		    strcmp(s.sites[i].function, site.function) == 0)
			return;
	if (s.n_sites == SITES_MAX)
		end_with("more atomic operations than the checker has room for");
	s.sites[s.n_sites++] = site;
}

/* The order to use: as written, or weaker here if this is the place to try that. */
static memory_order order_at(const char *function, int line, memory_order order, bool loads,
			     bool stores)
{
	if (order == memory_order_relaxed || s.current == MAIN)
		return order;
	if (s.weak)
		return s.weak->line == line && s.weak->order == order &&
				       strcmp(s.weak->function, function) == 0
			       ? s.weak->weaker
			       : order;
	note_site((struct schedules_site){function, line, order,
					  weaker(order, loads, stores, false)});
	if (order == memory_order_acq_rel)
		note_site((struct schedules_site){function, line, order,
						  weaker(order, loads, stores, true)});
	return order;
}

static struct weak_place *place_of(const volatile void *object, size_t size)
{
	struct weak_place *place = weak_place(&s.memory, object, size);
	still_sound();
	return place;
}

static uint64_t mask_of(size_t size)
{
	return size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

static void stored(void)
{
	still_sound();
	if (s.current == MAIN)
		return;
	s.stores++;
	s.threads[s.current].own++;
}

static void took_old(void)
{
	s.old_values--;
	s.threads[s.current].saw_old = true;
}

static bool may_see_old(void)
{
	return s.current != MAIN && s.old_values > 0 && !s.threads[s.current].fresh;
}

uint64_t schedules_load(const volatile void *object, size_t size, memory_order order,
			const char *function, int line)
{
	before_operation();
	order = order_at(function, line, order, true, false);
	struct weak_place *place = place_of(object, size);
	unsigned latest = place->n - 1, back = 0;
	if (may_see_old())
		back = choose(latest - weak_oldest(&s.memory, place, s.current, order) + 1);
	if (back > 0)
		took_old();
	return weak_load(&s.memory, place, s.current, latest - back, order);
}

void schedules_store(volatile void *object, size_t size, uint64_t value, memory_order order,
		     const char *function, int line)
{
	before_operation();
	order = order_at(function, line, order, false, true);
	weak_store(&s.memory, place_of(object, size), s.current, value & mask_of(size), order,
		   false);
	stored();
}

static uint64_t modified(enum schedules_op op, uint64_t before, uint64_t operand)
{
	switch (op) {
	case SCHEDULES_EXCHANGE:
		return operand;
	case SCHEDULES_ADD:
		return before + operand;
	case SCHEDULES_SUB:
		return before - operand;
	case SCHEDULES_OR:
		return before | operand;
	case SCHEDULES_AND:
		return before & operand;
	}
	abort();
}

uint64_t schedules_modify(volatile void *object, size_t size, enum schedules_op op,
			  uint64_t operand, memory_order order, const char *function, int line)
{
	before_operation();
	order = order_at(function, line, order, true, true);
	struct weak_place *place = place_of(object, size);
	uint64_t before = weak_load(&s.memory, place, s.current, place->n - 1, order);
	weak_store(&s.memory, place, s.current, modified(op, before, operand) & mask_of(size),
		   order, true);
	stored();
	return before;
}

/* A failing exchange is a load, and may see an old value as long as it is not the expected one. */
static unsigned choose_store(const struct weak_place *place, uint64_t expected,
			     memory_order failing)
{
	unsigned ways[WEAK_STORES], n = 1;
	ways[0] = place->n - 1;
	if (may_see_old())
		for (unsigned at = weak_oldest(&s.memory, place, s.current, failing);
		     at + 1 < place->n; at++)
			if (place->stores[at].value != expected)
				ways[n++] = at;
	unsigned way = choose(n);
	if (way > 0)
		took_old();
	return ways[way];
}

bool schedules_exchange_if(volatile void *object, size_t size, void *expected, uint64_t desired,
			   memory_order order, memory_order failing, const char *function, int line)
{
	before_operation();
	order = order_at(function, line, order, true, true);
	struct weak_place *place = place_of(object, size);
	uint64_t wanted = 0;
	memcpy(&wanted, expected, size);
	unsigned at = choose_store(place, wanted, failing);
	if (place->stores[at].value == wanted) {
		weak_load(&s.memory, place, s.current, at, order);
		weak_store(&s.memory, place, s.current, desired & mask_of(size), order, true);
		stored();
		return true;
	}
	uint64_t found = weak_load(&s.memory, place, s.current, at, failing);
	memcpy(expected, &found, size);
	return false;
}

void schedules_fence(memory_order order, const char *function, int line)
{
	before_operation();
	order = order_at(function, line, order, order == memory_order_acquire,
			 order == memory_order_release);
	weak_fence(&s.memory, s.current, order);
}

void schedules_fence_everywhere(void)
{
	before_operation();
	weak_fence_everywhere(&s.memory);
}

void schedules_read(const volatile void *object)
{
	weak_plain_read(&s.memory, object, s.current);
	still_sound();
}

void schedules_write(volatile void *object)
{
	weak_plain_write(&s.memory, object, s.current);
	still_sound();
}

void schedules_yield(void)
{
	if (s.current == MAIN)
		end_with("waits where no other thread runs");
	struct thread *t = &s.threads[s.current];
	if (t->state != DONE) {
		/* what it has looked at was old, or changed since: another look, at the latest */
		t->state = t->saw_old ? RUNNABLE : WAITING_FOR_STORE;
		bool at_once = can_run(t);
		t->fresh = true;
		t->saw_old = false;
		if (at_once) {
			t->looked_at = s.stores;
			t->own = 0;
			t->state = RUNNABLE;
		}
	}
	schedule(true);
	/* whoever comes back looks anew */
	t = &s.threads[s.current];
	t->looked_at = s.stores;
	t->own = 0;
}

void schedules_futex_wait(const volatile void *word, uint32_t value)
{
	before_operation();
	/* the kernel looks after a barrier of its own: at the latest value */
	struct weak_place *place = place_of(word, sizeof(value));
	struct thread *t = &s.threads[s.current];
	t->fresh = true;
	t->saw_old = false;
	if (place->stores[place->n - 1].value != value)
		return;
	t->state = PARKED;
	t->parked_on = word;
	schedule(true);
}

unsigned schedules_futex_wake(const volatile void *word, unsigned most)
{
	unsigned woken = 0;
	before_operation();
	if (s.lost_wakes > 0) {
		s.lost_wakes--;
		return 0;
	}
	for (unsigned i = 0; i < s.c->threads && woken < most; i++) {
		struct thread *t = &s.threads[i];
		if (t->state != PARKED || t->parked_on != word)
			continue;
		t->state = RUNNABLE;
		woken++;
	}
	return woken;
}

/* One execution, along the decisions so far; false: it failed. */
static bool execute(void)
{
	s.at_choice = s.steps = 0;
	s.stores = 0;
	s.preemptions = s.c->preemptions;
	s.old_values = s.c->old_values;
	s.lost_wakes = s.c->lost_wakes;
	weak_init(&s.memory);
	s.current = MAIN;
	switch (_setjmp(s.controller)) {
	case 0:
		s.c->setup();
		for (unsigned i = 0; i < s.c->threads; i++) {
			struct thread *t = &s.threads[i];
			t->state = RUNNABLE;
			t->looked_at = t->own = 0;
			t->saw_old = t->fresh = false;
			weak_follow(&s.memory, i, MAIN);
		}
		s.current = choose(s.c->threads);
		resume(&s.threads[s.current]);
		break;
	case 1:
		s.current = MAIN;
		if (s.c->finish)
			s.c->finish();
		return true;
	default:
		break;
	}
	return false;
}

static void make_coroutines(void)
{
	s.stacks = malloc(SCHEDULES_THREADS * STACK_BYTES);
	if (!s.stacks)
		abort();
	for (unsigned i = 0; i < SCHEDULES_THREADS; i++) {
		struct thread *t = &s.threads[i];
		getcontext(&t->start);
		t->start.uc_stack.ss_sp = s.stacks + (size_t)i * STACK_BYTES;
		t->start.uc_stack.ss_size = STACK_BYTES;
		t->start.uc_link = NULL;
		makecontext(&t->start, run_thread, 0);
		t->begun = false;
	}
}

void schedules_explore(const struct schedules_case *c, const struct schedules_site *weak,
		       struct schedules_outcome *ret)
{
	memset(ret, 0, sizeof(*ret));
	s.c = c;
	s.weak = weak;
	s.outcome = ret;
	s.n_choices = 0;
	make_coroutines();
	do {
		ret->executions++;
		if (!execute())
			break;
		ret->complete = !next_way();
	} while (!ret->complete && ret->executions < SCHEDULES_MOST);
	free(s.stacks);
}

size_t schedules_weaken_each(const struct schedules_case *cases, size_t n,
			     void (*survived)(void *context, const struct schedules_site *site),
			     void *context)
{
	struct schedules_outcome outcome;
	s.n_sites = 0;
	for (size_t i = 0; i < n; i++)
		schedules_explore(&cases[i], NULL, &outcome);
	for (unsigned site = 0; site < s.n_sites; site++) {
		bool found = false;
		for (size_t i = 0; i < n && !found; i++) {
			schedules_explore(&cases[i], &s.sites[site], &outcome);
			found = outcome.failure[0] != 0;
		}
		if (!found)
			survived(context, &s.sites[site]);
	}
	return s.n_sites;
}
