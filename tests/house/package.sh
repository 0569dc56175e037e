#!/bin/sh
# SPDX-License-Identifier: MIT
# package: what packages are made from fits the tree: the Debian recipe of docs/examples/debian names the version
# and every library that packages.list does. usage: package.sh ROOT
set -eu
cd "$1"
recipe=docs/examples/debian
bad=0

complain()
{
	echo "$*"
	bad=1
}

version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" meson.build)
[ -n "$version" ] || complain 'meson.build: no version found'
head -n 1 $recipe/changelog | grep -q -F -e "assay ($version-" ||
	complain "$recipe/changelog does not begin with version $version"

# What a build takes are headers and build tools; what is opened at run time is suggested, if at all.
wanted=$(awk '$2 == "run" && ($1 ~ /-dev$/ || $1 ~ /^(gcc|g\+\+|meson|ninja-build|pkg-config|valgrind|opencl-headers)$/) { print $1 }' \
	packages.list)
[ -n "$wanted" ] || complain 'packages.list: nothing found'
depends=$(sed -n '/^Build-Depends:/,/^[A-Z][A-Za-z-]*:/p' $recipe/control | sed '1b;/^[A-Z]/d')
for package in $wanted; do
	printf '%s\n' "$depends" | grep -q -E -e "^( |Build-Depends: )$(printf '%s' "$package" | sed 's/[+.]/\\&/g')( |,|$)" ||
		complain "$recipe/control does not build-depend on $package"
done
exit $bad
