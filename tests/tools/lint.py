"""lint.py - make lint: what a compiler doesn't check, said as file:line: message."""
import argparse
import ast
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Iterator

TOP = Path(__file__).resolve().parents[2]
GENERATED = Path("src/decode/td_lexer.c")
GRAMMAR = Path("grammar/test_decoding.re")
LINE_LENGTH = 100
FUNCTION_LINES = 70
FILE_LINES = 600
BANNED = re.compile(r"\b(sprintf|strcpy|strcat|strtok|atoi|gmtime|localtime)\s*\(")

# Who may include whom, from the architecture's table; a room always reaches itself. The pipeline
# and ops see the contracts only, never what implements them.
CONTRACTS = {"source/source.h", "format/format.h", "sink/sink.h"}
ROOMS: dict[str, set[str]] = {
    "base": set(),
    "decode": {"base"},
    "source": {"base", "decode"},
    "route": {"base", "decode"},
    "format": {"base", "decode"},
    "aws": {"base"},
    "sink": {"base", "aws"},
    "pipeline": {"base", "decode", "route"} | CONTRACTS,
    "ops": {"base"} | CONTRACTS,
    "cli": {"base", "decode", "source", "route", "format", "aws", "sink", "pipeline", "ops"},
}

Found = tuple[Path, int, str]
Check = Callable[[], Iterator[Found]]


def run(*argv: str | Path) -> subprocess.CompletedProcess:
    """A command's outcome and output."""
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, cwd=TOP)


def tree(*suffixes: str) -> list[Path]:
    """The files of the project, committed or about to be, that end so."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout
    files = sorted({Path(name) for name in listed.split("\0") if name})
    return [f for f in files if f.suffix in suffixes or not suffixes if (TOP / f).is_file()]


def sources() -> list[Path]:
    """The C that people write."""
    return [f for f in tree(".c", ".h") if f.parts[0] == "src" and f != GENERATED]


def lines(path: Path) -> list[str]:
    """A file's lines; bytes that aren't UTF-8 don't matter here."""
    return (TOP / path).read_text(encoding="utf-8", errors="replace").split("\n")


def check_format() -> Iterator[Found]:
    """clang-format has nothing to change."""
    done = run("clang-format", "--dry-run", "-Werror", *sources())
    for match in re.finditer(r"^(\S+?):(\d+):\d+: error: (.*)$", done.stderr, re.M):
        yield Path(match[1]), int(match[2]), match[3]


def without_comments(text: str) -> str:
    """C with comments and strings blanked, line by line as before."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
    keep = re.compile(r"[^\n]")

    def blank(match: re.Match) -> str:
        return keep.sub(" ", match[0])

    return re.sub(pattern, blank, text, flags=re.S)


def check_banned() -> Iterator[Found]:
    """No call that overruns its buffer or shares a static one."""
    for path in [*sources(), *tree(".re")]:
        code = without_comments((TOP / path).read_text(encoding="utf-8"))
        for number, line in enumerate(code.split("\n"), 1):
            if match := BANNED.search(line):
                yield path, number, f"{match[1]} is banned"


def check_rooms() -> Iterator[Found]:
    """Includes go the way the architecture's table says."""
    for path in [*sources(), *tree(".re")]:
        room = "decode" if path == GRAMMAR else path.parts[1]
        if room not in ROOMS:
            yield path, 1, f"room {room} is not in the include table"
            continue
        for number, line in enumerate(lines(path), 1):
            match = re.match(r'\s*#\s*include\s+"(?:([^/"]+)/)?([^"]+)"', line)
            if not match:
                continue
            target, header = match[1], f"{match[1]}/{match[2]}"
            if target is None:
                yield path, number, f'include "{match[2]}" by its room: "{room}/{match[2]}"'
            elif target != room and target not in ROOMS[room] and header not in ROOMS[room]:
                yield path, number, f"{room} may not include {header}"


def check_size() -> Iterator[Found]:
    """Lines, functions and files that can be read."""
    for path in [*sources(), *tree(".re", ".py", ".sh")]:
        text = lines(path)
        if len(text) - 1 > FILE_LINES:
            yield path, FILE_LINES, f"{len(text) - 1} lines, more than {FILE_LINES}"
        for number, line in enumerate(text, 1):
            if len(line) > LINE_LENGTH:
                yield path, number, f"{len(line)} columns, more than {LINE_LENGTH}"
        if path.suffix in (".c", ".re"):
            yield from long_functions(path, text)


def long_functions(path: Path, text: list[str]) -> Iterator[Found]:
    """A body runs from a brace in the first column to the next closing one there."""
    start, name = 0, ""
    for number, line in enumerate(text, 1):
        if re.match(r"[A-Za-z].*\)\s*$", line):
            name = line
        elif line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            if number - start > FUNCTION_LINES:
                yield path, start, f"{number - start} lines in a function: {name[:60]}"
            start = 0


def check_lexer() -> Iterator[Found]:
    """The lexer in the tree is what re2c makes of the grammar."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "lexer.c"
        done = run("re2c", "-W", "-Werror", "--no-generation-date", "-i", "-o", made, GRAMMAR)
        if done.returncode != 0 or done.stderr:
            yield GRAMMAR, 1, done.stderr.strip() or "re2c failed"
        elif made.read_bytes() != (TOP / GENERATED).read_bytes():
            yield GENERATED, 1, f"stale: {GRAMMAR} has changed since; run make lexer"


def eof_form(grammar: str) -> str:
    """The grammar with a bound on its input (re2c:eof) in the sentinel's place."""
    bounded = grammar.replace("re2c:yyfill:enable = 0;", "re2c:yyfill:enable = 0; re2c:eof = 0;")
    return re.sub(r"^( +)\*( +)\{", r"\1$\2{ }\n\1*\2{", bounded, flags=re.M)


