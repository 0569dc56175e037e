/* SPDX-License-Identifier: MIT */
/* relay: backends that go, stall and talk nonsense, callers that leave; and fronts of others beside ours. */
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

#include "suites/concurrency/backends.h"
#include "suites/concurrency/front.h"
#include "suites/concurrency/load.h"
#include "suites/concurrency/relay.h"
#include "suites/concurrency/web_server.h"
#include "tests/suites/concurrency/caller.h"

#define GET  "GET /static HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST /static HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"

extern const struct assay_suite assay_suite_concurrency;
extern const struct assay_subject assay_subject_concurrency_front_relay,
	assay_subject_concurrency_front_haproxy, assay_subject_concurrency_front_nginx,
	assay_subject_concurrency_round_robin;

static struct relay *begin_impatient(const uint16_t *ports, unsigned backends, unsigned connections,
				     unsigned answer_ms)
{
	struct relay_config config = {.policy = assay_subject_concurrency_round_robin.ops,
				      .ports = ports,
				      .backends = backends,
				      .connections = connections,
				      .answer_ms = answer_ms,
				      .idle_ms = 2 * WAIT_MS,
				      .away_ms = 10000};
	struct relay *relay = NULL;
	struct assay_err err = {0};
	assert_ok(relay_start(&config, &relay, &err));
	return relay;
}

static struct relay *begin(const uint16_t *ports, unsigned backends, unsigned connections)
{
	return begin_impatient(ports, backends, connections, WAIT_MS);
}

static struct backends *begin_backends(unsigned n, double mean_ns)
{
	const double means_ns[] = {mean_ns, mean_ns, mean_ns};
	struct backends *backends = NULL;
	struct assay_err err = {0};
	assert_ok(backends_start(means_ns, n, 16, 1, &backends, &err));
	return backends;
}

/* A backend by hand: listens, and each caller gets `text` after its request, or an end at once. */
struct rogue {
	int listener;
	uint16_t port;
	const char *text; /* NULL: closes */
	pthread_t thread;
	_Atomic unsigned calls;
};

static void *misbehave(void *arg)
{
	struct rogue *r = arg;
	char request[1024];
	int fd;
	while ((fd = accept(r->listener, NULL, NULL)) >= 0) {
		r->calls++;
		if (recv(fd, request, sizeof(request), 0) > 0 && r->text)
			send(fd, r->text, strlen(r->text), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static void rogue_start(struct rogue *r, const char *text)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	*r = (struct rogue){.text = text};
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(r->listener, 16), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&at, &size), 0);
	r->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, misbehave, r), 0);
}

static void rogue_stop(struct rogue *r)
{
	shutdown(r->listener, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->listener);
}

static void fronts_pass_where_they_are(void **state)
{
	static const struct assay_subject *const fronts[] = {
		&assay_subject_concurrency_front_relay, &assay_subject_concurrency_front_haproxy,
		&assay_subject_concurrency_front_nginx};
	for (size_t i = 0; i < ASSAY_COUNT_OF(fronts); i++) {
		struct assay_err err = {0};
		if (fronts[i]->probe && fronts[i]->probe(&err) != ASSAY_OK)
			print_message("# %s\n", err.text);
		else
			assert_ok(assay_suite_concurrency.check(fronts[i], 1, &err));
	}
}

/* It uses the first backend alone. */
static enum assay_code start_with_one(const struct front_config *config, struct front **ret,
				      uint16_t *ret_port, struct assay_err *err)
{
	struct relay *relay = begin(config->ports, 1, config->connections);
	*ret = (struct front *)relay;
	*ret_port = relay_port(relay);
	return ASSAY_OK;
}

static void stop_relay(struct front *front)
{
	relay_stop((struct relay *)front);
}

static void a_front_that_takes_no_turns_is_caught(void **state)
{
	const struct front_ops ops = {start_with_one, stop_relay};
	struct assay_err err = {0};
	assert_fails(front_check(&ops, &err), ASSAY_ECHECK, "in turns");
}

static void others_say_which_policies_they_lack(void **state)
{
	const struct front_ops *haproxy = assay_subject_concurrency_front_haproxy.ops;
	const struct front_ops *nginx = assay_subject_concurrency_front_nginx.ops;
	struct front_config config = {.policy = FRONT_EWMA};
	struct front *front;
	uint16_t port;
	struct assay_err err = {0};
	assert_fails(haproxy->start(&config, &front, &port, &err), ASSAY_SKIP, "this policy");
	assert_fails(nginx->start(&config, &front, &port, &err), ASSAY_SKIP, "this policy");
}

