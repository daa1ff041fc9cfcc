#!/bin/sh
# sh application.sh ARCHITECTURE DIRECTORY: copies the product itself, as `make build` compiled it. Only the guard differs
# between architectures; for another than the machine's it is compiled here.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
architecture=$1
. "$repository/deploy/image/architecture.sh"
home=$2/usr/lib/stasis
mkdir -p "$home/bin" "$2/usr/bin"
cd "$repository"

# The list is made from the sources, because the compiler does not delete the output of a removed source. Declaration
# files have no output. The plugin of kubectl and its report page run on the machines of users (make plugin).
find src -name '*.ts' ! -name '*.d.ts' ! -path 'src/cli/kubectl/*' ! -path 'src/cli/report/*' | while read -r source; do
  compiled=build/${source%.ts}.js
  [ -f "$compiled" ] || { echo "image: $source is not compiled: run 'make build'" >&2; exit 1; }
  mkdir -p "$home/$(dirname "$compiled")"
  sed '/^\/\/# sourceMappingURL=/d' "$compiled" > "$home/$compiled"
done
cp package.json LICENSE "$home/"
cp bin/stasis "$home/bin/stasis"
ln -s ../lib/stasis/bin/stasis "$2/usr/bin/stasis"
# The guard is copied to the place where `stasis checkpoint` looks for it, and linked to where the node agent's pod
# expects it.
if [ "$architecture" = "$native" ]; then
  guard=build/guard/stasis-guard prefix=
  [ -x $guard ] || { echo "image: $guard is not built: run 'make build'" >&2; exit 1; }
else
  guard=build/guard/$architecture/stasis-guard prefix=$triplet-
  make --no-print-directory -s -f src/guard/guard.mk GUARD="$guard" CC="${prefix}gcc" >&2
fi
mkdir -p "$home/build/guard"
# The debugging information names the folder of the build.
"${prefix}strip" --strip-all -o "$home/build/guard/stasis-guard" "$guard"
ln -s ../lib/stasis/build/guard/stasis-guard "$2/usr/bin/stasis-guard"
chmod -R u=rwX,go=rX "$2"
chmod 0755 "$home/bin/stasis" "$home/build/guard/stasis-guard"
