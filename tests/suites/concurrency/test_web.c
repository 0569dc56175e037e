/* SPDX-License-Identifier: MIT */
/* web: clients that behave and clients that do not; every wait of a test has an end. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suites/concurrency/load.h"
#include "suites/concurrency/site.h"
#include "suites/concurrency/web_server.h"
#include "tests/suites/concurrency/caller.h"

#define GET "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"

static size_t say_long(void *context, unsigned worker, const struct http_request *request,
		       char *body, unsigned *status)
{
	memset(body, '#', WEB_BODY_MAX);
	return WEB_BODY_MAX;
}

static const struct web_route long_routes[] = {{"/long", say_long, NULL}, {0}};

static struct site *begin(unsigned workers, unsigned connections)
{
	struct site *site = NULL;
	struct assay_err err = {0};
	assert_ok(site_start(workers, connections, 0.25, &site, &err));
	return site;
}

static struct web *begin_web(unsigned connections, unsigned idle_ms)
{
	struct web_config config = {.workers = 1,
				    .connections = connections,
				    .idle_ms = idle_ms,
				    .routes = long_routes};
	struct web *web = NULL;
	struct assay_err err = {0};
	assert_ok(web_start(&config, &web, &err));
	return web;
}

static void requests_get_their_status(void **state)
{
	struct site *site = begin(2, 16);
	uint16_t port = web_port(site_web(site));
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{GET, 200},
		{"GET /stats HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		{"GET /none HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /predict HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n1 2", 400},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET /\r\n\r\n", 400},
		{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
		{"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
		{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 413},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
		{"\r\n\r\n", 400},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(cases); i++)
		if (status_of(port, cases[i].text) != cases[i].status)
			fail_msg("not %d: %s", cases[i].status, cases[i].text);
	assert_int_equal(status_of(port, web_request_predict), 200);
	site_stop(site);
}

static void an_endless_head_is_refused(void **state)
{
	struct site *site = begin(1, 16);
	ASSAY_AUTO_FREE char *text = malloc(20000);
	assert_non_null(text);
	memset(text, 'a', 19999);
	text[19999] = '\0';
	memcpy(text, "GET /", 5);
	int fd = connect_to(web_port(site_web(site)));
	char answer[512];
	/* it may be closed before all is sent: the answer is there all the same, or a reset */
	ssize_t sent = send(fd, text, HTTP_HEAD_MAX, MSG_NOSIGNAL);
	assert_int_equal(sent, HTTP_HEAD_MAX);
	read_all(fd, answer, sizeof(answer));
	assert_non_null(strstr(answer, " 431 "));
	close(fd);
	site_stop(site);
}

/* Three at once, the last in pieces; then the client sends no more, and still reads. */
static void pipelined_and_half_closed_requests_are_answered(void **state)
{
	struct site *site = begin(1, 16);
	int fd = connect_to(web_port(site_web(site)));
	char answers[2048];
	size_t n = 0;
	send_text(fd, GET GET "GET /hea");
	poll(NULL, 0, 20);
	send_text(fd, "lth HTTP/1.1\r\nHost: a\r\n\r\n");
	shutdown(fd, SHUT_WR);
	read_all(fd, answers, sizeof(answers));
	for (const char *at = answers; (at = strstr(at, "HTTP/1.1 200")); at++)
		n++;
	assert_int_equal(n, 3);
	close(fd);
	site_stop(site);
}

/* More is asked for than fits anywhere, and read late: nothing is lost, nothing grows. */
static void a_slow_reader_gets_everything(void **state)
{
	enum { REQUESTS = 500 };
	struct web *web = begin_web(4, 5000);
	static const char get[] = "GET /long HTTP/1.1\r\nHost: a\r\n\r\n";
	int fd = connect_to(web_port(web));
	size_t total = 0;
	char part[65536];
	ssize_t n;
	for (int i = 0; i < REQUESTS; i++)
		send_text(fd, get);
	shutdown(fd, SHUT_WR);
	poll(NULL, 0, 50);
	while ((n = recv(fd, part, sizeof(part), 0)) > 0)
		for (ssize_t i = 0; i < n; i++)
			total += part[i] == '#';
	assert_int_equal(total, (size_t)REQUESTS * WEB_BODY_MAX);
	close(fd);
	web_stop(web);
}

