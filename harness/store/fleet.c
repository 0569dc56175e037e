/* SPDX-License-Identifier: MIT */
/* fleet: machines, series and their newest values, in three queries. */
#include "harness/store/fleet.h"

#include <stdlib.h>

#include "harness/store/names.h"
#include "harness/store/sql.h"

struct known_machine {
	int64_t id;
	uint32_t index; /* in fleet->machines */
};

struct reader {
	struct assay_store *store;
	struct assay_fleet *fleet;
	struct known_machine *known; /* by id */
	size_t capacity;
};

/* Space for one more of `size` bytes in an array of *capacity. */
static void *grown(void *array, size_t n, size_t *capacity, size_t size)
{
	if (n < *capacity)
		return array;
	size_t more = *capacity ? *capacity * 2 : 64;
	void *larger = reallocarray(array, more, size);
	if (larger)
		*capacity = more;
	return larger;
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "no memory for a fleet");
}

static enum assay_code add_machine(struct reader *reader, sqlite3_stmt *q, size_t *capacity,
				   struct assay_err *err)
{
	struct assay_fleet *fleet = reader->fleet;
	bool failed = false;
	size_t ids = *capacity;
	struct known_machine *known = grown(reader->known, fleet->n_machines, &ids, sizeof(*known));
	if (!known)
		return no_memory(err);
	reader->known = known;
	struct assay_fleet_machine *more =
		grown(fleet->machines, fleet->n_machines, capacity, sizeof(*more));
	if (!more)
		return no_memory(err);
	fleet->machines = more;
	known[fleet->n_machines] =
		(struct known_machine){sqlite3_column_int64(q, 0), (uint32_t)fleet->n_machines};
	struct assay_fleet_machine *machine = &more[fleet->n_machines++];
	*machine = (struct assay_fleet_machine){
		.name = store_column_copy(q, 1, fleet->memory, &failed),
		.facts = store_column_copy(q, 4, fleet->memory, &failed),
		.runs = (size_t)sqlite3_column_int64(q, 5),
		.newest_ns = (uint64_t)sqlite3_column_int64(q, 6),
	};
	store_column_bytes(q, 2, machine->uuid, sizeof(machine->uuid));
	store_column_bytes(q, 3, machine->fingerprint, sizeof(machine->fingerprint));
	return failed ? no_memory(err) : ASSAY_OK;
}

static enum assay_code read_machines(struct reader *reader, struct assay_err *err)
{
	/* A bare column beside one max() is of the row with the maximum [SQLite, "Bare columns"]. */
	STORE_QUERY *query =
		store_query(reader->store,
			    "SELECT m.id, m.name, m.uuid, m.fingerprint, r.machine_facts, count(*),"
			    " max(r.started_ns) FROM machine m JOIN run r ON r.machine = m.id"
			    " WHERE r.id NOT IN " STORE_GATE_RUNS
			    " GROUP BY m.id ORDER BY m.fingerprint, m.name, m.uuid",
			    err);
	if (!query)
		return ASSAY_ESTORE;
	for (size_t capacity = 0;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code == ASSAY_OK && row)
			code = add_machine(reader, query, &capacity, err);
		if (code != ASSAY_OK || !row)
			return code;
	}
}

