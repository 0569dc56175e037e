#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""analyze: gcc -fanalyzer and clang --analyze over our own C, each finding fixed or explained.

usage: analyze.py BUILD [FOLDER-OR-FILE...]     (default: harness profiler reports cli)

The flags are those of BUILD/compile_commands.json. A finding that explained.txt names is no news; one that
it does not name, and one that it names and nobody finds any more, ends with status 1.
"""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FOLDERS = ["harness", "profiler", "reports", "cli"]
FOUND = re.compile(r"^(\S+?):(\d+):\d+: warning: (.*)$")
ANALYZERS = {
    "gcc": ["gcc", "-fanalyzer", "-O1", "-S", "-o", "/dev/null"],
    "clang": ["clang", "--analyze", "-Xclang", "-analyzer-output=text", "-w"],
}


def commands(build, wanted):
    """{file: flags} of the C files under `wanted`, as they are compiled for the program."""
    with open(os.path.join(build, "compile_commands.json")) as stream:
        entries = json.load(stream)
    found = {}
    for entry in entries:
        path = os.path.relpath(os.path.normpath(os.path.join(entry["directory"], entry["file"])), ROOT)
        if not path.endswith(".c") or not any(path == w or path.startswith(w + "/") for w in wanted):
            continue
        if "tests/" in entry.get("output", ""):
            continue
        words = shlex.split(entry["command"]) if "command" in entry else entry["arguments"]
        flags = [w for w in words if re.match(r"-[IDU]|-std=|-isystem|-pthread|-fPIC", w)]
        flags = [w for w in flags if "FORTIFY" not in w]
        found.setdefault(path, (entry["directory"], flags))
    return found


def analyze(name, path, directory, flags):
    # They see one file at a time: what assay_fail() returns, which is never ASSAY_OK, a macro tells them.
    known = [] if path.endswith("base/err.c") else ["-I" + ROOT, "-include", os.path.join(HERE, "known.h")]
    words = ANALYZERS[name] + flags + known + [os.path.join(ROOT, path)]
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        return [(name, path, 0, "did not compile: " + done.stderr.strip()[-300:])]
    out = []
    for line in done.stderr.splitlines():
        match = FOUND.match(line)
        if not match or (name == "gcc" and "[-Wanalyzer" not in line and "[CWE" not in line):
            continue
        where = os.path.relpath(os.path.normpath(os.path.join(directory, match[1])), ROOT)
        if name != "clang" or not cleaned_up(where, int(match[2]), match[3]):
            out.append((name, where, int(match[2]), match[3]))
    return out


def cleaned_up(path, line, text):
    """clang does not see attribute cleanup, with which ASSAY_AUTO frees variables; gcc does, and looks for leaks."""
    if "leak" not in text:
        return False
    with open(os.path.join(ROOT, path)) as stream:
        lines = stream.read().split("\n")
    head = max((i for i, shown in enumerate(lines[:line]) if shown.startswith("{")), default=0)
    end = next((i for i, shown in enumerate(lines) if i > head and shown.startswith("}")), len(lines))
    return any("ASSAY_AUTO" in shown for shown in lines[head:end])


def explained():
    """Rows `analyzer | file | part of the message | reason`."""
    rows = []
    with open(os.path.join(HERE, "explained.txt")) as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                analyzer, path, part, reason = (w.strip() for w in line.split("|", 3))
                rows.append((analyzer, path, part, reason))
    return rows


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = os.path.abspath(sys.argv[1])
    wanted = [w.rstrip("/") for w in sys.argv[2:]] or FOLDERS
    jobs = commands(build, wanted)
    if not jobs:
        sys.exit("analyze: no file to look at")
    findings = set()
    rows = explained()
    used = set()
    news = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(analyze, name, path, *job) for path, job in sorted(jobs.items())
                   for name in ANALYZERS]
        for done in waiting:
            for finding in done.result():
                if finding in findings:
                    continue
                findings.add(finding)
                name, path, line, text = finding
                row = next((r for r in rows if r[0] == name and r[1] == path and r[2] in text), None)
                if row:
                    used.add(row)
                else:
                    news += 1
                    print(f"{path}:{line}: {name}: {text}", flush=True)
    stale = [r for r in rows if r not in used and r[1] in jobs]
    for row in stale:
        print(f"explained.txt: nobody says any more: {' | '.join(row[:3])}")
    print(f"{len(jobs)} files, {len(findings)} findings, {len(findings) - news} of them explained")
    sys.exit(1 if news or stale else 0)


if __name__ == "__main__":
    main()
