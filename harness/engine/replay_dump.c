/* SPDX-License-Identifier: MIT */
/* replay_dump: callgrind's columns, added up to our events. */
#include "harness/engine/replay_dump.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"
#include "harness/base/str.h"

enum { COLUMNS_MAX = 32 };

const char *assay_replay_event_name(enum assay_replay_event event)
{
	static const char *const names[ASSAY_REPLAY_EVENTS] = {
		[ASSAY_REPLAY_INSTRUCTIONS] = "instructions",
		[ASSAY_REPLAY_DATA_READS] = "data_reads",
		[ASSAY_REPLAY_DATA_WRITES] = "data_writes",
		[ASSAY_REPLAY_CONDITIONAL_MISSES] = "conditional_misses",
		[ASSAY_REPLAY_INDIRECT_MISSES] = "indirect_misses",
		[ASSAY_REPLAY_BRANCH_MISSES] = "branch_misses",
		[ASSAY_REPLAY_L1D_MISSES] = "l1d_misses",
		[ASSAY_REPLAY_CACHE_MISSES] = "cache_misses",
	};
	return names[event];
}

/* callgrind's columns, and the events that each is a part of. */
static const struct part {
	const char *column;
	unsigned events; /* bit set of enum assay_replay_event */
} parts[] = {
	{"Ir", 1u << ASSAY_REPLAY_INSTRUCTIONS},
	{"Dr", 1u << ASSAY_REPLAY_DATA_READS},
	{"Dw", 1u << ASSAY_REPLAY_DATA_WRITES},
	{"D1mr", 1u << ASSAY_REPLAY_L1D_MISSES},
	{"D1mw", 1u << ASSAY_REPLAY_L1D_MISSES},
	{"ILmr", 1u << ASSAY_REPLAY_CACHE_MISSES},
	{"DLmr", 1u << ASSAY_REPLAY_CACHE_MISSES},
	{"DLmw", 1u << ASSAY_REPLAY_CACHE_MISSES},
	{"Bcm", 1u << ASSAY_REPLAY_CONDITIONAL_MISSES | 1u << ASSAY_REPLAY_BRANCH_MISSES},
	{"Bim", 1u << ASSAY_REPLAY_INDIRECT_MISSES | 1u << ASSAY_REPLAY_BRANCH_MISSES},
};

/* A piece of the text, not terminated. */
struct piece {
	const char *at;
	size_t length;
};

static bool next_line(struct piece *rest, struct piece *line)
{
	if (!rest->length)
		return false;
	const char *end = memchr(rest->at, '\n', rest->length);
	line->at = rest->at;
	line->length = end ? (size_t)(end - rest->at) : rest->length;
	size_t used = line->length + (end != NULL);
	rest->at += used;
	rest->length -= used;
	return true;
}

/* The next word of a line, after spaces. */
static bool next_word(struct piece *line, struct piece *word)
{
	while (line->length && *line->at == ' ') {
		line->at++;
		line->length--;
	}
	word->at = line->at;
	while (line->length && *line->at != ' ') {
		line->at++;
		line->length--;
	}
	word->length = (size_t)(line->at - word->at);
	return word->length > 0;
}

/* Does the line begin with `head`? Then it becomes what follows, without leading spaces. */
static bool take_head(struct piece *line, const char *head)
{
	size_t n = strlen(head);
	if (line->length < n || memcmp(line->at, head, n) != 0)
		return false;
	line->at += n;
	line->length -= n;
	while (line->length && *line->at == ' ') {
		line->at++;
		line->length--;
	}
	return true;
}

static void keep(char *to, size_t size, struct piece from)
{
	char text[128];
	size_t n = from.length < sizeof(text) - 1 ? from.length : sizeof(text) - 1;
	memcpy(text, from.at, n);
	text[n] = '\0';
	assay_sanitise(to, size, text);
}

