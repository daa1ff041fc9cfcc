#!/bin/sh
# sh dependencies.sh DIRECTORY: the packages that the product needs at run time, as the lock file says.
# sh dependencies.sh --inputs: what it would be made of. Equal lines, equal content.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$here/../..

if [ "$1" = --inputs ]; then
  cat "$here/dependencies.sh" "$repository/package.json" "$repository/package-lock.json"
  exit
fi

home=$1/usr/lib/stasis
mkdir -p "$home"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# Not `npm ci`, for the Makefile's reason. No install scripts: they would compile what has been built for this platform.
cp "$repository/package.json" "$repository/package-lock.json" "$scratch"
npm install --prefix "$scratch" --omit=dev --no-save --ignore-scripts --os=linux --cpu=x64 --libc=glibc --loglevel=error > /dev/null
modules=$scratch/node_modules

# Two thirds of the bytes serve compilers, debuggers and other platforms: types, source maps, C++ sources, binaries for
# musl and for the Bare runtime, a corpus to test with. What npm notes for itself names the registry that was asked, and is no use without npm.
rm -rf "$modules/.bin" "$modules/.package-lock.json"
rm -rf "$modules"/koffi/lib "$modules"/koffi/vendor "$modules"/koffi/doc "$modules"/@koromix/koffi-linux-x64/musl_x64 "$modules"/bintrees/test
find "$modules" -depth -type d \( -name prebuilds -o -name @types -o -name undici-types \) -exec rm -rf {} +
find "$modules" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.tsbuildinfo' \) -delete
find "$modules" -type f \( -name '*.cc' -o -name '*.hh' -o -name '*.[chS]' -o -name '*.inc' \) -delete
find "$modules" -type f -iname '*.md' ! -iname '*licen[cs]e*' ! -iname '*notice*' -delete
find "$modules" -type d -empty -delete
mv "$modules" "$home/node_modules"
chmod -R u=rwX,go=rX "$1"
