#!/bin/sh
# sh dependencies.sh ARCHITECTURE DIRECTORY: installs the packages that the product needs at run time, according to the lock
# file. sh dependencies.sh ARCHITECTURE --inputs: prints what the result depends on. Equal output means equal content.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
repository=$folder/../..
architecture=$1
. "$folder/architecture.sh"

if [ "$2" = --inputs ]; then
  cat "$folder/dependencies.sh" "$folder/architecture.sh" "$repository/package.json" "$repository/package-lock.json"
  exit
fi

home=$2/usr/lib/stasis
mkdir -p "$home"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# `npm ci` is not used, for the reason in the Makefile. Install scripts are off, because they would compile what exists
# for the platform already.
cp "$repository/package.json" "$repository/package-lock.json" "$scratch"
npm install --prefix "$scratch" --omit=dev --no-save --ignore-scripts --os=linux --cpu="$cpu" --libc=glibc --loglevel=error > /dev/null
modules=$scratch/node_modules

# Two thirds of the bytes serve compilers, debuggers and other platforms: types, source maps, C++ sources, binaries for
# musl and for the Bare runtime, and test data. npm's own notes name the registry that was used, and are useless without npm.
rm -rf "$modules/.bin" "$modules/.package-lock.json"
rm -rf "$modules"/koffi/lib "$modules"/koffi/vendor "$modules"/koffi/doc "$modules"/@koromix/koffi-*/musl_* "$modules"/bintrees/test
find "$modules" -depth -type d \( -name prebuilds -o -name @types -o -name undici-types \) -exec rm -rf {} +
find "$modules" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.tsbuildinfo' \) -delete
find "$modules" -type f \( -name '*.cc' -o -name '*.hh' -o -name '*.[chS]' -o -name '*.inc' \) -delete
find "$modules" -type f -iname '*.md' ! -iname '*licen[cs]e*' ! -iname '*notice*' -delete
find "$modules" -type d -empty -delete
mv "$modules" "$home/node_modules"
chmod -R u=rwX,go=rX "$2"
