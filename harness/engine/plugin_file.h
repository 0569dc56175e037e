/* SPDX-License-Identifier: MIT */
/*
 * plugin_file: what is asked of a plug-in's file before it is loaded. Loading runs its constructors, so
 * whoever could change the file could run code as us, and a check afterwards would come too late.
 */
#ifndef ASSAY_ENGINE_PLUGIN_FILE_H
#define ASSAY_ENGINE_PLUGIN_FILE_H

#include <stddef.h>

#include "harness/base/err.h"

/*
 * The ABI number that the shared object in bytes[length] states in the first field of its symbol
 * `assay_plugin`; found without running anything of it. ASSAY_EUSAGE: it is no shared object of this kind
 * of machine, is cut short or exports no such symbol.
 */
enum assay_code assay_plugin_abi(const void *bytes, size_t length, unsigned *ret,
				 struct assay_err *err);

/*
 * May the file at the absolute `path` be loaded? It and its folder belong to this user or to root, nobody
 * else may change them (a folder with the sticky bit will do), and its ABI is ours. ASSAY_EUSAGE with
 * the reason and the command that helps; not with the path, which is the caller's to name.
 */
enum assay_code assay_plugin_check(const char *path, struct assay_err *err);

#endif
