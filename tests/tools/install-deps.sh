#!/bin/sh
# install-deps.sh - installs what is missing on a Debian 12 machine, and says nothing if nothing is.
#
#   install-deps.sh GROUP…           build, test, lint, fuzz: Debian packages; kinesis, servers: npm
#   install-deps.sh --check GROUP…   installs nothing: says what to install, and fails
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
check=no
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi

say() { printf '%s\n' "$*" >&2; }

# Adds PACKAGE to $missing unless dpkg has it.
missing=
need() {
    for package; do
        status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
        case "$status" in
        ii*) ;;
        *) missing="$missing $package" ;;
        esac
    done
}

has_node() { # Node 18 or later with npm, wherever it came from
    command -v npm >/dev/null 2>&1 &&
        node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}

build_works() { # on any system: what the compiler will ask for
    command -v "${CC:-cc}" >/dev/null 2>&1 &&
        pkg-config --exists libpq libcurl libcrypto jansson 2>/dev/null
}

need_group() {
    case $1 in
    build)
        build_works || need gcc libc6-dev make pkg-config libpq-dev libcurl4-openssl-dev \
            libssl-dev libjansson-dev
        ;;
    test)
        need check postgresql-15 python3 python3-psycopg2 python3-boto3 python3-pytest valgrind
        ;;
    lint) need re2c clang-format python3 git ;;
    fuzz) need clang libclang-rt-14-dev python3 ;;
    kinesis | servers) has_node || need nodejs npm ;;
    *)
        say "install-deps.sh: unknown group $1"
        exit 2
        ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# Installing postgresql-15 would start a cluster on port 5432: nobody asked for one, so for as long
# as the install takes Debian is told not to. A cluster that exists already is left alone.
no_cluster=/etc/postgresql-common/createcluster.d/walferry-tests.conf

install_missing() {
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        say "Missing:$missing. As root, run:"
        say "  apt-get update && apt-get install --no-install-recommends$missing"
        exit 1
    fi
    say "Installing:$missing"
    as_root apt-get update -qq
    case " $missing " in
    *" postgresql-15 "*)
        trap 'as_root rm -f "$no_cluster"' EXIT
        as_root mkdir -p "${no_cluster%/*}"
        echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
        ;;
    esac
    # shellcheck disable=SC2086 # a list of package names
    as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

for group; do
    need_group "$group"
done

if [ -n "$missing" ]; then
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        say "This machine isn't Debian: install what these packages hold by your own means:$missing"
        exit 1
    fi
    if [ "$check" = yes ]; then
        say "Missing to build walferry:$missing"
        say "Run 'make deps', or: apt-get install$missing"
        exit 1
    fi
    install_missing
fi

[ "$check" = no ] || exit 0
for group; do
    case $group in
    kinesis) sh "$top/tests/tools/npm-install.sh" kinesis ;;
    servers) sh "$top/tests/tools/npm-install.sh" postgres ;;
    esac
done
