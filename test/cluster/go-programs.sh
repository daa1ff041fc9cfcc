# Sourced by the scripts that build Go programs from the modules in test/cluster. `here` is that folder, and `cache` the
# folder outside of the tree that keeps what was built.
say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
key() { cat "$@" | sha256sum | cut -c1-16; }
required() { sed -n "s,^[[:space:]]*$2 \(v[^ ]*\).*,\1,p" "$here/$1/go.mod" | head -n 1; }
step() { node "$here/../../scripts/progress/step.mjs" "$@"; }

# modules MODULE PACKAGE [TAGS]: fetches what test/cluster/MODULE is made of, and writes the list of packages that are not in Go's
# build cache. The flags decide about that, and are those of `compile`.
modules() (
  command -v go > /dev/null || fail "missing: go, version 1.21 or newer (https://go.dev/dl); newer toolchains it fetches itself"
  cd "$here/$1"
  step modules --what "of $1" --unit modules --total "$(grep -c '^[[:space:]].* v' go.mod)" \
    --count 'grep -c "^go: downloading" "$LOG"' --log "$cache/$1-modules.log" -- \
    go list -deps -trimpath -mod=readonly -tags "${3:-}" -f '{{if .Stale}}{{.ImportPath}}{{end}}' "$2" > "$cache/$1-packages"
)

# compile MODULE PACKAGE TARGET LDFLAGS [TAGS]: `go build` in test/cluster/MODULE.
compile() (
  cd "$here/$1"
  step "$1" --unit packages --total "$(grep -c . "$cache/$1-packages")" \
    --count 'grep -vc "^go: " "$LOG"' --log "$3.log" -- \
    nice go build -v -trimpath -mod=readonly -tags "${5:-}" -ldflags "-s -w $4" -o "$3.new" "$2"
  rm "$cache/$1-packages"
  mv "$3.new" "$3"
)
