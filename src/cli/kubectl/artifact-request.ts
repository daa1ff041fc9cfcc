/** Makes the command by which an agent prints an artifact, and tells whether the bytes that came are that artifact. Pure. */
import { findCondition, hasEnded } from '../../api/conditions.js';
import type { Artifact, PodCapture } from '../../api/kinds.js';

/** The folder in which `stasis artifact` looks by default. */
const DEFAULT_FOLDER = '/var/lib/stasis';

/** The command for the container of the agent. */
export function artifactCommand({ metadata }: PodCapture, { path }: Artifact): string[] {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const elsewhere = folder === '' || folder === DEFAULT_FOLDER ? [] : ['--artifacts', folder];
  return ['stasis', 'artifact', metadata.uid, ...elsewhere];
}

/** Says why a capture has no artifact, and what to do. */
export function withoutArtifact({ metadata, spec, status }: PodCapture): string {
  const { name } = metadata;
  if (!hasEnded(status))
    return `the capture ${name} has not ended yet, and has no artifact before that; try again later`;
  if (spec.dryRun)
    return `the capture ${name} was a dry run, which has no artifact; make a Checkpoint without --dry-run`;
  const reason = findCondition(status?.conditions, 'Succeeded')?.reason ?? 'Pending';
  return `the capture ${name} ended with ${reason} and has no artifact; see: kubectl stasis explain ${reason}`;
}

/** The measures of the bytes that came, and the end of the command. */
export interface Received {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** The exit status of `stasis artifact`, and what it wrote to its standard error. */
  readonly status: number;
  readonly errors: string;
}

/** Returns why what came is not the artifact; undefined when it is, by the status of the capture and by the agent. */
export function objectionTo(received: Received, artifact: Artifact, nodeName: string): string | undefined {
  const { sizeBytes, sha256, status, errors } = received;
  const [first = ''] = errors.trim().split('\n');
  const said = first.replace(/^stasis: /, '');
  if (status !== 0 && said.startsWith('there is no artifact'))
    return `the artifact is no longer on node ${nodeName}: somebody removed the file, or the disk of the node was made anew; make a new Checkpoint`;
  if (status !== 0) return `stasis artifact on node ${nodeName} ended with status ${status}: ${said}`;
  if (sizeBytes !== artifact.sizeBytes)
    return `what came from node ${nodeName} has ${sizeBytes} bytes, and the artifact has ${artifact.sizeBytes}; try again`;
  if (sha256 !== artifact.sha256)
    return `what came from node ${nodeName} is not the artifact: its SHA-256 is ${sha256}, and the status of the capture says ${artifact.sha256}; the file was changed on the node, or on the way`;
  const told = /^sha256 ([0-9a-f]{64})$/m.exec(errors)?.[1];
  if (told !== sha256)
    return `the agent of node ${nodeName} read other bytes than those that came: it says ${told === undefined ? 'no SHA-256' : `SHA-256 ${told}`}, and ${sha256} came; try again`;
  return undefined;
}

/** The content of a file for `sha256sum --check`. The name has no character that this form escapes. */
export function sumFile(sha256: string, file: string): string {
  return `${sha256}  ${file}\n`;
}

/** Bytes for people. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
