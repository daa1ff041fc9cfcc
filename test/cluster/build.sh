#!/bin/sh
# build.sh [--due] [oldest]: makes the programs of the throw-away cluster, once, in a cache folder outside of the tree, and
# prints that folder: bin/ has etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl, helm,
# containerd and runc, and whatever of tini and busybox the machine has not; cni/ has the CNI plugins. Nothing is installed on
# the machine. With `oldest` the cluster is the oldest that the product supports: an older Kubernetes, with containerd and runc
# of Debian. About 12 minutes and 5 GB of Go's own caches the first time, milliseconds afterwards. Safe when two run at once.
# `--due` makes nothing, and prints the names of the steps (scripts/progress) that are still to be done.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin

. "$here/go-programs.sh"

due=
[ "${1:-}" != --due ] || { due=1; shift; }
suffix=
[ "${1:-}" != oldest ] || suffix=-oldest

# fetch FOLDER PACKAGES...: unpacks Debian packages, without installing them, so that no service of theirs starts.
fetch() (
  folder=$1
  shift
  command -v apt-get > /dev/null || fail "missing: install what Debian calls $*"
  rm -rf "$folder.new"
  mkdir -p "$folder.new/debs"
  cd "$folder.new/debs"
  chmod 755 .
  step "programs$suffix" --what "$*" --unit packages --total $# --count 'ls *.deb | wc -l' --log "$folder.log" -- \
    sh -c 'apt-get download -qq "$@" || { apt-get update -qq && apt-get download -qq "$@"; }' sh "$@" >&2
  for deb in *.deb; do dpkg-deb -x "$deb" .. >&2; done
  cd ..
  rm -rf debs "$folder"
  mv "$folder.new" "$folder"
)

# The shell image is made of it, and has no C library.
static_busybox() { command -v busybox > /dev/null && ldd "$(command -v busybox)" 2>&1 | grep -q 'not a dynamic'; }

missing=
commands=tini
[ -z "$suffix" ] || commands="containerd runc tini"
for tool in $commands; do command -v "$tool" > /dev/null || missing="$missing $tool"; done
static_busybox || missing="$missing busybox-static"
[ -x /usr/lib/cni/bridge ] || missing="$missing containernetworking-plugins"
# The build of runc needs the library of seccomp.
if [ -n "$suffix" ]; then modfile=oldest.mod; else missing="$missing libseccomp-dev"; fi

kubernetes=$cache/kubernetes-$(sources_key kubernetes main.go)
helm=$cache/helm-$(modfile=go.mod; sources_key helm)
containerd=
[ -n "$suffix" ] || containerd=$cache/containerd-$(sources_key containerd pkg-config.sh)
debian=$cache/debian-$(echo "$missing" | sha256sum | cut -c1-16)
folder=$cache/cluster-$(echo "$kubernetes $helm $containerd $debian $(cat "$0" "$here/go-programs.sh")" | sha256sum | cut -c1-16)

has_containerd() { [ -z "$containerd" ] || [ -x "$containerd/runc" ]; }
if [ -n "$due" ]; then
  [ -d "$folder" ] && exit
  { [ -x "$kubernetes" ] && [ -x "$helm" ] && has_containerd; } || echo modules
  [ -x "$kubernetes" ] || echo "kubernetes$suffix"
  [ -x "$helm" ] || echo helm
  [ -z "$missing" ] || [ -d "$debian" ] || echo "programs$suffix"
  has_containerd || echo "containerd runc"
  exit
fi

make_kubernetes() (
  modules kubernetes "kubernetes$suffix" .
  compile kubernetes "kubernetes$suffix" "$kubernetes" "$(stamps)" .
)

make_helm() (
  modfile=go.mod
  modules helm helm helm.sh/helm/v3/cmd/helm
  compile helm helm "$helm" "-X helm.sh/helm/v3/internal/version.version=$(required helm/go.mod helm.sh/helm/v3)" helm.sh/helm/v3/cmd/helm
)

# All of them are static, so that the emulated node can run them too.
make_containerd() (
  tags=$CONTAINERD_TAGS
  export CGO_ENABLED=0
  # shellcheck disable=SC2086 # a list of words
  modules containerd containerd $CONTAINERD
  # shellcheck disable=SC2086
  compile containerd containerd "$containerd.half/" "$(containerd_stamp)" $CONTAINERD
  tags=seccomp,netgo,osusergo
  export CGO_ENABLED=1 SECCOMP="$debian" PKG_CONFIG="$here/containerd/pkg-config.sh"
  modules containerd runc github.com/opencontainers/runc
  # Go's build cache keeps what pkg-config said when the package of seccomp was compiled, and that folder may be gone.
  library=$(echo "$debian"/usr/lib/*-linux-gnu)
  compile containerd runc "$containerd.half/runc" "-linkmode external -extldflags '-static -L$library'" github.com/opencontainers/runc
  mv -T "$containerd.half" "$containerd"
)

if [ ! -d "$folder" ]; then
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
  [ -x "$kubernetes" ] || make_kubernetes
  [ -x "$helm" ] || make_helm
  # shellcheck disable=SC2086 # a list of words
  [ -z "$missing" ] || [ -d "$debian" ] || fetch "$debian" $missing
  has_containerd || make_containerd

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
    [ -z "$containerd" ] || ln -sf "$containerd"/* "$folder.new/bin/"
    [ -e "$folder.new/bin/busybox" ] || ln -s "$(command -v busybox)" "$folder.new/bin/busybox"
    if [ -x "$debian/usr/lib/cni/bridge" ]; then ln -s "$debian/usr/lib/cni" "$folder.new/cni"; else ln -s /usr/lib/cni "$folder.new/cni"; fi
    mv "$folder.new" "$folder"
  fi
  exec 9>&-
fi
echo "$folder"
