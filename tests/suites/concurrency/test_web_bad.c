/* SPDX-License-Identifier: MIT */
/* web_bad: bad days of servers and of what loads them; whatever happens, it ends and says why. */
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "harness/base/rng.h"
#include "suites/concurrency/load.h"
#include "suites/concurrency/program.h"
#include "suites/concurrency/site.h"
#include "suites/concurrency/web_server.h"
#include "tests/suites/concurrency/caller.h"

#define GET "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"

static size_t say_ok(void *context, unsigned worker, const struct http_request *request, char *body,
		     unsigned *status)
{
	memcpy(body, "ok", 2);
	return 2;
}

static size_t fail_inside(void *context, unsigned worker, const struct http_request *request,
			  char *body, unsigned *status)
{
	*status = 500;
	return 0;
}

static size_t claim_too_much(void *context, unsigned worker, const struct http_request *request,
			     char *body, unsigned *status)
{
	return WEB_BODY_MAX + 1;
}

static size_t make_up_a_status(void *context, unsigned worker, const struct http_request *request,
			       char *body, unsigned *status)
{
	*status = 12345;
	return 0;
}

static const struct web_route routes[] = {{"/ok", say_ok, NULL},
					  {"/fail", fail_inside, NULL},
					  {"/much", claim_too_much, NULL},
					  {"/status", make_up_a_status, NULL},
					  {0}};

static struct web *begin(unsigned workers, unsigned connections, unsigned idle_ms)
{
	struct web_config config = {.workers = workers,
				    .connections = connections,
				    .idle_ms = idle_ms,
				    .routes = routes};
	struct web *web = NULL;
	struct assay_err err = {0};
	assert_ok(web_start(&config, &web, &err));
	return web;
}

/* On one connection: an error of a handler is one answer, and the next request is served. */
static void errors_of_handlers_are_answers(void **state)
{
	static const char *const bad[] = {"/fail", "/much", "/status"};
	struct web *web = begin(1, 4, 5000);
	for (size_t i = 0; i < ASSAY_COUNT_OF(bad); i++) {
		char text[256], answers[1024];
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n" GET, bad[i]);
		int fd = connect_to(web_port(web));
		send_text(fd, text);
		shutdown(fd, SHUT_WR);
		read_all(fd, answers, sizeof(answers));
		assert_non_null(strstr(answers, "HTTP/1.1 500 Internal Server Error"));
		assert_non_null(strstr(answers, "HTTP/1.1 200 OK"));
		close(fd);
	}
	web_stop(web);
}

