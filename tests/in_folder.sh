#!/bin/sh
# SPDX-License-Identifier: MIT
# in_folder: run a test with a temporary folder of its own, and take it away afterwards, whatever became of the
# test: what fails or is killed cannot clean up behind itself. usage: in_folder.sh COMMAND [ARG...]
dir=$(mktemp -d "${TMPDIR:-/tmp}/assay-test.XXXXXX") || exit 99
chmod 755 "$dir" # tests that become another user go in
trap 'chmod -R u+rwX "$dir" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 143' HUP INT TERM # meson ends the whole group, so the test is gone as well
TMPDIR=$dir
ASSAY_PROBE=20ms # runs of tests need no good look for noise
export TMPDIR ASSAY_PROBE
"$@"
exit $?
