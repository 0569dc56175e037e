/* SPDX-License-Identifier: MIT */
#include "harness/base/err.h"
