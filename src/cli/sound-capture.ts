/**
 * Makes a PodCapture sound that anybody may have written, or another version of Stasis: what has a type that Stasis never writes
 * counts as missing, so that the renderers can rely on the types. A word that this version does not know, such as a new state, is kept.
 * Pure.
 */
import { API_VERSION, KIND } from '../api/podcapture.js';
import type {
  CapabilitySets,
  Condition,
  ContainerCapture,
  IdSet,
  PodCapture,
  PodCaptureStatus,
  PrintedRow,
  ThreadRow,
  UnfrozenTask,
} from '../api/podcapture.js';
import { asCount, asFlag, asNumber, asText, isRecord, listOf, mapOf, or, shape, type Reader } from './coerce.js';
import { readTimings } from './sound-timings.js';

const text = or(asText, '');
const count = or(asCount, 0);
const flag = or(asFlag, false);
const texts = listOf(asText);

/** A word of a closed list, which a newer version may have made longer. */
function word<Word extends string>(fallback: Word): (value: unknown) => Word {
  return (value) => (typeof value === 'string' ? (value as Word) : fallback);
}

function optionalWord<Word extends string>(): Reader<Word> {
  return (value) => (typeof value === 'string' ? (value as Word) : undefined);
}

const readIds: Reader<IdSet> = shape<IdSet>({ real: count, effective: count, saved: count, filesystem: count });
const NO_IDS: IdSet = { real: 0, effective: 0, saved: 0, filesystem: 0 };

const readCapabilities: Reader<CapabilitySets> = shape<CapabilitySets>({
  inheritable: text,
  permitted: text,
  effective: text,
  bounding: text,
  ambient: text,
});
const NO_CAPABILITIES: CapabilitySets = { inheritable: '', permitted: '', effective: '', bounding: '', ambient: '' };

const readThread: Reader<ThreadRow> = shape<ThreadRow>({
  tid: count,
  comm: text,
  state: word('Alive'),
  uids: readIds,
  gids: readIds,
  capabilities: readCapabilities,
  noNewPrivileges: asFlag,
  seccomp: optionalWord(),
  pendingStopSignals: texts,
  unsettled: asFlag,
});

const readRow: Reader<PrintedRow> = shape<PrintedRow>({
  pid: count,
  ppid: count,
  pgid: count,
  sid: count,
  comm: text,
  exe: asText,
  state: word('Alive'),
  stopSignal: asText,
  pendingStopSignals: texts,
  unsettled: asFlag,
  leaderDead: asFlag,
  startTime: text,
  startTimeTicks: count,
  uids: or(readIds, NO_IDS),
  gids: or(readIds, NO_IDS),
  containerUids: readIds,
  containerGids: readIds,
  capabilities: or(readCapabilities, NO_CAPABILITIES),
  noNewPrivileges: flag,
  seccomp: word('Disabled'),
  nsPids: or(listOf(asCount), []),
  namespaces: or(mapOf(asNumber), {}),
  cgroup: text,
  threads: or(listOf(readThread), []),
  cmdline: texts,
  cmdlineCut: shape({ keptBytes: count, lengthBytes: count }),
  cmdlineBase64: asText,
  cmdlineUnread: optionalWord(),
});

const readContainer: Reader<ContainerCapture> = shape<ContainerCapture>({
  name: asText,
  containerID: asText,
  cgroupPath: text,
  cgroupVersion: word('V2'),
  freezer: word('None'),
  wasFrozen: flag,
  processes: count,
  threads: count,
});

const readUnfrozen: Reader<UnfrozenTask> = shape<UnfrozenTask>({
  tid: count,
  comm: text,
  state: text,
  waitChannel: text,
  cause: word('Unknown'),
  stack: texts,
});

const readCondition: Reader<Condition> = shape<Condition>({
  type: text,
  status: word('Unknown'),
  observedGeneration: asNumber,
  lastTransitionTime: text,
  reason: text,
  message: text,
});

const NO_TIMINGS = {};

/** The samples and the summary of `--repeat`, which no status in a cluster has, are left out. */
const readStatus: Reader<PodCaptureStatus> = shape<PodCaptureStatus>({
  startTime: text,
  completionTime: text,
  heldFrom: asText,
  heldUntil: asText,
  conditions: or(listOf(readCondition), []),
  processes: count,
  threads: count,
  stopped: count,
  zombies: count,
  joined: count,
  freezeSkewMicroseconds: asCount,
  overrunMicroseconds: asCount,
  containers: or(listOf(readContainer), []),
  timings: (value) => readTimings(value) ?? (readTimings(NO_TIMINGS) as PodCaptureStatus['timings']),
  tree: or(listOf(readRow), []),
  truncated: asFlag,
  unfrozen: or(listOf(readUnfrozen), []),
  artifact: shape({ path: text, sizeBytes: count, sha256: text, command: text }),
  cmdlines: () => undefined,
  samples: () => undefined,
  summary: () => undefined,
});

/** The capture with every field that a renderer reads, of the type that it expects. */
export function soundCapture(object: unknown): PodCapture {
  const { metadata, status } = isRecord(object) ? object : {};
  const name = isRecord(metadata) ? text(metadata['name']) : '';
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name },
    status: readStatus(status) ?? (readStatus({}) as PodCaptureStatus),
  };
}
