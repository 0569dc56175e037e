#!/bin/sh
# SPDX-License-Identifier: MIT
# reference: does reference_stats find what is wrong? usage: reference.sh REFERENCE_STATS CASES.json
set -u
program=$1
cases=$2
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
number=0

# check NAME WANTED-STATUS WANTED-TEXT: run on $folder/case.json; the text is in its output.
check()
{
	number=$((number + 1))
	output=$("$program" "$folder/case.json" 2>&1)
	status=$?
	case $output in
	*"$3"*) found=yes ;;
	*) found=no ;;
	esac
	if [ $status = "$2" ] && [ $found = yes ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '# exit %s, wanted %s with "%s"\n' $status "$2" "$3"
		printf '%s\n' "$output" | sed 's/^/# /'
	fi
}

given()
{
	printf '%s\n' "$1" >"$folder/case.json"
}

one()
{
	given '{"cases": [{"fn": "median", "note": "here", "args": {"x": [1, 2, 4]}, '"$1"'}]}'
}

echo 1..17
sed 's/"value": 3.25/"value": 3.26/' "$cases" >"$folder/case.json"
check 'a wrong value in the full file' 1 'FAIL median (one value): value is 3.25, expected 3.2599'
one '"expect": {"value": 2}'
check 'an exact match without tolerance' 0 'all                           1      0'
one '"expect": {"value": 2.002}, "tol": 1e-3'
check 'just within the relative tolerance' 0 'median'
one '"expect": {"value": 2.003}, "tol": 1e-3'
check 'just outside it' 1 'expected 2.00'
one '"expect": {"value": 2.003}, "tol": 1e-9, "abs_tol": 0.004'
check 'within the absolute tolerance' 0 'median'
one '"expect": {"value": null}, "tol": 1'
check 'undefined expected, defined got' 1 'value is 2, expected undefined'
one '"expect": {"midpoint": 2}'
check 'a result that does not exist' 1 "there is no result 'midpoint'"
given '{"cases": [{"fn": "hampel", "args": {"x": [1, 9, 1.1], "half_window": 1, "nsigma": 3},
	"expect": {"flags": [0, 1.0000001, 0]}, "tol": 1}]}'
check 'integers are compared exactly' 1 'flags[1] is 1, expected 1.0000001'
given '{"cases": [{"fn": "holm", "args": {"p": [0.1]}, "expect": {"adjusted": [0.1, 0.2]}}]}'
check 'an array of another length' 1 'adjusted is an array of 1'
given '{"cases": [{"fn": "mode", "args": {}, "expect": {"value": 1}}]}'
check 'an unknown function' 1 'FAIL mode (no note): there is no such function'
one '"expect": {"value": "two"}'
check 'an expectation that is no number' 2 "case 1: expected 'value' is not a number"
one '"expect": {}'
check 'nothing expected' 2 "case 1: 'expect' is not an object with at least one value"
one '"expect": {"value": 2}, "tol": "tight"'
check 'a tolerance that is no number' 2 "case 1: 'tol' is not a number from 0 up"
given '{"cases": [{"fn": "median", "args": {"x": [1, "2"]}, "expect": {"value": 1}}]}'
check 'an argument that is no array of numbers' 2 "case 1: argument 'x' is not an array of numbers"
given '{"cases": []}'
check 'no case at all' 2 "no array 'cases' with at least one case"
given '{"cases": ['
check 'malformed JSON' 2 'case.json:2: '
rm "$folder/case.json"
check 'a file that is not there' 2 'unable to open'
