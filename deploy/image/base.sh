#!/bin/sh
# sh base.sh ARCHITECTURE DIRECTORY: the root file system below the product: Node, the libraries that it is linked with, and
# a shell. sh base.sh ARCHITECTURE --inputs: what it would be made of, a line each. Equal lines, equal content.
#
# Nothing of the other architecture runs. Both are made of the packages of one day (apt.sh).
#
# dash and five small tools rather than busybox: Debian's busybox brings dpkg, rpm, wget, nc, su and telnetd along, and an
# image that runs privileged should have none of them. Node needs no CA bundle, time zones or locales: it has its own.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
lock=$folder/../../test/node24
tools='usr/bin/cat usr/bin/dirname usr/bin/env usr/bin/readlink usr/bin/sleep'

architecture=$1
. "$folder/architecture.sh"
. "$folder/apt.sh"

if ! { command -v apt-get && command -v dpkg-deb; } > /dev/null; then
  echo "image: this needs Debian (apt-get, dpkg-deb); anywhere else use deploy/image/Dockerfile" >&2
  exit 2
fi

candidates() ( # NAME=VERSION of each package, as apt would take it now
  # The licence of libgcc and libstdc++ is in gcc-N-base, whose name changes with each release of Debian.
  gcc_base=$(apt apt-cache depends libgcc-s1 2> /dev/null | sed -n 's/^ *Depends: \(gcc-[0-9]*-base\)$/\1/p' | head -n 1)
  [ -n "$gcc_base" ] || return 1
  apt apt-cache policy base-files coreutils dash "$gcc_base" libc6 libgcc-s1 libstdc++6 2> /dev/null |
    awk '/^[a-z]/ { sub(/:$/, "", $1); name = $1 } $1 == "Candidate:" { print name "=" $2; if ($2 == "(none)") exit 1 }'
)

lists
packages=$(candidates) || {
  echo "image: the sources of apt have no packages for $architecture; 'make image ARCHITECTURES=$native' leaves it out" >&2
  exit 1
}

if [ "$2" = --inputs ]; then
  echo "$packages"
  cat "$folder/base.sh" "$folder/architecture.sh" "$folder/apt.sh" "$lock/package-lock.json"
  exit
fi

root=$2
mkdir -p "$root"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# Merged /usr: packages that still ship /lib and /bin unpack through these links.
links='bin lib'
[ "${loader%/*}" = lib ] || links="$links ${loader%/*}"
mkdir -p "$root/etc" "$root/tmp" "$root/var/lib/dpkg/status.d"
for link in $links; do mkdir -p "$root/usr/$link"; done
for link in $links; do ln -s "usr/$link" "$root/$link"; done

fetch() { # into debs/
  rm -rf "$scratch/debs"
  mkdir "$scratch/debs"
  # shellcheck disable=SC2086 # one argument a package
  (cd "$scratch/debs" && apt apt-get download -qq $packages) > "$scratch/log" 2>&1
}
# A point release takes versions off the mirror that apt's lists still name: then the lists are renewed, once.
fetch || { renew && packages=$(candidates) && fetch; } || { cat "$scratch/log" >&2; exit 1; }

mkdir "$scratch/unpacked"
for link in $links; do mkdir -p "$scratch/unpacked/usr/$link" && ln -s "usr/$link" "$scratch/unpacked/$link"; done
for deb in "$scratch"/debs/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -f - -C "$scratch/unpacked"
  # Where scanners of images without dpkg look for what is inside (the convention of distroless).
  dpkg-deb -f "$deb" > "$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$deb" Package)"
done

# Of glibc what Node is linked with, and what resolves names (dns and files are in libc itself since 2.34); no gconv.
libraries=usr/lib/$triplet
(
  cd "$scratch/unpacked"
  # shellcheck disable=SC2086 # one argument a tool
  ls -d $tools usr/bin/dash usr/lib/os-release usr/$loader usr/share/doc/*/copyright usr/share/common-licenses
  for name in "$(basename "${loader%.so.*}")" libc libdl libgcc_s libm libpthread libresolv librt libstdc++; do
    ls -d $libraries/$name.so.*[0-9]
  done
) > "$scratch/files"
tar -c -C "$scratch/unpacked" -T "$scratch/files" | tar -x --keep-directory-symlink --no-same-owner -C "$root"
ln -s dash "$root/usr/bin/sh"
ln -s ../usr/lib/os-release "$root/etc/os-release"
# A utility of POSIX that the shell has built in.
printf '#!/bin/sh\nkill "$@"\n' > "$root/usr/bin/kill"

cp "$lock/package.json" "$lock/package-lock.json" "$scratch"
npm ci --prefix "$scratch" --os=linux --cpu="$cpu" --libc=glibc --ignore-scripts --loglevel=error > /dev/null
cp "$scratch/node_modules/node-linux-$cpu/bin/node" "$root/usr/bin/node"
mkdir -p "$root/usr/share/doc/node"
cp "$scratch/node_modules/node-linux-$cpu/LICENSE" "$root/usr/share/doc/node/copyright"

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
