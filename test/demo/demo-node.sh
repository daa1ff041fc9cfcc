#!/bin/sh
# make demo-node: makes a cgroup with a small process tree, holds the tree still, reads it and releases it. Everything that is
# started here ends here, on every way out.
set -eu
cd "$(dirname "$0")/../.."
sh test/requirements.sh root

# The cgroup is made in v2 where v2 is mounted, else in the v1 freezer, below the cgroup of this shell. So no other cgroup is touched.
mount_of() { awk -v type="$1" -v option="$2" '$0 ~ " - " type " " && ($NF ~ option) { print $5; exit }' /proc/self/mountinfo; }
if v2=$(mount_of cgroup2 .) && [ -n "$v2" ]; then
  own=$v2$(sed -n 's/^0:://p' /proc/self/cgroup)
  [ -w "$own/cgroup.procs" ] || v2=
fi
if [ -z "$v2" ]; then
  own=$(mount_of cgroup freezer)$(sed -n 's/^[0-9]*:[^:]*freezer[^:]*://p' /proc/self/cgroup)
  [ -w "$own/cgroup.procs" ] || { echo "demo: no cgroup hierarchy with a freezer can be written here" >&2; exit 1; }
fi
cgroup=${own%/}/stasis-demo-$$
mkdir "$cgroup"

end_processes() (
  tries=0
  while pids=$(cat "$cgroup/cgroup.procs") && [ -n "$pids" ] && [ "$tries" -lt 100 ]; do
    # shellcheck disable=SC2086 # one argument per pid
    kill -KILL $pids 2> /dev/null || true
    tries=$((tries + 1))
    sleep 0.02
  done
)

clean_up() {
  trap - EXIT INT TERM HUP PIPE
  if [ -e "$cgroup/cgroup.freeze" ]; then echo 0 > "$cgroup/cgroup.freeze"; fi
  if [ -e "$cgroup/freezer.state" ]; then echo THAWED > "$cgroup/freezer.state"; fi
  end_processes
  rmdir "$cgroup"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP PIPE

# The tree is a shell with a Node process of several threads and three sleepers. One sleeper is stopped as by Ctrl-Z.
(
  sh -c 'echo $$ > "$1/cgroup.procs"
    exec sh -c '\''node -e "setInterval(() => {}, 1000)" & sleep 300 & sleep 300 & sleep 0.1; kill -STOP $!; sleep 300 & wait'\''' sh "$cgroup" &
) > /dev/null 2>&1
tries=0
while [ "$(wc -l < "$cgroup/cgroup.procs")" -lt 5 ] && [ "$tries" -lt 200 ]; do
  tries=$((tries + 1))
  sleep 0.02
done
sleep 0.3

echo "\$ stasis checkpoint --cgroup $cgroup"
bin/stasis checkpoint --cgroup "$cgroup"
echo
echo "Every process is as it was before:"
# shellcheck disable=SC2046
ps -o pid,stat,args -p $(paste -sd, "$cgroup/cgroup.procs") 2> /dev/null || grep -H State $(sed 's#.*#/proc/&/status#' "$cgroup/cgroup.procs")
