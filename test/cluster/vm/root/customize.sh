#!/bin/sh
# customize.sh ROOT FILES: turns the packages in ROOT into a node. It adds the machine's files, and enables and disables
# services.
set -eu
root=$1
files=$2

put() { # FILE DIRECTORY [NAME]
  mkdir -p "$root$2"
  install -m 0644 "$files/$1" "$root$2/${3:-$1}"
}
put fstab /etc
put journald.conf /etc/systemd
put sshd_config /etc/ssh
put sysctl.conf /etc/sysctl.d 90-node.conf
put containerd.toml /etc/containerd config.toml
put containerd.service /etc/systemd/system
put node-setup.service /etc/systemd/system
put kubelet.service /etc/systemd/system
mkdir -p "$root/seed" "$root/etc/cni/net.d" "$root/var/lib/stasis" "$root/usr/local/bin"
install -m 0755 "$files/crun.sh" "$root/usr/local/bin/crun-for-containerd"
# The programs of containerd come with the cluster, and so does runc unless the distribution's is installed.
for program in containerd containerd-shim-runc-v2 ctr; do ln -s "/seed/bin/$program" "$root/usr/local/bin/$program"; done
[ -e "$root/usr/sbin/runc" ] || ln -s /seed/bin/runc "$root/usr/local/bin/runc"
chroot "$root" systemctl enable --quiet containerd.service ssh.service node-setup.service kubelet.service
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
# Logins are only possible with a key. A locked account could not log in at all.
chroot "$root" usermod --password '*' root

# Each of these costs an emulated machine up to some seconds, and no test node needs it. apparmor.service loads profiles of
# programs that are not installed; containerd loads its own profile. Without PAM, nothing uses logind.
for unit in apparmor.service systemd-logind.service systemd-timesyncd.service systemd-binfmt.service \
  systemd-pstore.service systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-journal-flush.service systemd-rfkill.service systemd-rfkill.socket e2scrub_reap.service e2scrub_all.timer \
  fstrim.timer apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer getty.target \
  serial-getty@ttyS0.service serial-getty@hvc0.service getty-static.service modprobe@drm.service modprobe@fuse.service \
  modprobe@dm_mod.service modprobe@loop.service modprobe@efi_pstore.service sys-kernel-debug.mount sys-kernel-tracing.mount \
  sys-fs-fuse-connections.mount remote-fs.target systemd-ask-password-wall.path systemd-ask-password-console.path; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
: > "$root/etc/machine-id"
# These files belong to packages that were unpacked before dpkg was told to omit them.
rm -rf "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/doc/*
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log "$root"/var/log/apt
