/** What `stasis checkpoint` is pointed at: exactly one of --cgroup, --pid and --pod. */
import { checkInteger, refuse } from './option-values.js';
import type { Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

export type CheckpointTarget =
  /** A directory as given, not yet looked at; absolute or relative to the working directory. */
  | { readonly kind: 'cgroup'; readonly directory: string }
  | { readonly kind: 'pid'; readonly pid: number }
  /** In lower case: a UUID, or the 32 hexadecimal digits that a kubelet gives to a static pod. */
  | { readonly kind: 'pod'; readonly uid: string };

/** Each time that an option was given. */
export interface RawTarget {
  readonly cgroup?: readonly string[];
  readonly pid?: readonly string[];
  readonly pod?: readonly string[];
}

/** PID_MAX_LIMIT of a 64-bit kernel: proc_sys_kernel(5), pid_max. */
const LARGEST_PID = 4_194_304;

/** A pod made by the API server has a UUID; of a static pod's file the kubelet takes the MD5 sum. */
const POD_UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[0-9a-f]{32}$/;

/** Checks that one target was given, once, and that it is well formed; whether it exists is seen later. */
export function checkTarget(raw: RawTarget): Checked<CheckpointTarget> {
  const given = [
    ...(raw.cgroup ?? []).map((text) => ({ option: '--cgroup', text, check: checkDirectory })),
    ...(raw.pid ?? []).map((text) => ({ option: '--pid', text, check: checkPid })),
    ...(raw.pod ?? []).map((text) => ({ option: '--pod', text, check: checkPod })),
  ];
  const [first, second] = given;
  if (first === undefined) return refuse('nothing to hold: give one of --cgroup DIR, --pid PID or --pod UID');
  if (second !== undefined) {
    const both = [first, second].map(({ option, text }) => `${option} ${quoteValue(text)}`).join(' and ');
    return refuse(`${both}: only one of --cgroup, --pid and --pod can be held, and only one of it`);
  }
  return first.check(first.text);
}

function checkDirectory(text: string): Checked<CheckpointTarget> {
  // A leading dash is an option whose value was forgotten (`--cgroup --dry-run`); a real one is written ./-name.
  if (text === '' || text.startsWith('-') || text.includes('\0')) {
    return refuse(`--cgroup: ${quoteValue(text)} is not a directory`);
  }
  return { ok: true, value: { kind: 'cgroup', directory: text } };
}

function checkPid(text: string): Checked<CheckpointTarget> {
  const pid = checkInteger('--pid', text, 1, LARGEST_PID);
  return pid.ok ? { ok: true, value: { kind: 'pid', pid: pid.value } } : pid;
}

function checkPod(text: string): Checked<CheckpointTarget> {
  const uid = text.toLowerCase();
  if (POD_UID.test(uid)) return { ok: true, value: { kind: 'pod', uid } };
  return refuse(
    `--pod: ${quoteValue(text)} is not a pod's UID; kubectl get pod NAME -o jsonpath={.metadata.uid} prints it`,
  );
}
