#!/bin/sh
# Makes the programs of the throw-away cluster, once, in a cache folder outside of the tree, and prints that folder:
# bin/ has etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl and helm, and whatever of
# containerd, runc, tini and busybox the machine has not; cni/ has the CNI plugins. Nothing is installed on the machine.
# About 10 minutes and 5 GB of Go's own caches the first time, milliseconds afterwards. Safe when two run at once.
# `build.sh --due` makes nothing, and prints the names of the steps (scripts/progress) that are still to be done.
# `build.sh --kubelet arm64` makes kubelet for that architecture, and prints the path of the file.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin

say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
key() { cat "$@" | sha256sum | cut -c1-16; }
required() { sed -n "s,^[[:space:]]*$2 \(v[^ ]*\).*,\1,p" "$here/$1/go.mod" | head -n 1; }
step() { node "$here/../../scripts/progress/step.mjs" "$@"; }

# modules MODULE PACKAGE [STEP]: fetches what test/cluster/MODULE is made of, and writes the list of packages that are not in Go's
# build cache. The flags decide about that, and are those of `compile`.
modules() (
  command -v go > /dev/null || fail "missing: go, version 1.21 or newer (https://go.dev/dl); newer toolchains it fetches itself"
  cd "$here/$1"
  step modules --what "of $1" --unit modules --total "$(grep -c '^[[:space:]].* v' go.mod)" \
    --count 'grep -c "^go: downloading" "$LOG"' --log "$cache/$1-modules.log" -- \
    go list -deps -trimpath -mod=readonly -f '{{if .Stale}}{{.ImportPath}}{{end}}' "$2" > "$cache/${3:-$1}-packages"
)

# compile MODULE PACKAGE TARGET LDFLAGS [STEP]: `go build` in test/cluster/MODULE.
compile() (
  cd "$here/$1"
  step "${5:-$1}" --unit packages --total "$(grep -c . "$cache/${5:-$1}-packages")" \
    --count 'grep -vc "^go: " "$LOG"' --log "$3.log" -- \
    nice go build -v -trimpath -mod=readonly -ldflags "-s -w $4" -o "$3.new" "$2"
  rm "$cache/${5:-$1}-packages"
  mv "$3.new" "$3"
)

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

# The version that the programs say: without it, the API server takes them to be of no known version.
stamps() (
  version=$(required kubernetes k8s.io/kubernetes)
  minor=${version#v*.}
  stamp=k8s.io/component-base/version
  echo "-X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}"
)

if [ "${1:-}" = --kubelet ]; then
  kubelet=$cache/kubelet-$2-$(key "$here"/kubernetes/go.mod "$here"/kubernetes/go.sum)
  if [ "${3:-}" = --due ]; then
    [ -x "$kubelet" ] || echo "kubelet-$2"
    exit
  fi
  if [ ! -x "$kubelet" ]; then
    mkdir -p "$cache"
    exec 9> "$cache/lock"
    flock 9
    export GOARCH="$2" CGO_ENABLED=0
    package=k8s.io/kubernetes/cmd/kubelet
    [ -x "$kubelet" ] || { modules kubernetes $package "kubelet-$2" && compile kubernetes $package "$kubelet" "$(stamps)" "kubelet-$2"; }
    exec 9>&-
  fi
  echo "$kubelet"
  exit
fi

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
  [ -x "$kubernetes" ] || modules kubernetes .
  [ -x "$helm" ] || modules helm helm.sh/helm/v3/cmd/helm
  [ -x "$kubernetes" ] || compile kubernetes . "$kubernetes" "$(stamps)"
  [ -x "$helm" ] || compile helm helm.sh/helm/v3/cmd/helm "$helm" \
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
