/* SPDX-License-Identifier: MIT */
/* test_cuda: the CUDA device on the stand-ins for its driver and its compiler, on good days and on bad ones. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites/gpu/check_queue.h"
#include "suites/gpu/cublaslt.h"
#include "suites/gpu/cuda.h"
#include "suites/gpu/kernels.h"
#include "suites/gpu/product.h"
#include "suites/table.h"
#include "tests/t.h"

enum { ITEMS = 3000 };

static const struct assay_subject *cuda(void)
{
	for (const struct assay_subject_entry *e = assay_subject_table; e->suite; e++)
		if (strcmp(e->suite, "gpu") == 0 && strcmp(e->name, "cuda") == 0)
			return e->subject;
	return NULL;
}

static enum assay_code oracle(uint64_t seed, struct assay_err *err)
{
	for (const struct assay_suite_entry *e = assay_suite_table; e->name; e++)
		if (strcmp(e->name, "gpu") == 0)
			return e->suite->check(cuda(), seed, err);
	return ASSAY_EBUG;
}

/* What the stand-in still holds: contexts, buffers, streams, events, modules, graphs. */
static int alive(void)
{
	int (*count)(void);
	void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	assert_non_null(library);
	void *function = dlsym(library, "fake_cuda_alive");
	assert_non_null(function);
	memcpy(&count, &function, sizeof(count));
	int n = count();
	dlclose(library);
	return n;
}

static void set(const char *settings)
{
	setenv("FAKE_CUDA", settings, 1);
}

static void the_oracle_passes_and_nothing_is_left(void **state)
{
	struct assay_err err = {0};
	set("");
	assert_ok(cuda()->probe(&err));
	for (uint64_t seed = 1; seed <= 3; seed++)
		assert_ok(oracle(seed, &err));
	set("pools=0");
	assert_ok(oracle(4, &err));
	assert_int_equal(alive(), 0);
}

/* Whoever waits for a launch cannot open the gate before it. */
static void launches_that_block_have_no_gates(void **state)
{
	struct assay_err err = {0};
	struct gpu_device *device = NULL;
	const struct gpu_ops *ops = cuda()->ops;
	set("");
	setenv("CUDA_LAUNCH_BLOCKING", "0", 1);
	assert_ok(ops->open(0, &device, &err));
	assert_null(ops->info(device)->lacks[GPU_HAS_GATES]);
	ops->close(device);
	setenv("CUDA_LAUNCH_BLOCKING", "1", 1);
	assert_ok(ops->open(0, &device, &err));
	assert_non_null(ops->info(device)->lacks[GPU_HAS_GATES]);
	ops->close(device);
	assert_ok(oracle(5, &err));
	unsetenv("CUDA_LAUNCH_BLOCKING");
	assert_int_equal(alive(), 0);
}

static void a_wrong_bit_is_found(void **state)
{
	/* Launches of the oracle: six triads; then, counted anew, eight copies, a count, a graph's fifteen, a copy
	 * behind a gate and one from mapped memory. */
	static const char *const settings[] = {"wrong=1",  "wrong=6",  "wrong=8",
					       "wrong=24", "wrong=25", "wrong=26"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(settings); i++) {
		struct assay_err err = {0};
		set(settings[i]);
		assert_int_equal(oracle(1, &err), ASSAY_ECHECK);
		assert_non_null(strstr(err.text, "Fake device 0"));
		assert_int_equal(alive(), 0);
	}
}