/* A byte now and then does not keep a connection. */
static void a_slow_sender_is_timed_out(void **state)
{
	struct web *web = begin_web(4, 60);
	int fd = connect_to(web_port(web));
	char answer[512];
	struct web_stats stats;
	for (int i = 0; i < 10; i++) {
		if (send(fd, "G", 1, MSG_NOSIGNAL) != 1)
			break;
		poll(NULL, 0, 20);
	}
	read_all(fd, answer, sizeof(answer));
	assert_non_null(strstr(answer, " 408 "));
	web_stats(web, &stats);
	assert_int_equal(stats.timed_out, 1);
	close(fd);
	web_stop(web);
}

static void one_too_many_gets_503(void **state)
{
	struct web *web = begin_web(2, 5000);
	int first = connect_to(web_port(web)), second = connect_to(web_port(web));
	char answer[8192];
	send_text(second, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(recv(second, answer, sizeof(answer), 0) > 0); /* both are in */
	int third = connect_to(web_port(web));
	read_all(third, answer, sizeof(answer));
	assert_non_null(strstr(answer, " 503 "));
	close(first);
	close(second);
	close(third);
	web_stop(web);
}

static void a_port_in_use_is_said(void **state)
{
	struct web *web = begin_web(2, 1000), *other;
	struct assay_err err = {0};
	struct web_config config = {.port = web_port(web), .workers = 1, .routes = long_routes};
	assert_fails(web_start(&config, &other, &err), ASSAY_EIO, "in use");
	config.workers = 0;
	assert_fails(web_start(&config, &other, &err), ASSAY_EUSAGE, "workers");
	web_stop(web);
}

/* No descriptor is left: newcomers are let go at once, those who are in are served. */
static void running_out_of_descriptors_hangs_nobody(void **state)
{
	struct web *web = begin_web(64, 5000);
	int in = connect_to(web_port(web)), late[8];
	char answer[8192];
	struct rlimit before, limit;
	static const char get[] = "GET /long HTTP/1.1\r\nHost: a\r\n\r\n";
	send_text(in, get);
	assert_true(recv(in, answer, sizeof(answer), 0) > 0);
	/* sockets first, then the limit, which counts for both sides of this process */
	for (size_t i = 0; i < ASSAY_COUNT_OF(late); i++)
		late[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)late[ASSAY_COUNT_OF(late) - 1] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(web_port(web)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bool ended = true;
	for (size_t i = 0; i < ASSAY_COUNT_OF(late); i++) {
		struct timeval wait = {WAIT_MS / 1000, 0};
		setsockopt(late[i], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		ended &= connect(late[i], (struct sockaddr *)&to, sizeof(to)) == 0;
		ended &= recv(late[i], answer, sizeof(answer), 0) == 0;
	}
	setrlimit(RLIMIT_NOFILE, &before);
	assert_true(ended);
	send_text(in, get);
	assert_true(recv(in, answer, sizeof(answer), 0) > 0);
	for (size_t i = 0; i < ASSAY_COUNT_OF(late); i++)
		close(late[i]);
	close(in);
	web_stop(web);
}

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_web_epoll,
	assay_subject_concurrency_web_nginx;

static void servers_pass_where_they_are(void **state)
{
	struct assay_err err = {0};
	assert_ok(assay_suite_concurrency.check(&assay_subject_concurrency_web_epoll, 1, &err));
	if (assay_subject_concurrency_web_nginx.probe(&err) == ASSAY_OK)
		assert_ok(assay_suite_concurrency.check(&assay_subject_concurrency_web_nginx, 1,
							&err));
	else
		print_message("# %s\n", err.text);
}

static enum assay_code start_without_routes(unsigned workers, unsigned connections,
					    struct web_server **ret, uint16_t *ret_port,
					    struct assay_err *err)
{
	struct web *web = begin_web(connections, 5000);
	*ret = (struct web_server *)web;
	*ret_port = web_port(web);
	return ASSAY_OK;
}

static void stop_web(struct web_server *server)
{
	web_stop((struct web *)server);
}

static void a_server_without_answers_is_caught(void **state)
{
	const struct web_server_ops ops = {.start = start_without_routes, .stop = stop_web};
	struct assay_err err = {0};
	assert_fails(web_server_check(&ops, &err), ASSAY_ECHECK, "status 404");
}

static void two_hundred_clients_are_served(void **state)
{
	struct site *site = begin(2, 200);
	struct load_config config = {.port = web_port(site_web(site)),
				     .connections = 200,
				     .request = web_request_static};
	struct load *load = NULL;
	struct load_report report;
	struct web_stats stats;
	struct assay_err err = {0};
	uint64_t intended_ns;
	assert_ok(load_new(&config, &load, &err));
	load_begin(load, 2000);
	for (int i = 0; i < 2000; i++)
		assert_ok(load_next(load, &intended_ns, &err));
	assert_ok(load_end(load, &report, &err));
	assert_int_equal(report.answered, 2000);
	web_stats(site_web(site), &stats);
	assert_int_equal(stats.requests, 2000);
	assert_int_equal(stats.open, 200);
	load_free(load);
	site_stop(site);
}

/* Intended starts come at the rate, whatever the server does; and a server that goes is an error. */
static void open_load_keeps_its_schedule(void **state)
{
	struct site *site = begin(1, 8);
	struct load_config config = {.port = web_port(site_web(site)),
				     .connections = 8,
				     .rate_hz = 2000,
				     .request = web_request_static};
	struct load *load = NULL;
	struct load_report report;
	struct assay_err err = {0};
	uint64_t starts[100];
	assert_ok(load_new(&config, &load, &err));
	load_begin(load, 100);
	for (int i = 0; i < 100; i++)
		assert_ok(load_next(load, &starts[i], &err));
	uint64_t least = UINT64_MAX, most = 0;
	for (int i = 0; i < 100; i++) {
		least = starts[i] < least ? starts[i] : least;
		most = starts[i] > most ? starts[i] : most;
	}
	assert_in_range(most - least, 99 * 500000 - 100, 99 * 500000 + 100);
	assert_ok(load_end(load, &report, &err));
	site_stop(site);
	load_begin(load, 0);
	enum assay_code rc = ASSAY_OK;
	for (int i = 0; i < 100 && rc == ASSAY_OK; i++)
		rc = load_next(load, &starts[0], &err);
	assert_int_equal(rc, ASSAY_EIO);
	load_free(load);
}

static size_t stall_once(void *context, unsigned worker, const struct http_request *request,
			 char *body, unsigned *status)
{
	bool *stalls = context;
	if (*stalls)
		poll(NULL, 0, 60);
	*stalls = false;
	memset(body, 'x', 8);
	return 8;
}

/* The server stalls, and so many answers later nobody looks any more: all who were due until then get theirs. */
static void whoever_is_due_is_answered(void **state)
{
	enum { LOOKED_AT = 20, GAP_NS = 250000 };
	bool stalls = true;
	const struct web_route routes[] = {{"/static", stall_once, &stalls}, {0}};
	struct web_config web_config = {
		.workers = 1, .connections = 4, .idle_ms = 5000, .routes = routes};
	struct load_config config = {
		.connections = 4, .rate_hz = 1e9 / GAP_NS, .request = web_request_static};
	struct load *load = NULL;
	struct load_report report;
	struct web *web = NULL;
	struct assay_err err = {0};
	uint64_t start, least = UINT64_MAX, most = 0, n = 0;
	assert_ok(web_start(&web_config, &web, &err));
	config.port = web_port(web);
	assert_ok(load_new(&config, &load, &err));
	load_begin(load, 0);
	for (; n < LOOKED_AT || load_owes(load); n++) {
		assert_ok(load_next(load, &start, &err));
		least = start < least ? start : least;
		most = start > most ? start : most;
		if (n + 1 == LOOKED_AT)
			load_close(load);
	}
	assert_true(n > 10 * LOOKED_AT); /* in 60 ms 240 were due */
	assert_in_range(most - least, (n - 1) * GAP_NS - n, (n - 1) * GAP_NS + n);
	assert_ok(load_end(load, &report, &err));
	assert_int_equal(report.answered, n);
	load_free(load);
	web_stop(web);
}

struct reader {
	struct model_box *box;
	unsigned number;
	_Atomic bool *stop;
	uint64_t answers, unknown, of_b;
};

static void *read_versions(void *arg)
{
	struct reader *r = arg;
	float inputs[MODEL_INPUTS] = {1}, outputs[MODEL_OUTPUTS];
	while (!atomic_load(r->stop) || r->answers < 1000) {
		uint64_t version = model_predict(r->box, r->number, inputs, outputs);
		r->unknown += version < 2 || version > 500;
		r->of_b += version == 2;
		r->answers++;
	}
	return NULL;
}

/* A is exchanged all the time; B keeps its quarter, and no answer is of a version that is gone. */
static void versions_are_swapped_in_use(void **state)
{
	enum { THREADS = 2 };
	struct assay_err err = {0};
	_Atomic bool stop = false;
	struct reader readers[THREADS];
	pthread_t threads[THREADS];
	struct model_box *box = NULL;
	assert_ok(model_box_new(THREADS, (const uint64_t[]){3, 2}, 0.25, &box, &err));
	for (unsigned i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){.box = box, .number = i, .stop = &stop};
		assert_int_equal(pthread_create(&threads[i], NULL, read_versions, &readers[i]), 0);
	}
	for (uint64_t seed = 4; seed <= 34; seed++)
		assert_ok(model_swap(box, MODEL_A, seed, &err));
	atomic_store(&stop, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(readers[i].unknown, 0);
		assert_int_equal(readers[i].of_b, readers[i].answers / 4);
	}
	uint64_t answers[MODEL_ARMS];
	model_answers(box, answers);
	assert_int_equal(answers[MODEL_B], readers[0].of_b + readers[1].of_b);
	assert_int_equal(answers[MODEL_A] + answers[MODEL_B],
			 readers[0].answers + readers[1].answers);
	float inputs[MODEL_INPUTS] = {.5f}, got[MODEL_OUTPUTS], want[MODEL_OUTPUTS];
	uint64_t version = model_predict(box, 0, inputs, got);
	assert_ok(model_reference(version, inputs, want, &err));
	assert_memory_equal(got, want, sizeof(want));
	model_box_free(box);
	assert_fails(model_box_new(1, (const uint64_t[]){1, 2}, 1.5, &box, &err), ASSAY_EUSAGE,
		     "from 0 to 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_get_their_status),
		cmocka_unit_test(an_endless_head_is_refused),
		cmocka_unit_test(pipelined_and_half_closed_requests_are_answered),
		cmocka_unit_test(a_slow_reader_gets_everything),
		cmocka_unit_test(a_slow_sender_is_timed_out),
		cmocka_unit_test(one_too_many_gets_503),
		cmocka_unit_test(a_port_in_use_is_said),
		cmocka_unit_test(running_out_of_descriptors_hangs_nobody),
		cmocka_unit_test(servers_pass_where_they_are),
		cmocka_unit_test(a_server_without_answers_is_caught),
		cmocka_unit_test(two_hundred_clients_are_served),
		cmocka_unit_test(open_load_keeps_its_schedule),
		cmocka_unit_test(whoever_is_due_is_answered),
		cmocka_unit_test(versions_are_swapped_in_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
