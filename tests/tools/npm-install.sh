#!/bin/sh
# npm-install.sh - installs tests/tools/NAME's locked npm packages under build/tools/NAME, once.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
name=$1
from=$top/tests/tools/$name
to=$top/build/tools/$name

same() { cmp -s "$from/$1" "$to/$1"; }

if [ -e "$to/installed" ] && same package.json && same package-lock.json; then
    exit 0
fi
echo "Installing npm packages of tests/tools/$name under build/tools/$name" >&2
rm -rf "$to"
mkdir -p "$to"
cp "$from/package.json" "$from/package-lock.json" "$to/"
cd "$to"
# No package's own install script runs: the one that is wanted stands below. What is optional
# (leveldown, a compiled store) the emulator does without: it keeps everything in memory.
npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error >&2

# The PostgreSQL packages come without symbolic links and, from some npm versions, without run bits.
for server in node_modules/postgres-*; do
    [ -d "$server/native/bin" ] || continue
    (cd "$server" && node scripts/hydrate-symlinks.js)
    chmod 755 "$server"/native/bin/*
done
touch installed