def check_skeleton() -> Iterator[Found]:
    """re2c's own test of each automaton: every path is taken, and its rule and length compared."""
    text = (TOP / GRAMMAR).read_text(encoding="utf-8")
    blocks = len(re.findall(r"/\*!re2c$", text, re.M)) - 1  # the first one only names things
    for form, grammar in ("sentinel", text), ("eof", eof_form(text)):
        with tempfile.TemporaryDirectory() as scratch:
            source, made, program = (Path(scratch) / file for file in ("g.re", "g.c", "g"))
            source.write_text(grammar, encoding="utf-8")
            for command in (["re2c", "-S", "-W", "-Werror", "-o", made, source],
                            [*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-Wall",
                             "-Wextra", "-Werror", "-o", program, made],
                            [program]):
                done = run(*command)
                if done.returncode != 0 or done.stdout or done.stderr:
                    said = (done.stderr or done.stdout).strip().split("\n")[0]
                    yield GRAMMAR, 1, f"skeleton of the {form} form: {said or 'failed'}"
                    break
            inputs = [file.stat().st_size for file in Path(scratch).glob("*.input")]
            if len(inputs) != blocks or not all(inputs):
                yield GRAMMAR, 1, f"skeleton of the {form} form: {len(inputs)} of {blocks} blocks"


def check_options() -> Iterator[Found]:
    """Every option of a command is in the documentation, and the other way round."""
    offered: set[str] = set()
    for command in "run", "decode", "keys":
        done = run("build/walferry", "help", command)
        if done.returncode != 0:
            yield Path("build/walferry"), 1, f"walferry help {command} exited {done.returncode}"
            return
        # Prose may name other programs' options; a line that is an option begins with it.
        offered |= set(re.findall(r"^\s+(?:-\w, )?(--[a-z][a-z0-9-]+)", done.stdout, re.M))
    pages = [p for p in tree(".md", ".1") if p.name == "README.md" or p.parts[0] == "docs"]
    named, claimed = options_in(pages)
    for option in sorted(offered - named):
        yield Path("README.md"), 1, f"{option} of walferry run is documented nowhere"
    for option in sorted(set(claimed) - offered - {"--help", "--version"}):
        yield *claimed[option], f"{option} is documented, but walferry run doesn't have it"
    if not offered:
        yield Path("build/walferry"), 1, "walferry help run lists no options"


def options_in(pages: list[Path]) -> tuple[set[str], dict[str, tuple[Path, int]]]:
    """
    The options that pages name anywhere, and where they claim one for walferry: in a command line
    of it, or at the beginning of a line, as tables and lists of options do.
    """
    pattern = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
    named: set[str] = set()
    claimed: dict[str, tuple[Path, int]] = {}
    for page in pages:
        number, whole = 1, ""
        for line in "\n".join(lines(page)).replace("\\-", "-").split("\n"):
            if line.endswith("\\"):  # a command goes on in the next line
                whole, number = whole + line[:-1], number + 1
                continue
            whole += line
            found = pattern.findall(whole)
            named.update(found)
            if "walferry" in whole or re.match(r"\W*--[a-z]", whole):
                for option in found:
                    claimed.setdefault(option, (page, number))
            whole, number = "", number + 1
    return named, claimed


def check_scripts() -> Iterator[Found]:
    """Python compiles, shell parses."""
    for path in tree(".py"):
        try:
            ast.parse((TOP / path).read_text(encoding="utf-8"), str(path))
        except SyntaxError as e:
            yield path, e.lineno or 1, e.msg
    for path in [*tree(".sh"), Path(".ci/run")]:
        shell = "bash" if "bash" in lines(path)[0] else "sh"
        if (done := run(shell, "-n", path)).returncode != 0:
            yield path, 1, done.stderr.strip()


def check_machine() -> Iterator[Found]:
    """Nothing of the machine that the tree was written on; no addresses in lock files."""
    places = [place for place in (f"{TOP}/", f"{Path.home()}/") if len(place) > 2]
    for path in tree():
        for number, line in enumerate(lines(path), 1):
            if any(place in line for place in places):
                yield path, number, "a path of this machine"
            if path.name == "package-lock.json" and '"resolved"' in line:
                yield path, number, "a lock file records a download address"


CHECKS: dict[str, Check] = {
    "format": check_format,
    "banned": check_banned,
    "rooms": check_rooms,
    "size": check_size,
    "lexer": check_lexer,
    "skeleton": check_skeleton,
    "options": check_options,
    "scripts": check_scripts,
    "machine": check_machine,
}


def main() -> int:
    """Runs all checks, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("check", nargs="*", metavar="CHECK",
                        help="only these: " + ", ".join(CHECKS))
    wanted = parser.parse_args().check or list(CHECKS)
    found = 0
    for name in wanted:
        for path, number, message in CHECKS[name]():
            print(f"{path}:{number}: {message} [{name}]")
            found += 1
    if found:
        print(f"lint: {found} findings", file=sys.stderr)
    else:
        print(f"lint: {', '.join(wanted)}: nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