static void requests_pass_and_malformed_ones_do_not(void **state)
{
	struct backends *backends = begin_backends(2, 0);
	struct relay *relay = begin(backends_ports(backends), 2, 8);
	uint16_t port = relay_port(relay);
	struct relay_stats stats;
	assert_int_equal(status_of(port, GET), 200);
	assert_int_equal(status_of(port, POST), 200);
	assert_int_equal(status_of(port, "HEAD /static HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_int_equal(status_of(port, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
	assert_int_equal(status_of(port, "GET /\r\n\r\n"), 400);
	assert_int_equal(
		status_of(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n"),
		413);
	relay_stats(relay, &stats);
	assert_int_equal(stats.answered, 4);
	assert_int_equal(stats.failed, 2);
	relay_stop(relay);
	backends_stop(backends);
}

/* Three at once from one who sends no more. */
static void pipelined_and_half_closed_requests_are_answered(void **state)
{
	struct backends *backends = begin_backends(2, 0);
	struct relay *relay = begin(backends_ports(backends), 2, 8);
	char answers[4096];
	size_t n = 0;
	int fd = connect_to(relay_port(relay));
	send_text(fd, GET GET "GET /sta");
	poll(NULL, 0, 10);
	send_text(fd, "tic HTTP/1.1\r\nHost: a\r\n\r\n");
	shutdown(fd, SHUT_WR);
	read_all(fd, answers, sizeof(answers));
	for (const char *at = answers; (at = strstr(at, "HTTP/1.1 200")); at++)
		n++;
	assert_int_equal(n, 3);
	close(fd);
	relay_stop(relay);
	backends_stop(backends);
}

static void without_any_backend_there_is_an_answer(void **state)
{
	struct backends *backends = begin_backends(2, 0);
	struct relay *relay = begin(backends_ports(backends), 2, 8);
	uint16_t port = relay_port(relay);
	backends_kill(backends, 0);
	backends_kill(backends, 1);
	assert_int_equal(status_of(port, GET), 502);
	/* by now both have failed twice, and nobody is asked */
	assert_int_equal(status_of(port, GET), 503);
	relay_stop(relay);
	backends_stop(backends);
}

static void a_backend_that_does_not_answer_is_given_up(void **state)
{
	struct backends *backends = begin_backends(1, 4e8);
	struct relay *relay = begin_impatient(backends_ports(backends), 1, 8, 100);
	/* exponential: one of these takes longer than the tenth of a second there is */
	bool given_up = false;
	for (int i = 0; i < 20 && !given_up; i++)
		given_up = status_of(relay_port(relay), GET) == 504;
	assert_true(given_up);
	relay_stop(relay);
	backends_stop(backends);
}

/* What can be repeated goes to the other backend; what has effects does not go anywhere twice. */
static void broken_answers_are_tried_elsewhere_unless_posted(void **state)
{
	static const char *const texts[] = {NULL, "nonsense\r\n\r\n",
					    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz",
					    "HTTP/1.1 200 OK\r\n\r\n"};
	for (size_t i = 0; i < ASSAY_COUNT_OF(texts); i++) {
		struct rogue rogue;
		struct backends *backends = begin_backends(1, 0);
		rogue_start(&rogue, texts[i]);
		const uint16_t ports[] = {rogue.port, backends_ports(backends)[0]};
		struct relay *relay = begin(ports, 2, 8);
		struct relay_stats stats;
		assert_int_equal(status_of(relay_port(relay), GET), 200);
		relay_stats(relay, &stats);
		assert_int_equal(stats.retried, 1);
		assert_int_equal(status_of(relay_port(relay), POST), 502);
		assert_int_equal(rogue.calls, 2);
		assert_int_equal(backends_served(backends, 0), 1);
		relay_stop(relay);
		rogue_stop(&rogue);
		backends_stop(backends);
	}
}

/* In the middle of a request, and while its answer is being made. */
static void callers_that_reset_harm_nobody(void **state)
{
	struct backends *backends = begin_backends(2, 5e6);
	struct relay *relay = begin(backends_ports(backends), 2, 64);
	const struct linger reset = {1, 0};
	for (int i = 0; i < 20; i++) {
		int fd = connect_to(relay_port(relay));
		send_text(fd, i % 2 ? GET : "GET /static HT");
		if (i % 4 == 3)
			poll(NULL, 0, 2);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	assert_int_equal(status_of(relay_port(relay), GET), 200);
	relay_stop(relay);
	backends_stop(backends);
}

static void one_too_many_gets_503(void **state)
{
	struct backends *backends = begin_backends(1, 0);
	struct relay *relay = begin(backends_ports(backends), 1, 1);
	char answer[1024];
	int first = connect_to(relay_port(relay));
	send_text(first, GET);
	assert_true(recv(first, answer, sizeof(answer), 0) > 0); /* it is in */
	int second = connect_to(relay_port(relay));
	read_all(second, answer, sizeof(answer));
	assert_non_null(strstr(answer, " 503 "));
	close(second);
	close(first);
	relay_stop(relay);
	backends_stop(backends);
}

/* Two hundred at a time, over two backends. */
static void two_hundred_callers_are_served(void **state)
{
	enum { CALLERS = 200, REQUESTS = 1000 };
	struct backends *backends = NULL;
	struct assay_err err = {0};
	assert_ok(backends_start((const double[2]){0}, 2, CALLERS, 1, &backends, &err));
	struct relay *relay = begin(backends_ports(backends), 2, CALLERS);
	struct load_config config = {
		.port = relay_port(relay), .connections = CALLERS, .request = GET};
	struct load *load = NULL;
	struct relay_stats stats;
	uint64_t intended_ns;
	assert_ok(load_new(&config, &load, &err));
	load_begin(load, REQUESTS);
	for (int i = 0; i < REQUESTS; i++)
		assert_ok(load_next(load, &intended_ns, &err));
	relay_stats(relay, &stats);
	assert_int_equal(stats.answered, REQUESTS);
	assert_int_equal(stats.retried + stats.failed + stats.refused, 0);
	assert_int_equal(backends_served(backends, 0), REQUESTS / 2);
	load_free(load);
	relay_stop(relay);
	backends_stop(backends);
}

/* No descriptor is left: newcomers are let go at once, those who are in are served over what is open. */
static void running_out_of_descriptors_hangs_nobody(void **state)
{
	struct backends *backends = begin_backends(1, 0);
	struct relay *relay = begin(backends_ports(backends), 1, 64);
	int in = connect_to(relay_port(relay)), late[8];
	char answer[1024];
	struct rlimit before, limit;
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(relay_port(relay)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	send_text(in, GET);
	assert_true(recv(in, answer, sizeof(answer), 0) > 0);
	for (size_t i = 0; i < ASSAY_COUNT_OF(late); i++)
		late[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)late[ASSAY_COUNT_OF(late) - 1] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	bool ended = true;
	for (size_t i = 0; i < ASSAY_COUNT_OF(late); i++) {
		struct timeval wait = {WAIT_MS / 1000, 0};
		setsockopt(late[i], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		ended &= connect(late[i], (struct sockaddr *)&to, sizeof(to)) == 0;
		ended &= recv(late[i], answer, sizeof(answer), 0) == 0;
	}
	setrlimit(RLIMIT_NOFILE, &before);
	assert_true(ended);
	send_text(in, GET);
	assert_true(recv(in, answer, sizeof(answer), 0) > 0);
	assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
	for (size_t i = 0; i < ASSAY_COUNT_OF(late); i++)
		close(late[i]);
	close(in);
	relay_stop(relay);
	backends_stop(backends);
}

static void senseless_configurations_are_refused(void **state)
{
	struct relay_config config = {.policy = assay_subject_concurrency_round_robin.ops,
				      .connections = 1};
	struct relay *relay;
	struct backends *backends;
	struct assay_err err = {0};
	assert_fails(relay_start(&config, &relay, &err), ASSAY_EUSAGE, "0 backends");
	assert_fails(backends_start(NULL, 0, 1, 1, &backends, &err), ASSAY_EUSAGE, "0 backends");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fronts_pass_where_they_are),
		cmocka_unit_test(a_front_that_takes_no_turns_is_caught),
		cmocka_unit_test(others_say_which_policies_they_lack),
		cmocka_unit_test(requests_pass_and_malformed_ones_do_not),
		cmocka_unit_test(pipelined_and_half_closed_requests_are_answered),
		cmocka_unit_test(without_any_backend_there_is_an_answer),
		cmocka_unit_test(a_backend_that_does_not_answer_is_given_up),
		cmocka_unit_test(broken_answers_are_tried_elsewhere_unless_posted),
		cmocka_unit_test(callers_that_reset_harm_nobody),
		cmocka_unit_test(one_too_many_gets_503),
		cmocka_unit_test(two_hundred_callers_are_served),
		cmocka_unit_test(running_out_of_descriptors_hangs_nobody),
		cmocka_unit_test(senseless_configurations_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
