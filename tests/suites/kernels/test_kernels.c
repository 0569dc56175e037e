/* SPDX-License-Identifier: MIT */
/* test_kernels: plain code against known answers, and code for vectors against plain code. */
#include <math.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "suites/kernels/kernel.h"
#include "suites/kernels/svd.h"
#include "tests/t.h"

enum { ROWS = 37 };

/* Where a kernel stands in kernels[]. */
static size_t place_of(const char *name)
{
	size_t i = 0;
	while (kernels[i].name && strcmp(kernels[i].name, name) != 0)
		i++;
	assert_non_null(kernels[i].name);
	return i;
}

struct sample {
	const struct kernel *kernel;
	size_t place;
	float *shared, *in, *out, *other;
};

static struct sample draw(size_t place)
{
	const struct kernel *k = &kernels[place];
	struct sample s = {.kernel = k, .place = place};
	s.shared = calloc(k->shared + 1, sizeof(float));
	s.in = calloc(k->in * ROWS, sizeof(float));
	s.out = calloc(k->out * ROWS, sizeof(float));
	s.other = calloc(k->out * ROWS, sizeof(float));
	assert_true(s.shared && s.in && s.out && s.other);
	if (k->fill_shared)
		k->fill_shared(s.shared);
	for (size_t r = 0; r < ROWS; r++)
		k->fill(s.in + r * k->in, 7, r);
	kernel_scalar.rows[place](s.shared, s.in, s.out, ROWS);
	return s;
}

static void done(struct sample *s)
{
	free(s->shared);
	free(s->in);
	free(s->out);
	free(s->other);
}

static void words_are_the_kernels_in_their_order(void **state)
{
	(void)state;
	char words[] = KERNEL_WORDS;
	char *cursor = words;
	for (size_t i = 0; i < KERNELS; i++)
		assert_string_equal(strsep(&cursor, ","), kernels[i].name);
	assert_null(cursor);
	assert_int_equal(place_of("kmeans"), KERNEL_KMEANS);
	assert_int_equal(place_of("episode"), KERNEL_EPISODE);
}

static void every_vector_code_agrees_with_plain_code(void **state)
{
	(void)state;
	struct assay_err err = {0};
	for (size_t k = 0; k < KERNELS; k++) {
		struct sample s = draw(k);
		size_t n = s.kernel->out * ROWS;
		for (const struct kernel_code *const *c = kernel_vectors(); *c; c++) {
			memset(s.other, 0xff, n * sizeof(float));
			(*c)->rows[k](s.shared, s.in, s.other, ROWS);
			if (kernel_compare(s.kernel, s.other, s.out, n, &err) != ASSAY_OK)
				fail_msg("%s: %s", (*c)->name, err.text);
		}
		done(&s);
	}
}

static void comparing_sees_what_is_wrong(void **state)
{
	(void)state;
	struct assay_err err = {0};
	struct sample s = draw(place_of("distance"));
	size_t n = s.kernel->out * ROWS;
	memcpy(s.other, s.out, n * sizeof(float));
	assert_ok(kernel_compare(s.kernel, s.other, s.out, n, &err));
	s.other[n - 1] += 1e-3f;
	assert_fails(kernel_compare(s.kernel, s.other, s.out, n, &err), ASSAY_ECHECK,
		     "result 63 of row 36");
	s.other[n - 1] = NAN;
	assert_fails(kernel_compare(s.kernel, s.other, s.out, n, &err), ASSAY_ECHECK, "nan");
	done(&s);
}

/* The base case has losses of 202.7 kW and its lowest voltage, 0.9131, at bus 18 [Baran & Wu 1989]. */
static void the_feeder_has_its_published_losses(void **state)
{
	(void)state;
	size_t place = place_of("powerflow");
	struct sample s = draw(place);
	for (int i = 0; i < FEEDER_BRANCHES; i++)
		for (int l = 0; l < KERNEL_LANES; l++) {
			s.in[2 * i * KERNEL_LANES + l] = feeder_p[i];
			s.in[(2 * i + 1) * KERNEL_LANES + l] = feeder_q[i];
		}
	kernel_scalar.rows[place](s.shared, s.in, s.out, 1);
	double losses = 0, lowest = 2;
	int lowest_at = -1;
	for (int i = 1; i < FEEDER_BUSES; i++) {
		int from = feeder_from[i - 1];
		double r = feeder_r[i - 1], x = feeder_x[i - 1];
		double re = s.out[2 * i * KERNEL_LANES], im = s.out[(2 * i + 1) * KERNEL_LANES];
		double dr = s.out[2 * from * KERNEL_LANES] - re;
		double di = s.out[(2 * from + 1) * KERNEL_LANES] - im;
		losses += 1000 * r * (dr * dr + di * di) / (r * r + x * x);
		if (hypot(re, im) < lowest) {
			lowest = hypot(re, im);
			lowest_at = i + 1;
		}
	}
	assert_true(fabs(losses - 202.7) < 0.3);
	assert_true(fabs(lowest - 0.9131) < 2e-4);
	assert_int_equal(lowest_at, 18);
	done(&s);
}

static int falling(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x < y) - (x > y);
}

