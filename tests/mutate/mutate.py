#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutate: plant small mistakes in a folder's sources, one at a time, and see whether its tests find them.

usage: mutate.py BUILD [-n MUTANTS-PER-FILE] [--seed N] [-v] [FILE-OR-FOLDER...]
       (default: 20 of each file of harness/stats harness/gate; -n 0: every one)

A mutant is one operator or constant changed. It is compiled alone and put before the folder's archive in
the link of that folder's tests, so that nothing else is built. Killed: a test fails, crashes or does not
end. A mutant whose object file is that of the original is no mutant. Survivors that survivors.txt explains
still count as survivors; the share of the killed must be 90 %, and each survivor explained.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WANTED = 0.90
# Tests of each folder, by the beginning of their names. Those that build programs or measure take too long.
TESTS = {
    "harness/stats": (["stats-", "stats/reference"], ["selftest", "detect_rates"]),
    "harness/gate": (["gate-"], ["placement", "counts-live", "variants-build"]),
}
OPERATORS = [
    (r"(?<=[\w)\]] )<=(?= )", ["<"]), (r"(?<=[\w)\]] )>=(?= )", [">"]),
    (r"(?<=[\w)\]] )<(?= )", ["<=", ">="]), (r"(?<=[\w)\]] )>(?= )", [">=", "<="]),
    (r"==", ["!="]), (r"!=", ["=="]), (r"&&", ["||"]), (r"\|\|", ["&&"]),
    (r"(?<=[\w)\]] )\+(?= )", ["-"]), (r"(?<=[\w)\]] )-(?= )", ["+"]),
    (r"(?<=[\w)\]] )\*(?= )", ["/"]), (r"(?<=[\w)\]] )/(?= )", ["*"]),
    (r"(?<=[\w)\]] )\+=(?= )", ["-="]), (r"(?<=[\w)\]] )-=(?= )", ["+="]),
    (r"(?<=[(&| ])!(?=[\w(])", [""]),
]
INTEGER = re.compile(r"(?<![\w.])(\d+)(?![\w.])")
REAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)(?![\w.])")


class Mutant:
    def __init__(self, path, number, column, old, new, line):
        self.path, self.number, self.column, self.old, self.new = path, number, column, old, new
        self.line = line.strip()
        self.tests = []

    def key(self):
        return f"{self.path} | {self.line} | {self.old or '(none)'} -> {self.new or '(none)'}"

    def text(self, source):
        lines = source.split("\n")
        line = lines[self.number]
        lines[self.number] = line[: self.column] + self.new + line[self.column + len(self.old):]
        return "\n".join(lines)


