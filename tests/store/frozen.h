/* SPDX-License-Identifier: MIT */
/* frozen: files as programs of earlier schemas wrote them; embedded from v<N>.sql by the build. */
#ifndef ASSAY_TESTS_STORE_FROZEN_H
#define ASSAY_TESTS_STORE_FROZEN_H

extern const char frozen_v1[];

#endif
