#!/bin/sh
# sh application.sh DIRECTORY: copies the product itself, as `make build` compiled it.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
home=$1/usr/lib/stasis
mkdir -p "$home/bin" "$1/usr/bin"
cd "$repository"

# The list is made from the sources, because the compiler does not delete the output of a removed source. Declaration
# files have no output.
find src -name '*.ts' ! -name '*.d.ts' | while read -r source; do
  compiled=build/${source%.ts}.js
  [ -f "$compiled" ] || { echo "image: $source is not compiled: run 'make build'" >&2; exit 1; }
  mkdir -p "$home/$(dirname "$compiled")"
  sed '/^\/\/# sourceMappingURL=/d' "$compiled" > "$home/$compiled"
done
cp package.json LICENSE "$home/"
cp bin/stasis "$home/bin/stasis"
ln -s ../lib/stasis/bin/stasis "$1/usr/bin/stasis"
# The guard is copied to the place where `stasis checkpoint` looks for it, and linked to where the node agent's pod
# expects it.
[ -x build/guard/stasis-guard ] || { echo "image: build/guard/stasis-guard is not built: run 'make build'" >&2; exit 1; }
mkdir -p "$home/build/guard"
# The debugging information names the folder of the build.
strip --strip-all -o "$home/build/guard/stasis-guard" build/guard/stasis-guard
ln -s ../lib/stasis/build/guard/stasis-guard "$1/usr/bin/stasis-guard"
chmod -R u=rwX,go=rX "$1"
chmod 0755 "$home/bin/stasis" "$home/build/guard/stasis-guard"
