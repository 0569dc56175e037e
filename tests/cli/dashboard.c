/* SPDX-License-Identifier: MIT */
/*
 * dashboard DASHBOARD METRICS: does every query of a Grafana dashboard find its metrics, and every label it
 * asks for, in an OpenMetrics file? One TAP line per panel and per variable.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 32 };

/* Part of a text, such as a name in a query. */
struct word {
	const char *text;
	size_t length;
};

struct query {
	struct word metrics[MOST_WORDS], labels[MOST_WORDS];
	size_t n_metrics, n_labels;
};

struct job {
	const char *exposition; /* begins with a line break */
	size_t n, failed;
};

static void verdict(struct job *job, const char *kind, const char *title, const char *problem)
{
	printf("%sok %zu - %s '%s'\n", problem ? "not " : "", ++job->n, kind, title);
	if (problem)
		printf("# %s\n", problem);
	job->failed += problem != NULL;
}

static bool is(const struct word *word, const char *text)
{
	return strlen(text) == word->length && strncmp(word->text, text, word->length) == 0;
}

static void keep(struct word *list, size_t *n, struct word word)
{
	if (*n < MOST_WORDS)
		list[(*n)++] = word;
}

static struct word take_word(const char **at)
{
	struct word word = {*at, 0};
	while (isalnum((unsigned char)**at) || **at == '_')
		++*at, word.length++;
	return word;
}

/* The names before the closing `end`, outside of quotes. */
static void take_labels(const char **at, char end, struct query *q)
{
	while (**at && **at != end) {
		if (**at == '"') {
			const char *close = strchr(*at + 1, '"');
			*at = close ? close + 1 : *at + strlen(*at);
		} else if (isalpha((unsigned char)**at) || **at == '_') {
			keep(q->labels, &q->n_labels, take_word(at));
		} else {
			++*at;
		}
	}
}

/* Metrics are the names that begin with assay_; labels stand in braces, and behind `by`. */
static void read_query(const char *text, struct query *q)
{
	for (const char *at = text; *at;) {
		if (*at == '"') {
			const char *close = strchr(at + 1, '"');
			at = close ? close + 1 : at + strlen(at);
			continue;
		}
		if (!isalpha((unsigned char)*at) && *at != '_') {
			at++;
			continue;
		}
		struct word word = take_word(&at);
		at += strspn(at, " ");
		if (word.length > 6 && strncmp(word.text, "assay_", 6) == 0)
			keep(q->metrics, &q->n_metrics, word);
		if (*at == '{')
			take_labels(&at, '}', q);
		else if (is(&word, "by") && *at == '(')
			take_labels(&at, ')', q);
	}
}

/* "{{case}} {{unit}}": what a legend is made of. */
static void read_legend(const char *text, struct query *q)
{
	for (const char *at = text; (at = strstr(at, "{{"));) {
		at += 2;
		at += strspn(at, " ");
		keep(q->labels, &q->n_labels, take_word(&at));
	}
}

/* A sample of the metric, with the label unless that is NULL. */
static bool exposed(const char *exposition, const struct word *metric, const struct word *label)
{
	for (const char *line = exposition; (line = strchr(line, '\n'));) {
		line++;
		if (strncmp(line, metric->text, metric->length) != 0 || line[metric->length] != '{')
			continue;
		if (!label)
			return true;
		const char *end = strchr(line, '\n');
		for (const char *at = line; at && at < end; at++) {
			at = strpbrk(at, "{,");
			if (at && strncmp(at + 1, label->text, label->length) == 0 &&
			    strncmp(at + 1 + label->length, "=\"", 2) == 0)
				return true;
			if (!at)
				break;
		}
	}
	return false;
}

/* What is wrong with a query, or NULL; `problem` has room for it. */
static const char *resolve(const struct job *job, const struct query *q, char problem[200])
{
	if (!q->n_metrics)
		return "it asks for no metric of assay";
	for (size_t m = 0; m < q->n_metrics; m++) {
		const struct word *metric = &q->metrics[m];
		snprintf(problem, 200, "there is no %.*s", (int)metric->length, metric->text);
		if (!exposed(job->exposition, metric, NULL))
			return problem;
		for (size_t i = 0; i < q->n_labels; i++) {
			const struct word *label = &q->labels[i];
			snprintf(problem, 200, "%.*s has no label %.*s", (int)metric->length,
				 metric->text, (int)label->length, label->text);
			if (!exposed(job->exposition, metric, label))
				return problem;
		}
	}
	return NULL;
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));
	return text ? text : "";
}

static void check_panel(struct job *job, const json_t *panel)
{
	const json_t *targets = json_object_get(panel, "targets"), *target;
	const char *problem = json_array_size(targets) ? NULL : "it has no query";
	char text[200];
	size_t i;
	if (strcmp(text_of(panel, "type"), "row") == 0 ||
	    strcmp(text_of(panel, "type"), "text") == 0)
		return;
	json_array_foreach (targets, i, target) {
		struct query q = {0};
		read_query(text_of(target, "expr"), &q);
		read_legend(text_of(target, "legendFormat"), &q);
		if (!problem)
			problem = resolve(job, &q, text);
	}
	verdict(job, "panel", text_of(panel, "title"), problem);
}

/* "label_values(METRIC{...}, LABEL)"; a variable of another kind has no such query. */
static void check_variable(struct job *job, const json_t *variable)
{
	const char *definition = text_of(variable, "definition");
	const char *comma = strrchr(definition, ',');
	struct query q = {0};
	char text[200];
	if (strcmp(text_of(variable, "type"), "query") != 0)
		return;
	read_query(definition, &q);
	if (comma) {
		comma += 1 + strspn(comma + 1, " ");
		keep(q.labels, &q.n_labels, take_word(&comma));
	}
	verdict(job, "variable", text_of(variable, "name"), resolve(job, &q, text));
}

static char *read_all(const char *path)
{
	enum { MOST = 1 << 20 };
	char *text = calloc(1, MOST + 2);
	FILE *in = fopen(path, "re");
	if (!text || !in) {
		fprintf(stderr, "dashboard: cannot read '%s'\n", path);
		exit(EXIT_FAILURE);
	}
	text[0] = '\n';
	text[1 + fread(text + 1, 1, MOST, in)] = '\0';
	fclose(in);
	return text;
}

int main(int argc, char **argv)
{
	json_error_t error = {.text = "usage: dashboard DASHBOARD METRICS"};
	json_t *dashboard =
		argc == 3 ? json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error) : NULL;
	if (!dashboard) {
		fprintf(stderr, "dashboard: line %d: %s\n", error.line, error.text);
		return EXIT_FAILURE;
	}
	char *exposition = read_all(argv[2]);
	struct job job = {.exposition = exposition};
	const json_t *item;
	size_t i;
	json_array_foreach (json_object_get(dashboard, "panels"), i, item)
		check_panel(&job, item);
	json_array_foreach (json_object_get(json_object_get(dashboard, "templating"), "list"), i,
			    item)
		check_variable(&job, item);
	printf("1..%zu\n", job.n);
	json_decref(dashboard);
	free(exposition);
	return job.n && !job.failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
