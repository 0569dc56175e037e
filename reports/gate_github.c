/* SPDX-License-Identifier: MIT */
/* gate_github: a gate's findings as workflow commands, which GitHub Actions shows beside the code. */
#include <stdlib.h>

#include "reports/escape.h"
#include "reports/gate_say.h"

/* What GitHub shows of each kind per step; more are dropped without a word. */
enum { SHOWN = 10, NAME = 200 };

static const char *const words[] = {
	[GATE_LEVEL_NOTE] = "notice",
	[GATE_LEVEL_WARNING] = "warning",
	[GATE_LEVEL_ERROR] = "error",
};

static void command(struct assay_str *to, const struct assay_gate_row *row, enum gate_level level)
{
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str title = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str message = {0};
	gate_say_name(&name, row);
	assay_escape_plain(&title, assay_str_text(&name), NAME);
	assay_str_add(&title, ": ");
	gate_say_title(&title, row);
	gate_say_numbers(&message, row);
	assay_str_add(&message, "\n");
	gate_say_details(&message, row);
	if (message.length)
		message.text[--message.length] = '\0'; /* no empty last line */
	assay_str_add(to, "::%s ", words[level]);
	if (row->location && *row->location) {
		assay_str_add(to, "file=");
		assay_escape_workflow(to, row->location, true);
		assay_str_add(to, ",line=1,");
	}
	assay_str_add(to, "title=");
	assay_escape_workflow(to, assay_str_text(&title), true);
	assay_str_add(to, "::");
	assay_escape_workflow(to, assay_str_text(&message), false);
	assay_str_add(to, "\n");
	to->failed |= name.failed || title.failed || message.failed;
}

static void commands(struct assay_str *to, const struct assay_gate_report *report,
		     const size_t *order, enum gate_level level, size_t room, bool strict)
{
	size_t n = 0, at = 0;
	for (size_t i = 0; i < report->n; i++)
		n += gate_say_level(&report->rows[i], strict) == level;
	for (size_t i = 0; i < report->n; i++) {
		const struct assay_gate_row *row = &report->rows[order[i]];
		if (gate_say_level(row, strict) != level)
			continue;
		/* The last place is for saying that there are more. */
		if (n > room && at == room - 1) {
			assay_str_add(to,
				      "::%s title=assay gate::%zu more like these; the log of "
				      "this step and the other outputs have all\n",
				      words[level], n - at);
			return;
		}
		command(to, row, level);
		at++;
	}
}

/* A gate that fails without a row to blame must still show up. */
static void nothing_compared(struct assay_str *to, const struct assay_gate_report *report,
			     bool strict)
{
	ASSAY_AUTO(assay_str_done) struct assay_str answer = {0};
	gate_say_answer(&answer, report, strict);
	assay_str_add(to, "::error title=assay gate::");
	assay_escape_workflow(to, assay_str_text(&answer), false);
	assay_str_add(to, "\n");
}

enum assay_code assay_gate_write_github(const struct assay_gate_report *report, FILE *out,
					const struct assay_gate_options *options,
					struct assay_err *err)
{
	bool strict = options && options->strict;
	ASSAY_AUTO_FREE size_t *order = gate_say_order(report);
	ASSAY_AUTO(assay_str_done) struct assay_str to = {0};
	if (!order)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for annotations");
	bool compared = gate_say_compared(report) > 0;
	if (!compared)
		nothing_compared(&to, report, strict);
	commands(&to, report, order, GATE_LEVEL_ERROR, compared ? SHOWN : SHOWN - 1, strict);
	commands(&to, report, order, GATE_LEVEL_WARNING, SHOWN, strict);
	commands(&to, report, order, GATE_LEVEL_NOTE, SHOWN, strict);
	return gate_say_write(&to, out, "annotations", err);
}
