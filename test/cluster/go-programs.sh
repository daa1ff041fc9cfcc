# Sourced by the scripts that build Go programs from the modules in test/cluster. `here` is that folder, and `cache` the
# folder outside of the tree that keeps what was built.
say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
key() { cat "$@" | sha256sum | cut -c1-16; }
# required MODULE-FILE MODULE: the version of a module that the file asks for.
required() { sed -n "s,^[[:space:]]*$2 \(v[^ ]*\).*,\1,p" "$here/$1" | head -n 1; }
step() { node "$here/../../scripts/progress/step.mjs" "$@"; }

# What modules() and compile() obey: the module file in the folder of the module, and the build tags.
modfile=go.mod
tags=

# The version that the programs of Kubernetes say: without it, the API server takes them to be of no known version.
stamps() (
  version=$(required "kubernetes/$modfile" k8s.io/kubernetes)
  minor=${version#v*.}
  stamp=k8s.io/component-base/version
  echo "-X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}"
)

# The key of what is built from a module file and the files of its sources.
sources_key() ( sums=${modfile%.mod}.sum; module=$1; shift; cd "$here/$module"; key "$modfile" "$sums" "$@" )

# modules MODULE STEP PACKAGE...: fetches what test/cluster/MODULE is made of, and writes the list of packages that are not in
# Go's build cache. The flags decide about that, and are those of `compile`. STEP: see scripts/progress.
modules() (
  command -v go > /dev/null || fail "missing: go, version 1.21 or newer (https://go.dev/dl); newer toolchains it fetches itself"
  cd "$here/$1"
  module=$1 name=$2
  shift 2
  step modules --what "of $name" --unit modules --total "$(grep -c '^[[:space:]].* v' "$modfile")" \
    --count 'grep -c "^go: downloading" "$LOG"' --log "$cache/$module-modules.log" -- \
    go list -deps -trimpath -mod=readonly -modfile="$modfile" -tags "$tags" -f '{{if .Stale}}{{.ImportPath}}{{end}}' "$@" > "$cache/$name-packages"
)

# compile MODULE STEP TARGET LDFLAGS PACKAGE...: `go build` in test/cluster/MODULE. A TARGET that ends in / is a folder.
compile() (
  cd "$here/$1"
  name=$2 target=${3%/} folder=${3#"${3%/}"} flags=$4
  shift 4
  rm -rf "$target.new"
  step "$name" --unit packages --total "$(grep -c . "$cache/$name-packages")" \
    --count 'grep -vc "^go: " "$LOG"' --log "$target.log" -- \
    nice go build -v -trimpath -mod=readonly -modfile="$modfile" -tags "$tags" -ldflags "-s -w $flags" -o "$target.new$folder" "$@"
  rm "$cache/$name-packages"
  mv -T "$target.new" "$target"
)

# The commands of containerd. Its snapshotters for btrfs, device mapper and ZFS are left out, because they need C libraries.
CONTAINERD="github.com/containerd/containerd/v2/cmd/containerd github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2
  github.com/containerd/containerd/v2/cmd/ctr"
CONTAINERD_TAGS=no_btrfs,no_devmapper,no_zfs
containerd_stamp() { echo "-X github.com/containerd/containerd/v2/version.Version=$(required containerd/go.mod github.com/containerd/containerd/v2)"; }
