/* SPDX-License-Identifier: MIT */
/*
 * known: included before each file that is analysed. Static analysers see one file at a time: what assay_fail() and
 * assay_context() return is what they are given, which a macro tells them.
 */
#ifndef ASSAY_TESTS_ANALYZE_KNOWN_H
#define ASSAY_TESTS_ANALYZE_KNOWN_H

#include "harness/base/err.h"

#define assay_fail(err, code, ...)    (assay_fail(err, code, __VA_ARGS__), (code))
#define assay_context(err, code, ...) (assay_context(err, code, __VA_ARGS__), (code))

#endif
