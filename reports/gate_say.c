/* SPDX-License-Identifier: MIT */
/* gate_say: a gate's answer, rows and figures in words. */
#include "reports/gate_say.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/words.h"

static const enum assay_decision worst_first[] = {
	ASSAY_DECISION_REGRESSED,    ASSAY_DECISION_FAILED,   ASSAY_DECISION_MISSING,
	ASSAY_DECISION_INCONCLUSIVE, ASSAY_DECISION_IMPROVED, ASSAY_DECISION_NEW,
	ASSAY_DECISION_SKIPPED,      ASSAY_DECISION_OK,
};

static size_t severity(enum assay_decision decision)
{
	size_t i = 0;
	while (worst_first[i] != decision)
		i++;
	return i;
}

static double size_of_change(const struct assay_gate_row *row)
{
	return row->estimate.ratio > 0 ? fabs(log(row->estimate.ratio)) : -1;
}

static int compare(const void *a, const void *b, void *rows)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const struct assay_gate_row *x = &((const struct assay_gate_row *)rows)[i];
	const struct assay_gate_row *y = &((const struct assay_gate_row *)rows)[j];
	size_t sx = severity(x->decision), sy = severity(y->decision);
	double dx = size_of_change(x), dy = size_of_change(y);
	if (sx != sy)
		return sx < sy ? -1 : 1;
	if (dx != dy)
		return dx > dy ? -1 : 1;
	return i < j ? -1 : 1;
}

size_t *gate_say_order(const struct assay_gate_report *report)
{
	size_t *order = calloc(report->n + 1, sizeof(*order));
	for (size_t i = 0; order && i < report->n; i++)
		order[i] = i;
	if (order && report->n)
		qsort_r(order, report->n, sizeof(*order), compare, report->rows);
	return order;
}

enum gate_level gate_say_level(const struct assay_gate_row *row, bool strict)
{
	switch (row->decision) {
	case ASSAY_DECISION_REGRESSED:
	case ASSAY_DECISION_FAILED:
	case ASSAY_DECISION_MISSING:
		return GATE_LEVEL_ERROR;
	case ASSAY_DECISION_INCONCLUSIVE:
		return strict ? GATE_LEVEL_ERROR : GATE_LEVEL_WARNING;
	case ASSAY_DECISION_IMPROVED:
	case ASSAY_DECISION_NEW:
		return GATE_LEVEL_NOTE;
	default:
		return GATE_LEVEL_NONE;
	}
}

static size_t count(const struct assay_gate_report *report, enum assay_decision decision)
{
	return assay_gate_report_count(report, decision);
}

size_t gate_say_compared(const struct assay_gate_report *report)
{
	return count(report, ASSAY_DECISION_OK) + count(report, ASSAY_DECISION_REGRESSED) +
	       count(report, ASSAY_DECISION_IMPROVED) + count(report, ASSAY_DECISION_INCONCLUSIVE);
}

static const char *are(size_t n)
{
	return n == 1 ? "is" : "are";
}

static void say_lost(struct assay_str *to, const struct assay_gate_report *report, size_t compared)
{
	size_t missing = count(report, ASSAY_DECISION_MISSING);
	size_t failed = count(report, ASSAY_DECISION_FAILED);
	if (missing)
		assay_str_add(to, "%zu series vanished", missing);
	if (failed)
		assay_str_add(to, "%s%zu did not end well", missing ? ", " : "", failed);
	if (!compared)
		assay_str_add(to, "%snothing could be compared", missing || failed ? ", " : "");
	assay_str_add(to, ".");
}

void gate_say_answer(struct assay_str *to, const struct assay_gate_report *report, bool strict)
{
	size_t regressed = count(report, ASSAY_DECISION_REGRESSED);
	size_t open = count(report, ASSAY_DECISION_INCONCLUSIVE);
	size_t compared = gate_say_compared(report);
	enum assay_gate_answer answer = assay_gate_report_answer(report);
	assay_str_add(to, "%s: ", assay_gate_answer_name(answer));
	switch (answer) {
	case ASSAY_GATE_RED:
		assay_str_add(to, "%zu of %zu compared series %s worse.", regressed, compared,
			      are(regressed));
		break;
	case ASSAY_GATE_WRONG:
		assay_str_add(to, "%zu series gave no right answer; speed does not count then.",
			      count(report, ASSAY_DECISION_FAILED));
		break;
	case ASSAY_GATE_LOST:
		say_lost(to, report, compared);
		break;
	case ASSAY_GATE_UNDECIDED:
		assay_str_add(to, "%zu of %zu compared series %s open%s.", open, compared,
			      are(open), open < compared ? ", the others are no worse" : "");
		assay_str_add(to, strict ? "" : " Without --strict this passes.");
		break;
	case ASSAY_GATE_GREEN:
		assay_str_add(to, "none of %zu compared series is worse.", compared);
		break;
	}
	if (report->interrupted)
		assay_str_add(to, " Interrupted: not everything was looked at.");
	else if (report->out_of_time && open)
		assay_str_add(to, " The time allowed ran out before all was decided.");
}

