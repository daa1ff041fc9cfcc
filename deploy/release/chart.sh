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
# Modes are set here, because those of a working tree depend on the umask of whoever checked it out.
tar -c --format=ustar --sort=name --mtime="@$seconds" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
  --exclude-from="$chart/.helmignore" --transform="s,^\.,$name," -C "$chart" . | gzip -n -9 > "$output"
