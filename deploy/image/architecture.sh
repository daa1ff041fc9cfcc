# Read by the other scripts here (`. architecture.sh`): the names that Debian, npm and compilers have for $architecture;
# $native is the architecture of this machine.
# shellcheck shell=sh disable=SC2034 # the scripts that read this file use the variables
case $architecture in
amd64) triplet=x86_64-linux-gnu cpu=x64 loader=lib64/ld-linux-x86-64.so.2 ;;
arm64) triplet=aarch64-linux-gnu cpu=arm64 loader=lib/ld-linux-aarch64.so.1 ;;
*)
  echo "image: unknown architecture '$architecture': known are amd64 and arm64" >&2
  exit 2
  ;;
esac
case $(uname -m) in aarch64) native=arm64 ;; *) native=amd64 ;; esac