void gate_say_counts(struct assay_str *to, const struct assay_gate_report *report)
{
	static const char *const words[ASSAY_DECISIONS] = {
		[ASSAY_DECISION_OK] = "ok",
		[ASSAY_DECISION_REGRESSED] = "regressed",
		[ASSAY_DECISION_IMPROVED] = "improved",
		[ASSAY_DECISION_INCONCLUSIVE] = "inconclusive",
		[ASSAY_DECISION_MISSING] = "missing",
		[ASSAY_DECISION_NEW] = "new",
		[ASSAY_DECISION_FAILED] = "failed",
		[ASSAY_DECISION_SKIPPED] = "skipped",
	};
	const char *separator = "";
	for (size_t i = 0; i < ASSAY_COUNT_OF(worst_first); i++) {
		size_t n = count(report, worst_first[i]);
		if (!n)
			continue;
		assay_str_add(to, "%s%zu %s", separator, n, words[worst_first[i]]);
		separator = ", ";
	}
	assay_str_add(to, *separator ? "" : "no series");
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

void gate_say_side(struct assay_str *to, const struct assay_gate_side_info *side)
{
	assay_str_add(to, "%s (%s", or_empty(side->label),
		      *or_empty(side->kind) ? side->kind : "unknown");
	if (*or_empty(side->commit))
		assay_str_add(to, ", commit %.12s", side->commit);
	if (side->variants > 1)
		assay_str_add(to, ", %zu placement variants", side->variants);
	if (side->run)
		assay_str_add(to, ", run %" PRId64, side->run);
	if (*or_empty(side->machine))
		assay_str_add(to, ", on %s", side->machine);
	assay_str_add(to, ")");
}

void gate_say_policy(struct assay_str *to, const struct assay_gate_report *report)
{
	const struct assay_gate_policy *p = &report->policy;
	assay_str_add(
		to,
		"Policy %s: worse by more than %.3g %% is a regression, with a chance of %.3g %% "
		"for a false one in the whole gate; worse by %.3g %% does not pass as OK.",
		report->preset, 100 * p->m0, 100 * p->alpha, 100 * p->m1);
}

void gate_say_work(struct assay_str *to, const struct assay_gate_report *report)
{
	assay_str_add(to, "%zu processes in %.1f s, seed %" PRIu64, report->launches,
		      (double)report->elapsed_ns / 1e9, report->seed);
	if (report->noise)
		assay_str_add(to, ", noise grade %c", report->noise);
	if (report->noise && *report->noise_reason)
		assay_str_add(to, " (%s)", report->noise_reason);
}

/* Without the sign of a zero, and with no more digits than anybody reads. */
static void percent(struct assay_str *to, double ratio, const char *unit)
{
	double change = 100 * (ratio - 1);
	if (fabs(change) < 0.05)
		assay_str_add(to, "0.0%s", unit);
	else
		assay_str_add(to, "%+.*f%s", fabs(change) < 100 ? 1 : 0, change, unit);
}

const char *gate_say_change(const struct assay_gate_row *row, char *text, size_t size)
{
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	struct assay_gate_change change = assay_gate_row_change(row);
	if (isfinite(change.ratio))
		percent(&s, change.ratio, " %");
	assay_copy(text, size, s.length ? s.text : "-");
	return text;
}

const char *gate_say_interval(const struct assay_gate_row *row, char *text, size_t size)
{
	ASSAY_AUTO(assay_str_done) struct assay_str s = {0};
	struct assay_gate_change change = assay_gate_row_change(row);
	if (isfinite(change.lo) && isfinite(change.hi)) {
		percent(&s, change.lo, " to ");
		percent(&s, change.hi, " %");
	}
	assay_copy(text, size, s.length ? s.text : "-");
	return text;
}

const char *gate_say_value(const struct assay_gate_row *row, double value, char *text, size_t size)
{
	return assay_report_value(value, or_empty(row->unit), text, size);
}

void gate_say_numbers(struct assay_str *to, const struct assay_gate_row *row)
{
	char base[64], cand[64], change[24], interval[48];
	if (!isfinite(row->estimate.ratio)) {
		const char *why = row->decision == ASSAY_DECISION_MISSING ? "only the base has it"
				  : row->decision == ASSAY_DECISION_NEW
					  ? "only the candidate has it"
					  : "no reason is known";
		assay_str_add(to, "%s", *or_empty(row->reason) ? row->reason : why);
		return;
	}
	assay_str_add(to, "%s to %s, %s (%s), %zu pairs",
		      gate_say_value(row, row->base, base, sizeof(base)),
		      gate_say_value(row, row->cand, cand, sizeof(cand)),
		      gate_say_change(row, change, sizeof(change)),
		      gate_say_interval(row, interval, sizeof(interval)), row->pairs);
}

/* Times are slower or faster; of other figures nobody knows but that they are better or worse. */
static bool about_speed(const struct assay_gate_row *row)
{
	const char *unit = or_empty(row->unit);
	size_t n = strlen(unit);
	return strncmp(unit, "ns", 2) == 0 || (n > 2 && strcmp(unit + n - 2, "/s") == 0);
}

void gate_say_title(struct assay_str *to, const struct assay_gate_row *row)
{
	char change[24];
	bool worse = row->decision == ASSAY_DECISION_REGRESSED;
	if (worse || row->decision == ASSAY_DECISION_IMPROVED) {
		const char *word = about_speed(row) ? (worse ? "slower" : "faster")
						    : (worse ? "worse" : "better");
		assay_str_add(to, "%s, %s", word, gate_say_change(row, change, sizeof(change)));
		return;
	}
	static const char *const words[ASSAY_DECISIONS] = {
		[ASSAY_DECISION_OK] = "no worse",
		[ASSAY_DECISION_INCONCLUSIVE] = "cannot decide",
		[ASSAY_DECISION_MISSING] = "vanished",
		[ASSAY_DECISION_NEW] = "new",
		[ASSAY_DECISION_SKIPPED] = "skipped",
	};
	if (row->decision == ASSAY_DECISION_FAILED)
		assay_str_add(to, "%s", assay_status_name(row->status));
	else
		assay_str_add(to, "%s", words[row->decision]);
}

bool gate_say_unremarkable(const struct assay_gate_row *row)
{
	return row->decision == ASSAY_DECISION_SKIPPED ||
	       (row->decision == ASSAY_DECISION_OK && !row->acceptance.present);
}

size_t gate_say_more_pairs(const struct assay_gate_row *row)
{
	size_t n = row->estimate.deciding_n;
	return row->decision == ASSAY_DECISION_INCONCLUSIVE && n > row->pairs ? n - row->pairs : 0;
}

static void say_causes(struct assay_str *to, const struct assay_gate_row *row)
{
	bool open = row->decision == ASSAY_DECISION_INCONCLUSIVE;
	for (size_t i = 0; i < row->causes.n && i < 2; i++)
		assay_str_add(to, "%s%s", i ? ", and " : "undecided because ",
			      assay_gate_cause_text(row->causes.found[i].cause));
	if (row->causes.n)
		assay_str_add(to, "\n");
	if (gate_say_more_pairs(row))
		assay_str_add(to, "about %zu more pairs would decide\n", gate_say_more_pairs(row));
	if (open && isfinite(row->estimate.detectable))
		assay_str_add(to, "the smallest change that these pairs would show is %.1f %%\n",
			      100 * (row->estimate.detectable - 1));
	if (row->preempted_share >= 0.01)
		assay_str_add(to, "%.0f %% of the samples were interrupted\n",
			      100 * row->preempted_share);
	if (row->steal_share >= 0.01)
		assay_str_add(to, "the hypervisor took %.0f %% of the time\n",
			      100 * row->steal_share);
}

static void say_placement(struct assay_str *to, const struct assay_gate_row *row)
{
	bool moved = row->decision == ASSAY_DECISION_REGRESSED ||
		     row->decision == ASSAY_DECISION_INCONCLUSIVE ||
		     row->decision == ASSAY_DECISION_IMPROVED;
	if (!moved || !(row->placement_share >= 0.25))
		return;
	assay_str_add(to, "placement of the code makes %.0f %% of the variance between launches",
		      100 * row->placement_share);
	if (isfinite(row->placement_sd))
		assay_str_add(to, ", levels differ by %.1f %%", 100 * row->placement_sd);
	assay_str_add(to, "\n");
}

/* The limit as it was given: in the metric's own direction. */
static void say_acceptance(struct assay_str *to, const struct assay_gate_row *row)
{
	const struct assay_gate_acceptance *a = &row->acceptance;
	if (a->present) {
		char until[32];
		double limit = row->better == ASSAY_HIGHER ? 1 / a->limit_ratio : a->limit_ratio;
		assay_str_add(to, "accepted up to ");
		percent(to, limit, " %");
		assay_str_add(to, " by %s", *or_empty(a->author) ? a->author : "nobody named");
		if (a->expires_ns)
			assay_str_add(to, " until %s",
				      assay_report_time(a->expires_ns, until, sizeof(until)));
		assay_str_add(to, *or_empty(a->note) ? ": %s\n" : "%s\n", or_empty(a->note));
	}
	if (a->false_alarms)
		assay_str_add(to, "%zu earlier verdict%s on it %s marked a false alarm\n",
			      a->false_alarms, a->false_alarms == 1 ? "" : "s",
			      a->false_alarms == 1 ? "was" : "were");
}

void gate_say_details(struct assay_str *to, const struct assay_gate_row *row)
{
	bool numbers = isfinite(row->estimate.ratio);
	if (*or_empty(row->reason) && numbers)
		assay_str_add(to, "%s\n", row->reason);
	say_causes(to, row);
	say_placement(to, row);
	if (row->decision != ASSAY_DECISION_OK && row->lost_pairs)
		assay_str_add(to, "%zu pairs were lost\n", row->lost_pairs);
	say_acceptance(to, row);
}

static bool usual_metric(const struct assay_gate_row *row)
{
	static const char *const usual[] = {"", "time", "rate", "bandwidth", "latency"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(usual); i++)
		if (strcmp(or_empty(row->metric), usual[i]) == 0)
			return true;
	return false;
}

void gate_say_name(struct assay_str *to, const struct assay_gate_row *row)
{
	assay_str_add(to, "%s", or_empty(row->name));
	if (!usual_metric(row))
		assay_str_add(to, " (%s)", row->metric);
}

/* Single quotes keep everything but themselves from a shell. */
static void quoted(struct assay_str *to, const char *text)
{
	assay_str_add(to, "'");
	for (; *text; text++) {
		if (*text == '\'')
			assay_str_add(to, "'\\''");
		else
			assay_str_put(to, text, 1);
	}
	assay_str_add(to, "'");
}

void gate_say_ack(struct assay_str *to, const struct assay_gate_row *row, const char *store)
{
	struct assay_gate_change change = assay_gate_row_change(row);
	double worst = row->better == ASSAY_HIGHER ? change.lo : change.hi;
	if (row->decision != ASSAY_DECISION_REGRESSED || !isfinite(worst))
		return;
	double limit =
		row->better == ASSAY_HIGHER ? floor(100 * (worst - 1)) : ceil(100 * (worst - 1));
	if (limit < -99 || limit > 1000) /* nobody accepts that by copying a line */
		return;
	assay_str_add(to, "assay ack%s ", or_empty(store));
	quoted(to, or_empty(row->name));
	if (!usual_metric(row)) {
		assay_str_add(to, " --metric ");
		quoted(to, row->metric);
	}
	assay_str_add(to, " --limit %+.0f%% --note 'why'", limit);
}

void gate_say_profile(struct assay_str *to, const struct assay_gate_report *report,
		      const struct assay_gate_row *row)
{
	const char *kind = or_empty(report->cand.kind), *location = or_empty(row->location);
	size_t n = strlen(location);
	if (strcmp(kind, "plug-in") == 0 && n > 3 && strcmp(location + n - 3, ".so") == 0) {
		assay_str_add(to, "assay profile --load ");
		quoted(to, location);
	} else if (strcmp(or_empty(report->cand.label), "this build") == 0) {
		assay_str_add(to, "assay profile");
	} else {
		return;
	}
	assay_str_add(to, " ");
	quoted(to, or_empty(row->name));
}

enum assay_code gate_say_write(const struct assay_str *text, FILE *out, const char *what,
			       struct assay_err *err)
{
	if (text->failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %s", what);
	if (fwrite(assay_str_text(text), 1, text->length, out) != text->length || fflush(out) != 0)
		return assay_fail(err, ASSAY_EIO, "cannot write %s: %s", what, strerror(errno));
	return ASSAY_OK;
}
