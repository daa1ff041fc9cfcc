#!/bin/sh
# Makes the disk of the systemd node, once, in the cache folder outside of the tree, and prints where it is: a folder with
# vmlinuz, initrd.img, root.ext4 and run-qemu. The disk has Debian's kernel, systemd, containerd and an SSH server, and
# nothing of any one cluster: that comes on a second disk (systemd-node.ts). Nothing is installed on the machine: QEMU and
# mmdebstrap are unpacked into the cache where the machine has them not. Under a minute, 150 MB; afterwards milliseconds.
set -eu
umask 022
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
cache=${STASIS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stasis}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
SUITE=bookworm
# What kubelet's checks and containerd's images need; empty blocks take no space in the file.
DISK_SIZE=8G
INODES=131072

# systemd-sysv: process 1. apparmor: containerd loads its default profile when it finds apparmor_parser, as on most
# clusters. dbus: runc asks systemd for cgroups over it. udev: names and devices, also for the initrd.
PACKAGES=linux-image-cloud-amd64,initramfs-tools,systemd-sysv,dbus,udev,kmod,iproute2,iptables,apparmor
PACKAGES=$PACKAGES,containerd,runc,containernetworking-plugins,openssh-server,e2fsprogs

say() { echo "$*" >&2; }
fail() { say "$*"; exit 2; }
since() { echo $(($(date +%s) - $1)) s; }

inputs() { for file in "$here/build-vm.sh" "$here"/root/*; do echo "$file" | sed 's,.*/,,'; cat "$file"; done; }
folder=$cache/vm-$(inputs | sha256sum | cut -c 1-16)
if [ -f "$folder/root.ext4" ]; then
  echo "$folder"
  exit
fi

[ "$(dpkg --print-architecture 2> /dev/null)" = amd64 ] || fail "the systemd node needs Debian or Ubuntu on x86-64: its disk is made of Debian's packages"
[ "$(id -u)" = 0 ] || fail "this needs root: it makes a root file system, with its owners"
mkdir -p "$cache"
exec 9> "$cache/vm.lock"
flock 9
scratch=$folder.new
rm -rf "$scratch"
mkdir -p "$scratch"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# Unpacks qemu and mmdebstrap with all libraries that the machine has not, without installing, so that nothing changes.
tools=$cache/vm-tools
fetch_tools() {
  began=$(date +%s)
  rm -rf "$tools.new"
  mkdir -p "$tools.new/debs/partial"
  missing=
  for pair in qemu-system-x86_64=qemu-system-x86 mmdebstrap=mmdebstrap ssh=openssh-client; do
    command -v "${pair%=*}" > /dev/null || missing="$missing ${pair#*=}"
  done
  if [ -n "$missing" ]; then
    say "==> systemd node: fetching$missing into the cache"
    command -v apt-get > /dev/null || fail "missing: install what Debian calls$missing"
    download() {
      # shellcheck disable=SC2086 # a list of words
      apt-get install -y -qq --no-install-recommends --download-only -o Debug::NoLocking=1 \
        -o APT::Sandbox::User=root -o Dir::Cache::archives="$tools.new/debs" $missing > "$tools.new/log" 2>&1
    }
    download || { apt-get update -qq && download; } || { cat "$tools.new/log" >&2; fail "apt-get could not fetch$missing"; }
    # A newer C library than the machine's would not start with the machine's own ld.so.
    rm -f "$tools.new"/debs/libc6_*.deb
    for deb in "$tools.new"/debs/*.deb; do dpkg-deb -x "$deb" "$tools.new"; done
  fi
  rm -rf "$tools.new/debs" "$tools"
  mv "$tools.new" "$tools"
  say "    $(since "$began")"
}
[ -d "$tools" ] || fetch_tools
PATH=$PATH:$tools/usr/bin

began=$(date +%s)
say "==> systemd node: making its root file system, once"
# initramfs-tools takes the modules of a virtual disk from modules.d; hvc0 carries the journal from the start.
mmdebstrap --quiet --mode=root --variant=essential --include="$PACKAGES" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --setup-hook="mkdir -p \"\$1/etc/initramfs-tools/conf.d\" \"\$1/usr/share/initramfs-tools/modules.d\"" \
  --setup-hook="printf 'MODULES=list\nCOMPRESS=gzip\n' > \"\$1/etc/initramfs-tools/conf.d/stasis\"" \
  --setup-hook="printf 'ext4\nvirtio_pci\nvirtio_blk\nvirtio_console\n' > \"\$1/usr/share/initramfs-tools/modules.d/stasis\"" \
  --customize-hook="sh '$here/root/customize.sh' \"\$1\" '$here/root'" \
  "$SUITE" "$scratch/root" >&2 || fail "mmdebstrap failed"
say "    $(since "$began"), $(du -sm "$scratch/root" | cut -f 1) MiB"

began=$(date +%s)
say "==> systemd node: making its disk"
cp "$scratch"/root/boot/vmlinuz-* "$scratch/vmlinuz"
cp "$scratch"/root/boot/initrd.img-* "$scratch/initrd.img"
rm -rf "$scratch"/root/boot/*
truncate -s "$DISK_SIZE" "$scratch/root.ext4"
mke2fs -q -F -t ext4 -L root -m 0 -N "$INODES" -J size=16 -E lazy_itable_init=1,nodiscard -d "$scratch/root" "$scratch/root.ext4" >&2
rm -rf "$scratch/root"
say "    $(since "$began"), $(du -m "$scratch/root.ext4" | cut -f 1) MiB"

qemu=$(command -v qemu-system-x86_64)
{
  echo '#!/bin/sh'
  case $qemu in
  "$tools"/*)
    echo "LD_LIBRARY_PATH='$tools/usr/lib/x86_64-linux-gnu:$tools/lib/x86_64-linux-gnu' exec '$qemu' -L '$tools/usr/share/qemu' -L '$tools/usr/share/seabios' -L '$tools/usr/lib/ipxe/qemu' \"\$@\""
    ;;
  *) echo "exec '$qemu' \"\$@\"" ;;
  esac
} > "$scratch/run-qemu"
chmod +x "$scratch/run-qemu"
mv -T "$scratch" "$folder"
echo "$folder"
