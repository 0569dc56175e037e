/* SPDX-License-Identifier: MIT */
/* wrap: breaking lines between words, counted in characters. */
#include "reports/wrap.h"

#include <string.h>

#include "reports/escape.h"

void assay_wrap(struct assay_str *to, const char *text, size_t column, size_t indent, size_t width)
{
	ASSAY_AUTO(assay_str_done) struct assay_str clean = {0};
	assay_escape_plain(&clean, text, 2000);
	const char *word = assay_str_text(&clean);
	bool fresh = true;
	while (*word) {
		size_t bytes = strcspn(word, " ");
		ASSAY_AUTO(assay_str_done) struct assay_str one = {0};
		assay_str_put(&one, word, bytes);
		size_t columns = assay_characters(assay_str_text(&one));
		if (!fresh && column + 1 + columns > width) {
			assay_str_add(to, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!fresh) {
			assay_str_add(to, " ");
			column++;
		}
		assay_str_put(to, word, bytes);
		column += columns;
		fresh = false;
		word += bytes + (word[bytes] == ' ');
	}
	assay_str_add(to, "\n");
}
