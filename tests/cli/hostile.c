/* SPDX-License-Identifier: MIT */
/*
 * hostile: 200 names that a shell, a terminal, a spreadsheet or a database would act on, as arguments, settings
 * and contents of a store. Nothing is executed, which a canary file proves; nothing reaches the terminal but text.
 * usage: hostile ASSAY COMPLETION-FOLDER, in an empty folder. Prints TAP.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/stats/estimate.h"
#include "harness/store/store.h"

extern char **environ;

enum {
	FORMS = 4,
	PAYLOADS = 50,
	NAMES = FORMS * PAYLOADS,
	LONG = 65536,
	ODD = 7, /* the case with names for its metric and unit as well */
};

#define CANARY "canary"

static const char *const payloads[PAYLOADS] = {
	"$(touch " CANARY ")",
	"`touch " CANARY "`",
	"; touch " CANARY ";",
	"| touch " CANARY,
	"&& touch " CANARY,
	"\ntouch " CANARY "\n",
	"'; touch " CANARY "; '",
	"\"; touch " CANARY "; \"",
	"${IFS}touch${IFS}" CANARY,
	"<(touch " CANARY ")",
	"\\$(touch " CANARY ")",
	"a[$(touch " CANARY ")]",
	"system('touch " CANARY "')",
	"\"`touch " CANARY "`\"",
	"> " CANARY,
	">" CANARY,
	"--output=" CANARY,
	"-o" CANARY,
	"--json=" CANARY,
	"--load=./" CANARY ".so",
	"=cmd|'/C touch " CANARY "'!A1",
	"@SUM(1+1)",
	"+1",
	"-v",
	"'; DROP TABLE run; --",
	"' OR 1=1 --",
	"\033]0;title\007",
	"\033[2J\033[H",
	"\033[31mred",
	"\033P+q544e\033\\",
	"\xc2\x9b"
	"31m",
	"\x9b"
	"31m",
	"\rover",
	"\b\b\b\b",
	"\x01\x02\x1f\x7f",
	"a\tb",
	"\xe2\x80\xae"
	"desrever",
	"\xe2\x80\xa8",
	"\xff\xfe",
	"\xc0\xaf..",
	"\xed\xa0\x80",
	"%s%n%x",
	"../../../etc/passwd",
	"file.db#1",
	"*",
	"[!a]{b,c}~?",
	"<script>alert(1)</script>",
	"]]> --> | ` &amp;",
	"\\",
	"L", /* stands for a name of 64 KiB */
};

static const char *const forms[FORMS] = {"%s", "memory/%s", "a=%s", "x%s/threads:1"};

struct test {
	const char *assay;
	unsigned count, failed;
	char *names[NAMES];
};

static char *make_name(size_t i)
{
	const char *payload = payloads[i / FORMS];
	ASSAY_AUTO_FREE char *large = NULL;
	struct assay_str name = {0};
	if (strcmp(payload, "L") == 0 && (large = malloc(LONG + 1))) {
		memset(large, 'L', LONG);
		large[LONG] = '\0';
		payload = large;
	}
	const char *hole = strstr(forms[i % FORMS], "%s");
	assay_str_put(&name, forms[i % FORMS], (size_t)(hole - forms[i % FORMS]));
	assay_str_add(&name, "%s%s", payload, hole + 2);
	return name.failed ? NULL : name.text;
}

static void verdict(struct test *t, bool good, const char *what, const struct assay_str *said)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++t->count, what);
	t->failed += !good;
	for (size_t i = 0; !good && said && i < said->length && i < 2000; i++) {
		unsigned char c = (unsigned char)said->text[i];
		if (i == 0 || said->text[i - 1] == '\n')
			printf("# ");
		if (c == '\n' || (c >= ' ' && c < 0x7f))
			putchar(c);
		else
			printf("<%02x>", c);
	}
	putchar('\n');
}

