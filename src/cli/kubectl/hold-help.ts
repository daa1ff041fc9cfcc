/** The help of `kubectl stasis hold`. Pure. */
export const HOLD_HELP = `
Without COMMAND it returns when every task of the pod stands still, and says
until when, what the pod's probes do meanwhile, and how to let it go. The exit
status is 0 when the pod is held, 1 when it is not, and 2 when the command line
is wrong. Ctrl-C before the pod is held lets it go.

With COMMAND it runs COMMAND on this machine while the pod is held. It lets the
pod go when COMMAND ends, is killed or cannot be started, and after every signal
that can be caught. The standard streams belong to COMMAND; the plugin
speaks on the standard error alone. Only kill -9 of the plugin, or the loss of
this machine, leaves the pod held; the time of --for then ends the hold. A
COMMAND that has not ended 10 s after such a signal goes on without the hold.
  The exit status is that of COMMAND: 128 and the number of the signal that
killed it, 127 when there is no such program, 126 when it cannot be executed. It
is 3, with one line on the standard error, when the hold did not cover the whole
run, or when that cannot be proved. It is 1 when the pod was not held; COMMAND
was not started then; and when it is not proved that the pod runs again.
  COMMAND has STASIS_CHECKPOINT, STASIS_NAMESPACE and STASIS_POD in its
environment and, by the clock of the node, STASIS_HELD_FROM and
STASIS_HOLD_UNTIL.

Examples:
  Hold a pod for ten minutes, and let it go earlier
    $ kubectl stasis hold pod/web-0 --for 10m --reason 'what is it doing?'
    $ kubectl stasis release web-0-x7k2p
  Hold a pod while its volume is copied; the status says if the hold was whole
    $ kubectl stasis hold pod/db-0 --for 5m -- ./snapshot.sh db-data
  Hold a pod that its own probes would not let live through the hold
    $ kubectl stasis hold pod/web-0 --for 10m --despite-probes
  For a script
    $ kubectl stasis hold pod/web-0 --for 1m -o name`;
