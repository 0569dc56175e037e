#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fuzz: each libFuzzer target for a while, two at a time, then how much of its parser the inputs reach.

usage: fuzz.py BUILD [-t SECONDS] [-o DOCUMENT] [-v] [TARGET...]

BUILD is one of clang's with sanitizers and coverage (./dev fuzz makes it). New inputs stay in BUILD/found/TARGET and
are read again by the next run; an input that is a finding is kept as BUILD/findings/TARGET/..., and ends its target.
parsers.txt says what a target reads, and the files of which 80 % of the lines must run; -v: those that did not. Rows of
the table in DOCUMENT are replaced. -t 0 only looks at the inputs there are. Ends with 1 for a finding or a parser that is reached too little.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BOUND = 80
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_stack_use_after_return=1:allocator_may_return_null=1",
               "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


def table():
    """{target: (what it reads, files)} of parsers.txt."""
    rows = {}
    with open(os.path.join(HERE, "parsers.txt"), encoding="utf-8") as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                name, reads, files = (part.strip() for part in line.split(" | "))
                rows[name] = (reads, files.split())
    return rows


def tool(name):
    """A program of the same LLVM as clang, whose profiles no other version reads."""
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True).stdout
    major = re.search(r"version (\d+)", version)[1]
    for path in os.environ["PATH"].split(":"):
        if os.access(os.path.join(path, f"{name}-{major}"), os.X_OK):
            return f"{name}-{major}"
    return name


def folder(*parts):
    path = os.path.join(*parts)
    os.makedirs(path, exist_ok=True)
    return path


class Target:
    def __init__(self, build, name, reads, files):
        self.name, self.reads, self.files = name, reads, files
        self.exe = os.path.join(build, "tests", "fuzz", "fuzz_" + name)
        self.corpus = os.path.join(HERE, "corpus", name)
        self.found = folder(build, "found", name)
        self.findings = folder(build, "findings", name)
        self.profile = os.path.join(build, "found", name + ".profraw")
        self.executions = self.per_second = self.new = 0
        self.kept = []
        self.percent, self.missed = 0, []

    def fuzz(self, seconds):
        if seconds == 0:
            return self
        before = set(os.listdir(self.findings))
        words = [self.exe, f"-max_total_time={seconds}", "-timeout=60", "-report_slow_units=60", "-rss_limit_mb=2048",
                 "-print_final_stats=1", f"-artifact_prefix={self.findings}/", self.found, self.corpus]
        dictionary = os.path.join(HERE, "dictionaries", self.name + ".dict")
        if os.path.exists(dictionary):
            words.insert(1, "-dict=" + dictionary)
        log = os.path.join(self.found + ".log")
        with open(log, "wb") as stream:
            done = subprocess.run(words, stdout=stream, stderr=subprocess.STDOUT, check=False,
                                  env={**ENVIRONMENT, "LLVM_PROFILE_FILE": "/dev/null"}, cwd=self.findings)
        with open(log, encoding="utf-8", errors="replace") as stream:
            stats = dict(re.findall(r"^stat::(\w+):\s+(\d+)", stream.read(), re.M))
        self.executions = int(stats.get("number_of_executed_units", 0))
        self.per_second = self.executions // max(seconds, 1)
        self.new = int(stats.get("new_units_added", 0))
        self.kept = sorted(set(os.listdir(self.findings)) - before)
        if done.returncode != 0 and not self.kept:
            self.kept = [f"none kept, status {done.returncode}: {log}"]
        return self

    def replay(self):
        """All inputs once more, for the lines that they reach."""
        words = [self.exe, "-runs=0", "-rss_limit_mb=2048", self.found, self.corpus]
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                       env={**ENVIRONMENT, "LLVM_PROFILE_FILE": self.profile}, cwd=self.findings)

    def line(self):
        found = f"{len(self.kept)} findings" if len(self.kept) != 1 else "1 finding"
        less = "" if self.percent >= BOUND else f", at least {BOUND} % wanted"
        text = (f"{self.name:12} {self.executions:10} executions {self.per_second:7} a second {self.new:5} new inputs  "
                f"{found}; {self.percent:5.1f} % of lines{less}")
        return "\n".join([text] + [f"  {os.path.join(self.findings, kept)}" for kept in self.kept])

    def row(self, seconds):
        return (f"| `{self.name}` | {self.reads} | {self.executions} | {len(self.kept)} | "
                f"{self.percent:.0f} % | {seconds} s |\n")

    def good(self):
        return not self.kept and self.percent >= BOUND


