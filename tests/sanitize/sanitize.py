#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sanitize: tests under the thread sanitizer, or test programs under valgrind's memcheck.

usage: sanitize.py thread|valgrind BUILD [NAME...]

thread: BUILD is one with -Db_sanitize=thread; all tests but those that only read text, replay inputs or do harm.
valgrind: BUILD is any without a sanitizer; the programs among the tests, not what they start, and not for leaks, which
the address sanitizer finds in the whole suite. What every process reports is kept in BUILD/sanitize. left_out.txt says
what is not run and why; thread.supp and valgrind.supp hold reports about other people's libraries, each with its reason.
Ends with 1 for a report or a failed test.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NOT_FOR = {"thread": {"text", "fuzz", "soak", "house"}, "valgrind": {"fuzz", "soak", "whole"}}
SLOWER = {"thread": "40", "valgrind": "40"}


def left_out(kind):
    """Names in left_out.txt."""
    with open(os.path.join(HERE, "left_out.txt"), encoding="utf-8") as stream:
        rows = [line.split(" | ") for line in stream if line.strip() and not line.startswith("#")]
    return {row[1].strip() for row in rows if row[0].strip() == kind}


def tests(kind, build, wanted):
    listed = json.loads(subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, text=True,
                                       check=True).stdout)
    chosen = []
    for test in listed:
        suites = {suite.split(":")[-1] for suite in test["suite"]}
        program = test["cmd"][0].startswith(os.path.join(build, "tests"))
        if not suites & NOT_FOR[kind] and (kind == "thread" or program):
            chosen.append(test["name"])
    names = {test["name"] for test in listed}
    without = left_out(kind)
    if without - names:
        sys.exit(f"sanitize: left_out.txt names '{min(without - names)}', which is no test")
    if set(wanted) - names:
        sys.exit(f"sanitize: there is no test '{min(set(wanted) - names)}'")
    return wanted or [name for name in chosen if name not in without]


def reports(folder):
    """{first line that says what it is: how many of them}, and the files."""
    kinds, files = {}, []
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
        found = re.findall(r"^(?:WARNING: ThreadSanitizer: (.*?) \(pid|==\d+== ([A-Z][a-z]+ .*))", text, re.M)
        found = [a or b for a, b in found if not (b and b.startswith(("Address", "Process", "Thread")))]
        if found:
            files.append(path)
        for what in found:
            what = re.sub(r"0x[0-9a-f]+|\(.*\)", "", what)
            kinds[what] = kinds.get(what, 0) + 1
    return kinds, files


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in NOT_FOR:
        sys.exit(__doc__)
    kind, build, wanted = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    names = tests(kind, build, wanted)
    folder = os.path.join(build, "sanitize")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    words = ["meson", "test", "-C", build, "--no-rebuild", "--quiet", "--print-errorlogs", "--logbase", kind,
             "--timeout-multiplier", SLOWER[kind]]
    environment = dict(os.environ)
    if kind == "valgrind":
        supp = os.path.join(HERE, "valgrind.supp")
        words += ["--setup", "bare", "--wrapper",
                  f"valgrind -q --leak-check=no --fair-sched=yes --child-silent-after-fork=yes --num-callers=20 "
                  f"--suppressions={supp} --log-file={folder}/%p"]
    else:
        supp = os.path.join(HERE, "thread.supp")
        environment["TSAN_OPTIONS"] = f"suppressions={supp}:log_path={folder}/report:allocator_may_return_null=1"
    for old in glob.glob(os.path.join(build, "meson-logs", kind + "*.json")):
        os.remove(old)
    failed = subprocess.run(words + names, check=False, env=environment).returncode
    log = glob.glob(os.path.join(build, "meson-logs", kind + "*.json"))  # with the wrapper's name, when there is one
    with open(log[0], encoding="utf-8") as stream:
        results = [json.loads(line)["result"] for line in stream]
    kinds, files = reports(folder)
    good = sum(r in ("OK", "EXPECTEDFAIL") for r in results)
    skipped = sum(r == "SKIP" for r in results)
    print(f"{kind}: {good} tests passed, {len(results) - good - skipped} failed, {skipped} skipped; "
          f"{sum(kinds.values())} reports")
    for what, n in sorted(kinds.items()):
        print(f"  {n:5}  {what}")
    for path in files:
        print("  " + path)
    sys.exit(1 if failed or files else 0)


if __name__ == "__main__":
    main()
