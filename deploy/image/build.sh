#!/bin/sh
# Builds the image: three layers for each of $ARCHITECTURES ("amd64 arm64", which is also the default), and the few files
# that make them one OCI image. Run from anywhere; `make image` does. Writes build/stasis-image.tar, or the file named by
# the first argument. No daemon, no root, and no emulation: nothing of the image runs.
#
# Equal inputs give an equal digest: entries are sorted, owned by 0:0, and dated by the last commit; the two lower layers,
# which no commit makes, by 1970. They are kept in the cache, by their inputs, so that a change of source takes seconds.
set -eu
umask 022
export LC_ALL=C TZ=UTC
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
output=${1:-$repository/build/stasis-image.tar}
architectures=${ARCHITECTURES:-amd64 arm64}
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}/image
mkdir -p "$cache" "$(dirname "$output")"
scratch=$(mktemp -d "$cache/building.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

archive() ( # DIRECTORY SECONDS ENTRIES...: a tar of them, the same for the same content
  directory=$1 date=@$2
  shift 2
  tar -c --format=gnu --sort=name --mtime="$date" --owner=0 --group=0 --numeric-owner --hard-dereference -C "$directory" "$@"
)

layer() ( # DIRECTORY SECONDS: DIRECTORY.layer/ with layer.tar.gz, and `digests`: of the tar, of the gzip, size
  mkdir "$1.layer"
  archive "$1" "$2" . > "$1.layer/layer.tar"
  tar_digest=$(sha256sum < "$1.layer/layer.tar" | cut -d ' ' -f 1)
  gzip -n -6 "$1.layer/layer.tar"
  gzip_digest=$(sha256sum < "$1.layer/layer.tar.gz" | cut -d ' ' -f 1)
  echo "$tar_digest $gzip_digest $(wc -c < "$1.layer/layer.tar.gz")" > "$1.layer/digests"
)

place() { # NAME ARCHITECTURE: where the layer that NAME.sh makes of today's inputs is kept
  sh "$here/$1.sh" "$2" --inputs > "$scratch/inputs"
  echo "$cache/$1-$2-$(cat "$here/build.sh" "$scratch/inputs" | sha256sum | cut -c 1-32)"
}

cached() ( # NAME ARCHITECTURE: where the layer that NAME.sh makes is, made now unless the cache has one of the same inputs
  kept=$(place "$1" "$2")
  if [ ! -f "$kept/digests" ]; then
    made=$scratch/$1-$2
    mkdir "$made"
    node "$repository/scripts/progress/step.mjs" "image-$1-$2" -- sh "$here/$1.sh" "$2" "$made" >&2
    layer "$made" 0
    kept=$(place "$1" "$2") # again: making it may have renewed apt's lists
    # Two builds at once make the same: the later one's is dropped.
    mv -T "$made.layer" "$kept" 2> /dev/null || [ -f "$kept/digests" ]
  fi
  touch "$kept"
  echo "$kept"
)

revision=$(git -C "$repository" describe --always --abbrev=40 --match= --dirty 2> /dev/null || true)
seconds=${SOURCE_DATE_EPOCH:-$(git -C "$repository" log -1 --format=%ct 2> /dev/null || echo 0)}
set --
for architecture in $architectures; do
  base=$(cached base "$architecture")
  dependencies=$(cached dependencies "$architecture")
  application=$scratch/application-$architecture
  mkdir "$application"
  sh "$here/application.sh" "$architecture" "$application"
  layer "$application" "$seconds"
  set -- "$@" "$architecture" "$base" "$dependencies" "$application.layer"
done
# Layers that no build asked for in a month, and what a build left that was killed.
find "$cache" -mindepth 1 -maxdepth 1 \( -mtime +30 -o -name 'building.*' -mtime +0 \) -exec rm -rf {} +


node "$here/oci-layout.mjs" "$scratch/layout" "$repository/package.json" "$seconds" "$revision" "$@"
# By names without './': not every reader of archives takes them to be the same.
archive "$scratch/layout" "$seconds" oci-layout index.json manifest.json blobs > "$scratch/image.tar"
mv "$scratch/image.tar" "$output"
echo "==> image: $output, $(($(wc -c < "$output") / 1048576)) MiB for $architectures, $(cat "$scratch/layout.name")"
