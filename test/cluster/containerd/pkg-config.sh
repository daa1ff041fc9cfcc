#!/bin/sh
# Stands in for pkg-config when runc is built: says where the library of seccomp is that build.sh unpacked into $SECCOMP.
case "$*" in
*--cflags*) echo "-I$SECCOMP/usr/include" ;;
*--libs*) echo "-L$(echo "$SECCOMP"/usr/lib/*-linux-gnu) -lseccomp" ;;
esac
