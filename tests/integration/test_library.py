"""test_library.py - libtestdecoding as others get it: installed, found by pkg-config, linked."""
import os
import re
import subprocess

import pytest

from harness import proc

SYMBOLS = {"td_parser_init", "td_parser_free", "td_parse", "td_recover_unchanged",
           "td_find_column", "td_error_excerpt", "td_unquote_name", "td_unquote_value"}


@pytest.fixture
def installed(scratch):
    """`make install` into a directory of its own."""
    proc.run(["make", "-s", "install", f"PREFIX={scratch}/usr"], cwd=proc.TOP, seconds=300)
    return scratch / "usr"


def example() -> str:
    """The program that the header's documentation shows."""
    text = (proc.TOP / "src/decode/parser.h").read_text(encoding="utf-8")
    lines = re.findall(r"^ \*     ?(.*)$", text, re.M)
    return "\n".join(lines[: lines.index("}") + 1]) + "\n"


def flags(installed, *words: str) -> list[str]:
    """What pkg-config says of the installed library."""
    env = {**os.environ, "PKG_CONFIG_PATH": str(installed / "lib/pkgconfig")}
    return subprocess.run(["pkg-config", *words, "testdecoding"], env=env, check=True,
                          capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("how", ["shared", "static"])
def test_example_of_the_header(installed, scratch, how):
    """Compiles, links both ways, and does what it says."""
    source = scratch / "example.c"
    source.write_text(example(), encoding="utf-8")
    static = [installed / "lib/libtestdecoding.a"]
    libs = flags(installed, "--libs") if how == "shared" else static
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    proc.run(["cc", *warnings, *flags(installed, "--cflags"), source, "-o", scratch / "example",
              *libs])
    env = {"LD_LIBRARY_PATH": str(installed / "lib")}
    done = subprocess.run([scratch / "example"], env=env, check=True, capture_output=True,
                          text=True, timeout=10)
    assert done.stdout == "id = 7\nname = O'Neill\n"


def test_only_the_api_is_exported(installed):
    """What isn't documented can change without breaking anybody."""
    library = (installed / "lib/libtestdecoding.so").resolve()
    out = proc.run(["nm", "-D", "--defined-only", library]).stdout
    assert set(re.findall(r" T (\w+)", out)) == SYMBOLS
    needed = proc.run(["readelf", "-d", library]).stdout
    assert "libtestdecoding.so.0" in needed
    assert re.findall(r"NEEDED.*\[(.*?)\]", needed) == ["libc.so.6"]


def test_header_documents_all_it_exports(installed):
    text = (installed / "include/test_decoding.h").read_text(encoding="utf-8")
    assert SYMBOLS <= set(re.findall(r"\b(td_\w+)\(", text))
    assert "walferry/" not in text and '#include "' not in text
