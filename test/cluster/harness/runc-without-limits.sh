#!/bin/sh
# runc for a node that sees only cgroup v2 on a machine whose controllers belong to v1. There v2 has no cpu or memory files,
# so this script removes kubelet's limits from the container's settings before runc creates the container.
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
