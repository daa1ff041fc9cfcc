#!/bin/sh
# pack-tests.sh: makes the real-kernel tests of an arm64 machine, once for each state of the tree, and prints where they are:
# a tar with Node, Jest, the compiled tests and product, and the C programs, cross-compiled. Nothing in it is native to this
# machine. `make build` and `make programs` come first.
set -eu
umask 022
export LC_ALL=C
repository=$(cd "$(dirname "$0")/../../.." && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
architecture=arm64
. "$repository/deploy/image/architecture.sh"
. "$repository/deploy/image/apt.sh"
cd "$repository"
mkdir -p "$cache"
scratch=$(mktemp -d "$cache/packing.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# npm install: for the reason in the Makefile. Tools that do not run tests have 150 MB.
modules=$cache/test-modules-$architecture-$(cat "$0" package-lock.json test/node24/package-lock.json | sha256sum | cut -c 1-16)
if [ ! -d "$modules" ]; then
  mkdir "$scratch/npm" "$scratch/node"
  cp package.json package-lock.json "$scratch/npm"
  cp test/node24/package.json test/node24/package-lock.json "$scratch/node"
  platform="--os=linux --cpu=$cpu --libc=glibc --ignore-scripts --loglevel=error"
  # shellcheck disable=SC2086 # a list of words
  { npm install --prefix "$scratch/npm" --no-save $platform && npm ci --prefix "$scratch/node" $platform; } >&2
  found=$scratch/npm/node_modules
  rm -rf "$found"/typescript "$found"/@typescript "$found"/oxlint* "$found"/@oxlint* "$found"/prettier "$found"/@swc "$found"/dependency-cruiser "$found"/.bin
  find "$found" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.md' \) -delete
  # Node needs the library of C++, which the machine has not.
  lists
  mkdir "$found/.bin" "$found/.lib" "$scratch/debs"
  (cd "$scratch/debs" && apt apt-get download -qq libstdc++6 libgcc-s1) >&2
  for deb in "$scratch"/debs/*.deb; do dpkg-deb -x "$deb" "$scratch/unpacked"; done
  cp "$scratch/unpacked/usr/lib/$triplet"/lib*.so.* "$scratch/unpacked/lib/$triplet"/lib*.so.* "$found/.lib"
  cp "$scratch/node/node_modules/node-linux-$cpu/bin/node" "$found/.bin/node"
  mv -T "$found" "$modules" 2> /dev/null || [ -d "$modules" ]
fi
touch "$modules"
find "$cache" -mindepth 1 -maxdepth 1 -name 'test-modules-*' -mtime +30 -exec rm -rf {} +

make --no-print-directory -s -f src/guard/guard.mk GUARD="build/guard/$architecture/stasis-guard" CC="$triplet-gcc" >&2
make --no-print-directory -s -f test/programs/programs.mk FOLDER="build/programs-$architecture" CC="$triplet-gcc" >&2
tests=$scratch/stasis
mkdir -p "$tests/build/guard" "$tests/test/cluster/vm"
cp -R bin package.json "$tests"
cp -R build/src build/test "$tests/build"
cp test/cluster/vm/patient-environment.mjs "$tests/test/cluster/vm"
cp -R "build/programs-$architecture" "$tests/build/programs"
cp "build/guard/$architecture/stasis-guard" "$tests/build/guard"
find "$tests/build" \( -name '*.map' -o -name '*.d.ts' \) -delete
for folder in test/fixtures test/programs src/guard; do [ ! -d $folder ] || { mkdir -p "$tests/$folder" && cp -R "$folder/." "$tests/$folder"; }; done
sed "s,testEnvironment: 'node',testEnvironment: '<rootDir>/test/cluster/vm/patient-environment.mjs'," jest.config.mjs > "$tests/jest.config.mjs"
ln -s "$modules" "$tests/node_modules"
tar -c --dereference -C "$scratch" -f "$scratch/tests.tar" stasis
mv "$scratch/tests.tar" "$cache/tests-$architecture.tar"
echo "$cache/tests-$architecture.tar"
