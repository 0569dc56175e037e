/* SPDX-License-Identifier: MIT */
/* weak_memory: places, views and clocks. */
#include "tests/suites/concurrency/weak_memory.h"

#include <string.h>

static void join(struct weak_view *view, const struct weak_view *other)
{
	for (size_t i = 0; i < WEAK_PLACES; i++)
		if (view->seen[i] < other->seen[i])
			view->seen[i] = other->seen[i];
	for (size_t i = 0; i < WEAK_THREADS; i++)
		if (view->clock[i] < other->clock[i])
			view->clock[i] = other->clock[i];
}

static bool acquires(memory_order order)
{
	return order == memory_order_acquire || order == memory_order_consume ||
	       order == memory_order_acq_rel || order == memory_order_seq_cst;
}

static bool releases(memory_order order)
{
	return order == memory_order_release || order == memory_order_acq_rel ||
	       order == memory_order_seq_cst;
}

void weak_init(struct weak_memory *m)
{
	m->n_places = m->n_plain = 0;
	m->broken = NULL;
	memset(m->threads, 0, sizeof(m->threads));
	memset(&m->agreed, 0, sizeof(m->agreed));
	for (size_t i = 0; i < WEAK_THREADS; i++)
		m->threads[i].view.clock[i] = 1;
}

struct weak_place *weak_place(struct weak_memory *m, const volatile void *address, size_t size)
{
	for (unsigned i = 0; i < m->n_places; i++)
		if (m->places[i].address == address)
			return &m->places[i];
	if (m->n_places == WEAK_PLACES) {
		m->broken = "more atomic variables than the checker has room for";
		return NULL;
	}
	struct weak_place *place = &m->places[m->n_places++];
	place->address = address;
	place->size = size;
	place->n = 1;
	memset(&place->stores[0], 0, sizeof(place->stores[0]));
	memcpy(&place->stores[0].value, (const void *)address, size);
	return place;
}

static size_t number_of(const struct weak_memory *m, const struct weak_place *place)
{
	return (size_t)(place - m->places);
}

unsigned weak_oldest(const struct weak_memory *m, const struct weak_place *place, unsigned thread,
		     memory_order order)
{
	size_t number = number_of(m, place);
	unsigned oldest = m->threads[thread].view.seen[number];
	if (order == memory_order_seq_cst && oldest < m->agreed.seen[number])
		oldest = m->agreed.seen[number];
	return oldest;
}

uint64_t weak_load(struct weak_memory *m, struct weak_place *place, unsigned thread, unsigned at,
		   memory_order order)
{
	struct weak_thread *t = &m->threads[thread];
	size_t number = number_of(m, place);
	t->view.seen[number] = (uint8_t)at;
	join(acquires(order) ? &t->view : &t->pending, &place->stores[at].view);
	if (order == memory_order_seq_cst && m->agreed.seen[number] < at)
		m->agreed.seen[number] = (uint8_t)at;
	return place->stores[at].value;
}

void weak_store(struct weak_memory *m, struct weak_place *place, unsigned thread, uint64_t value,
		memory_order order, bool replaces)
{
	if (place->n == WEAK_STORES) {
		m->broken = "more stores to one variable than the checker has room for";
		return;
	}
	struct weak_thread *t = &m->threads[thread];
	struct weak_store *store = &place->stores[place->n];
	size_t number = number_of(m, place);
	t->view.seen[number] = (uint8_t)place->n;
	store->value = value;
	store->view = releases(order) ? t->view : t->released;
	store->view.seen[number] = (uint8_t)place->n;
	if (replaces)
		join(&store->view, &place->stores[place->n - 1].view);
	if (order == memory_order_seq_cst)
		m->agreed.seen[number] = (uint8_t)place->n;
	/* what this thread does from here on is not part of what it has released */
	t->view.clock[thread]++;
	place->n++;
	memcpy((void *)place->address, &value, place->size);
}

void weak_fence(struct weak_memory *m, unsigned thread, memory_order order)
{
	struct weak_thread *t = &m->threads[thread];
	if (acquires(order))
		join(&t->view, &t->pending);
	if (order == memory_order_seq_cst) {
		/* views, not clocks: an order of fences is no happening before */
		for (size_t i = 0; i < WEAK_PLACES; i++) {
			if (t->view.seen[i] < m->agreed.seen[i])
				t->view.seen[i] = m->agreed.seen[i];
			m->agreed.seen[i] = t->view.seen[i];
		}
	}
	if (releases(order))
		t->released = t->view;
	t->view.clock[thread]++;
}

void weak_fence_everywhere(struct weak_memory *m)
{
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < WEAK_THREADS; i++)
			weak_fence(m, i, memory_order_seq_cst);
}

static struct weak_plain *plain_at(struct weak_memory *m, const volatile void *address)
{
	for (unsigned i = 0; i < m->n_plain; i++)
		if (m->plain[i].address == address)
			return &m->plain[i];
	if (m->n_plain == WEAK_PLAIN) {
		m->broken = "more variables than the checker has room for";
		return NULL;
	}
	struct weak_plain *plain = &m->plain[m->n_plain++];
	memset(plain, 0, sizeof(*plain));
	plain->address = address;
	return plain;
}

void weak_plain_read(struct weak_memory *m, const volatile void *address, unsigned thread)
{
	struct weak_plain *plain = plain_at(m, address);
	const struct weak_view *view = &m->threads[thread].view;
	if (!plain)
		return;
	if (view->clock[plain->writer] < plain->written)
		m->broken = "race: read of what another thread has just written";
	plain->read[thread] = view->clock[thread];
}

void weak_plain_write(struct weak_memory *m, const volatile void *address, unsigned thread)
{
	struct weak_plain *plain = plain_at(m, address);
	const struct weak_view *view = &m->threads[thread].view;
	if (!plain)
		return;
	if (view->clock[plain->writer] < plain->written)
		m->broken = "race: two threads write the same";
	for (unsigned i = 0; i < WEAK_THREADS; i++)
		if (view->clock[i] < plain->read[i])
			m->broken = "race: overwritten while another thread reads it";
	plain->writer = thread;
	plain->written = view->clock[thread];
}

void weak_follow(struct weak_memory *m, unsigned later, unsigned earlier)
{
	join(&m->threads[later].view, &m->threads[earlier].view);
	m->threads[earlier].view.clock[earlier]++;
}
