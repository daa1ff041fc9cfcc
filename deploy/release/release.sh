#!/bin/sh
# Writes what a release needs to build/release/, or to the folder named by the first argument, which it replaces: `make
# release` does, after `make image` and `make plugin`. All files lie side by side, because the places that releases are uploaded to have no folders.
#
#   stasis-VERSION.oci.tar                the image for all architectures, as an OCI image layout
#   stasis-VERSION.ARCHITECTURE.cdx.json  what is in the image of each architecture (CycloneDX)
#   stasis-VERSION.tgz                    the chart, as `helm install` takes it
#   stasis-VERSION.crds.yaml              the CRDs, for `kubectl apply --server-side`
#   stasis-VERSION.dashboard.NAME.json    dashboards for Grafana
#   stasis-VERSION.rules.yaml             alerts for Prometheus
#   kubectl-stasis-VERSION.tar.gz         the kubectl plugin, for Linux and macOS
#   kubectl-stasis-VERSION.cdx.json       what is in the plugin (CycloneDX)
#   stasis.yaml                           the plugin's manifest for krew
#   SHA256SUMS                            for `sha256sum --check`
#
# The same commit, the same compiler and the same packages of Debian give the same bytes.
set -eu
umask 022
export LC_ALL=C TZ=UTC
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
output=${1:-$repository/build/release}
image=$repository/build/stasis-image.tar
# A release is made of a commit, and for both architectures. DIRTY=1 is for trying `make release` out.
fail() {
  echo "release: $1" >&2
  [ "${DIRTY:-}" = 1 ] || exit 1
}
[ -f "$image" ] || { echo "release: $image is not there: run 'make image'" >&2; exit 1; }

plugin=$repository/build/plugin
[ -f "$plugin/kubectl-stasis" ] || { echo "release: $plugin/kubectl-stasis is not there: run 'make plugin'" >&2; exit 1; }

cd "$repository"
version=$(node -p 'require("./package.json").version')
seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || echo 0)}
[ -z "$(git status --porcelain 2> /dev/null)" ] || fail "files have changed since the commit; DIRTY=1 makes a trial of it"
name=stasis-$version
mkdir -p "$(dirname "$output")"
scratch=$(mktemp -d "$(dirname "$output")/release.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
files=$scratch/files
mkdir "$files"

cp "$image" "$files/$name.oci.tar"
sh "$here/chart.sh" "$files/$name.tgz" "$seconds"
for crd in deploy/crds/*.yaml; do
  echo ---
  cat "$crd"
done > "$files/$name.crds.yaml"
for dashboard in deploy/dashboards/*.json; do
  [ ! -f "$dashboard" ] || cp "$dashboard" "$files/$name.dashboard.$(basename "$dashboard")"
done
for rules in deploy/alerts/*.yaml; do
  [ ! -f "$rules" ] || cp "$rules" "$files/$name.$(basename "$rules" | sed 's/^stasis\.//')"
done

# npm knows licence and checksum of each package in the lock file. `--omit dev` is not used, because npm then also leaves out
# what is needed by both the product and a tool: sbom.mjs takes what really is in the image.
npm sbom --package-lock-only --sbom-format cyclonedx > "$scratch/npm.json"
mkdir "$scratch/layout"
tar -xf "$image" -C "$scratch/layout"
node "$here/sbom.mjs" "$scratch/layout" "$scratch/npm.json" "$files/$name"

# krew takes the files of the plugin from the top of the archive.
archive=kubectl-stasis-$version.tar.gz
tar -c --format=ustar --mtime="@$seconds" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
  -C "$repository" LICENSE -C "$plugin" THIRD-PARTY-LICENSES kubectl-stasis kubectl_complete-stasis > "$scratch/plugin.tar"
gzip -n -9 < "$scratch/plugin.tar" > "$files/$archive"
sha256=$(sha256sum "$files/$archive" | cut -d ' ' -f 1)
sed -e "s/@VERSION@/$version/g" -e "s/@SHA256@/$sha256/" "$here/stasis.krew.yaml" > "$files/stasis.yaml"
node "$here/plugin-sbom.mjs" "$plugin" "$scratch/npm.json" "$seconds" "$files/kubectl-stasis-$version.cdx.json"

for architecture in amd64 arm64; do
  [ -f "$files/$name.$architecture.cdx.json" ] || fail "the image lacks $architecture: run 'make image'; DIRTY=1 makes a trial of it"
done

(cd "$files" && sha256sum -- * > ../SHA256SUMS && mv ../SHA256SUMS .)
chmod 0644 "$files"/*
rm -rf "$output"
mv -T "$files" "$output"
echo "==> release: $output"
(cd "$output" && ls -l | awk 'NR > 1 { printf "    %9d  %s\n", $5, $9 }')