static int by_id(const void *a, const void *b)
{
	const struct known_machine *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static enum assay_code add_series(struct reader *reader, sqlite3_stmt *q, size_t *capacity,
				  struct assay_err *err)
{
	struct assay_fleet *fleet = reader->fleet;
	bool failed = false;
	struct assay_fleet_series *more =
		grown(fleet->series, fleet->n_series, capacity, sizeof(*more));
	if (!more)
		return no_memory(err);
	fleet->series = more;
	more[fleet->n_series++] = (struct assay_fleet_series){
		.name = store_column_copy(q, 2, fleet->memory, &failed),
		.metric = store_column_copy(q, 3, fleet->memory, &failed),
		.unit = store_column_copy(q, 4, fleet->memory, &failed),
		.better = store_better_parse(store_column_text(q, 5)),
	};
	return failed ? no_memory(err) : ASSAY_OK;
}

static enum assay_code add_value(struct reader *reader, sqlite3_stmt *q, struct assay_err *err)
{
	struct assay_fleet *fleet = reader->fleet;
	struct assay_fleet_value *more =
		grown(fleet->values, fleet->n_values, &reader->capacity, sizeof(*more));
	if (!more)
		return no_memory(err);
	fleet->values = more;
	const struct known_machine wanted = {.id = sqlite3_column_int64(q, 1)};
	const struct known_machine *machine = NULL;
	if (fleet->n_machines)
		machine = bsearch(&wanted, reader->known, fleet->n_machines, sizeof(wanted), by_id);
	if (!machine) /* it came while we read */
		return ASSAY_OK;
	more[fleet->n_values++] = (struct assay_fleet_value){
		.series = (uint32_t)(fleet->n_series - 1),
		.machine = machine->index,
		.median = sqlite3_column_double(q, 6),
	};
	return ASSAY_OK;
}

static int by_series_then_machine(const void *a, const void *b)
{
	const struct assay_fleet_value *x = a, *y = b;
	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	return (x->machine > y->machine) - (x->machine < y->machine);
}

static enum assay_code read_values(struct reader *reader, const char *pattern,
				   struct assay_err *err)
{
	STORE_QUERY *query = store_query(
		reader->store,
		"SELECT s.id, r.machine, s.name, m.name, m.unit, m.better, r.median,"
		" max(r.started_ns) FROM series s JOIN metric m ON m.id = s.metric"
		" JOIN result r ON r.series = s.id WHERE r.is_primary AND r.median IS NOT NULL"
		" AND r.status IN ('ok', 'unstable') AND r.run NOT IN " STORE_GATE_RUNS
		" AND (?1 IS NULL OR s.name GLOB ?1 OR s.name GLOB ?1 || '/*')"
		" GROUP BY s.id, r.machine ORDER BY s.name, s.id",
		err);
	if (!query)
		return ASSAY_ESTORE;
	struct store_binder b = {query};
	store_bind_text(&b, pattern);
	int64_t last = -1;
	for (size_t capacity = 0;;) {
		bool row;
		enum assay_code code = store_step(reader->store, query, &row, "read", err);
		if (code != ASSAY_OK || !row)
			return code;
		if (sqlite3_column_int64(query, 0) != last)
			code = add_series(reader, query, &capacity, err);
		last = sqlite3_column_int64(query, 0);
		if (code == ASSAY_OK)
			code = add_value(reader, query, err);
		if (code != ASSAY_OK)
			return code;
	}
}

void assay_fleet_done(struct assay_fleet *fleet)
{
	free(fleet->machines);
	free(fleet->series);
	free(fleet->values);
	store_arena_free(fleet->memory);
	*fleet = (struct assay_fleet){0};
}

enum assay_code assay_store_fleet(struct assay_store *store, const char *pattern,
				  struct assay_fleet *ret, struct assay_err *err)
{
	*ret = (struct assay_fleet){.memory = store_arena_new()};
	struct reader reader = {.store = store, .fleet = ret};
	if (!ret->memory)
		return no_memory(err);
	enum assay_code code = read_machines(&reader, err);
	if (ret->n_machines)
		qsort(reader.known, ret->n_machines, sizeof(reader.known[0]), by_id);
	if (code == ASSAY_OK)
		code = read_values(&reader, pattern, err);
	free(reader.known);
	if (code != ASSAY_OK) {
		assay_fleet_done(ret);
		return code;
	}
	if (ret->n_values)
		qsort(ret->values, ret->n_values, sizeof(ret->values[0]), by_series_then_machine);
	return ASSAY_OK;
}