/* Against Jacobi's method in double, on the matrix with rows of zeros to make it square. */
static void singular_values_are_those_of_another_method(void **state)
{
	(void)state;
	enum { N = KERNEL_ROWS };
	struct sample s = draw(place_of("svd"));
	for (int r = 0; r < 5; r++) {
		double a[N * N] = {0}, values[N];
		for (int i = 0; i < KERNEL_ROWS; i++)
			for (int j = 0; j < KERNEL_WIDTH; j++)
				a[j * N + i] =
					s.in[((size_t)r * KERNEL_ROWS + i) * KERNEL_WIDTH + j];
		assert_true(svd_values(a, N, values) > 0);
		float *got = s.out + (size_t)r * KERNEL_RANK;
		qsort(got, KERNEL_RANK, sizeof(*got), falling);
		for (int k = 0; k < KERNEL_RANK; k++)
			assert_true(fabs(got[k] - values[k]) < 0.02 * values[k] + 1e-3);
	}
	done(&s);
}

/* A cosine of a kept mode comes back as the weight says; one that is not kept does not. */
static void a_fourier_layer_weighs_modes(void **state)
{
	(void)state;
	size_t place = place_of("fourier");
	struct sample s = draw(place);
	const float *weights = s.shared + 2 * KERNEL_POINTS * KERNEL_MODES;
	const double turn = 2 * 3.14159265358979 / KERNEL_POINTS;
	for (int x = 0; x < KERNEL_POINTS; x++) {
		s.in[x] = (float)cos(turn * 3 * x);
		s.in[KERNEL_POINTS + x] = (float)cos(turn * 20 * x);
		s.in[2 * KERNEL_POINTS + x] = 1;
	}
	kernel_scalar.rows[place](s.shared, s.in, s.out, 3);
	for (int x = 0; x < KERNEL_POINTS; x++) {
		double want = weights[3] * cos(turn * 3 * x) -
			      weights[KERNEL_MODES + 3] * sin(turn * 3 * x);
		assert_true(fabs(s.out[x] - want) < 1e-4);
		assert_true(fabs(s.out[KERNEL_POINTS + x]) < 1e-4);
		assert_true(fabs(s.out[2 * KERNEL_POINTS + x] - weights[0]) < 1e-4);
	}
	done(&s);
}

static void a_neuron_fires_as_often_as_its_current_says(void **state)
{
	(void)state;
	size_t place = place_of("spiking");
	struct sample s = draw(place);
	memset(s.in, 0, 2 * KERNEL_NEURONS * sizeof(float));
	s.in[KERNEL_NEURONS] = 0.9f;      /* never reaches the threshold */
	s.in[KERNEL_NEURONS + 1] = 12.0f; /* more than the threshold with every step */
	kernel_scalar.rows[place](s.shared, s.in, s.out, 1);
	assert_true(s.out[KERNEL_NEURONS] == 0 && s.out[0] > 0.5f);
	assert_true(s.out[KERNEL_NEURONS + 1] == KERNEL_SPIKE_STEPS && s.out[1] == 0);
	done(&s);
}

static void optimisers_step_as_their_papers_say(void **state)
{
	(void)state;
	struct sample a = draw(place_of("adamw")), l = draw(place_of("lion"));
	double w = a.in[5], g = a.in[KERNEL_LAYER + 5], m = a.in[2 * KERNEL_LAYER + 5];
	double v = a.in[3 * KERNEL_LAYER + 5];
	m = 0.9 * m + 0.1 * g;
	v = 0.999 * v + 0.001 * g * g;
	double want = w - 1e-3 * (m / 0.1 / (sqrt(v / 0.001) + 1e-8) + 0.01 * w);
	assert_true(fabs(a.out[5] - want) < 1e-6);
	w = l.in[9], g = l.in[KERNEL_LAYER + 9], m = l.in[2 * KERNEL_LAYER + 9];
	want = w - 1e-3 * ((0.9 * m + 0.1 * g > 0 ? 1 : -1) + 0.01 * w);
	assert_true(fabs(l.out[9] - want) < 1e-6);
	assert_true(fabs(l.out[KERNEL_LAYER + 9] - (0.99 * m + 0.01 * g)) < 1e-6);
	done(&a);
	done(&l);
	/* LARS: a layer's step is a fixed share of its norm. */
	struct sample s = draw(place_of("lars"));
	double ww = 0, step = 0;
	memset(s.in + 2 * KERNEL_LAYER, 0, KERNEL_LAYER * sizeof(float));
	kernel_scalar.rows[s.place](s.shared, s.in, s.out, 1);
	for (int i = 0; i < KERNEL_LAYER; i++) {
		ww += s.in[i] * s.in[i];
		step += s.out[KERNEL_LAYER + i] * s.out[KERNEL_LAYER + i];
	}
	assert_true(fabs(sqrt(step / ww) / 1e-3 - 1) < 0.02);
	done(&s);
}

static void the_pole_is_kept_up(void **state)
{
	(void)state;
	struct sample s = draw(place_of("episode"));
	for (int r = 0; r < ROWS; r++) {
		const float *out = s.out + (size_t)r * (KERNEL_STATE + 1) * KERNEL_LANES;
		for (int l = 0; l < KERNEL_LANES; l++)
			assert_true(fabsf(out[2 * KERNEL_LANES + l]) < 0.02f && fabsf(out[l]) < 1 &&
				    out[4 * KERNEL_LANES + l] > 0);
	}
	done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_the_kernels_in_their_order),
		cmocka_unit_test(every_vector_code_agrees_with_plain_code),
		cmocka_unit_test(comparing_sees_what_is_wrong),
		cmocka_unit_test(the_feeder_has_its_published_losses),
		cmocka_unit_test(singular_values_are_those_of_another_method),
		cmocka_unit_test(a_fourier_layer_weighs_modes),
		cmocka_unit_test(a_neuron_fires_as_often_as_its_current_says),
		cmocka_unit_test(optimisers_step_as_their_papers_say),
		cmocka_unit_test(the_pole_is_kept_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
