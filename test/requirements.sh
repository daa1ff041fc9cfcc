#!/bin/sh
# Makes sure of what the make targets need: `sh test/requirements.sh WHAT...`. As root on Debian it installs what is
# missing; otherwise it says in one line what to install. `--missing WHAT...` only prints the names of missing packages.
set -eu

# missing COMMAND DEBIAN-PACKAGES...
missing() {
  command -v "$1" > /dev/null 2>&1 || { shift && echo "$*"; }
}

packages_for() {
  case $1 in
  cc)
    missing cc gcc libc6-dev
    ;;
  cross-cc) # for the guard of the image's other architecture
    case $(uname -m) in
    aarch64) missing x86_64-linux-gnu-gcc gcc-x86-64-linux-gnu libc6-dev-amd64-cross ;;
    *) missing aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
    esac
    ;;
  strace)
    missing strace strace
    ;;
  chromium)
    missing chromium chromium fonts-dejavu-core
    ;;
  shells) # for the completion of the kubectl plugin; bash is on every Debian
    missing zsh zsh
    missing fish fish
    ;;
  cluster)
    missing cc gcc libc6-dev
    missing openssl openssl
    missing ip iproute2
    missing nsenter util-linux
    missing tmux tmux
    ;;
  systemd-node)
    missing ssh openssh-client
    missing mke2fs e2fsprogs
    ;;
  esac
}

packages=$(for what in "$@"; do [ "$what" = --missing ] || packages_for "$what"; done | tr ' ' '\n' | sort -u)
if [ "${1:-}" = --missing ]; then
  echo "$packages"
  exit
fi

for what in "$@"; do
  case $what in
  root)
    [ "$(id -u)" = 0 ] || { echo "this needs root: it makes cgroups of its own and traces processes that it started" >&2; exit 2; }
    ;;
  node)
    command -v node > /dev/null 2>&1 || { echo "missing: node, version 20.20 or newer (https://nodejs.org)" >&2; exit 2; }
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 20) ? 0 : 1)' ||
      { echo "node $(node --version) is too old: 20.20 or newer is needed" >&2; exit 2; }
    command -v npm > /dev/null 2>&1 || { echo "missing: npm, which comes with Node" >&2; exit 2; }
    ;;
  cc | cross-cc | strace | chromium | shells | cluster | systemd-node) ;;
  *)
    echo "unknown requirement: $what" >&2
    exit 2
    ;;
  esac
done

[ -n "$packages" ] || exit 0
# shellcheck disable=SC2086 # a list of words
set -- $packages
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null 2>&1; then
  echo "missing: $*. On Debian: apt-get install $*" >&2
  exit 2
fi
apt-get update -qq
node "$(dirname "$0")/../scripts/progress/step.mjs" tools --what "$*" --log "$(mktemp)" \
  --unit packages --total "$(apt-get -s install --no-install-recommends "$@" | grep -c '^Inst')" --count 'grep -c "^Unpacking" "$LOG"' -- \
  sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2' sh "$@"
