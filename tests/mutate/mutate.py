#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutate: plant small mistakes in a folder's sources, one at a time, and see whether its tests find them.

usage: mutate.py BUILD [-n MUTANTS-PER-FILE] [--seed N] [-j JOBS] [-v] [FILE-OR-FOLDER...]
       (default: 20 of each file of harness/stats harness/gate; -n 0: every one)

A mutant is one operator or constant changed. It is compiled alone and put before the folder's archive in
the link of that folder's tests, so that nothing else is built. Which tests run a line is measured first;
they are tried one after the other, what found mistakes soonest so far before the others, until one fails,
crashes or does not end: the mutant is killed. Who survives meets the same tests once more with the mutant under ASan and UBSan, as
./dev test does. A mutant that the compiler makes the original's code of is no mutant. Survivors that
survivors.txt explains still count as survivors; the share of the killed must be 90 %, and each survivor
explained.
"""
import argparse
import collections
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

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WANTED = 0.90
# Tests of each folder, by the beginning of their names, without those that measure for too long.
TESTS = {
    "harness/stats": (["stats-", "stats/reference"], ["selftest", "detect_rates"]),
    "harness/gate": (["gate-"], ["placement"]),
}
# Less of the same, as ./dev test does it under the sanitizers.
LESS = {"gate-recording": {"ASSAY_GATES": "400"}}
LINK_S = 0.3  # what a test costs before it runs
SANITIZED = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-U_FORTIFY_SOURCE"]
OPERATORS = [
    (r"(?<=[\w)\]] )<=(?= )", ["<"]), (r"(?<=[\w)\]] )>=(?= )", [">"]),
    (r"(?<=[\w)\]] )<(?= )", ["<=", ">="]), (r"(?<=[\w)\]] )>(?= )", [">=", "<="]),
    (r"==", ["!="]), (r"!=", ["=="]), (r"&&", ["||"]), (r"\|\|", ["&&"]),
    (r"(?<=[\w)\]] )\+(?= )", ["-"]), (r"(?<=[\w)\]] )-(?= )", ["+"]),
    (r"(?<=[\w)\]] )\*(?= )", ["/"]), (r"(?<=[\w)\]] )/(?= )", ["*"]),
    (r"(?<=[\w)\]] )\+=(?= )", ["-="]), (r"(?<=[\w)\]] )-=(?= )", ["+="]),
    (r"(?<=[(&| ])!(?=[\w(])", [""]),
]
INTEGER = re.compile(r"(?<![\w.])(?<!\de[-+])(\d+)(?![\w.])")
# What is only made larger: room for one more is no mistake.
ROOM = re.compile(r"\b[cm]alloc\([^;-]*$")
ARRAY = re.compile(r"\s*(?!return\b)(?:\w+ )+\**\w+\[$")
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
            if ARRAY.match(line[: match.start()]) or ROOM.search(line[: match.start()]):
                continue
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
        self.environment = {**os.environ, **entry["env"], **LESS.get(self.name, {})}
        self.directory = entry.get("workdir") or build
        target = os.path.relpath(self.command[0], build)
        lines = subprocess.run(["ninja", "-C", build, "-t", "commands", target], capture_output=True,
                               text=True, check=True).stdout.strip().split("\n")
        self.link = shlex.split(lines[-1])
        at = self.link.index("-o")
        self.output = at + 1
        self.objects = next(i for i, w in enumerate(self.link) if w.endswith(".o") and i > at)
        self.seconds = 0.0
        self.sanitized = []  # its own objects under ASan and UBSan; empty where it does not pass so

    def run(self, program, seconds, sanitized=False):
        """True when it passes within so much time of the processor; a busy machine must not look like a mistake."""
        def confine():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
            if not sanitized:
                resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
        try:
            done = subprocess.run([program] + self.command[1:], cwd=self.directory, env=self.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20 * seconds + 20,
                                  preexec_fn=confine, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def linked(self, build, made, folder, *more, own=None):
        program = os.path.join(folder, "test")
        words = list(self.link)
        words[self.output] = program
        if own:
            words = [w for w in words if not w.endswith(".o")]
            made = made + own
        words[self.objects:self.objects] = made
        subprocess.run(words + list(more), cwd=build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return program

    def kills(self, build, made, folder):
        return not self.run(self.linked(build, [made], folder), 3 * self.seconds + 1)

    def kills_sanitized(self, build, made, folder):
        return self.sanitized and not self.run(self.linked(build, [made], folder, *SANITIZED, own=self.sanitized),
                                               10 * self.seconds + 5, sanitized=True)


class Folder:
    """The tests of one folder of sources, and which lines each of them runs."""

    def __init__(self, build, name):
        beginnings, without = TESTS[name]
        with open(os.path.join(build, "meson-info", "intro-tests.json")) as stream:
            entries = json.load(stream)
        self.tests = [
            Test(build, entry) for entry in entries
            if any(entry["name"].startswith(b) for b in beginnings)
            and not any(w in entry["name"] for w in without) and entry["cmd"][0].startswith(build)]
        self.build, self.lines = build, {}
        with tempfile.TemporaryDirectory() as scratch:
            made = self.compiled(name, scratch, ["-O0", "--coverage"])
            for test in self.tests:
                self.lines[test] = self.lines_of(test, made, scratch)
        self.scratch = tempfile.TemporaryDirectory()
        made = self.compiled(name, self.scratch.name, SANITIZED)
        for number, test in enumerate(self.tests):
            own = self.own_objects(test, os.path.join(self.scratch.name, str(number)))
            program = test.linked(build, made, self.scratch.name, *SANITIZED, own=own)
            test.sanitized = own if test.run(program, 300, sanitized=True) else []

    def own_objects(self, test, to):
        """The test's own sources, compiled anew under the sanitizers: their arrays have an end then."""
        made = []
        with open(os.path.join(self.build, "compile_commands.json")) as stream:
            entries = {entry["output"]: entry for entry in json.load(stream)}
        for name in (w for w in test.link if w.endswith(".o")):
            words = [w for w in shlex.split(entries[name]["command"]) if w != "ccache"]
            made.append(f"{to}-{len(made)}.o")
            words = words[: words.index("-MD")] + ["-w"] + SANITIZED + ["-o", made[-1], "-c", entries[name]["file"]]
            subprocess.run(words, cwd=self.build, check=True)
        return made

    def compiled(self, name, scratch, flags):
        """The object files of the folder."""
        made = []
        for path in files_of([name]):
            made.append(os.path.join(scratch, os.path.basename(path)[:-2] + ".o"))
            words = compile_command(self.build, path) + flags + ["-o", made[-1], "-c", os.path.join(ROOT, path)]
            subprocess.run(words, cwd=self.build, check=True)
        return made

    def lines_of(self, test, made, scratch):
        """{name of the file: lines}; `test` is timed by the way."""
        data = [m[:-2] + ".gcda" for m in made]
        for path in data:
            if os.path.exists(path):
                os.unlink(path)
        program = test.linked(self.build, made, scratch, "--coverage")
        began = processor_s()
        if not test.run(program, 300):
            sys.exit(f"mutate: {test.name} fails as it is")
        test.seconds = processor_s() - began
        found = [path for path in data if os.path.exists(path)]
        shown = subprocess.run(["gcov", "--json-format", "--stdout"] + found, cwd=scratch, check=True, text=True,
                               capture_output=True).stdout if found else ""
        return {os.path.basename(f["file"]): {line["line_number"] for line in f["lines"] if line["count"]}
                for report in shown.splitlines() for f in json.loads(report)["files"] if f["file"].endswith(".c")}


