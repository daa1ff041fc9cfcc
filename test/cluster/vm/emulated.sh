#!/bin/sh
# sh emulated.sh INTERPRETER COMMAND...: runs the command where programs of arm64 run too, by INTERPRETER, which is QEMU's for
# programs (qemu-aarch64-static). Nothing of the machine changes: the kernel keeps a list of interpreters (binfmt_misc) for
# each user namespace since Linux 6.7, so the command gets a user namespace of its own, with the same users, and with it
# mounts and processes of its own, which end with it.
set -eu
[ "$(id -u)" = 0 ] || { echo "emulated.sh needs root" >&2; exit 2; }
# The folder in which the list is mounted, by the command alone.
LIST=$(mktemp -d)
export LIST
trap 'rmdir "$LIST"' EXIT

# The magic and mask of ELF files for AArch64, as in QEMU's scripts/qemu-binfmt-conf.sh. F: the kernel opens the interpreter
# now, so it needs no path in a changed root. OCP: credentials and arguments are those of the program.
HEAD='\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
MASK='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
export RULE=":aarch64:M::$HEAD:$MASK:$1:OCPF"
shift

# Until this script maps the users, which only it may, the inner shell has none of its own.
# shellcheck disable=SC2016 # the inner shell expands these
unshare --user --mount --pid --fork --kill-child sh -euc '
  until grep -q . /proc/self/gid_map; do sleep 0.1; done
  mount -t binfmt_misc none "$LIST" || {
    echo "programs of arm64 cannot run here: a user namespace has a binfmt_misc of its own since Linux 6.7" >&2
    exit 2
  }
  printf %s "$RULE" > "$LIST/register"
  unset RULE LIST
  exec "$@"
' sh "$@" &
inner=$!
trap 'kill "$inner" 2> /dev/null || true; rmdir "$LIST"' EXIT
trap 'exit 130' INT TERM HUP
while [ "$(readlink "/proc/$inner/ns/user")" = "$(readlink /proc/self/ns/user)" ]; do sleep 0.1; done
# 65536 users are all that a Debian system knows.
for map in uid_map gid_map; do echo '0 0 65536' 2> /dev/null > "/proc/$inner/$map" || break; done
status=0
wait "$inner" || status=$?
trap 'rmdir "$LIST"' EXIT
exit $status