def llvm(words):
    return subprocess.run(words, capture_output=True, text=True, errors="replace", check=True).stdout


def whole(path):
    return os.path.relpath(os.path.normpath(path), ROOT)


def lines_reached(build, targets):
    """{file: {line: whether it ran}} and {file: {function: its lines}}, by all inputs of all targets."""
    for target in targets:
        target.replay()
    merged = os.path.join(build, "found", "all.profdata")
    profiles = [t.profile for t in targets if os.path.exists(t.profile)]
    llvm([tool("llvm-profdata"), "merge", "-sparse", "-o", merged] + profiles)
    asked = ["-instr-profile=" + merged, targets[0].exe] + [w for t in targets[1:] for w in ("-object", t.exe)]
    reached, functions, path = {}, {}, None
    for line in llvm([tool("llvm-cov"), "show", "-use-color=0"] + asked).splitlines():
        match = re.match(r" +(\d+)\| *([\d.]+[kMGTPE]?)\|", line)
        if line.startswith("/") and line.endswith(":"):
            path = whole(line[:-1])
        elif match:
            reached.setdefault(path, {})[int(match[1])] = match[2] != "0"
    for f in json.loads(llvm([tool("llvm-cov"), "export", "-skip-expansions"] + asked))["data"][0]["functions"]:
        first, _, last = f["regions"][0][:3]
        functions.setdefault(whole(f["filenames"][0]), {})[f["name"].split(":")[-1]] = range(first, last + 1)
    return reached, functions


def ranges(lines):
    """FILE:FROM-TO of runs of lines, from sorted (file, line)."""
    runs = []
    for path, number in lines:
        if runs and runs[-1][0] == path and runs[-1][2] == number - 1:
            runs[-1][2] = number
        else:
            runs.append([path, number, number])
    return [f"{path}:{first}-{last}" for path, first, last in runs]


def judge(targets, reached, functions):
    for target in targets:
        lines, path = {}, None
        for word in target.files:
            if word.startswith("-"):
                if word[1:] not in functions.get(path, {}):
                    sys.exit(f"fuzz: parsers.txt names {word[1:]}, which is not in {path}")
                lines = {k: v for k, v in lines.items() if k[0] != path or k[1] not in functions[path][word[1:]]}
                continue
            path = word
            if path not in reached:
                sys.exit(f"fuzz: parsers.txt names {path}, which is in no target")
            lines.update({(path, number): ran for number, ran in reached[path].items()})
        target.percent = 100 * sum(lines.values()) / len(lines)
        target.missed = ranges(sorted(key for key, ran in lines.items() if not ran))


def replace_rows(document, targets, seconds):
    with open(document, encoding="utf-8") as stream:
        lines = stream.readlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("| target |"))
    end = next(i for i in range(head, len(lines)) if not lines[i].startswith("|"))
    rows = {line.split("`")[1]: line for line in lines[head + 2:end]}
    rows.update((target.name, target.row(seconds)) for target in targets)
    lines[head + 2:end] = [rows[name] for name in sorted(rows)]
    with open(document, "w", encoding="utf-8") as stream:
        stream.writelines(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("-t", dest="seconds", type=int, default=1800)
    parser.add_argument("-o", dest="document")
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("targets", nargs="*")
    wish = parser.parse_intermixed_args()
    rows = table()
    unknown = [name for name in wish.targets if name not in rows]
    if unknown:
        sys.exit(f"fuzz: there is no target '{unknown[0]}'; there are: {' '.join(sorted(rows))}")
    build = os.path.abspath(wish.build)
    everyone = [Target(build, name, *row) for name, row in sorted(rows.items())]
    chosen = [t for t in everyone if not wish.targets or t.name in wish.targets]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for target in pool.map(lambda t: t.fuzz(wish.seconds), chosen):
            print(f"{target.name:12} done, {len(target.kept)} findings", flush=True)
    judge(chosen, *lines_reached(build, everyone))
    for target in chosen:
        print(target.line())
        if wish.verbose:
            print("\n".join("  not reached: " + line for line in target.missed))
    if wish.document:
        replace_rows(wish.document, chosen, wish.seconds)
    sys.exit(0 if all(target.good() for target in chosen) else 1)


if __name__ == "__main__":
    main()
