# Read by scripts that take packages of Debian for $architecture, this machine's or another (`. apt.sh`). The machine is not
# told about the other (dpkg --add-architecture): apt gets a state of its own for each, with the machine's sources.
# shellcheck shell=sh disable=SC2154 # $architecture is the reading script's

# The lists of a day are good enough. Where they cannot be renewed, as without a network, older ones are.
LISTS_MINUTES=1440
state=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}/apt-$architecture

# The cache may be in a folder that only its owner can enter, so apt does not change to a user of its own.
apt() ( # COMMAND OPERANDS...: apt-get or apt-cache for $architecture
  command=$1
  shift
  "$command" -q -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Sandbox::User=root \
    -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" \
    -o Dir::Cache::pkgcache=pkgcache.bin -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
)

renew() ( # gets today's lists; two builds at once wait for each other
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  : > "$state/status"
  flock 9
  apt apt-get update -qq && touch "$state/renewed"
) 9> "$state.lock"

lists() { # sees to lists of today, or of an earlier day
  mkdir -p "$(dirname "$state")"
  [ -n "$(find "$state/renewed" -mmin -$LISTS_MINUTES 2> /dev/null)" ] || renew || [ -f "$state/renewed" ]
}
