/* SPDX-License-Identifier: MIT */
/* formula: recursive descent into a list of steps for a stack machine. */
#include "profiler/formula.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/str.h"

enum { STEPS = 64, DEPTH = 24, NAME = 64 };

enum what { NUMBER, VALUE, ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE, MINIMUM, MAXIMUM };

struct step {
	enum what what;
	double number; /* NUMBER */
	size_t name;   /* VALUE */
};

struct formula {
	struct step steps[STEPS];
	size_t n;
	char texts[FORMULA_NAMES][NAME];
	const char *names[FORMULA_NAMES];
	size_t n_names;
};

struct parser {
	const char *text, *at;
	struct formula *f;
	int depth;
	struct assay_err *err;
};

static enum assay_code wrong(struct parser *p, const char *what)
{
	return assay_fail(p->err, ASSAY_EPARSE, "the formula '%.100s': %s at character %zu",
			  p->text, what, (size_t)(p->at - p->text) + 1);
}

static char next(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
	return *p->at;
}

static enum assay_code emit(struct parser *p, struct step step)
{
	if (p->f->n == STEPS)
		return wrong(p, "it is too long");
	p->f->steps[p->f->n++] = step;
	return ASSAY_OK;
}

static enum assay_code sum(struct parser *p);

static enum assay_code expect(struct parser *p, char c)
{
	if (next(p) != c)
		return wrong(p, c == ')'   ? "a ')' is missing"
				: c == ',' ? "a ',' is missing"
					   : "a '(' is missing");
	p->at++;
	return ASSAY_OK;
}

static enum assay_code function(struct parser *p, enum what what)
{
	enum assay_code rc = expect(p, '(');
	if (rc == ASSAY_OK)
		rc = sum(p);
	if (rc == ASSAY_OK)
		rc = expect(p, ',');
	if (rc == ASSAY_OK)
		rc = sum(p);
	if (rc == ASSAY_OK)
		rc = expect(p, ')');
	return rc == ASSAY_OK ? emit(p, (struct step){.what = what}) : rc;
}

static enum assay_code value(struct parser *p, const char *name)
{
	struct formula *f = p->f;
	size_t i = 0;
	while (i < f->n_names && strcmp(f->names[i], name) != 0)
		i++;
	if (i == FORMULA_NAMES)
		return wrong(p, "it has too many names");
	if (i == f->n_names) {
		assay_copy(f->texts[i], NAME, name);
		f->names[i] = f->texts[i];
		f->n_names++;
	}
	return emit(p, (struct step){.what = VALUE, .name = i});
}

static enum assay_code word(struct parser *p)
{
	char name[NAME];
	size_t n = 0;
	while (isalnum((unsigned char)p->at[n]) || p->at[n] == '_')
		n++;
	if (n >= sizeof(name))
		return wrong(p, "a name is too long");
	memcpy(name, p->at, n);
	name[n] = '\0';
	p->at += n;
	if (strcmp(name, "min") == 0)
		return function(p, MINIMUM);
	if (strcmp(name, "max") == 0)
		return function(p, MAXIMUM);
	return value(p, name);
}

static enum assay_code number(struct parser *p)
{
	char *end;
	double x = strtod(p->at, &end);
	if (end == p->at || !isfinite(x))
		return wrong(p, "no number");
	p->at = end;
	return emit(p, (struct step){.what = NUMBER, .number = x});
}

static enum assay_code atom(struct parser *p)
{
	char c = next(p);
	if (c == '-') {
		p->at++;
		enum assay_code rc =
			++p->depth > DEPTH ? wrong(p, "it is nested too deeply") : atom(p);
		p->depth--;
		return rc == ASSAY_OK ? emit(p, (struct step){.what = NEGATE}) : rc;
	}
	if (c == '(') {
		p->at++;
		enum assay_code rc = sum(p);
		return rc == ASSAY_OK ? expect(p, ')') : rc;
	}
	if (isdigit((unsigned char)c) || c == '.')
		return number(p);
	if (isalpha((unsigned char)c))
		return word(p);
	return wrong(p, c ? "this means nothing" : "something is missing");
}

static enum assay_code product(struct parser *p)
{
	enum assay_code rc = atom(p);
	for (char c; rc == ASSAY_OK && ((c = next(p)) == '*' || c == '/');) {
		p->at++;
		rc = atom(p);
		if (rc == ASSAY_OK)
			rc = emit(p, (struct step){.what = c == '*' ? MULTIPLY : DIVIDE});
	}
	return rc;
}

static enum assay_code sum(struct parser *p)
{
	if (++p->depth > DEPTH)
		return wrong(p, "it is nested too deeply");
	enum assay_code rc = product(p);
	for (char c; rc == ASSAY_OK && ((c = next(p)) == '+' || c == '-');) {
		p->at++;
		rc = product(p);
		if (rc == ASSAY_OK)
			rc = emit(p, (struct step){.what = c == '+' ? ADD : SUBTRACT});
	}
	p->depth--;
	return rc;
}

enum assay_code formula_parse(const char *text, struct formula **ret, struct assay_err *err)
{
	struct parser p = {.text = text, .at = text, .err = err};
	*ret = NULL;
	p.f = calloc(1, sizeof(*p.f));
	if (!p.f)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a formula");
	enum assay_code rc = sum(&p);
	if (rc == ASSAY_OK && next(&p))
		rc = wrong(&p, "this is too much");
	if (rc == ASSAY_OK)
		*ret = p.f;
	else
		free(p.f);
	return rc;
}

void formula_free(struct formula *f)
{
	free(f);
}

size_t formula_names(const struct formula *f, const char *const **ret)
{
	*ret = f->names;
	return f->n_names;
}

static double apply(enum what what, double a, double b)
{
	switch (what) {
	case ADD:
		return a + b;
	case SUBTRACT:
		return a - b;
	case MULTIPLY:
		return a * b;
	case DIVIDE:
		return b == 0 ? NAN : a / b;
	/* unlike fmin and fmax: what is undefined stays so */
	case MINIMUM:
		return isnan(a) || a < b ? a : b;
	case MAXIMUM:
		return isnan(a) || a > b ? a : b;
	case NUMBER:
	case VALUE:
	case NEGATE:
		break;
	}
	return NAN;
}

double formula_value(const struct formula *f, const double *values)
{
	double stack[STEPS + 1];
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++) {
		const struct step *s = &f->steps[i];
		if (s->what == NUMBER || s->what == VALUE) {
			stack[n++] = s->what == NUMBER ? s->number : values[s->name];
		} else if (s->what == NEGATE) {
			stack[n - 1] = -stack[n - 1];
		} else {
			n--;
			stack[n - 1] = apply(s->what, stack[n - 1], stack[n]);
		}
	}
	return n == 1 && isfinite(stack[0]) ? stack[0] : NAN;
}
