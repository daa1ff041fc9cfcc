#!/bin/sh
# build-vm.sh [--due] [amd64|arm64]: makes the disk of the systemd node, once, in the cache folder outside of the tree, and
# prints where it is: a folder with vmlinuz, initrd.img, root.ext4 and run-qemu. The disk has Debian's systemd and an SSH
# server, the kernel of Debian's backports, and nothing of any one cluster: containerd, kubelet and the settings come on a
# second disk (seed.ts). Nothing is installed
# on the machine: QEMU and mmdebstrap are unpacked into the cache where the machine has them not. Half a minute and 150 MB
# of downloads on an idle machine of two cores; for arm64, whose packages set themselves up by emulation, three minutes;
# afterwards milliseconds. `--due` makes nothing, and prints the names of the steps (scripts/progress) that are still to be
# done.
set -eu
umask 022
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
due=
[ "${1:-}" != --due ] || { due=1; shift; }
architecture=${1:-amd64}
case $architecture in
amd64) qemu=qemu-system-x86_64 qemu_package=qemu-system-x86 suffix= ;;
arm64) qemu=qemu-system-aarch64 qemu_package=qemu-system-arm suffix=-arm64 ;;
*) echo "unknown architecture: $architecture" >&2; exit 2 ;;
esac
SUITE=bookworm
# What kubelet's checks and containerd's images need; empty blocks take no space in the file.
DISK_SIZE=8G
INODES=131072

# The kernel is that of SUITE's backports. systemd-sysv: process 1. apparmor: containerd loads its default profile when it finds
# apparmor_parser, as on most clusters. crun: CRI-O's runtime. dbus: runc asks systemd for cgroups over it. pigz: containerd
# unpacks images with it, if it is there, in half the time of its own gzip.
PACKAGES=linux-image-cloud-$architecture/$SUITE-backports,initramfs-tools,systemd-sysv,dbus,udev,kmod,iproute2,apparmor
PACKAGES=$PACKAGES,pigz,containernetworking-plugins,openssh-server,crun
# A build of runc needs C libraries, so a machine of another architecture has the runc of the distribution.
[ "$architecture" = amd64 ] || PACKAGES=$PACKAGES,runc
# The emulator that runs the packages' own set-up programs where the machine is no arm64.
USER_QEMU=qemu-aarch64-static
# How many packages these are with all that they depend on, counted on the disk that was made of them. For progress only.
PACKAGES_IN_DISK=149

say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
step() { node "$here/../../../scripts/progress/step.mjs" "$@"; }

inputs() ( echo "$suffix"; for file in "$here/build-vm.sh" "$here"/root/*; do echo "$file" | sed 's,.*/,,'; cat "$file"; done; )
folder=$cache/vm-$(inputs | sha256sum | cut -c 1-16)
tools=$cache/vm-tools$suffix
# Also that QEMU still starts: the libraries that it was fetched without may be gone from the machine since.
ready() { [ -f "$folder/root.ext4" ] && "$folder/run-qemu" -version > /dev/null 2>&1; }
if [ -n "$due" ]; then
  ready || { [ -d "$tools" ] || echo "machine-tools$suffix"; [ -f "$folder/root.ext4" ] || echo "machine$suffix"; }
  exit
fi
if ready; then
  touch "$folder"
  echo "$folder"
  exit
fi

[ "$(dpkg --print-architecture 2> /dev/null)" = amd64 ] || fail "the systemd node needs Debian or Ubuntu on x86-64: its disk is made of Debian's packages"
[ "$(id -u)" = 0 ] || fail "this needs root: it makes a root file system, with its owners"
for tool in ssh ssh-keygen mke2fs; do command -v "$tool" > /dev/null || fail "missing: $tool (sh test/requirements.sh systemd-node)"; done
mkdir -p "$cache"
exec 9> "$cache/vm$suffix.lock"
flock 9
scratch=$folder.new
rm -rf "$scratch"
mkdir -p "$scratch"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# Unpacks qemu and mmdebstrap with all libraries that the machine has not, without installing, so that nothing changes.
fetch_tools() (
  rm -rf "$tools" "$tools.new"
  mkdir -p "$tools.new/debs/partial"
  missing=
  for pair in "$qemu=$qemu_package" mmdebstrap=mmdebstrap; do
    command -v "${pair%=*}" > /dev/null || missing="$missing ${pair#*=}"
  done
  [ "$architecture" = amd64 ] || command -v "$USER_QEMU" > /dev/null || missing="$missing qemu-user-static"
  if [ -n "$missing" ]; then
    command -v apt-get > /dev/null || fail "missing: install what Debian calls$missing"
    # shellcheck disable=SC2086 # a list of words
    set -- install -y -qq --no-install-recommends --download-only -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
      -o Dir::Cache::archives="$tools.new/debs" $missing
    step "machine-tools$suffix" --what "${missing# }" --log "$tools.log" --unit packages \
      --total "$(apt-get -s "$@" 2> /dev/null | grep -c '^Inst')" --count "ls '$tools.new/debs' | grep -c deb" -- \
      sh -c 'apt-get "$@" || { apt-get update -qq && apt-get "$@"; }' sh "$@" >&2
    # A newer C library than the machine's would not start with the machine's own ld.so.
    rm -f "$tools.new"/debs/libc6_*.deb
    for deb in "$tools.new"/debs/*.deb; do dpkg-deb -x "$deb" "$tools.new"; done
  fi
  rm -rf "$tools.new/debs"
  mv "$tools.new" "$tools"
)

# The libraries of some are in folders of their own, which they look for at their usual place only.
folders() { find "$tools" -type d \( "$@" \) 2> /dev/null | paste -s -d : -; }

write_run_qemu() (
  program=$(command -v "$qemu")
  {
    echo '#!/bin/sh'
    case $program in
    "$tools"/*)
      libraries=$(folders -path '*/lib/x86_64-linux-gnu' -o -path '*/lib/x86_64-linux-gnu/pulseaudio')
      echo "LD_LIBRARY_PATH='$libraries' exec '$program' -L '$tools/usr/share/qemu' -L '$tools/usr/share/seabios' \"\$@\""
      ;;
    *) echo "exec '$program' \"\$@\"" ;;
    esac
  } > "$1"
  chmod +x "$1"
  "$1" -version > /dev/null
)

