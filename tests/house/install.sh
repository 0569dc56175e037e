#!/bin/sh
# SPDX-License-Identifier: MIT
# install: an installed assay has its pages, completion and headers, and a plug-in is built against it by what
# pkg-config says, and measured. Prints TAP.
# usage: install.sh BUILD ROOT COMPILER...
# shellcheck disable=SC2016  # single quotes hold scripts for others
set -u
build=$(realpath "$1") || exit 1
root=$(realpath "$2") || exit 1
shift 2
compiler=$*
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
for tool in meson pkg-config; do
	command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool" && exit 0; }
done

# one PATTERN: exactly one installed file has such a path
one()
{
	[ "$(find there -type f -path "$1" | wc -l)" = 1 ]
}

check 'it installs' ends 0 env DESTDIR="$dir/there" meson install -C "$build" --no-rebuild --quiet
assay=$(find there -path '*/bin/assay')
check 'the program' test -x "$assay"
check '  is the one that was built' cmp -s "$assay" "$build/cli/assay"
check 'its manual page' one '*/man1/assay.1'
check '  and that of a verb' one '*/man1/assay-run.1'
for verb in $("$assay" complete -- '' | cut -f 1); do
	one "*/man1/assay-$verb.1" || echo "$verb" >>lacking
done
check '  and of every other' test ! -e lacking
check 'completion for bash' one '*/bash-completion/completions/assay'
check 'for zsh' one '*/zsh/site-functions/_assay'
check 'for fish' one '*/fish/vendor_completions.d/assay.fish'

pc=$(find there -name assay.pc)
PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$dir/there
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
check 'pkg-config knows it' ends 0 pkg-config --validate assay
check '  in the version it has' sh -c '[ "$("$1" --version | sed -n 1p)" = "assay $(pkg-config --modversion assay)" ]' \
	sh "$assay"
check '  and where the program is' test -x "$dir/there$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=program assay)"
cp "$root/docs/examples/tokens.c" .
# shellcheck disable=SC2046,SC2086 # lists of words
check 'a plug-in needs no more' ends 0 $compiler -O2 -shared -fPIC -Wall -Werror \
	-Wno-unused-parameter -Wno-missing-field-initializers $(pkg-config --cflags assay) -o tokens.so tokens.c
check '  and is loaded' ends 0 "$assay" list --load ./tokens.so tokens
check '  with what it brings' shows '^tokens/'
echo "1..$count"
