/** The target of `stasis checkpoint`: exactly one of --cgroup, --pid and --pod. */
import { checkInteger, refuse } from './option-values.js';
import type { Checked } from './option-values.js';
import { quoteValue } from './render-escape.js';

export type CheckpointTarget =
  /** The directory as the user wrote it, absolute or relative to the working directory. Nobody has looked at it yet. */
  | { readonly kind: 'cgroup'; readonly directory: string }
  | { readonly kind: 'pid'; readonly pid: number }
  /** `uid` is in lower case: a UUID, or the 32 hexadecimal digits that a kubelet gives to a static pod. */
  | { readonly kind: 'pod'; readonly uid: string };

/** The values of the three options. Each option has one value for every time it was given. */
export interface RawTarget {
  readonly cgroup?: readonly string[];
  readonly pid?: readonly string[];
  readonly pod?: readonly string[];
}

/** The largest value of pid_max on a 64-bit kernel (PID_MAX_LIMIT, proc_sys_kernel(5)). */
const LARGEST_PID = 4_194_304;

/** The API server gives a pod a UUID. The kubelet gives a static pod the MD5 sum of its file. */
const POD_UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[0-9a-f]{32}$/;

/** Checks that exactly one target was given, exactly once, and that it is well formed. The target need not exist. */
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
