/* SPDX-License-Identifier: MIT */
/* taskq: XADD, XREADGROUP, XAUTOCLAIM, XCLAIM, XACK, and a hash that counts how often each task was done. */
#include "suites/scaling/taskq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "suites/remote/wire.h"

#define STREAM "tasks"
#define GROUP  "workers"
#define DONE   "done"
#define TOTAL  "executions"

struct taskq {
	struct wire *wire;
	char name[TASKQ_ID];
};

static enum assay_code broken(const struct taskq *q, struct assay_err *err)
{
	const char *why = wire_error(q->wire);
	return assay_fail(err, ASSAY_EIO, "task queue: %s", why ? why : "the server refused");
}

enum { WORDS_MOST = 12 };

/* A command of words[n]. */
static enum assay_code command(struct taskq *q, const char *const *words, size_t n,
			       wire_redis_each each, void *context, struct assay_err *err)
{
	size_t lengths[WORDS_MOST];
	for (size_t i = 0; i < n; i++)
		lengths[i] = strlen(words[i]);
	return wire_redis_command(q->wire, n, words, lengths, each, context) ? ASSAY_OK
									     : broken(q, err);
}
#define COMMAND(q, each, context, err, ...)            \
	command(q, (const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), each, context, err)

enum assay_code taskq_open(const char *socket, const char *name, unsigned deadline_ms,
			   struct taskq **ret, struct assay_err *err)
{
	struct taskq *q = calloc(1, sizeof(*q));
	if (!q)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a task queue");
	assay_copy(q->name, sizeof(q->name), name);
	enum assay_code code = wire_open(socket, deadline_ms, &q->wire, err);
	if (code == ASSAY_OK)
		*ret = q;
	else
		free(q);
	return code;
}

void taskq_close(struct taskq *q)
{
	if (!q)
		return;
	wire_close(q->wire);
	free(q);
}

enum assay_code taskq_reset(struct taskq *q, struct assay_err *err)
{
	enum assay_code code = COMMAND(q, NULL, NULL, err, "DEL", STREAM, DONE, TOTAL);
	if (code == ASSAY_OK)
		code = COMMAND(q, NULL, NULL, err, "XGROUP", "CREATE", STREAM, GROUP, "0",
			       "MKSTREAM");
	return code;
}

enum assay_code taskq_put(struct taskq *q, uint64_t number, struct assay_err *err)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, number);
	return COMMAND(q, NULL, NULL, err, "XADD", STREAM, "*", "n", text);
}

/* Entries in a reply: [id, [field, value]], the id `depth` arrays deep and the fields one more. */
struct entries {
	struct taskq_task *tasks;
	size_t n, most;
	int depth;
	bool value_next, bad;
};

static void add_entry(void *context, const char *text, size_t length, int depth)
{
	struct entries *e = context;
	if (depth == e->depth) {
		e->bad |= !text || length >= TASKQ_ID || e->n == e->most;
		if (e->bad)
			return;
		memcpy(e->tasks[e->n].entry, text, length + 1);
		e->n++;
		e->value_next = false;
	} else if (depth == e->depth + 1) {
		if (e->value_next && e->n && text)
			e->bad |= assay_parse_u64(text, 0, UINT64_MAX, &e->tasks[e->n - 1].number,
						  NULL) != ASSAY_OK;
		e->value_next = !e->value_next;
	}
}

static enum assay_code entries_end(const struct entries *e, size_t *ret_n, struct assay_err *err)
{
	*ret_n = e->n;
	return e->bad ? assay_fail(err, ASSAY_EPARSE, "task queue: the server's entries are none")
		      : ASSAY_OK;
}

enum assay_code taskq_take(struct taskq *q, size_t most, struct taskq_task *tasks, size_t *ret_n,
			   struct assay_err *err)
{
	char count[24];
	/* [[stream, [[id, [field, value]], ...]]], or nil */
	struct entries entries = {.tasks = tasks, .most = most, .depth = 4};
	snprintf(count, sizeof(count), "%zu", most);
	*ret_n = 0;
	enum assay_code code = COMMAND(q, add_entry, &entries, err, "XREADGROUP", "GROUP", GROUP,
				       q->name, "COUNT", count, "STREAMS", STREAM, ">");
	return code == ASSAY_OK ? entries_end(&entries, ret_n, err) : code;
}

enum assay_code taskq_take_over(struct taskq *q, unsigned silent_ms, size_t most,
				struct taskq_task *tasks, size_t *ret_n, struct assay_err *err)
{
	char silent[24], count[24];
	/* [next, [[id, [field, value]], ...], [deleted ids]] */
	struct entries entries = {.tasks = tasks, .most = most, .depth = 3};
	snprintf(silent, sizeof(silent), "%u", silent_ms);
	snprintf(count, sizeof(count), "%zu", most);
	*ret_n = 0;
	enum assay_code code = COMMAND(q, add_entry, &entries, err, "XAUTOCLAIM", STREAM, GROUP,
				       q->name, silent, "0", "COUNT", count);
	return code == ASSAY_OK ? entries_end(&entries, ret_n, err) : code;
}

enum assay_code taskq_beat(struct taskq *q, const struct taskq_task *task, struct assay_err *err)
{
	return COMMAND(q, NULL, NULL, err, "XCLAIM", STREAM, GROUP, q->name, "0", task->entry,
		       "JUSTID");
}

enum assay_code taskq_done(struct taskq *q, const struct taskq_task *task, struct assay_err *err)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, task->number);
	enum assay_code code = COMMAND(q, NULL, NULL, err, "HINCRBY", DONE, text, "1");
	if (code == ASSAY_OK)
		code = COMMAND(q, NULL, NULL, err, "INCR", TOTAL);
	if (code == ASSAY_OK)
		code = COMMAND(q, NULL, NULL, err, "XACK", STREAM, GROUP, task->entry);
	return code;
}

/* The first number of a reply; nil counts as 0. */
static void first_number(void *context, const char *text, size_t length, int depth)
{
	int64_t *number = context;
	(void)length;
	(void)depth;
	if (*number >= 0)
		return;
	uint64_t value = 0;
	if (text && assay_parse_u64(text, 0, INT64_MAX, &value, NULL) != ASSAY_OK)
		return;
	*number = (int64_t)value;
}

enum assay_code taskq_count(struct taskq *q, struct taskq_count *ret, struct assay_err *err)
{
	int64_t finished = -1, executions = -1, pending = -1;
	enum assay_code code = COMMAND(q, first_number, &finished, err, "HLEN", DONE);
	if (code == ASSAY_OK)
		code = COMMAND(q, first_number, &executions, err, "GET", TOTAL);
	if (code == ASSAY_OK)
		code = COMMAND(q, first_number, &pending, err, "XPENDING", STREAM, GROUP);
	if (code == ASSAY_OK && (finished < 0 || executions < 0 || pending < 0))
		return assay_fail(err, ASSAY_EPARSE, "task queue: the server's counts are none");
	*ret = (struct taskq_count){(uint64_t)finished, (uint64_t)executions, (uint64_t)pending};
	return code;
}
