/** The sections of docs/errors.md, in their order. Generated from it by npm run generate. Pure. */
export const ERROR_SECTIONS: readonly { readonly heading: string; readonly markdown: string }[] = [
  {
    heading: 'Captured',
    markdown:
      '- **Means.** `Succeeded=True`. The tasks were held, read and released.\n- **Usual cause.** Everything worked. A hold lasted as long as it was asked to ([HoldElapsed](#holdelapsed)), or its author\n  ended it ([ReleaseRequested](#releaserequested)). With `stasis checkpoint`, a hold that a signal (SIGINT, SIGTERM, SIGHUP,\n  SIGQUIT, SIGTSTP) ended early counts as well, because the tree was complete by then.\n- **State.** Released. Workloads may have seen `EINTR` from `epoll_wait` and a few other calls.\n- **Do.** Look at `unfrozen`, which names the tasks that the kernel itself held and that could not be brought to a stop.\n  Look at `containers[].freezer`: `None` means that tasks were stopped one by one.',
  },
  {
    heading: 'DryRunPassed',
    markdown:
      '- **Means.** `Succeeded=True`. A dry run found nothing that stands in the way.\n- **Usual cause.** `--dry-run` or `spec.dryRun`.\n- **State.** Nothing was touched.\n- **Do.** Capture. The answer grows old: a debugger may attach, a disk may hang. `unfrozen` names tasks that were\n  already in a long wait inside the kernel.',
  },
  {
    heading: 'Pending',
    markdown:
      "- **Means.** `Succeeded=Unknown`. The controller has not looked at the Checkpoint yet. The API server itself writes this\n  into each new Checkpoint.\n- **Usual cause.** The Checkpoint is some milliseconds old. If the reason stays: no replica of the controller leads.\n- **State.** Nothing was touched.\n- **Do.** If it stays for more than a few seconds, run `kubectl -n stasis-system get pods` and read the controller's log.\n  The [starting deadline](#startingdeadlineexceeded) counts from the creation, also while no controller runs.",
  },
  {
    heading: 'PodBusy',
    markdown:
      '- **Means.** `Succeeded=Unknown`. Another Checkpoint of the same pod runs, or was created before this one and waits.\n- **Usual cause.** Several Checkpoints for one pod.\n- **State.** Nothing was touched for this Checkpoint.\n- **Do.** Wait: Checkpoints of one pod run one after the other, in the order of their creation. To let the next one go on,\n  release the one that holds the pod (`kubectl stasis release NAME`), or delete it.\n  `kubectl get checkpoints --field-selector spec.podName=NAME` lists them. A Checkpoint that still waits at its\n  `startingDeadlineSeconds` ends.',
  },
  {
    heading: 'NodeBusy',
    markdown:
      '- **Means.** `Succeeded=Unknown`. The agent of the node carries out as many captures, or holds as many pods, as it may at a\n  time. The message says which, and names the captures of the same namespace that were in the way when that was written; those\n  of other namespaces are only counted. The message is written again only when the capture waits for something else.\n- **Usual cause.** Many Checkpoints on one node, or long holds. A held pod takes no slot of a capture; holds have a limit of\n  their own.\n- **State.** Nothing was touched.\n- **Do.** Wait, or release a hold. The limits are `nodeAgent.maxConcurrentCaptures` and `nodeAgent.maxConcurrentHolds` of\n  the chart.',
  },
  {
    heading: 'Dispatched',
    markdown:
      "- **Means.** `Succeeded=Unknown`. The PodCapture exists, and the node's agent has not claimed it yet.\n- **Usual cause.** The agent will claim the capture within milliseconds, or is being replaced. If all of its slots are taken,\n  the reason becomes [NodeBusy](#nodebusy) after half a second.\n- **State.** Nothing was touched.\n- **Do.** Wait. If the agent is gone for good, the capture ends with [NodeAgentLost](#nodeagentlost). If the agent has not\n  begun at the starting deadline, it ends with [StartingDeadlineExceeded](#startingdeadlineexceeded), and the agent can\n  never begin it later.",
  },
  {
    heading: 'Capturing',
    markdown:
      "- **Means.** `Succeeded=Unknown`. The node's agent has claimed the capture and carries it out.\n- **Usual cause.** A capture takes milliseconds.\n- **State.** The pod may be held at this moment.\n- **Do.** Wait.",
  },
  {
    heading: 'Holding',
    markdown:
      '- **Means.** `Succeeded=Unknown` and `Held=True`. The pod was read, and is held for at most `hold.seconds`.\n- **Usual cause.** The Checkpoint has `spec.hold`.\n- **State.** ptrace holds the pod; no freezer is closed. `status.holdUntil` says when the hold ends by itself.\n- **Do.** To release the pod early: `kubectl stasis release NAME`, or without the plugin `kubectl patch checkpoint NAME\n  --type=merge -p \'{"spec":{"hold":{"release":true}}}\'`, or delete the Checkpoint.',
  },
  {
    heading: 'AncestorFrozen',
    markdown:
      '- **Means.** A cgroup above the target is frozen. The message names that cgroup.\n- **Usual cause.** Another tool paused a slice or a whole pod, or an earlier freeze was forgotten.\n- **State.** Nothing was touched. The ancestor is still frozen, and so is everything below it.\n- **Do.** Find out who froze it. If nobody needs the freeze, write `THAWED` to its `freezer.state` (v1) or `0` to its\n  `cgroup.freeze` (v2). Stasis never opens a freezer that it did not close.',
  },
  {
    heading: 'ArtifactFailed',
    markdown:
      '- **Means.** The artifact could not be written on the node. The message has the path and the error. `Succeeded=Unknown`\n  while a capture waits for the disk before it begins.\n- **Usual cause.** A full disk, a read-only file system, a disk that does not answer, artifacts that together have reached\n  `nodeAgent.artifacts.limit`, or a folder that others than root can write to, such as `/tmp`. Stasis changes the mode of an\n  existing folder only while it is empty: to 0700.\n- **State.** An access to the disk is waited for 5 s at most. The folder is checked before the capture: if that check failed, nothing was touched. If the write failed\n  after the capture, the pod was released, and the tree in the status of the PodCapture is all that was kept.\n- **Do.** Make room in the artifact folder of the node, by deleting Checkpoints or files: the agent reads the folder again before\n  it refuses. Or name a folder that only root can write to. Then capture again.',
  },
  {
    heading: 'Cancelled',
    markdown:
      '- **Means.** SIGINT, SIGTERM, SIGHUP, SIGQUIT or a withdrawn request came before the tree was complete. In a cluster also:\n  the Checkpoint was deleted, at whatever moment. Of the condition `Held`: the deletion ended the hold.\n- **Usual cause.** Ctrl-C, a closed terminal, a shutdown, or `kubectl delete`.\n- **State.** Released; rolled back if the tree was not complete.\n- **Do.** Nothing. With `stasis checkpoint`, the same signal only ends the hold once the tree is complete, and the capture\n  succeeds.',
  },
  {
    heading: 'CgroupGone',
    markdown:
      '- **Means.** A target cgroup was removed, or had no task left, before anything could be captured.\n- **Usual cause.** The container ended or was restarted in the meantime.\n- **State.** Released, as far as anything was left to release.\n- **Do.** Find the new cgroup and capture again. For `stasis checkpoint` it is no failure if the\n  cgroup disappears *during a hold*. In a cluster, the hold then ends with [ContainerEnded](#containerended).',
  },
  {
    heading: 'ContainerNotFound',
    markdown:
      "- **Means.** `spec.containers` names a container that the pod does not have. The message has that name and the names of\n  the pod's containers.\n- **Usual cause.** A spelling mistake.\n- **State.** Nothing was touched.\n- **Do.** Name one of the pod's containers.",
  },
  {
    heading: 'ContainerEnded',
    markdown:
      "- **Means.** Only of the condition `Held`. A container that was held has ended, or was restarted, so the hold of the whole\n  pod was ended. `Succeeded` is False with [HoldCutShort](#holdcutshort).\n- **Usual cause.** The container's own liveness probe failed during a hold with `despiteProbes: true`, and kubelet killed the\n  container. Or the kernel killed it for its memory, or somebody killed it.\n- **State.** Released. What was read is complete.\n- **Do.** `kubectl describe pod` says how the container ended. Hold for less time than the probes allow\n  ([hold.md](hold.md#probes)).",
  },
  {
    heading: 'ContainerNotRunning',
    markdown:
      '- **Means.** A container that was asked for is not running. Without a list of containers: no container of the pod is\n  running.\n- **Usual cause.** The container has ended, waits for its image, or is in CrashLoopBackOff.\n- **State.** Nothing was touched.\n- **Do.** Capture when the container runs, or leave `containers` out to hold every running container.',
  },
  {
    heading: 'DispatchForbidden',
    markdown:
      "- **Means.** The API server forbids the PodCapture, or another step on the way to it: the Checkpoint's finalizer, or reading\n  the pod or its RuntimeClass. The message names the step, and is otherwise that of the quota, policy or webhook; a message that\n  changes is written again every 30 s at most. `Succeeded=Unknown` while the Checkpoint tries again every 5 s;\n  `Succeeded=False` at its starting deadline.\n- **Usual cause.** A ResourceQuota with `count/podcaptures.stasis.dev` that is used up, a ValidatingAdmissionPolicy of the\n  cluster, or a webhook that does not answer.\n- **State.** Nothing was touched.\n- **Do.** Read the message. For a quota: delete Checkpoints that have ended, give them a shorter\n  `ttlSecondsAfterFinished`, or raise the quota. The Checkpoint then goes on by itself.",
  },
  {
    heading: 'FreezeTimeout',
    markdown:
      '- **Means.** The freezing stage (first freezer write until the tree is read) did not end within `--timeout`. A freezer\n  is closed for at most 0.8 s of that time, whatever the timeout is. Then the freezer is opened, and the capture\n  [continues without it](decisions/0003-auto-goes-on-by-interrupts.md).\n- **Usual cause.** A task in an uninterruptible wait among others that were only slow; an overloaded node; thousands of\n  tasks with a short timeout. Another cause is a cgroup that somebody else was freezing and that did not become frozen\n  in time.\n- **State.** Rolled back and released. A cgroup that was found FREEZING is left as it was.\n- **Do.** Read `unfrozen`: tid, state, wait channel, [cause](#causes-in-unfrozen). Cure that wait, raise `--timeout`, or\n  use `--freezer none`.',
  },
  {
    heading: 'FreezerChanged',
    markdown:
      '- **Means.** Somebody else thawed or changed the cgroup in the middle of the capture, so the values that were read may\n  not belong together.\n- **Usual cause.** `docker unpause`, `ctr task resume`, a VM or batch tool, or a process that keeps moving tasks into\n  the frozen cgroup.\n- **State.** Released. The freezer is left as the other party wants it.\n- **Do.** Make sure that one party at a time works on this cgroup, then capture again.',
  },
  {
    heading: 'GuardUnavailable',
    markdown:
      "- **Means.** There is no living guard, or the guard refused. The guard is the process that opens freezers when Stasis\n  itself cannot; nothing is frozen without a guard. The message says which case it is: not started, not answering, a\n  journal that cannot be written, or a cgroup that the guard does not see.\n- **Usual cause.** In a cluster: the container `guard` of the node agent's pod is being restarted, or the node's `/run`\n  is full or read-only. A capture waits 30 s for a guard, with `Succeeded=Unknown` and this reason meanwhile. When a living\n  guard refuses a request, the capture repeats the request for 1.5 s.\n  On a machine: `stasis-guard` was not built (`make build`), or `--state` names a folder that cannot be written, or that\n  others than root can write to, such as `/tmp`: name a folder that does not exist yet.\n- **State.** Nothing was touched. If the guard ended in the middle of a capture, the capture was rolled back, or its\n  hold was ended, at once.\n- **Do.** Capture again. If the reason stays, read the log of the guard: `kubectl logs POD -c guard`.",
  },
  {
    heading: 'HostLevelPod',
    markdown:
      '- **Means.** The node itself depends on this pod, so the pod is not held. The message says why.\n- **Usual cause.** A static pod; the priority class `system-node-critical`; `hostPID` or `hostNetwork`.\n- **State.** Nothing was touched.\n- **Do.** Hold a pod of the workload. To hold such a pod all the same, use `stasis checkpoint` on the node, if you know\n  the consequences.',
  },
  {
    heading: 'HeartbeatLost',
    markdown:
      "- **Means.** Of the condition `Held`: the node's agent could not renew its heartbeat for 25 s, and let every pod go by its own\n  clock. `Succeeded` is False with [HoldCutShort](#holdcutshort). A capture that was not complete is rolled back.\n- **Usual cause.** The node is cut off from the API server, or the API server does not answer.\n- **State.** Released, before the controller may take the agent for lost ([safety.md](safety.md#an-agent-that-is-cut-off)). What was\n  read is complete.\n- **Do.** Look at the network of the node, at the load of the API server, and at the agent's log. The agent begins nothing\n  until a renewal succeeds.",
  },
  {
    heading: 'HoldCutShort',
    markdown:
      '- **Means.** `Succeeded=False`. The hold ended before its time, and its author did not ask for that. The message says for how\n  long the pod was held, and why. The condition `Held` has the cause as its reason, and a Warning Event tells it, too.\n- **Usual cause.** One of [PodTerminating](#podterminating), [PodNotFound](#podnotfound), [PodReplaced](#podreplaced),\n  [ContainerEnded](#containerended), [NodeDrained](#nodedrained), [NodeAgentStopped](#nodeagentstopped),\n  [HeartbeatLost](#heartbeatlost).\n- **State.** Released. Tree, counts, timings and artifact are complete: they were made before the hold began.\n- **Do.** If something depended on the whole hold, such as a snapshot, throw it away: compare its time with\n  `status.heldFrom` and `status.heldUntil`. Then capture again.',
  },
  {
    heading: 'HoldElapsed',
    markdown:
      '- **Means.** Only of the condition `Held`. The hold lasted as long as it was asked to.\n- **Usual cause.** Everything worked.\n- **State.** Released.\n- **Do.** Nothing.',
  },
  {
    heading: 'HostUnfit',
    markdown:
      "- **Means.** This machine, or the privileges of the process, do not allow a capture. The message says which call was\n  refused, and with which error.\n- **Usual cause.** No CAP_SYS_PTRACE, Yama's `ptrace_scope` 3, a read-only cgroup mount, no freezer in this hierarchy,\n  or a container without the host's pid namespace.\n- **State.** As a rule nothing was touched. Anything that was touched is released.\n- **Do.** Run as root on the host, with a writable cgroup file system. `sysctl kernel.yama.ptrace_scope` shows the\n  setting of Yama.",
  },
  {
    heading: 'InternalError',
    markdown:
      '- **Means.** A defect of Stasis: an unexpected exception, or a tracing thread that died or would not end.\n- **Usual cause.** A defect of Stasis.\n- **State.** The end of the tracing thread released every tracee, and the main thread opened the freezers. If the\n  message says that only the end of the process releases what it traces, end that process now.\n- **Do.** Check the freezer ([how](architecture.md#when-the-command-itself-is-killed)). Then report the defect with the\n  whole output and `uname -r`.',
  },
  {
    heading: 'InvalidTarget',
    markdown:
      "- **Means.** The request names something that cannot be captured.\n- **Usual cause.** The target is not a cgroup, is a root cgroup or empty, has a path that leaves the cgroup root,\n  contains Stasis itself, has more than 64 cgroups, or has a path of more than 3,967 bytes, which the guard's journal has\n  no room for.\n- **State.** As a rule nothing was touched. Anything that was touched is released.\n- **Do.** Correct the value that the message names. To capture the cgroup of your own shell, start Stasis from another\n  cgroup. Most invalid targets are found while the arguments are resolved: the command then prints one line and ends\n  with status 2.",
  },
  {
    heading: 'KernelThreadInCgroup',
    markdown:
      '- **Means.** *Somebody else* is freezing this cgroup, and the cgroup holds a kernel thread, so v2 will never report\n  `frozen 1`.\n- **Usual cause.** A kernel thread that was moved into the cgroup or began there, such as a worker of a server inside\n  the kernel.\n- **State.** The foreign freeze was not touched: the cgroup is still FREEZING.\n- **Do.** Have the other party thaw. With a freeze by Stasis this is no failure: the capture continues task by task, and\n  `unfrozen` names the kernel thread.',
  },
  {
    heading: 'NamespaceExcluded',
    markdown:
      '- **Means.** Pods of this namespace are never held.\n- **Usual cause.** The namespace is `kube-system`, or `checkpoints.excludedNamespaces` of the chart names it or has a pattern\n  that matches it. As a rule the API server refuses such a Checkpoint at `kubectl apply`, and so it refuses one in a namespace\n  with the labels of `checkpoints.excludedNamespaceSelector`. This reason is for Checkpoints that were created before the\n  value was changed.\n- **State.** Nothing was touched.\n- **Do.** If you want to hold pods there, change the value.',
  },
  {
    heading: 'NodeAgentLost',
    markdown:
      "- **Means.** The controller has seen no sign of life of the agent of the pod's node for 40 s. The controller has claimed the\n  capture, so the capture can never run later.\n- **Usual cause.** The node is down or cut off, or the agent was removed from it.\n- **State.** If the agent had begun: an agent that still runs has let every pod go by its own clock before this reason\n  appears ([safety.md](safety.md#an-agent-that-is-cut-off)), and if its process is gone, the kernel has released every task\n  that it had seized. A freezer is closed only for milliseconds.\n- **Do.** Look at the node and at its agent: `kubectl -n stasis-system get pods -o wide`. If the lost node also ran\n  every replica of the controller, this reason appears only after the replicas were replaced on another node\n  (`controller.lostNodeSeconds`).",
  },
  {
    heading: 'NodeAgentRestarted',
    markdown:
      '- **Means.** The agent that had claimed the capture was replaced while the capture ran.\n- **Usual cause.** The agent was killed, or its container was restarted.\n- **State.** The kernel released every task that the former agent had seized, if that agent has ended. The condition `Released`\n  says what the new agent found. An artifact that the former agent had stored is named in the PodCapture.\n- **Do.** Capture again.',
  },
  {
    heading: 'NodeAgentStopped',
    markdown:
      "- **Means.** Of the condition `Held`: the node's agent was told to stop (SIGTERM), and let the pod go first. `Succeeded` is\n  False with [HoldCutShort](#holdcutshort).\n- **Usual cause.** `helm upgrade`, a rolling update of the agents, or a shutdown of the node.\n- **State.** Released. What was read is complete.\n- **Do.** Hold the pod again when the agent is back. To keep updates away from holds, set\n  `nodeAgent.updateStrategy.type=OnDelete`.",
  },
  {
    heading: 'NodeAgentUnavailable',
    markdown:
      "- **Means.** No agent is known to be alive on the pod's node. `Succeeded=Unknown` while the Checkpoint waits for one.\n  `Succeeded=False` at the starting deadline. The message says whether the agent stopped renewing its heartbeat, never had one, or\n  is out of the controller's own sight.\n- **Usual cause.** The DaemonSet does not tolerate a taint of the node, its `nodeSelector` leaves the node out, the agent\n  crashes there or is being replaced, or the controller has just started.\n- **State.** Nothing was touched.\n- **Do.** Run `kubectl -n stasis-system get daemonset,pods -o wide`.",
  },
  {
    heading: 'NodeDrained',
    markdown:
      '- **Means.** Of the condition `Held`: the node was cordoned during the hold, or got a `NoExecute` taint that the pod does not\n  tolerate, so the pod was let go. `Succeeded` is False with [HoldCutShort](#holdcutshort).\n- **Usual cause.** `kubectl drain`, an upgrade of the nodes, or an autoscaler. A node that was cordoned before the capture was\n  created counts as not drained, and so does a taint that the pod tolerates.\n- **State.** Released, so that the pod can end in its own time. What was read is complete.\n- **Do.** Capture again when the pod runs elsewhere, or cordon the node first and then hold the pod.',
  },
  {
    heading: 'PauseBudgetExceeded',
    markdown:
      '- **Means.** The pause would have exceeded `--max-pause` (`maxPauseMilliseconds`). The time that the release takes counts as\n  part of the pause, and the time of a hold does not.\n- **Usual cause.** A budget that is tight for this many tasks, or a busy node.\n- **State.** Rolled back and released. `overrunMicroseconds` says by how much the pause exceeded the budget\n  nevertheless: a kernel call cannot be cut short (writing FROZEN to 4,000 threads takes 29–46 ms), and on a busy\n  machine the release may take longer than expected.\n- **Do.** Compare `timings` with the budget. `--repeat 20` without a budget shows how long this pod needs.',
  },
  {
    heading: 'PodNotFound',
    markdown:
      "- **Means.** The Checkpoint's namespace has no pod of that name. Of the condition `Held`: the pod object was gone before anybody saw\n  that it was being deleted. (A pod that is deleted, also by force, usually ends its hold with `PodTerminating`.)\n- **Usual cause.** A spelling mistake, or a pod in another namespace: a Checkpoint reaches pods of its own namespace\n  only.\n- **State.** Nothing was touched.\n- **Do.** Run `kubectl get pods` in the same namespace.",
  },
  {
    heading: 'PodNotRunning',
    markdown:
      '- **Means.** The pod is not in the phase Running, or is not on a node yet.\n- **Usual cause.** The pod waits to be scheduled, or has ended.\n- **State.** Nothing was touched.\n- **Do.** Capture when the pod runs: `kubectl wait --for=condition=Ready pod/NAME`.',
  },
  {
    heading: 'PodReplaced',
    markdown:
      '- **Means.** The pod that was asked for is gone, and another pod has its name. Of the condition `Held`: that happened during\n  the hold.\n- **Usual cause.** A StatefulSet replaced the pod while the Checkpoint waited.\n- **State.** Nothing was touched.\n- **Do.** Create another Checkpoint for the new pod.',
  },
  {
    heading: 'PodTerminating',
    markdown:
      '- **Means.** The pod is being deleted. Of the condition `Held`: the deletion began during the hold, and the pod was let go.\n- **Usual cause.** A deletion, an eviction or a drain.\n- **State.** Nothing was touched; after a hold: released.\n- **Do.** Nothing: a hold would only delay the end of the pod.',
  },
  {
    heading: 'ProbeWouldKill',
    markdown:
      "- **Means.** The hold is longer than a liveness or startup probe of the pod allows: kubelet would restart a container during\n  the hold. The message names the container whose probe it is, and after how many seconds. If that container would not be held\n  itself, the message says that the port of its probe is answered by a held container, or may be.\n- **Usual cause.** A held process answers no probe. [hold.md](hold.md#probes) has the formula, and says what each kind of\n  probe does. A container that is still starting has only the time that its startup probe has left. In a service mesh, the\n  sidecar answers for the application.\n- **State.** Nothing was touched.\n- **Do.** Hold for fewer seconds, give the probe a higher `failureThreshold`, hold other containers only (`containers`), or\n  accept the restart with `hold.despiteProbes: true` (`kubectl stasis hold --despite-probes`). If the probe's port may be answered by a held container, but is not,\n  declare the port in the container that listens (`ports`).",
  },
  {
    heading: 'ReleaseRequested',
    markdown:
      '- **Means.** Only of the condition `Held`. Somebody ended the hold with `hold.release`.\n- **Usual cause.** `kubectl stasis release`, or `hold.release: true`. A release before the hold begins means that the pod is read and let go at once.\n- **State.** Released. `Succeeded` is True with [Captured](#captured).\n- **Do.** Nothing. A release is never taken back.',
  },
  {
    heading: 'RestoredFromBackup',
    markdown:
      '- **Means.** The Checkpoint has the label `velero.io/restore-name`: it comes from a backup, without its status.\n- **Usual cause.** Velero restored a namespace with its Checkpoints. Without this rule each of them would freeze its pod\n  once more.\n- **State.** Nothing was touched.\n- **Do.** To capture the pod again, create another Checkpoint. Delete the restored one\n  ([gitops.md](gitops.md#backups)).',
  },
  {
    heading: 'SandboxedRuntime',
    markdown:
      "- **Means.** The pod runs in a sandbox, whose processes the node does not see: to the node it is one process, or none.\n- **Usual cause.** A RuntimeClass with a handler of gVisor, Kata Containers or Firecracker. The message names the handler.\n- **State.** Nothing was touched.\n- **Do.** Use the sandbox's own checkpoints. If the handler is no sandbox, take it off the chart's list\n  `checkpoints.sandboxedRuntimeHandlers`.",
  },
  {
    heading: 'SeizeDenied',
    markdown:
      "- **Means.** The kernel refused PTRACE_SEIZE of a task that nobody traces. The message has the errno.\n- **Usual cause.** A missing CAP_SYS_PTRACE in the task's user namespace, Yama, SELinux, AppArmor or another security\n  module.\n- **State.** Released.\n- **Do.** Look in the audit log for the tid that the message names, and allow ptrace for Stasis.",
  },
  {
    heading: 'StasisPod',
    markdown:
      '- **Means.** The pod belongs to Stasis: it is the controller or a node agent.\n- **Usual cause.** The Checkpoint names a pod of Stasis.\n- **State.** Nothing was touched.\n- **Do.** Hold another pod. Stasis cannot hold itself still and release itself.',
  },
  {
    heading: 'StartingDeadlineExceeded',
    markdown:
      '- **Means.** The capture had not begun when `startingDeadlineSeconds` (600 by default) had passed since the Checkpoint was\n  created. The message tells what it waited for. Where that was an agent or a denial, the reason is\n  [NodeAgentUnavailable](#nodeagentunavailable) or [DispatchForbidden](#dispatchforbidden) instead.\n- **Usual cause.** Other Checkpoints of the pod ([PodBusy](#podbusy)), or a node whose slots are taken\n  ([NodeBusy](#nodebusy)).\n- **State.** Nothing was touched, and nothing will be: an agent can no longer begin the capture.\n- **Do.** Create another Checkpoint, with a longer deadline if waiting is right.',
  },
  {
    heading: 'StepForbidden',
    markdown:
      "- **Means.** A Warning Event alone has this reason. The API server refuses a step that must follow the dispatch: the release\n  of the pod, the cancellation of its PodCapture, a finalizer. The messages of `Reconciling` and `Finished` name the step\n  and have the server's words. The controller tries again every 5 s, and says so in its log.\n- **Usual cause.** An admission policy or a webhook of the cluster that refuses writes (a change freeze), or a permission that\n  was taken from the controller.\n- **State.** As the other conditions say. **A hold goes on** until `hold.seconds` have passed.\n- **Do.** Except the service account of Stasis's controller from the policy, or give the permission back. To let the pod go\n  meanwhile, delete the pod or restart the node agent on its node.",
  },
  {
    heading: 'TaskAlreadyTraced',
    markdown:
      '- **Means.** A task already has a tracer. The message names both.\n- **Usual cause.** `gdb`, `strace`, `dlv` or a profiler in the pod or on the node, or a sandbox that works by ptrace.\n- **State.** Released. The debugger keeps its tracee, undisturbed.\n- **Do.** End the debugger, or wait for it. A task can have only one tracer.',
  },
  {
    heading: 'TaskUninterruptible',
    markdown:
      '- **Means.** *Somebody else* is freezing this cgroup, and a task in it is in an uninterruptible wait. The task will not\n  become frozen before that wait ends.\n- **Usual cause.** A hung disk, NFS server or FUSE server. The message names the task and its wait channel.\n- **State.** The foreign freeze was not touched: the cgroup is still FREEZING.\n- **Do.** Cure the wait, or have the other party thaw. With a freeze by Stasis this is no failure: after 100 ms the\n  capture continues task by task, and `unfrozen` names the task.',
  },
  {
    heading: 'FreezersRestored',
    markdown:
      '`Released=True`, after a capture that touched the pod. The message says who saw to it: the agent itself, or the guard in its\nplace. No task is traced by Stasis any more. Each freezer that this capture closed was opened again, and the result was\nread back. A freezer that was found FROZEN is still FROZEN: it was never opened.',
  },
  {
    heading: 'FreezerNotRestored',
    markdown:
      "`Released=False`. **Act now.** The message says what is the matter:\n\n- `not proved to be thawed`: a freezer could not be proved open, although THAWED was written 40 times over some 160 ms. Or the\n  capture of an earlier agent was ended, and a freezer of its pod is closed. The message names the directories.\n- `not let go`: tasks of a capture that an earlier agent began are still traced, five seconds after the new agent looked for the\n  first time. The message names the tasks and the process that traces them. If that is an agent, end it: the kernel then lets its\n  tasks go. If it is a debugger, nothing is wrong.\n- `could not be looked at`: nobody knows whether everything is as it was found. The message says why. `stasis doctor` looks again.\n\nOpen a freezer by hand and check:\n\n<!-- not run: DIR is the path of a cgroup that a fault left frozen -->\n```sh\necho THAWED > DIR/freezer.state && cat DIR/freezer.self_freezing   # v1: must say 0\necho 0 > DIR/cgroup.freeze && cat DIR/cgroup.freeze                # v2: must say 0\n```\n\nIn a cluster, DIR is a path in the containers of the node agent (`/host/sys/fs/cgroup/…`). The guard's container can write\nthere, so no shell on the node is needed. `POD` is the agent's pod of that node, and `NS` its namespace:\n\n<!-- not run: DIR is the path of a cgroup that a fault left frozen -->\n```sh\nkubectl -n NS exec POD -c guard -- sh -c 'echo THAWED > DIR/freezer.state && cat DIR/freezer.self_freezing'\nkubectl -n NS exec POD -c guard -- sh -c 'echo 0 > DIR/cgroup.freeze && cat DIR/cgroup.freeze'\n```\n\nIf the file says 0 and the tasks are still frozen, an ancestor is frozen.",
  },
  {
    heading: 'NothingTouched',
    markdown:
      '`Released=True`, where no freezer was written and no task was traced: a dry run, a refusal, or a failure before the first\ntouch.',
  },
  {
    heading: 'Causes in `unfrozen`',
    markdown:
      '| Cause | What holds the task | What to do |\n|---|---|---|\n| `Uninterruptible` | A wait inside the kernel that no signal ends (state D): a hung disk, NFS server or FUSE server. | Look at `waitChannel`, and cure the storage. |\n| `KernelThread` | The task is part of the kernel. It does not freeze on v2 and cannot be traced. | Move the kernel thread out of the cgroup. |\n| `VforkParent` | The kernel holds the task until its child execs or exits. The task runs no instruction in the meantime. | Nothing. A child that never does either is a defect of the workload. |\n| `Exiting` | The task exits, which takes time when it has much memory to give back, or it is a leader or an execing thread and waits until its siblings are gone. It runs no instruction in the meantime. | Nothing; capture again. |\n| `CoreDump` | The process writes a core file. Stasis does not touch such a process, so that the file comes out whole; the rest of the pod is captured without a freezer. | Wait for the file; capture again. |\n| `InKernel` | The task runs, and does not come out of the kernel: a page fault that a userfaultfd does not answer, or one system call that works for seconds. A longer `--timeout` changes nothing. | Read `stack`. |\n| `Traced` | Somebody else traces the task. Such a newcomer is passed over during a hold; before a hold, the capture fails. | End the debugger. |\n| `Unknown` | None of these was seen. The task did not stop in time. | Capture again, with a longer `--timeout`. |\n\nIn a capture with the reason `Captured`, a task in `unfrozen` was *not* brought to a ptrace stop. For the causes\n`VforkParent`, `Exiting` and `CoreDump` that makes no difference, because the task ran no instruction of its program.\nWith `Uninterruptible`, `InKernel`, `Traced` and `Unknown` a hold is not complete: `Held` is not True until the task stops\n([hold.md](hold.md#how-to-use-one)).',
  },
  {
    heading: 'How to read `stack`',
    markdown:
      "`stack` lists the functions on the kernel's stack of the task, the innermost first (`/proc/TID/stack`; at most 16 frames\nof at most 32 tasks). The first names that say what hangs:\n\n| frames | what hangs |\n|---|---|\n| `request_wait_answer`, `fuse_simple_request` | a FUSE server that does not answer |\n| `rpc_wait_bit_killable`, `nfs4_call_sync` | an NFS server that does not answer |\n| `io_schedule`, `folio_wait_bit_common`, `blk_mq_get_tag` | a disk, or a network block device |\n| `io_cqring_wait`, `io_uring_cancel_generic` | io_uring waits for a request to complete |\n| `handle_userfault`, `do_user_addr_fault` | a page fault that a userfaultfd does not answer |\n| `do_coredump`, `dump_user_range` | a core dump |\n| `zap_pte_range`, `exit_mmap` | an exiting process gives back its memory |\n| `kernel_clone`, `wait_for_vfork_done` | a vfork parent |\n\nThe stack is empty where the kernel does not show stacks, and where the reader lacks CAP_SYS_ADMIN.",
  },
  {
    heading: 'Exit statuses',
    markdown:
      '| Status | Meaning |\n|---|---|\n| 0 | Succeeded: `Captured` or `DryRunPassed`. |\n| 1 | Failed, with one of the other reasons; or the output could not be written ([command.md](command.md)), which one line on stderr says. |\n| 2 | Unusable arguments: a malformed option, a target that cannot be resolved, or not run as root. One line on stderr names the value. Nothing was touched, and no object is printed. |',
  },
];
