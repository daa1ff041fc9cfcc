#!/bin/sh
# Makes the programs of the throw-away cluster, once, in a cache folder outside of the tree, and prints that folder:
# bin/ has etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl and helm, and whatever of
# containerd, runc, tini and busybox the machine has not; cni/ has the CNI plugins. Nothing is installed on the machine.
# About 10 minutes and 5 GB of Go's own caches the first time, milliseconds afterwards. Safe when two run at once.
# `build.sh --due` makes nothing, and prints the names of the steps (scripts/progress) that are still to be done.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin

. "$here/go-programs.sh"

# fetch FOLDER PACKAGES...: unpacks Debian packages, without installing them, so that no service of theirs starts.
fetch() (
  folder=$1
  shift
  command -v apt-get > /dev/null || fail "missing: install what Debian calls $*"
  rm -rf "$folder.new"
  mkdir -p "$folder.new/debs"
  cd "$folder.new/debs"
  chmod 755 .
  step programs --what "$*" --unit packages --total $# --count 'ls *.deb | wc -l' --log "$folder.log" -- \
    sh -c 'apt-get download -qq "$@" || { apt-get update -qq && apt-get download -qq "$@"; }' sh "$@" >&2
  for deb in *.deb; do dpkg-deb -x "$deb" .. >&2; done
  cd ..
  rm -rf debs "$folder"
  mv "$folder.new" "$folder"
)

# The shell image is made of it, and has no C library.
static_busybox() { command -v busybox > /dev/null && ldd "$(command -v busybox)" 2>&1 | grep -q 'not a dynamic'; }

missing=
for tool in containerd runc tini; do command -v "$tool" > /dev/null || missing="$missing $tool"; done
static_busybox || missing="$missing busybox-static"
[ -x /usr/lib/cni/bridge ] || missing="$missing containernetworking-plugins"

kubernetes=$cache/kubernetes-$(key "$here"/kubernetes/go.mod "$here"/kubernetes/go.sum "$here"/kubernetes/main.go)
helm=$cache/helm-$(key "$here"/helm/go.mod "$here"/helm/go.sum)
debian=$cache/debian-$(echo "$missing" | sha256sum | cut -c1-16)
folder=$cache/cluster-$(echo "$kubernetes $helm $debian $(cat "$0")" | sha256sum | cut -c1-16)

if [ "${1:-}" = --due ]; then
  [ -d "$folder" ] && exit
  [ -x "$kubernetes" ] && [ -x "$helm" ] || echo modules
  [ -x "$kubernetes" ] || echo kubernetes
  [ -x "$helm" ] || echo helm
  [ -z "$missing" ] || [ -d "$debian" ] || echo programs
  exit
fi

if [ ! -d "$folder" ]; then
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
  [ -x "$kubernetes" ] || modules kubernetes . kubernetes
  [ -x "$helm" ] || modules helm helm.sh/helm/v3/cmd/helm helm
  [ -x "$kubernetes" ] || compile kubernetes . kubernetes "$kubernetes" "$(stamps)"
  [ -x "$helm" ] || compile helm helm.sh/helm/v3/cmd/helm helm "$helm" \
    "-X helm.sh/helm/v3/internal/version.version=$(required helm helm.sh/helm/v3)"
  # shellcheck disable=SC2086 # a list of words
  [ -z "$missing" ] || [ -d "$debian" ] || fetch "$debian" $missing

  if [ ! -d "$folder" ]; then # another run may have made it while this one waited
    rm -rf "$folder.new"
    mkdir -p "$folder.new/bin"
    for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl; do
      ln -s "$kubernetes" "$folder.new/bin/$name"
    done
    ln -s "$helm" "$folder.new/bin/helm"
    if [ -n "$missing" ]; then
      for file in "$debian"/bin/* "$debian"/usr/bin/* "$debian"/usr/sbin/*; do
        [ ! -x "$file" ] || ln -sf "$file" "$folder.new/bin/"
      done
    fi
    [ -e "$folder.new/bin/busybox" ] || ln -s "$(command -v busybox)" "$folder.new/bin/busybox"
    if [ -x "$debian/usr/lib/cni/bridge" ]; then ln -s "$debian/usr/lib/cni" "$folder.new/cni"; else ln -s /usr/lib/cni "$folder.new/cni"; fi
    mv "$folder.new" "$folder"
  fi
  exec 9>&-
fi
echo "$folder"
