# Sourced by the scripts that build Go programs from the modules in test/cluster. `here` is that folder, and `cache` the
# folder outside of the tree that keeps what was built.
say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
key() { cat "$@" | sha256sum | cut -c1-16; }
required() { sed -n "s,^[[:space:]]*$2 \(v[^ ]*\).*,\1,p" "$here/$1/go.mod" | head -n 1; }
step() { node "$here/../../scripts/progress/step.mjs" "$@"; }

# The version that the programs say: without it, the API server takes them to be of no known version.
stamps() (
  version=$(required kubernetes k8s.io/kubernetes)
  minor=${version#v*.}
  stamp=k8s.io/component-base/version
  echo "-X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}"
)

# modules MODULE PACKAGE STEP [TAGS]: fetches what test/cluster/MODULE is made of, and writes the list of packages that are not
# in Go's build cache. The flags decide about that, and are those of `compile`. STEP: see scripts/progress.
modules() (
  command -v go > /dev/null || fail "missing: go, version 1.21 or newer (https://go.dev/dl); newer toolchains it fetches itself"
  cd "$here/$1"
  step modules --what "of $1" --unit modules --total "$(grep -c '^[[:space:]].* v' go.mod)" \
    --count 'grep -c "^go: downloading" "$LOG"' --log "$cache/$1-modules.log" -- \
    go list -deps -trimpath -mod=readonly -tags "${4:-}" -f '{{if .Stale}}{{.ImportPath}}{{end}}' "$2" > "$cache/$3-packages"
)

# compile MODULE PACKAGE STEP TARGET LDFLAGS [TAGS]: `go build` in test/cluster/MODULE.
compile() (
  cd "$here/$1"
  step "$3" --unit packages --total "$(grep -c . "$cache/$3-packages")" \
    --count 'grep -vc "^go: " "$LOG"' --log "$4.log" -- \
    nice go build -v -trimpath -mod=readonly -tags "${6:-}" -ldflags "-s -w $5" -o "$4.new" "$2"
  rm "$cache/$3-packages"
  mv "$4.new" "$4"
)
