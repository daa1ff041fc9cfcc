#!/bin/sh
# sh chart.sh FILE SECONDS: writes the chart as an archive of the form that `helm package` writes and `helm install` reads:
# a folder with the chart's name, in a gzipped tar. Not by `helm package`, because Helm is no other part of a build and
# archives of some of its versions contain the time of packing.
set -eu
export LC_ALL=C
output=$1
seconds=$2
chart=$(cd "$(dirname "$0")/../helm" && pwd)
name=$(sed -n 's/^name: //p' "$chart/Chart.yaml")
# What git tracks, so that no file that only lies there is published. Helm's patterns mean the same to git.
tracked=$(git -C "$chart" ls-files)
ignored=$(git -C "$chart" ls-files --cached --ignored --exclude-from="$chart/.helmignore")
[ -n "$tracked" ] || { echo "chart.sh: git tracks no file of $chart" >&2; exit 1; }
# Modes are set here, because those of a working tree depend on the umask of whoever checked it out.
trap 'rm -f "$output.tar"' EXIT
printf '%s\n' "$tracked" | grep -vxF "$ignored" |
  tar -c --format=ustar --mtime="@$seconds" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
    --transform="s,^,$name/," -C "$chart" --no-recursion --verbatim-files-from --files-from=- > "$output.tar"
gzip -n -9 < "$output.tar" > "$output"
