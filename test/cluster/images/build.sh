#!/bin/sh
# Makes the images that every throw-away cluster gets, without a registry and without a daemon, as one docker-archive,
# and prints its path in the cache: stasis.test/pause:1, stasis.test/busybox:1, and stasis.test/programs:1, which is
# busybox with the workloads of test/programs in /bin. busybox has a second name, which the pods in examples/ use.
# `build.sh FOLDER [ARCHITECTURE]`: FOLDER is what ../build.sh printed; the architecture is the machine's own, unless another is
# named.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
PATH=$1/bin:$PATH
case $(uname -m) in aarch64) native=arm64 ;; *) native=amd64 ;; esac
architecture=${2:-$native}

if [ "$architecture" = "$native" ]; then
  cc=cc suffix=
  busybox=$(command -v busybox)
else
  . "$root/deploy/image/architecture.sh"
  . "$root/deploy/image/apt.sh"
  cc=$triplet-gcc suffix=-$architecture
  busybox=$(dirname "$1")/busybox-$architecture/bin/busybox
  if [ ! -x "$busybox" ]; then
    lists
    scratch=$(mktemp -d)
    (cd "$scratch" && apt apt-get download -qq busybox-static && dpkg-deb -x busybox-static_*.deb unpacked) >&2
    mv -T "$scratch/unpacked" "${busybox%/bin/busybox}" || [ -x "$busybox" ]
    rm -rf "$scratch"
  fi
fi
programs=build/programs$suffix
make --no-print-directory -s -C "$root" -f test/programs/programs.mk CC="$cc" FOLDER="$programs" >&2
target=$(dirname "$1")/images$suffix-$(cat "$0" "$here/pause.c" "$busybox" "$root/$programs"/* | sha256sum | cut -c1-16).tar
[ ! -e "$target" ] || { echo "$target"; exit 0; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/archive"

# pack NAME PROGRAM: adds the image NAME with the root file system $work/NAME.
pack() (
  layer=$1.tar
  tar -C "$work/$1" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$work/archive/$layer" .
  digest=$(sha256sum "$work/archive/$layer" | cut -d ' ' -f 1)
  tags="\"stasis.test/$1:1\""
  [ "$1" != busybox ] || tags="$tags,\"docker.io/library/busybox:1.36\""
  printf '{"architecture":"%s","os":"linux","config":{"Cmd":["%s"],"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$architecture" "$2" "$digest" > "$work/archive/$1.json"
  entry=$(printf '{"Config":"%s.json","RepoTags":[%s],"Layers":["%s"]}' "$1" "$tags" "$layer")
  echo "$entry" >> "$work/entries"
)

mkdir -p "$work/pause" "$work/busybox/bin" "$work/busybox/tmp" "$work/busybox/etc"
"$cc" -O2 -static -s -o "$work/pause/pause" "$here/pause.c"
cp "$busybox" "$work/busybox/bin/busybox"
# The machine's own busybox says what it can do; Debian builds all architectures' alike.
for applet in $(busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$work/busybox/bin/$applet"
done
echo root:x:0:0:root:/:/bin/sh > "$work/busybox/etc/passwd"
cp -a "$work/busybox" "$work/programs"
cp "$root/$programs"/* "$work/programs/bin/"

pack pause /pause
pack busybox /bin/sh
pack programs /bin/sh
echo "[$(paste -s -d , "$work/entries")]" > "$work/archive/manifest.json"
tar -C "$work/archive" --sort=name --mtime=@0 -cf "$target.$$" .
mv "$target.$$" "$target"
echo "$target"
