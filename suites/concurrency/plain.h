/* SPDX-License-Identifier: MIT */
/*
 * plain: accesses to variables that are not atomic and that several threads reach, ordered by the
 * atomics around them. They compile to nothing but the access; a checker can watch them.
 */
#ifndef ASSAY_SUITES_CONCURRENCY_PLAIN_H
#define ASSAY_SUITES_CONCURRENCY_PLAIN_H

#define PLAIN_LOAD(place)         (*(place))
#define PLAIN_STORE(place, value) ((void)(*(place) = (value)))

#endif
