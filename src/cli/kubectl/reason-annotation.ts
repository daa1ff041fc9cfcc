/** The annotation in which a Checkpoint says why somebody asked for it. Pure. */

/** Why somebody asked for this Checkpoint, in their own words. */
export const REASON_ANNOTATION = 'stasis.dev/reason';
