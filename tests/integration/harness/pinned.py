"""pinned.py - the settings and options walferry decodes with, taken from its own source."""
import re
from pathlib import Path

from . import proc

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def _find(path: str, pattern: str) -> str:
    """What the pattern's group holds; the source having moved is an error, not an old copy."""
    text = Path(proc.TOP / path).read_text(encoding="utf-8")
    if not (match := re.search(pattern, text, re.DOTALL)):
        raise RuntimeError(f"{path} has no {pattern!r} any more: put harness/pinned.py right")
    return match[1]


def settings() -> str:
    """The SQL that pins a session, so that tests can't pin anything else than the program."""
    return "".join(LITERAL.findall(_find("src/source/session.c", r"pin_sql\[\] =(.*?)\";\n") + '"'))


def options() -> str:
    """The plugin's options as arguments of a peek, with a comma before them."""
    return _find("src/source/slot.c", r"(, 'include-xids'[^)]*)\)\)")
