/* SPDX-License-Identifier: MIT */
/* gnuplot: figures drawn by one run of gnuplot, as SVG that fits into a page. */
#ifndef ASSAY_REPORTS_GNUPLOT_H
#define ASSAY_REPORTS_GNUPLOT_H

#include "reports/figure.h"

/* Every figure is drawn for a wide and for a narrow page. */
enum { ASSAY_WIDE, ASSAY_NARROW, ASSAY_WIDTHS };

/* Append the commands that draw a figure into the file named `output`, which must be a plain word. */
void assay_gnuplot_script(struct assay_str *to, const struct assay_figure *figure, int width,
			  const char *output);

/*
 * Run `program` (NULL: gnuplot from PATH) on a script, without a shell, in a private folder that is
 * removed afterwards; then read the files "0.svg" to "<n-1>.svg" into files[n]. When it is missing,
 * fails, complains or leaves a file unfinished: ASSAY_SKIP and why, and what was finished is kept.
 * HUP, INT, QUIT and TERM end it early and take effect once the folder is gone.
 */
enum assay_code assay_gnuplot_run(const char *program, const char *script, struct assay_str *files,
				  size_t n, struct assay_err *err);

/* Is this a whole SVG document? */
bool assay_svg_complete(const char *svg);
/*
 * Turn gnuplot's document into an element of a page: colours and text sizes become the page's, `title` and `summary`
 * say what it shows. What nobody sees is left out, lines that look alike are one path, and coordinates keep one
 * decimal: a tenth of the bytes remains. ASSAY_EPARSE when it is incomplete.
 */
enum assay_code assay_svg_inline(struct assay_str *to, const char *svg, const char *css_class,
				 const char *title, const char *summary, struct assay_err *err);
/* The marker of a series as part of a path, 8 pixels wide around (x, y). */
void assay_svg_marker(struct assay_str *to, size_t marker, double x, double y);

#endif