static void a_machine_that_cannot_says_why(void **state)
{
	static const struct {
		const char *settings, *part;
	} days[] = {
		{"init=34", "stub stands where the driver's library should be"},
		{"init=100", "CUDA_ERROR_NO_DEVICE"},
		{"init=803", "restart the machine"},
		{"init=800", "ask the administrator for access"},
		{"init=802", "start the fabric manager"},
		{"init=46", "the MIG instance is gone"},
		{"init=12345", "unnamed"},
		{"devices=0", "sees no device"},
		{"driver=11040", "the driver knows CUDA 11.4 and the compiler is"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(days); i++) {
		struct assay_err err = {0};
		set(days[i].settings);
		assert_fails(cuda()->probe(&err), ASSAY_SKIP, days[i].part);
	}
	struct cuda driver;
	struct assay_err err = {0};
	assert_fails(cuda_load("libNoSuchCuda.so.1", &driver, &err), ASSAY_SKIP,
		     "libNoSuchCuda.so.1");
	assert_fails(cuda_load("libm.so.6", &driver, &err), ASSAY_SKIP, "libm.so.6 has no cuInit");
	assert_int_equal(alive(), 0);
}

/* The toolkit's own stub has every function that we call, and says what it is. */
static void the_toolkits_stub_is_told_apart(void **state)
{
	static const char *const paths[] = {"/usr/local/cuda/lib64/stubs/libcuda.so",
					    "/usr/local/cuda/lib/stubs/libcuda.so"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(paths); i++) {
		struct assay_err err = {0};
		struct cuda driver;
		if (access(paths[i], R_OK) != 0)
			continue;
		assert_fails(cuda_load(paths[i], &driver, &err), ASSAY_SKIP, "gives 34");
		return;
	}
	print_message("# no toolkit here\n");
	skip();
}

static void a_device_that_cannot_is_opened_and_closed(void **state)
{
	struct assay_err err = {0};
	struct gpu_device *device = NULL;
	const struct gpu_ops *ops = cuda()->ops;
	set("devices=2");
	unsigned devices = 0;
	assert_ok(ops->count(&devices, &err));
	assert_int_equal(devices, 2);
	assert_ok(ops->open(1, &device, &err));
	assert_non_null(strstr(ops->info(device)->text, "Fake device 1, sm_90"));
	assert_close(ops->info(device)->limits[GPU_LIMIT_MEMORY], 200e9, 1e-9);
	assert_close(ops->info(device)->limits[GPU_LIMIT_FP32], 1.024e12, 1e-9);
	assert_close(ops->info(device)->limits[GPU_LIMIT_FP64], 0.512e12, 1e-9);
	ops->close(device);
	assert_fails(ops->open(2, &device, &err), ASSAY_SKIP, "2 device(s), no number 2");
	set("init=999");
	assert_fails(ops->open(0, &device, &err), ASSAY_SKIP, "nvidia_uvm");
	ops->close(NULL);
	assert_int_equal(alive(), 0);
}

/* An instance of a shared device: name, memory and multiprocessors are its own, what it shares has no limit of its own. */
static void an_instance_says_what_it_is(void **state)
{
	struct assay_err err = {0};
	struct gpu_device *device = NULL;
	const struct gpu_ops *ops = cuda()->ops;
	set("mig=1,memory=1073741824");
	assert_ok(ops->open(0, &device, &err));
	const struct gpu_info *info = ops->info(device);
	assert_true(info->instance);
	assert_non_null(strstr(info->text, "MIG 1g.10gb, sm_90"));
	assert_non_null(strstr(info->text, "1 multiprocessors, 1024 MiB"));
	assert_true(info->limits[GPU_LIMIT_MEMORY] == 0 && info->limits[GPU_LIMIT_LINK] == 0);
	assert_close(info->limits[GPU_LIMIT_FP32], 256e9, 1e-9);
	assert_non_null(strstr(info->no_limit, "MIG"));
	assert_non_null(strstr(info->lacks[GPU_HAS_PEERS], "MIG"));
	ops->close(device);
	assert_int_equal(alive(), 0);
}

/* A triad with everything that goes with it; the device and the kernel live until the end, whatever happens. */
static enum assay_code compute(uint64_t patience_ns, struct assay_err *err)
{
	static float host[3][ITEMS];
	struct gpu_session s = {.ops = cuda()->ops};
	struct gpu_kernel *kernel = NULL;
	struct gpu_buffer *buffers[3] = {NULL};
	struct gpu_arg args[5] = {[3] = {GPU_FLOAT, {.f = 2}}, [4] = {GPU_UINT, {.u = ITEMS}}};
	double ns = 0;
	enum assay_code code = gpu_open(&s, err);
	if (code == ASSAY_OK && patience_ns)
		cuda_set_patience_ns(s.device, patience_ns);
	if (code == ASSAY_OK)
		code = s.ops->build(s.device, &gpu_kernel_triad, &kernel, err);
	for (int i = 0; i < 3 && code == ASSAY_OK; i++) {
		gpu_fill(host[i], ITEMS, (uint64_t)i);
		code = s.ops->alloc(s.device, GPU_PLAIN, sizeof(host[i]), &buffers[i], err);
		if (code == ASSAY_OK)
			code = gpu_upload(&s, buffers[i], host[i], sizeof(host[i]), err);
		args[i] = (struct gpu_arg){GPU_BUFFER, {.buffer = buffers[i]}};
	}
	struct gpu_launch launch = gpu_over(kernel, args, 5, ITEMS);
	if (code == ASSAY_OK)
		code = gpu_run(&s, &launch, &ns, err);
	if (code == ASSAY_OK)
		code = gpu_download(&s, host[0], buffers[0], sizeof(host[0]), err);
	if (code == ASSAY_OK)
		code = gpu_stream_check(&gpu_kernel_triad, host[0], host[1], host[2], 2, ITEMS, 0,
					err);
	if (s.device) {
		for (int i = 0; i < 3; i++)
			s.ops->release(s.device, buffers[i]);
		s.ops->unbuild(s.device, kernel);
	}
	gpu_close(&s);
	return code;
}

static void every_fault_is_a_sentence(void **state)
{
	static const struct {
		const char *settings;
		enum assay_code code;
		const char *part;
	} days[] = {
		{"arch=70", ASSAY_SKIP, "does not compile for sm_70"},
		{"oom=5000", ASSAY_ENOMEM, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"oom=5000", ASSAY_ENOMEM, "MiB free"},
		{"memory=1000", ASSAY_ENOMEM, "cuMemHostAlloc"},
		{"memory=10000", ASSAY_SKIP, "in all, not"},
		{"lost=1", ASSAY_EIO, "dmesg may have an Xid"},
		{"lost=1,status=700", ASSAY_EIO, "reached outside its buffers"},
		{"lost=1,status=214", ASSAY_EIO, "nvidia-smi -q -d ECC"},
		{"lost=1,status=702", ASSAY_EIO, "watchdog"},
		{"lost=1,status=46", ASSAY_EIO, "MIG instance is gone"},
		{"image=200", ASSAY_EIO, "driver is older than the toolkit"},
		{"image=209", ASSAY_EIO, "kernel triad: CUDA: cuModuleLoadData gives 209"},
		{"wrong=1", ASSAY_ECHECK, "element 0"},
		{"nan=1", ASSAY_ECHECK, "nan"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(days); i++) {
		struct assay_err err = {0};
		set(days[i].settings);
		assert_fails(compute(0, &err), days[i].code, days[i].part);
		assert_int_equal(alive(), 0);
	}
	struct assay_err err = {0};
	set("");
	assert_ok(compute(0, &err));
}

static enum assay_code multiply(enum gpu_way way, enum gpu_type type, struct assay_err *err)
{
	struct gpu_session session = {.ops = cuda()->ops};
	struct gpu_trial trial = {0};
	enum assay_code code = gpu_open(&session, err);
	if (code == ASSAY_OK)
		code = gpu_trial_open(&trial, &session, way, type, 128, 5, err);
	gpu_trial_close(&trial);
	gpu_close(&session);
	return code;
}

/* Plain and by tiles all but tf32, on matrix units all but fp32, by the library all: each checks itself. */
static void products_are_right_in_every_way(void **state)
{
	unsigned done = 0;
	set("");
	for (enum gpu_way way = 0; way < GPU_WAYS; way++)
		for (enum gpu_type type = 0; type < GPU_TYPES; type++) {
			struct assay_err err = {0};
			enum assay_code code = multiply(way, type, &err);
			if (code != ASSAY_SKIP)
				assert_ok(code);
			done += code == ASSAY_OK;
		}
	assert_int_equal(done, 4 + 4 + 4 + 5);
	assert_int_equal(alive(), 0);
}

static void a_product_that_cannot_be_has_a_reason(void **state)
{
	static const struct {
		const char *settings, *library;
		enum gpu_way way;
		enum assay_code code;
		const char *part;
	} days[] = {
		{"arch=75", "", GPU_TENSOR, ASSAY_SKIP, "from sm_80 on"},
		{"", "none", GPU_LIBRARY, ASSAY_SKIP, "cuBLASLt does not do this"},
		{"lost=1", "", GPU_LIBRARY, ASSAY_EIO, "CUDA_ERROR_LAUNCH_FAILED"},
		{"oom=60000", "", GPU_TENSOR, ASSAY_ENOMEM, "MiB free"},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(days); i++) {
		struct assay_err err = {0};
		set(days[i].settings);
		setenv("FAKE_CUBLASLT", days[i].library, 1);
		assert_fails(multiply(days[i].way, GPU_BF16, &err), days[i].code, days[i].part);
		assert_int_equal(alive(), 0);
	}
	unsetenv("FAKE_CUBLASLT");
	struct cublaslt lt;
	struct assay_err err = {0};
	assert_fails(cublaslt_load(11080, &lt, &err), ASSAY_SKIP, "no libcublasLt.so.11");
}

/* Bytes from device to device, by a stream that waits for the other device's. */
static enum assay_code two_devices(struct assay_err *err)
{
	static float in[ITEMS], out[ITEMS];
	struct gpu_session s[2] = {{.ops = cuda()->ops}, {.ops = cuda()->ops}};
	struct gpu_buffer *buffers[2] = {NULL};
	enum assay_code code = ASSAY_OK;
	gpu_fill(in, ITEMS, 3);
	memset(out, 0xa5, sizeof(out));
	for (unsigned i = 0; i < 2 && code == ASSAY_OK; i++) {
		code = gpu_open_number(&s[i], i, err);
		if (code == ASSAY_OK)
			code = s[i].ops->alloc(s[i].device, GPU_PLAIN, sizeof(in), &buffers[i],
					       err);
	}
	if (code == ASSAY_OK)
		code = s[0].ops->write(s[0].stream, buffers[0], in, sizeof(in), err);
	if (code == ASSAY_OK)
		code = s[1].ops->after(s[1].stream, s[0].stream, err);
	for (int twice = 0; twice < 2 && code == ASSAY_OK; twice++)
		code = s[1].ops->copy_peer(s[1].stream, buffers[1], s[0].device, buffers[0],
					   sizeof(in), err);
	if (code == ASSAY_OK)
		code = gpu_download(&s[1], out, buffers[1], sizeof(out), err);
	if (code == ASSAY_OK && memcmp(in, out, sizeof(in)) != 0)
		code = assay_fail(err, ASSAY_ECHECK, "bytes arrived changed");
	for (int i = 0; i < 2; i++)
		if (s[i].device)
			s[i].ops->release(s[i].device, buffers[i]);
	for (int i = 0; i < 2; i++)
		gpu_close(&s[i]);
	return code;
}

static void devices_reach_each_other(void **state)
{
	struct assay_err err = {0};
	set("devices=2");
	assert_ok(two_devices(&err));
	set("devices=2,peers=0");
	assert_fails(two_devices(&err), ASSAY_SKIP, "device 1 cannot reach the memory of device 0");
	set("devices=1");
	assert_fails(two_devices(&err), ASSAY_SKIP, "no number 1");
	assert_int_equal(alive(), 0);
}

static void spans_know_when_they_were(void **state)
{
	struct assay_err err = {0};
	struct gpu_session s = {.ops = cuda()->ops};
	struct gpu_span *later = NULL;
	double begin, end;
	set("");
	assert_ok(gpu_open(&s, &err));
	assert_ok(s.ops->span_new(s.device, &later, &err));
	assert_ok(s.ops->span_begin(s.stream, s.span, &err));
	assert_ok(s.ops->span_end(s.stream, s.span, &err));
	assert_ok(s.ops->span_begin(s.stream, later, &err));
	assert_ok(s.ops->span_end(s.stream, later, &err));
	assert_ok(s.ops->wait(s.stream, &err));
	assert_ok(s.ops->span_times(s.span, later, &begin, &end, &err));
	assert_true(begin >= 0 && end >= begin);
	assert_ok(s.ops->span_times(later, s.span, &begin, &end, &err));
	assert_true(begin <= 0 && end >= begin);
	s.ops->span_free(later);
	gpu_close(&s);
	assert_int_equal(alive(), 0);
}

static enum assay_code queues(struct assay_err *err)
{
	return gpu_check_queues(cuda()->ops, 7, err);
}

static enum assay_code triad(struct assay_err *err)
{
	return compute(0, err);
}

static enum assay_code library(struct assay_err *err)
{
	return multiply(GPU_LIBRARY, GPU_BF16, err);
}

/* Each call of the driver fails once: that is said, and nothing is left behind. */
static void every_call_may_fail(void **state)
{
	enum assay_code (*const works[])(struct assay_err *) = {queues, triad, library,
								two_devices};
	enum { MOST = 600, PAST_THE_END = 3 };
	unsigned failures = 0;
	for (size_t w = 0; w < ASSAY_COUNT_OF(works); w++) {
		unsigned fine = 0;
		for (unsigned call = 1; call <= MOST && fine < PAST_THE_END; call++) {
			char settings[80];
			struct assay_err err = {0};
			snprintf(settings, sizeof(settings), "devices=2,fail=%u,status=%u", call,
				 call % 2 ? 719u : 2u);
			set(settings);
			enum assay_code code = works[w](&err);
			assert_int_equal(alive(), 0);
			fine = code == ASSAY_OK ? fine + 1 : 0;
			failures += code != ASSAY_OK;
			if (code != ASSAY_OK)
				assert_true(err.code == code && err.text[0] != '\0');
		}
		/* More of them work than the last few: an end was reached. */
		assert_int_equal(fine, PAST_THE_END);
	}
	assert_true(failures > 60);
}

/* In a process of its own: what hangs is left as it is. */
static void a_kernel_that_never_ends_is_given_up(void **state)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct assay_err err = {0};
		set("hang=1");
		bool said = compute(20000000, &err) == ASSAY_EIO &&
			    strstr(err.text, "no end after 0.02 s");
		_exit(said ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A device whose clock stands still measures nothing, however long the host has waited. */
static void time_is_the_devices_own(void **state)
{
	struct assay_err err = {0};
	struct gpu_session s = {.ops = cuda()->ops};
	double ns = NAN;
	set("slow=0");
	assert_ok(gpu_open(&s, &err));
	assert_ok(gpu_hold(&s, &err));
	assert_ok(s.ops->span_begin(s.stream, s.span, &err));
	assert_ok(s.ops->span_end(s.stream, s.span, &err));
	assert_fails(s.ops->span_ns(s.span, &ns, &err), ASSAY_EIO, "cuEventElapsedTime");
	assert_ok(s.ops->gate_open(s.gate, &err));
	s.gate = NULL;
	assert_ok(s.ops->wait(s.stream, &err));
	assert_ok(s.ops->span_ns(s.span, &ns, &err));
	assert_true(ns == 0);
	gpu_close(&s);
	assert_int_equal(alive(), 0);
}

/* What the host takes to launch is no time of the kernel's. */
static void a_launch_that_is_held_is_timed_alone(void **state)
{
	enum { DEAR_NS = 20000000 };
	struct assay_err err = {0};
	struct gpu_session s = {.ops = cuda()->ops};
	struct gpu_kernel *kernel = NULL;
	struct gpu_buffer *counter = NULL;
	double ns = 0, least = INFINITY;
	set("dear=20000");
	assert_ok(gpu_open(&s, &err));
	assert_ok(s.ops->build(s.device, &gpu_kernel_count, &kernel, &err));
	assert_ok(s.ops->alloc(s.device, GPU_PLAIN, sizeof(float), &counter, &err));
	const struct gpu_arg arg = {GPU_BUFFER, {.buffer = counter}};
	const struct gpu_launch launch = gpu_over(kernel, &arg, 1, 1);
	assert_ok(gpu_run(&s, &launch, &ns, &err));
	assert_true(ns >= DEAR_NS);
	for (int i = 0; i < 5 && least >= DEAR_NS; i++) { /* somebody else may have the CPU */
		assert_ok(gpu_hold(&s, &err));
		assert_ok(gpu_run(&s, &launch, &ns, &err));
		least = fmin(least, ns);
	}
	assert_true(least < DEAR_NS);
	gpu_close_with(&s, kernel, &counter, 1);
	assert_int_equal(alive(), 0);
}

/* A clock of 1.5 GHz, of which every third look finds half. */
static void looks_at_the_clock_are_counted(void **state)
{
	struct assay_err err = {0};
	struct gpu_session s = {.ops = cuda()->ops};
	set("clock=1500,throttled=3");
	assert_ok(gpu_open(&s, &err));
	assert_ok(gpu_clocks_settle(&s, &err));
	assert_close(s.clocks.most_hz, 1.5e9, 1e-6);
	assert_true(s.clocks.floor_ns >= 0);
	uint64_t before = s.clocks.throttled;
	for (int i = 0; i < 30; i++)
		assert_ok(gpu_clocks_look(&s, &err));
	assert_int_equal(s.clocks.throttled - before, 10);
	gpu_close(&s);
	assert_int_equal(alive(), 0);
}

static void what_is_as_short_as_nothing_is_told(void **state)
{
	struct gpu_clocks c = {.ready = true, .floor_ns = 100};
	for (int i = 1; i < GPU_BELOW; i++)
		assert_false(gpu_clocks_too_short(&c, 999));
	assert_false(gpu_clocks_too_short(&c, 1000));
	for (int i = 1; i < GPU_BELOW; i++)
		assert_false(gpu_clocks_too_short(&c, 999));
	assert_true(gpu_clocks_too_short(&c, 999));
	c.floor_ns = NAN;
	assert_false(gpu_clocks_too_short(&c, 0));
}

static void the_cache_is_reset_where_there_is_one(void **state)
{
	struct assay_err err = {0};
	struct gpu_device *device = NULL;
	const struct gpu_ops *ops = cuda()->ops;
	set("cache=801");
	assert_ok(ops->open(0, &device, &err));
	ops->close(device);
	set("cache=719");
	assert_fails(ops->open(0, &device, &err), ASSAY_EIO, "cuCtxResetPersistingL2Cache");
	assert_int_equal(alive(), 0);
}

static void the_compilers_log_is_shown(void **state)
{
	static const struct gpu_kernel_source broken = {
		.name = "broken",
		.text = "GPU_KERNEL void broken(GPU_GLOBAL float *a) { a[0] = undeclared_thing; }\n",
		.params = "b",
	};
	struct assay_err err = {0};
	struct gpu_session s = {.ops = cuda()->ops};
	struct gpu_kernel *kernel = NULL;
	set("");
	assert_ok(gpu_open(&s, &err));
	assert_fails(s.ops->build(s.device, &broken, &kernel, &err), ASSAY_EIO, "undeclared_thing");
	assert_null(kernel);
	s.ops->unbuild(s.device, NULL);
	s.ops->release(s.device, NULL);
	gpu_close(&s);
	assert_int_equal(alive(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oracle_passes_and_nothing_is_left),
		cmocka_unit_test(launches_that_block_have_no_gates),
		cmocka_unit_test(a_wrong_bit_is_found),
		cmocka_unit_test(a_machine_that_cannot_says_why),
		cmocka_unit_test(the_toolkits_stub_is_told_apart),
		cmocka_unit_test(a_device_that_cannot_is_opened_and_closed),
		cmocka_unit_test(an_instance_says_what_it_is),
		cmocka_unit_test(every_fault_is_a_sentence),
		cmocka_unit_test(products_are_right_in_every_way),
		cmocka_unit_test(a_product_that_cannot_be_has_a_reason),
		cmocka_unit_test(devices_reach_each_other),
		cmocka_unit_test(spans_know_when_they_were),
		cmocka_unit_test(every_call_may_fail),
		cmocka_unit_test(time_is_the_devices_own),
		cmocka_unit_test(a_launch_that_is_held_is_timed_alone),
		cmocka_unit_test(looks_at_the_clock_are_counted),
		cmocka_unit_test(what_is_as_short_as_nothing_is_told),
		cmocka_unit_test(the_cache_is_reset_where_there_is_one),
		cmocka_unit_test(the_compilers_log_is_shown),
		cmocka_unit_test(a_kernel_that_never_ends_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