/* Run a program to its end; what it printed on both streams is appended to `said`. -1: died of a signal. */
static int run(const char *const *argv, struct assay_str *said)
{
	int ends[2], status;
	char buffer[8192];
	pid_t pid;
	posix_spawn_file_actions_t actions;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	int error = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
				 environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	for (ssize_t n; !error && (n = read(ends[0], buffer, sizeof(buffer))) > 0;)
		assay_str_put(said, buffer, (size_t)n);
	close(ends[0]);
	if (error || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Only text, and of the controls only newlines: valid UTF-8 with nothing in it that acts. Colours where they may be. */
static bool only_text(const struct assay_str *said, bool terminal)
{
	const char *text = assay_str_text(said);
	for (size_t i = 0; i < said->length;) {
		unsigned char c = (unsigned char)text[i];
		size_t n = assay_utf8_length(text + i);
		if (terminal && c == '\r' && text[i + 1] == '\n') {
			i++;
		} else if (terminal && c == '\033') {
			size_t digits = strspn(text + i + 2, "0123456789;");
			char end = text[i + 1] == '[' ? text[i + 2 + digits] : '?';
			if (end != 'm' && end != 'K')
				return false;
			i += digits + 3;
		} else if (n == 0 || (c < ' ' && c != '\n') || c == 0x7f ||
			   (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0) ||
			   strncmp(text + i, "\xe2\x80\xae", 3) == 0 ||
			   strncmp(text + i, "\xe2\x80\xa8", 3) == 0) {
			return false;
		} else {
			i += n;
		}
	}
	return true;
}

static bool quiet_canary(void)
{
	return access(CANARY, F_OK) != 0;
}

/* One place for a name on the command line; NULL stands for the name. */
static const char *const places[][8] = {
	{"list", "--", NULL},
	{"run", "--dry-run", "--", NULL},
	{"compare", "--db", "h.db", "--", NULL},
	{"history", "--db", "h.db", "--", NULL},
	{"report", "--db", "h.db", "--text", "--", NULL},
	{"run", "--dry-run", "--tag", NULL},
	{"run", "--dry-run", "-P", NULL},
	{"history", "--db", NULL},
	{"config", "--", NULL},
	{NULL},
	{"import", "--db", "i.db", "--", NULL},
	{"complete", "--", "run", NULL},
	{"gate", "--db", "h.db", "--cand", "2", "--base", NULL},
	{"help", NULL},
	{"run", "--dry-run", "-p", NULL},
	{"run", "--dry-run", "-s", NULL},
};

/* A sanitised program takes a tenth of a second to start: there only some of the names. */
enum { EVERY = ASSAY_SANITIZED ? 4 : 1 };

static void as_arguments(struct test *t)
{
	for (size_t p = 0; p < ASSAY_COUNT_OF(places); p++) {
		ASSAY_AUTO(assay_str_done) struct assay_str what = {0};
		bool good = true;
		for (size_t i = p; i < NAMES && good; i += EVERY * ASSAY_COUNT_OF(places)) {
			ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
			const char *argv[12] = {t->assay};
			size_t n = 0;
			while (places[p][n]) {
				argv[n + 1] = places[p][n];
				n++;
			}
			argv[n + 1] = t->names[i];
			int status = run(argv, &said);
			good = status >= 0 && status < 126 && quiet_canary() &&
			       only_text(&said, false);
			if (!good)
				verdict(t, false, "a name as an argument", &said);
		}
		assay_str_add(&what, "names behind 'assay");
		for (size_t n = 0; places[p][n]; n++)
			assay_str_add(&what, " %s", places[p][n]);
		assay_str_add(&what, "'");
		verdict(t, good, assay_str_text(&what), NULL);
	}
}

static void as_settings(struct test *t)
{
	static const char *const keys[] = {"profile", "db", "cpus", "set", "params"};
	const char *const argv[] = {t->assay, "config", "--show-origin", NULL};
	bool good = true;
	for (size_t i = 0; i < NAMES && good; i += 3 * EVERY) {
		ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
		const char *key = keys[i % ASSAY_COUNT_OF(keys)];
		json_t *value = assay_json_text(t->names[i]);
		json_t *document = strcmp(key, "params") == 0
					   ? json_pack("{s:{s:o}}", key, "size", value)
					   : json_pack("{s:o}", key, value);
		json_dump_file(document, "assay.yaml", 0);
		json_decref(document);
		int status = run(argv, &said);
		good = (status == 0 || status == 2) && quiet_canary() && only_text(&said, false);
		if (!good)
			verdict(t, false, key, &said);
	}
	unlink("assay.yaml");
	verdict(t, good, "names in assay.yaml", NULL);
}

/* Two runs in which every text that can be anything is a name. */
static enum assay_code fill(struct test *t, const char *db, struct assay_err *err)
{
	struct assay_store *store;
	enum assay_code rc = assay_store_open(db, ASSAY_STORE_WRITE, &store, err);
	for (int r = 0; r < 2 && rc == ASSAY_OK; r++) {
		const struct assay_tag tag = {"note", t->names[4 * r]};
		const struct assay_run_info info = {.profile = r ? "ci" : t->names[104],
						    .machine_name = t->names[0],
						    .commit = "abc",
						    .started_ns = 1700000000000000000u + r,
						    .tags = &tag,
						    .n_tags = 1};
		int64_t run;
		rc = assay_store_begin_run(store, &info, &run, err);
		for (size_t i = 0; i < NAMES && rc == ASSAY_OK; i++) {
			ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
			double values[] = {10 + r, 11 + r, 12 + r};
			uint8_t flags[3] = {0};
			uint32_t ends[] = {1, 2, 3};
			const struct assay_param param = {"key", t->names[i]};
			assay_str_add(&name, "hostile/%s/key:%zu/threads:1", t->names[i], i);
			const struct assay_result result = {
				.name = assay_str_text(&name),
				.suite = "hostile",
				.benchmark = t->names[i],
				.subject = t->names[i],
				.threads = 1,
				.params = &param,
				.n_params = 1,
				.metric = {i == ODD ? t->names[108] : "time",
					   i == ODD ? t->names[112] : "ns/op", ASSAY_LOWER},
				.primary = true,
				.status = i % 5 ? ASSAY_STATUS_OK : ASSAY_STATUS_FAILED,
				.reason = i % 5 ? "" : t->names[i],
				.estimate =
					{.n = 3, .median = 11 + r, .lo = 10, .hi = 13, .mean = 11},
				.samples = {values, flags, 3, ends, 3},
				.cpu_ratio = 1,
				.driver = "native",
				.clock = "monotonic",
				.noise = 'A',
				.started_ns = info.started_ns,
			};
			rc = assay_store_add_result(store, run, &result, err);
		}
		if (rc == ASSAY_OK)
			rc = assay_store_finish_run(store, run, ASSAY_RUN_COMPLETE, err);
	}
	assay_store_close(store);
	return rc;
}

/* `text`: what it prints is for eyes, so that it holds nothing but text. The rest is for programs. */
static const struct {
	const char *argv[10];
	bool text;
} readers[] = {
	{{"history", "--db", "h.db"}, true},
	{{"history", "--db", "h.db", "--json"}, false},
	{{"history", "--db", "h.db", "--anomalies"}, true},
	{{"history", "--db", "h.db", "hostile/*/key:7/threads:1"}, true},
	{{"db", "--db", "h.db", "baseline", "1"}, true},
	{{"compare", "--db", "h.db", "1", "2", "--all"}, true},
	{{"compare", "--db", "h.db", "1", "2", "--json"}, false},
	{{"gate", "--db", "h.db", "--base", "1", "--cand", "2"}, true},
	{{"report", "--db", "h.db", "--text", "2"}, true},
	{{"report", "--db", "h.db", "--md", "1", "2"}, true},
	{{"report", "--db", "h.db", "--junit", "2"}, true},
	{{"report", "--db", "h.db", "-o", "page.html", "1", "2"}, true},
	{{"export", "--db", "h.db", "--format", "json", "2"}, false},
	{{"export", "--db", "h.db", "--format", "jsonl", "2"}, false},
	{{"export", "--db", "h.db", "--format", "gbench", "2"}, false},
	{{"export", "--db", "h.db", "--format", "trace", "2"}, false},
	{{"export", "--db", "h.db", "--format", "openmetrics", "2"}, false},
	{{"export", "--db", "h.db", "--format", "csv", "2"}, false},
	{{"export", "--db", "h.db", "--format", "postgres"}, false},
	{{"fleet", "--db", "h.db"}, true},
	{{"db", "--db", "h.db", "check"}, true},
	{{"complete", "--", "--db", "h.db", "history", ""}, false},
};

static void in_a_store(struct test *t)
{
	for (size_t r = 0; r < ASSAY_COUNT_OF(readers); r++) {
		ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
		ASSAY_AUTO(assay_str_done) struct assay_str what = {0};
		const char *argv[12] = {t->assay};
		assay_str_add(&what, "a store read by");
		for (size_t n = 0; readers[r].argv[n]; n++) {
			argv[n + 1] = readers[r].argv[n];
			assay_str_add(&what, " %s", argv[n + 1]);
		}
		int status = run(argv, &said);
		bool good = status >= 0 && status < 126 && quiet_canary() &&
			    (!readers[r].text || only_text(&said, false));
		verdict(t, good, assay_str_text(&what), &said);
	}
	ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
	run((const char *[]){t->assay, "history", "--db", "h.db", NULL}, &said);
	verdict(t, strstr(assay_str_text(&said), payloads[0]) != NULL, "the literal text is shown",
		&said);
}

/* On a terminal of 80 columns, where escapes would act; script(1) is the terminal. */
static void on_a_terminal(struct test *t)
{
	static const char *const verbs[] = {"history --db h.db", "compare --db h.db 1 2 --all",
					    "report --db h.db --text 2", "fleet --db h.db"};
	ASSAY_AUTO(assay_str_done) struct assay_str ignored = {0};
	const char *const probe[] = {"script", "-qec", "true", "/dev/null", NULL};
	if (run(probe, &ignored) != 0) {
		printf("ok %u - a terminal # SKIP no script(1)\n", ++t->count);
		return;
	}
	setenv("PAGER", "$(touch " CANARY ")", 1); /* is none, as no shell reads it */
	for (size_t i = 0; i < ASSAY_COUNT_OF(verbs); i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str command = {0};
		ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
		assay_str_add(&command, "stty cols 80; '%s' %s", t->assay, verbs[i]);
		const char *const argv[] = {"script", "-qec", assay_str_text(&command), "/dev/null",
					    NULL};
		run(argv, &said);
		verdict(t, said.length > 200 && quiet_canary() && only_text(&said, true), verbs[i],
			&said);
	}
	unsetenv("PAGER");
}

static void completed_by_shells(struct test *t, const char *scripts)
{
	static const char *const shells[][4] = {
		{"bash", "-c",
		 ". \"$1/assay.bash\"; compopt() { :; }; COMP_LINE='assay --db h.db history hostile/'; "
		 "COMP_POINT=${#COMP_LINE}; _assay; printf '%s\\n' \"${COMPREPLY[@]}\"; "
		 "for word in \"${COMPREPLY[@]}\"; do eval \"set -- $word\"; done",
		 "bash"},
		{"zsh", "-fc",
		 "_describe() { print -rl -- ${(P)4} }; _files() { : }; _call_program() { eval \"$argv[2,-1]\" }; "
		 "words=(assay --db h.db history hostile/); CURRENT=5; source $1/_assay",
		 "zsh"},
		{"fish", "-c",
		 "source $argv[1]/assay.fish; complete -C 'assay --db h.db history hostile/'",
		 NULL},
	};
	for (size_t i = 0; i < ASSAY_COUNT_OF(shells); i++) {
		ASSAY_AUTO(assay_str_done) struct assay_str said = {0};
		const char *argv[] = {shells[i][0], shells[i][1], shells[i][2], NULL, NULL, NULL};
		argv[3] = shells[i][3] ? shells[i][3] : scripts;
		argv[4] = shells[i][3] ? scripts : NULL;
		int status = run(argv, &said);
		if (status == -1 || status == 127)
			printf("ok %u - completion # SKIP no %s\n", ++t->count, shells[i][0]);
		else
			verdict(t, quiet_canary() && strstr(assay_str_text(&said), "hostile/"),
				shells[i][0], &said);
	}
}

int main(int argc, char **argv)
{
	struct test t = {.assay = argc > 1 ? argv[1] : NULL};
	struct assay_err err = {0};
	char folder[4096], *path = NULL, *scripts = NULL;
	const char *tmp = getenv("TMPDIR");
	snprintf(folder, sizeof(folder), "%s/hostile-XXXXXX", tmp ? tmp : "/tmp");
	if (argc < 3 || !(path = realpath(argv[1], NULL)) || !(scripts = realpath(argv[2], NULL)) ||
	    !mkdtemp(folder) || chdir(folder) != 0)
		return 99;
	t.assay = path;
	for (size_t i = 0; i < NAMES; i++)
		if (!(t.names[i] = make_name(i)))
			return 99;
	if (fill(&t, "h.db", &err) != ASSAY_OK)
		printf("# %s\n", err.text);
	as_arguments(&t);
	as_settings(&t);
	in_a_store(&t);
	on_a_terminal(&t);
	char *slash = strrchr(path, '/'), *old = getenv("PATH");
	ASSAY_AUTO(assay_str_done) struct assay_str search = {0};
	assay_str_add(&search, "%.*s:%s", (int)(slash - path), path, old ? old : "/usr/bin:/bin");
	setenv("PATH", assay_str_text(&search), 1);
	completed_by_shells(&t, scripts);
	printf("1..%u\n", t.count);
	for (size_t i = 0; i < NAMES; i++)
		free(t.names[i]);
	free(path);
	free(scripts);
	return t.failed != 0;
}