static bool read_number(struct piece word, uint64_t *ret)
{
	uint64_t value = 0;
	for (size_t i = 0; i < word.length; i++) {
		if (word.at[i] < '0' || word.at[i] > '9' ||
		    __builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(word.at[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return word.length > 0;
}

struct columns {
	const struct part *parts[COLUMNS_MAX]; /* NULL: of no interest */
	size_t n;
};

static enum assay_code read_columns(struct piece line, struct columns *columns,
				    struct assay_err *err)
{
	struct piece word;
	unsigned seen = 0;
	columns->n = 0;
	while (next_word(&line, &word)) {
		if (columns->n == COLUMNS_MAX)
			return assay_fail(err, ASSAY_EPARSE, "callgrind counted over %d events",
					  COLUMNS_MAX);
		columns->parts[columns->n] = NULL;
		for (size_t i = 0; i < ASSAY_COUNT_OF(parts); i++)
			if (strlen(parts[i].column) == word.length &&
			    memcmp(parts[i].column, word.at, word.length) == 0 &&
			    !(seen & 1u << i)) {
				columns->parts[columns->n] = &parts[i];
				seen |= 1u << i;
			}
		columns->n++;
	}
	for (size_t i = 0; i < ASSAY_COUNT_OF(parts); i++)
		if (!(seen & 1u << i))
			return assay_fail(err, ASSAY_EPARSE, "callgrind did not count %s",
					  parts[i].column);
	return ASSAY_OK;
}

static enum assay_code read_totals(struct piece line, const struct columns *columns,
				   uint64_t counts[ASSAY_REPLAY_EVENTS], struct assay_err *err)
{
	struct piece word;
	memset(counts, 0, ASSAY_REPLAY_EVENTS * sizeof(counts[0]));
	for (size_t i = 0; next_word(&line, &word); i++) {
		uint64_t value;
		if (i == columns->n)
			return assay_fail(err, ASSAY_EPARSE,
					  "callgrind's totals are more than its events");
		if (!read_number(word, &value))
			return assay_fail(err, ASSAY_EPARSE,
					  "a number in callgrind's totals makes no sense");
		for (unsigned e = 0; columns->parts[i] && e < ASSAY_REPLAY_EVENTS; e++)
			if (columns->parts[i]->events & 1u << e &&
			    __builtin_add_overflow(counts[e], value, &counts[e]))
				return assay_fail(err, ASSAY_EPARSE,
						  "a number in callgrind's totals makes no sense");
	}
	return ASSAY_OK;
}

enum assay_code assay_replay_dump_read(const char *text, size_t length,
				       struct assay_replay_dump *ret, struct assay_err *err)
{
	struct piece rest = {text, length}, line;
	struct columns columns = {0};
	bool has_totals = false;
	*ret = (struct assay_replay_dump){0};
	while (next_line(&rest, &line)) {
		enum assay_code rc = ASSAY_OK;
		if (take_head(&line, "desc: Trigger:")) {
			keep(ret->trigger, sizeof(ret->trigger), line);
		} else if (take_head(&line, "creator:")) {
			keep(ret->creator, sizeof(ret->creator), line);
		} else if (take_head(&line, "pid:")) {
			if (!read_number(line, &ret->pid))
				rc = assay_fail(err, ASSAY_EPARSE,
						"the process number in callgrind's file makes no "
						"sense");
		} else if (take_head(&line, "events:")) {
			rc = read_columns(line, &columns, err);
		} else if (take_head(&line, "totals:")) {
			if (!columns.n)
				rc = assay_fail(err, ASSAY_EPARSE,
						"callgrind's totals come before its events");
			else
				rc = read_totals(line, &columns, ret->counts, err);
			has_totals = true;
		}
		if (rc != ASSAY_OK)
			return rc;
	}
	return has_totals ? ASSAY_OK
			  : assay_fail(err, ASSAY_EPARSE, "callgrind's file has no totals");
}

bool assay_replay_dump_is(const struct assay_replay_dump *dump, const char *tag, uint64_t pid)
{
	static const char asked[] = "Client Request: ";
	return dump->pid == pid && strncmp(dump->trigger, asked, strlen(asked)) == 0 &&
	       strcmp(dump->trigger + strlen(asked), tag) == 0;
}
