"""count_tests.py - adds up the closing lines of Check and pytest: 'N passed, N failed'.

Reads a log of `make check` on stdin. Skipped tests are not passed ones: they count as failed, since
every test is meant to run on every machine.
"""
import re
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$")
PYTEST = re.compile(r"^=+ (.*) in [\d.]+s(?: \([\d:]+\))? =+$")
SUITES = 4  # unit and integration, as they ship and under the sanitizers


def count(lines: list[str]) -> tuple[int, int, int]:
    """How many passed, how many didn't, and how many suites closed."""
    passed = failed = suites = 0
    for line in lines:
        line = re.sub(r"\x1b\[[\d;]*m", "", line.rstrip())
        if match := CHECK.match(line):
            bad = int(match[2]) + int(match[3])
            passed, failed, suites = passed + int(match[1]) - bad, failed + bad, suites + 1
        elif match := PYTEST.match(line):
            suites += 1
            for number, what in re.findall(r"(\d+) (\w+)", match[1]):
                if what == "passed":
                    passed += int(number)
                elif what in ("failed", "error", "errors", "skipped", "xfailed", "xpassed"):
                    failed += int(number)
    return passed, failed, suites


def main() -> int:
    """Prints the sum; 0 only if every suite ran to its end and nothing failed."""
    passed, failed, suites = count(sys.stdin.read().splitlines())
    if suites != SUITES:
        print(f"{suites} of {SUITES} test suites closed", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 and suites == SUITES else 1


if __name__ == "__main__":
    sys.exit(main())
