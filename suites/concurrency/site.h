/* SPDX-License-Identifier: MIT */
/* site: what our server serves in benchmarks: a static answer, health, numbers of itself, a model. */
#ifndef ASSAY_SUITES_CONCURRENCY_SITE_H
#define ASSAY_SUITES_CONCURRENCY_SITE_H

#include "suites/concurrency/model.h"
#include "suites/concurrency/web.h"

#define SITE_STATIC_BYTES 128

struct site;

/* Routes /static, /health, /stats and /predict?... (POST, MODEL_INPUTS numbers as text). */
enum assay_code site_start(unsigned workers, unsigned connections, double share_b,
			   struct site **ret, struct assay_err *err);
struct web *site_web(const struct site *site);
struct model_box *site_model(const struct site *site);
void site_stop(struct site *site);

#endif