def processor_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class File:
    """A source file, how it is compiled, and which tests run which of its lines."""

    def __init__(self, build, folder, path):
        self.build, self.path = build, path
        with open(os.path.join(ROOT, path)) as stream:
            self.source = stream.read()
        self.words = absolute(compile_command(build, path), build)
        stem = os.path.splitext(os.path.basename(path))[0]
        self.run = {test: lines.get(os.path.basename(path), set()) for test, lines in folder.lines.items()}
        self.tests = [t for t in folder.tests if self.run[t]]
        self.killed_by = collections.Counter({t: 10 for t in self.tests if stem in t.name.replace("-", "_")})
        with tempfile.TemporaryDirectory() as scratch:
            self.original = self.code(self.source, scratch)

    def tests_of(self, number):
        """Those that run the line; of one without code, and one that only a child which did not exit ran, all."""
        found = [t for t in self.tests if number + 1 in self.run[t]]
        return sorted(found or self.tests, key=lambda t: (LINK_S + t.seconds) / (1 + self.killed_by[t]))

    def code(self, source, scratch):
        made = compile_to(self.build, self.words + ["-O2"], source, scratch)
        with open(made, "rb") as stream:
            return stream.read()


def compile_command(build, path):
    with open(os.path.join(build, "compile_commands.json")) as stream:
        for entry in json.load(stream):
            full = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
            if os.path.relpath(full, ROOT) == path and ".a.p/" in entry.get("output", ""):
                words = shlex.split(entry["command"])
                words = [w for w in words if w != "ccache"]
                return words[: words.index("-MD")] + ["-pipe", "-w"]
    sys.exit(f"mutate: {path} is not built")


