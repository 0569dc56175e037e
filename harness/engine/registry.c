/* SPDX-License-Identifier: MIT */
#include "harness/engine/registry.h"
