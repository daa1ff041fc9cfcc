#!/bin/sh
# place.sh NAME STATE CGROUPS KEEP...: the first program in new namespaces. It makes them look like a separate machine to
# containerd and kubelet, and then sleeps as the only child of process 1 (tini, which reaps orphans).
# STATE is this place's folder on the machine's file system. KEEP are folders that stay visible under their paths.
# CGROUPS is `all` (every hierarchy of the machine), `v1` or `v2`.
set -eu
name=$1
state=$2
view=$3

# The outer /proc is still mounted, and shows the pid of process 1 as the machine sees it.
while read -r key value; do [ "$key" != PPid: ] || pid=$value; done < /proc/self/status

# The place gets a /var and a /run of its own over the machine's. The folders that are needed from the machine are bound
# into them first.
mkdir -p "$state/run" "$state/var/lib/containerd" "$state/var/lib/kubelet" "$state/var/lib/stasis" "$state/var/lib/cni" \
  "$state/var/log/pods" "$state/var/log/containers" "$state/var/tmp" "$state/sysctl"
[ -L "$state/var/run" ] || ln -s /run "$state/var/run"
mount -t tmpfs -o mode=755 run "$state/run"
# Overlay file systems cannot be stacked, so inside a container containerd's snapshots are kept in memory.
[ "$(stat -f -c %T "$state")" != overlayfs ] || mount -t tmpfs containerd "$state/var/lib/containerd"
shift 3
for keep in "$@"; do
  case $keep in
  /var/* | /run/*)
    mkdir -p "$state$keep"
    mount --rbind "$keep" "$state$keep"
    ;;
  esac
done

# Mounts /proc and /sys for the new PID, network and cgroup namespaces.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
unified=/sys/fs/cgroup/unified
if [ "$view" = v2 ] || ! grep -qv '^0:' /proc/self/cgroup; then
  unified=/sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
fi
while IFS=: read -r id controllers rest; do
  if [ "$id" = 0 ]; then
    [ "$view" != v1 ] || continue
    mkdir -p "$unified"
    mount -t cgroup2 cgroup2 "$unified"
    continue
  fi
  [ "$view" != v2 ] || continue
  folder=${controllers#name=}
  options=$controllers
  [ "$folder" = "$controllers" ] || options=none,$controllers
  mkdir "/sys/fs/cgroup/$folder"
  mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/$folder"
  for one in $(echo "$folder" | tr , ' '); do [ -e "/sys/fs/cgroup/$one" ] || ln -s "$folder" "/sys/fs/cgroup/$one"; done
done < /proc/self/cgroup

# kubelet checks these settings, which belong to the whole machine. It finds the values that it wants, and writes
# nothing.
for pair in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  key=${pair%=*}
  [ -e "/proc/sys/$key" ] || continue
  file=$state/sysctl/$(echo "$key" | tr / .)
  echo "${pair#*=}" > "$file"
  mount --bind "$file" "/proc/sys/$key"
done
echo 1 > /proc/sys/net/ipv4/ip_forward
echo "$name" > /proc/sys/kernel/hostname
ip link set lo up

# The file is opened now, because its path may lead elsewhere once /run and /var are mounted over.
exec 3> "$state/pid.new"
mount --rbind "$state/run" /run
mount --rbind "$state/var" /var
mount --make-rshared /
echo "$pid" >&3
mv "$state/pid.new" "$state/pid"
exec sleep infinity