def compile_to(build, words, source, folder):
    """The object file of `source`, or None when it is no C. The flags at the end of `words` win."""
    path, out = os.path.join(folder, "mutant.c"), os.path.join(folder, "mutant.o")
    with open(path, "w") as stream:
        stream.write(source)
    done = subprocess.run(words + ["-o", "mutant.o", "-c", "mutant.c", "-I" + build, "-I" + ROOT],
                          cwd=folder, capture_output=True, check=False)
    return out if done.returncode == 0 else None


def absolute(words, build):
    return [w[:2] + os.path.normpath(os.path.join(build, w[2:])) if w.startswith("-I") else w for w in words]


def judge(file, mutant):
    """"killed", "equal", "no C" or "survived"."""
    with tempfile.TemporaryDirectory() as scratch:
        source, tests = mutant.text(file.source), file.tests_of(mutant.number)
        made = compile_to(file.build, file.words + ["-O1"], source, scratch)
        if not made:
            return "no C"
        killer = next((test for test in tests if test.kills(file.build, made, scratch)), None)
        if killer:
            file.killed_by[killer] += 1
            return "killed"
        if file.code(source, scratch) == file.original:
            return "equal"
        made = compile_to(file.build, file.words + SANITIZED, source, scratch)
        return "killed" if any(t.kills_sanitized(file.build, made, scratch) for t in tests) else "survived"


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
    parser.add_argument("-j", type=int, default=min(2, os.cpu_count()), help="how many at a time (default 2)")
    parser.add_argument("-v", action="store_true", help="each one, as it is judged")
    return parser.parse_intermixed_args()


def main():
    options = parse()
    build = os.path.abspath(options.build)
    known = explained()
    total = dict.fromkeys(("killed", "survived", "equal", "no C"), 0)
    news = 0
    folders = {}
    for path in files_of([n.rstrip("/") for n in options.names] or list(TESTS)):
        where = os.path.dirname(path)
        folder = folders.get(where) or folders.setdefault(where, Folder(build, where))
        file = File(build, folder, path)
        mutants = mutants_of(path, file.source)
        random.Random(f"{options.seed} {path}").shuffle(mutants)
        chosen = mutants[: options.n] if options.n else mutants
        count = dict.fromkeys(total, 0)
        with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
            for mutant, verdict in zip(chosen, pool.map(lambda m: judge(file, m), chosen)):
                count[verdict] += 1
                reason = known.get(mutant.key())
                if verdict == "survived" and not reason:
                    news += 1
                    print(f"{path}:{mutant.number + 1}: survived: {mutant.key()}", flush=True)
                elif options.v:
                    print(f"{path}:{mutant.number + 1}: {verdict}: {mutant.old} -> {mutant.new}", flush=True)
        for verdict in total:
            total[verdict] += count[verdict]
        print(f"{path}: {count['killed']} killed, {count['survived']} survived; {len(chosen)} of {len(mutants)} "
              f"possible, seed {options.seed}", flush=True)
    judged = total["killed"] + total["survived"]
    share = total["killed"] / judged if judged else 0
    print(f"{judged} mutants, {total['killed']} killed: {100 * share:.1f} %; {news} survivors are not explained; "
          f"{total['equal']} changed nothing")
    sys.exit(0 if share >= WANTED and not news else 1)


if __name__ == "__main__":
    main()