/* Before, in the middle of and after a request. */
static void callers_that_reset_harm_nobody(void **state)
{
	struct web *web = begin(2, 64, 5000);
	const struct linger reset = {1, 0};
	static const char *const texts[] = {"", "GET /o", GET, GET GET "GET /o"};
	for (int i = 0; i < 40; i++) {
		int fd = connect_to(web_port(web));
		send_text(fd, texts[i % 4]);
		if (i % 8 > 4)
			poll(NULL, 0, 1);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	assert_int_equal(status_of(web_port(web), GET), 200);
	struct web_stats stats;
	int i = 0;
	do /* it learns of the last ones when it looks */
		web_stats(web, &stats);
	while (stats.open && i++ < WAIT_MS && poll(NULL, 0, 1) == 0);
	assert_int_equal(stats.open, 0);
	web_stop(web);
}

/* Two hundred that never finish what they say: others are served meanwhile, and memory is what was said. */
static void two_hundred_stalled_callers_stop_nobody(void **state)
{
	enum { STALLED = 200, EACH_MOST = 40 << 10 };
	struct web *web = begin(2, 256, 300);
	int fds[STALLED];
	char answer[512];
	size_t before = mallinfo2().uordblks;
	for (int i = 0; i < STALLED; i++) {
		fds[i] = connect_to(web_port(web));
		send_text(fds[i], "GET /ok HTTP/1.1\r\nHost:");
	}
	assert_int_equal(status_of(web_port(web), GET), 200);
	size_t after = mallinfo2().uordblks;
	assert_true(after <= before || after - before <= (STALLED + 2) * (size_t)EACH_MOST);
	for (int i = 0; i < STALLED; i++) {
		read_all(fds[i], answer, sizeof(answer));
		assert_non_null(strstr(answer, " 408 "));
		close(fds[i]);
	}
	struct web_stats stats;
	web_stats(web, &stats);
	assert_int_equal(stats.timed_out, STALLED);
	web_stop(web);
}

/* Requests with bytes changed, lost and doubled: each ends with an answer or a close. */
static void whatever_is_sent_ends(void **state)
{
	static const char *const seeds[] = {
		GET, "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
		("GET /ok?x=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET)};
	struct web *web = begin(2, 64, 5000);
	struct assay_rng rng;
	assay_rng_init(&rng, 11);
	for (int i = 0; i < 300; i++) {
		char text[512], answer[16384];
		size_t n = strlen(seeds[i % 3]);
		memcpy(text, seeds[i % 3], n);
		for (uint64_t k = assay_rng_below(&rng, 4); k > 0; k--)
			text[assay_rng_below(&rng, n)] = (char)assay_rng_below(&rng, 256);
		if (i % 5 == 0)
			memcpy(text + n / 2, text, n / 2);
		int fd = connect_to(web_port(web));
		assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
		shutdown(fd, SHUT_WR);
		read_all(fd, answer, sizeof(answer));
		if (*answer)
			assert_int_equal(strncmp(answer, "HTTP/1.1 ", 9), 0);
		close(fd);
	}
	assert_int_equal(status_of(web_port(web), GET), 200);
	web_stop(web);
}

static void the_generator_says_what_fails(void **state)
{
	struct web *web = begin(1, 100, 5000);
	struct load_config config = {.port = program_free_port(), .connections = 1, .request = GET};
	struct load *load = NULL;
	struct assay_err err = {0};
	struct rlimit before, limit;
	uint64_t intended_ns;
	assert_fails(load_new(&config, &load, &err), ASSAY_EIO, "refused");
	config.connections = 0;
	assert_fails(load_new(&config, &load, &err), ASSAY_EUSAGE, "0 connections");
	config.connections = 1;
	config.rate_hz = -1;
	assert_fails(load_new(&config, &load, &err), ASSAY_EUSAGE, "-1 requests");
	/* descriptors run out on the way */
	config = (struct load_config){.port = web_port(web), .connections = 50, .request = GET};
	int last = dup(0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)last + 8;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	enum assay_code rc = load_new(&config, &load, &err);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(rc, ASSAY_EIO);
	assert_non_null(strstr(err.text, "open files"));
	close(last);
	/* an answer that is none of those it asked for */
	config = (struct load_config){.port = web_port(web),
				      .connections = 1,
				      .request = "GET /fail HTTP/1.1\r\nHost: a\r\n\r\n"};
	assert_ok(load_new(&config, &load, &err));
	load_begin(load, 0);
	assert_fails(load_next(load, &intended_ns, &err), ASSAY_ECHECK, "status 500");
	load_free(load);
	web_stop(web);
}

/* It listens and never answers. */
static void a_silent_server_is_given_up(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	const double rates_hz[] = {0, 1000};
	for (int i = 0; i < 2; i++) {
		struct load_config config = {.port = ntohs(at.sin_port),
					     .connections = 2,
					     .rate_hz = rates_hz[i],
					     .request = GET,
					     .deadline_ms = 50};
		struct load *load = NULL;
		struct assay_err err = {0};
		uint64_t intended_ns;
		assert_ok(load_new(&config, &load, &err));
		load_begin(load, 0);
		assert_fails(load_next(load, &intended_ns, &err), ASSAY_EIO, "within 50 ms");
		load_free(load);
	}
	close(fd);
}

extern const struct assay_subject assay_subject_concurrency_web_nginx;

/* Someone else's server dies in the middle. */
static void a_server_that_is_killed_is_noticed(void **state)
{
	const struct web_server_ops *ops = assay_subject_concurrency_web_nginx.ops;
	struct web_server *server = NULL;
	struct load *load = NULL;
	struct assay_err err = {0};
	struct load_config config = {.connections = 4, .request = web_request_static};
	uint64_t intended_ns;
	enum assay_code rc = ASSAY_OK;
	if (assay_subject_concurrency_web_nginx.probe(&err) != ASSAY_OK) {
		print_message("# %s\n", err.text);
		return;
	}
	assert_ok(ops->start(1, 8, &server, &config.port, &err));
	assert_ok(load_new(&config, &load, &err));
	load_begin(load, 0);
	assert_ok(load_next(load, &intended_ns, &err));
	kill(program_pid((const struct program *)server), SIGKILL);
	for (int i = 0; i < 1000000 && rc == ASSAY_OK; i++)
		rc = load_next(load, &intended_ns, &err);
	assert_int_equal(rc, ASSAY_EIO);
	load_free(load);
	ops->stop(server);
}

static void a_program_that_does_not_start_says_why(void **state)
{
	static const char *const ends[] = {"false", NULL};
	static const char *const absent[] = {"assay-there-is-no-such-program", NULL};
	static const char *const ls[] = {"ls", "no-such-file", NULL};
	struct program *program;
	struct assay_err err = {0};
	assert_fails(program_probe(absent[0], "a-package", &err), ASSAY_SKIP, "install a-package");
	assert_fails(program_start(ends, "", program_free_port(), &program, &err), ASSAY_SKIP,
		     "printed nothing");
	assert_fails(program_start(absent, "", program_free_port(), &program, &err), ASSAY_SKIP,
		     "No such file");
	assert_fails(program_start(ls, "", program_free_port(), &program, &err), ASSAY_SKIP,
		     "no-such-file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_of_handlers_are_answers),
		cmocka_unit_test(callers_that_reset_harm_nobody),
		cmocka_unit_test(two_hundred_stalled_callers_stop_nobody),
		cmocka_unit_test(whatever_is_sent_ends),
		cmocka_unit_test(the_generator_says_what_fails),
		cmocka_unit_test(a_silent_server_is_given_up),
		cmocka_unit_test(a_server_that_is_killed_is_noticed),
		cmocka_unit_test(a_program_that_does_not_start_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