def blank(source):
    """The source with comments, strings, characters and directives blanked, of the same shape."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*',
                  spaces, source, flags=re.S | re.M)


def mutants_of(path, source):
    out = []
    shown = source.split("\n")
    for number, line in enumerate(blank(source).split("\n")):
        if re.match(r"\s*(static |enum |struct |const )*[\w ]+\*?\w+\(.*\)?$", line) and line[:1] not in "\t ":
            continue  # a function's head
        for pattern, news in OPERATORS:
            for match in re.finditer(pattern, line):
                out += [Mutant(path, number, match.start(), match[0], new, shown[number]) for new in news]
        for match in INTEGER.finditer(line):
            out.append(Mutant(path, number, match.start(), match[0], str(int(match[0]) + 1), shown[number]))
        for match in REAL.finditer(line):
            value = float(match[0])
            new = repr(value * 1.1) if value else "1.0"
            out.append(Mutant(path, number, match.start(), match[0], new, shown[number]))
    return out


class Test:
    """One test of the folder, and how to link it anew."""

    def __init__(self, build, entry):
        self.name, self.command = entry["name"], entry["cmd"]
        self.environment = {**os.environ, **entry["env"]}
        self.directory = entry.get("workdir") or build
        target = os.path.relpath(self.command[0], build)
        lines = subprocess.run(["ninja", "-C", build, "-t", "commands", target], capture_output=True,
                               text=True, check=True).stdout.strip().split("\n")
        self.link = shlex.split(lines[-1])
        at = self.link.index("-o")
        self.output = at + 1
        self.objects = next(i for i, w in enumerate(self.link) if w.endswith(".o") and i > at)
        self.seconds = 0.0

    def run(self, program, limit):
        """True when it passes."""
        def confine():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
        try:
            done = subprocess.run([program] + self.command[1:], cwd=self.directory, env=self.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=limit,
                                  preexec_fn=confine, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def kills(self, build, mutant, folder):
        program = os.path.join(folder, "test")
        words = list(self.link)
        words[self.output] = program
        words.insert(self.objects, mutant)
        subprocess.run(words, cwd=build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return not self.run(program, 10 * self.seconds + 10)


class Folder:
    """The tests of one folder of sources, quickest first."""

    def __init__(self, build, name):
        beginnings, without = TESTS[name]
        with open(os.path.join(build, "meson-info", "intro-tests.json")) as stream:
            entries = json.load(stream)
        self.tests = []
        for entry in entries:
            if any(entry["name"].startswith(b) for b in beginnings) and \
                    not any(w in entry["name"] for w in without) and \
                    entry["cmd"][0].startswith(build):
                self.tests.append(Test(build, entry))
        for test in self.tests:
            began = time.monotonic()
            if not test.run(test.command[0], 300):
                sys.exit(f"mutate: {test.name} fails as it is")
            test.seconds = time.monotonic() - began
        self.tests.sort(key=lambda t: t.seconds)

    def for_file(self, path):
        """All of them, those named after the file first."""
        stem = os.path.splitext(os.path.basename(path))[0]
        return sorted(self.tests, key=lambda t: (stem not in t.name, t.seconds))


def compile_command(build, path):
    with open(os.path.join(build, "compile_commands.json")) as stream:
        for entry in json.load(stream):
            full = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
            if os.path.relpath(full, ROOT) == path and ".a.p/" in entry.get("output", ""):
                words = shlex.split(entry["command"])
                words = [w for w in words if w != "ccache"]
                return words[: words.index("-MD")] + ["-O1", "-w"]
    sys.exit(f"mutate: {path} is not built")


def compile_to(build, words, source, folder):
    """The object file of `source`, or None when it is no C."""
    path, out = os.path.join(folder, "mutant.c"), os.path.join(folder, "mutant.o")
    with open(path, "w") as stream:
        stream.write(source)
    done = subprocess.run(words + ["-o", "mutant.o", "-c", "mutant.c", "-I" + build, "-I" + ROOT],
                          cwd=folder, capture_output=True, check=False)
    return out if done.returncode == 0 else None


def absolute(words, build):
    return [w[:2] + os.path.normpath(os.path.join(build, w[2:])) if w.startswith("-I") else w for w in words]


def judge(build, folder, mutant, source, original, words):
    """"killed", "equal", "no C" or "survived"."""
    with tempfile.TemporaryDirectory() as scratch:
        made = compile_to(build, words, mutant.text(source), scratch)
        if not made:
            return "no C"
        with open(made, "rb") as stream:
            if stream.read() == original:
                return "equal"
        for test in folder.for_file(mutant.path):
            if test.kills(build, made, scratch):
                return "killed"
    return "survived"


def explained():
    rows = {}
    with open(os.path.join(HERE, "survivors.txt")) as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                key, reason = line.rstrip("\n").rsplit(" | ", 1)
                rows[key] = reason
    return rows


def files_of(names):
    out = []
    for name in names:
        if os.path.isdir(os.path.join(ROOT, name)):
            out += sorted(os.path.join(name, f) for f in os.listdir(os.path.join(ROOT, name)) if f.endswith(".c"))
        else:
            out.append(name)
    return out


def parse():
    parser = argparse.ArgumentParser(description="are mistakes found by the tests?")
    parser.add_argument("build")
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("-n", type=int, default=20, help="mutants of each file, 0: all (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default 1)")
    parser.add_argument("-v", action="store_true", help="each one, as it is judged")
    return parser.parse_intermixed_args()


def main():
    options = parse()
    build = os.path.abspath(options.build)
    known = explained()
    total = {"killed": 0, "survived": 0, "equal": 0, "no C": 0}
    news = 0
    folders = {}
    for path in files_of([n.rstrip("/") for n in options.names] or list(TESTS)):
        where = os.path.dirname(path)
        folder = folders.get(where) or folders.setdefault(where, Folder(build, where))
        with open(os.path.join(ROOT, path)) as stream:
            source = stream.read()
        words = absolute(compile_command(build, path), build)
        with tempfile.TemporaryDirectory() as scratch:
            with open(compile_to(build, words, source, scratch), "rb") as stream:
                original = stream.read()
        mutants = mutants_of(path, source)
        random.Random(f"{options.seed} {path}").shuffle(mutants)
        chosen = mutants[: options.n] if options.n else mutants
        count = dict.fromkeys(total, 0)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            verdicts = pool.map(lambda m: judge(build, folder, m, source, original, words), chosen)
            for mutant, verdict in zip(chosen, verdicts):
                count[verdict] += 1
                reason = known.get(mutant.key())
                if verdict == "survived" and not reason:
                    news += 1
                    print(f"{path}:{mutant.number + 1}: survived: {mutant.key()}", flush=True)
                elif options.v:
                    print(f"{path}:{mutant.number + 1}: {verdict}: {mutant.old} -> {mutant.new}", flush=True)
        for verdict in total:
            total[verdict] += count[verdict]
        print(f"{path}: {count['killed']} killed, {count['survived']} survived of {len(mutants)} possible",
              flush=True)
    judged = total["killed"] + total["survived"]
    share = total["killed"] / judged if judged else 0
    print(f"{judged} mutants, {total['killed']} killed: {100 * share:.1f} %; {news} survivors are not explained; "
          f"{total['equal']} changed nothing")
    sys.exit(0 if share >= WANTED and not news else 1)


if __name__ == "__main__":
    main()
