/** The names of the files in the folder of artifacts. Pure. */

/** The form of metadata.uid. The API server generates version 4 UUIDs. */
export const UID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The names of artifacts and of unfinished files. */
export const OURS = /^(?:([0-9a-f-]{36})\.json|\.([0-9a-f-]{36})\.[0-9a-f]{8}\.tmp)$/;

/** Returns the name of the artifact of a capture. The UID must have the form {@link UID}. */
export function artifactName(uid: string): string {
  return `${uid}.json`;
}