PATH=$PATH:$tools/usr/bin
if ! { [ -d "$tools" ] && write_run_qemu "$scratch/run-qemu" 2> /dev/null; }; then
  fetch_tools
  write_run_qemu "$scratch/run-qemu"
fi
if [ -f "$folder/root.ext4" ]; then
  mv "$scratch/run-qemu" "$folder/run-qemu"
  echo "$folder"
  exit
fi

# initramfs-tools takes the modules of a virtual disk from modules.d; hvc0 carries the journal from the start.
emulation=
[ "$architecture" = amd64 ] || emulation="sh $here/emulated.sh $(command -v "$USER_QEMU")"
# shellcheck disable=SC2086 # no word, or three
step "machine$suffix" --log "$scratch.log" --unit packages --total $PACKAGES_IN_DISK \
  --count "grep -c ^Package: '$scratch/root/var/lib/dpkg/status'" -- \
  env PERL5LIB="$(folders -path '*/perl/5.*[0-9]' -o -name perl5)" $emulation mmdebstrap --quiet --mode=root --architectures="$architecture" --skip=check/qemu --variant=essential --include="$PACKAGES" \
  --aptopt='APT::Install-Recommends "false"' \
  --setup-hook="sed -n 's/ $SUITE / $SUITE-backports /p' \"\$1/etc/apt/sources.list\" > \"\$1/etc/apt/sources.list.d/backports.list\"" \
  --setup-hook="mkdir -p \"\$1/etc/dpkg/dpkg.cfg.d\" \"\$1/etc/initramfs-tools/conf.d\" \"\$1/usr/share/initramfs-tools/modules.d\"" \
  --setup-hook="printf 'path-exclude=/usr/share/%s/*\n' man locale doc > \"\$1/etc/dpkg/dpkg.cfg.d/stasis\"" \
  --setup-hook="printf 'MODULES=list\nCOMPRESS=gzip\n' > \"\$1/etc/initramfs-tools/conf.d/stasis\"" \
  --setup-hook="printf 'ext4\nvirtio_pci\nvirtio_blk\nvirtio_net\nvirtio_console\nvirtio_rng\n' > \"\$1/usr/share/initramfs-tools/modules.d/stasis\"" \
  --customize-hook="sh '$here/root/customize.sh' \"\$1\" '$here/root'" \
  "$SUITE" "$scratch/root" >&2
cp "$scratch"/root/boot/vmlinuz-* "$scratch/vmlinuz"
cp "$scratch"/root/boot/initrd.img-* "$scratch/initrd.img"
rm -rf "$scratch"/root/boot/*
truncate -s "$DISK_SIZE" "$scratch/root.ext4"
mke2fs -q -F -t ext4 -L root -m 0 -N "$INODES" -J size=16 -E lazy_itable_init=0,nodiscard -d "$scratch/root" "$scratch/root.ext4" >&2
rm -rf "$scratch/root"

# What earlier versions of these files made, and nobody asked for in a month.
find "$cache" -mindepth 1 -maxdepth 1 -type d -name 'vm-????????????????' -mtime +30 -exec rm -rf {} +
mv -T "$scratch" "$folder"
echo "$folder"
