/* SPDX-License-Identifier: MIT */
/* text: what comes out for a terminal is UTF-8 without controls, fits, and does not change again. */
#include "harness/base/str.h"
#include "tests/fuzz/fuzz.h"

static void check_shown(const char *shown)
{
	for (const char *at = shown; *at;) {
		size_t length = assay_utf8_length(at);
		must(length > 0);
		must((unsigned char)*at >= 0x20 && *at != 0x7f);
		at += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	size_t room = 1 + size % 40;
	char *shown = malloc(room), *again = malloc(room);
	must(shown && again);
	assay_sanitise(shown, room, text);
	must(strlen(shown) < room);
	check_shown(shown);
	assay_sanitise(again, room, shown);
	must(strcmp(shown, again) == 0);
	static const char *const names[] = {"alloc_pair", "bandwidth", "latency"};
	const char *near = assay_nearest(text, names, 3);
	must(!near || near == names[0] || near == names[1] || near == names[2]);
	/* A valid name needs no cleaning. */
	if (assay_name_valid(text)) {
		char whole[80];
		assay_sanitise(whole, sizeof(whole), text);
		must(strcmp(whole, text) == 0);
	}
	free(again);
	free(shown);
	free(text);
	return 0;
}
