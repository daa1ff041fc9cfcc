#!/bin/sh
# runc for a node that sees cgroup v2 alone on a machine whose controllers belong to v1: v2 has no cpu or memory files
# there, so what kubelet asks of them is taken out of the container's settings before it is made.
set -eu
previous=
for argument in "$@"; do
  [ "$previous" != --bundle ] || node -e '
    const fs = require("fs");
    const path = process.argv[1] + "/config.json";
    const settings = JSON.parse(fs.readFileSync(path, "utf8"));
    settings.linux.resources = { devices: settings.linux.resources?.devices ?? [] };
    fs.writeFileSync(path, JSON.stringify(settings));' "$argument"
  previous=$argument
done
exec runc "$@"
