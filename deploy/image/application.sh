#!/bin/sh
# sh application.sh DIRECTORY: the product itself, from what `make build` compiled.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
home=$1/usr/lib/stasis
mkdir -p "$home/bin" "$1/usr/bin"
cd "$repository"

# By the sources, for the compiler leaves the output of a source that is gone.
find src -name '*.ts' ! -name '*.d.ts' | sed 's/ts$/js/' | LC_ALL=C sort | tar -c -C build -T - | tar -x --no-same-owner -C "$home" --transform 's,^,build/,'
cp package.json LICENSE "$home/"
cp bin/stasis "$home/bin/stasis"
ln -s ../lib/stasis/bin/stasis "$1/usr/bin/stasis"
find "$home/build" -name '*.js' -exec sed -i '/^\/\/# sourceMappingURL=/d' {} +
chmod -R u=rwX,go=rX "$1"
chmod 0755 "$home/bin/stasis"
