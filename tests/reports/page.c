/* SPDX-License-Identifier: MIT */
/* page: what every page must be, whatever stands in it. */
#include "tests/reports/page.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/page_data.h"
#include "tests/t.h"

const char *page_xmllint;

/* Well-formed XML, by a parser that is not ours. */
static void assert_well_formed(const char *page)
{
	char path[T_PATH];
	char *const argv[] = {(char *)"xmllint",
			      (char *)"--noout",
			      (char *)"--nonet",
			      (char *)"--huge",
			      path,
			      NULL};
	pid_t pid;
	int status;
	if (!page_xmllint)
		return;
	int fd = mkstemp(t_path(path, "html"));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, page, strlen(page)), (long)strlen(page));
	close(fd);
	assert_int_equal(posix_spawn(&pid, page_xmllint, NULL, NULL, argv, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("xmllint refuses %s", path);
	unlink(path);
}

/* Every id is there once, and every link within the page leads to one. */
static void assert_ids(const char *page)
{
	for (const char *at = page; (at = strstr(at, " id=")); at++) {
		char key[200];
		size_t n = strcspn(at + 5, "'\"");
		snprintf(key, sizeof(key), " id=%c%.*s%c", at[4], (int)n, at + 5, at[4]);
		if (strstr(at + 1, key))
			fail_msg("twice:%s", key);
	}
	for (const char *at = page; (at = strstr(at, "href=")); at++) {
		char key[200];
		size_t n = strcspn(at + 7, "'\"");
		assert_int_equal(at[6], '#');
		snprintf(key, sizeof(key), " id=%c%.*s%c", at[5], (int)n, at + 7, at[5]);
		if (!strstr(page, key))
			fail_msg("no target:%s", key);
	}
}

/* The one script element with this opening tag: what is in it; ends are not part of it. */
static const char *script_of(const char *page, const char *opening, size_t *ret_n)
{
	const char *at = strstr(page, opening);
	assert_non_null(at);
	assert_null(strstr(at + 1, opening));
	at += strlen(opening);
	const char *end = strstr(at, "</script>");
	assert_non_null(end);
	*ret_n = (size_t)(end - at);
	return at;
}

/*
 * Nothing that could load or leave, and one script alone that could run: the page's own, which its policy names by
 * its hash, computed here anew. The other script element is data.
 */
static void assert_inert(const char *page)
{
	static const char *const banned[] = {"<img",    "<link",       "<iframe",    "<object",
					     "<embed",  "<form",       "<base",      "url(",
					     "@import", "javascript:", "<script src"};
	size_t scripts = 0, n;
	for (const char *at = page; (at = strstr(at, "<script")); at++)
		scripts++;
	assert_int_equal(scripts, 2);
	script_of(page, "<script type=\"application/zlib;base64\" id=\"assay-data\">", &n);
	const char *code = script_of(page, "<script>", &n);
	assert_true(n > 100);
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "", policy[300];
	sha256_init(&hash);
	sha256_update(&hash, n, (const uint8_t *)code);
	sha256_digest(&hash, sizeof(digest), digest);
	base64_encode_raw(text, sizeof(digest), digest);
	snprintf(
		policy, sizeof(policy),
		"content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src "
		"'sha256-%s'\"",
		text);
	assert_non_null(strstr(page, policy));
	for (size_t i = 0; i < sizeof(banned) / sizeof(banned[0]); i++)
		if (strstr(page, banned[i]))
			fail_msg("the page has %s", banned[i]);
	const char *nan = strstr(page, "nan"); /* base64 may spell it */
	assert_true(!nan || nan > strstr(page, "id=\"assay-data\""));
	/* No attribute that runs a script, whatever the policy would say of it. */
	for (const char *at = page; (at = strstr(at, " on")); at++) {
		size_t word = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
		assert_false(word > 3 && at[1 + word] == '=' && strchr("\"'", at[2 + word]));
	}
}

void page_assert_sound(const char *page)
{
	assert_well_formed(page);
	assert_ids(page);
	assert_inert(page);
}

char *page_of_runs(const struct assay_report_input *inputs, size_t n)
{
	const struct assay_report_options options = {.gnuplot = "/bin/false"};
	struct assay_err err = {0};
	struct assay_report_model *model;
	char *page = NULL;
	size_t size = 0;
	assert_ok(assay_report_model_new(inputs, n, &model, &err));
	FILE *out = open_memstream(&page, &size);
	assert_non_null(out);
	assert_ok(assay_report_html(model, out, &options, &err));
	assert_int_equal(fclose(out), 0);
	assay_report_model_free(model);
	page_assert_sound(page);
	return page;
}

json_t *page_runs(const char *page)
{
	struct assay_err err = {0};
	struct assay_page_reader *reader;
	const char *line;
	json_t *runs = json_array(), *results = NULL;
	assert_ok(assay_page_reader_new(page, &reader, &err));
	for (;;) {
		json_error_t why;
		assert_ok(assay_page_reader_next(reader, &line, &err));
		if (!line)
			break;
		json_t *json = json_loads(line, 0, &why);
		if (!json)
			fail_msg("the data is not JSON: %s", why.text);
		const char *event = json_string_value(json_object_get(json, "event"));
		if (strcmp(event, "run") == 0) {
			results = json_array();
			json_object_set_new(json, "results", results);
			json_array_append_new(runs, json);
		} else {
			assert_string_equal(event, "result");
			assert_int_equal(json_array_append_new(results, json), 0);
		}
	}
	assay_page_reader_free(reader);
	return runs;
}
