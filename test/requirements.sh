#!/bin/sh
# Makes sure of what the make targets need: `sh test/requirements.sh WHAT...`. As root on Debian it installs what is
# missing; otherwise it says in one line what to install.
set -eu

package() { # package COMMAND DEBIAN-PACKAGES...
  command=$1
  shift
  command -v "$command" > /dev/null 2>&1 && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null 2>&1; then
    echo "==> installing $*"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" > /dev/null
  else
    echo "missing: $command. Install it, on Debian by: apt-get install $*" >&2
    exit 2
  fi
}

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
  cc)
    package cc gcc libc6-dev
    ;;
  strace)
    package strace strace
    ;;
  cluster)
    package cc gcc libc6-dev
    package openssl openssl
    package ip iproute2
    package nsenter util-linux
    ;;
  systemd-node)
    package ssh openssh-client
    package mke2fs e2fsprogs
    ;;
  *)
    echo "unknown requirement: $what" >&2
    exit 2
    ;;
  esac
done
