/** The labels of a PodCapture, by which people and the controller find it. Pure. */

/** The UID of the Checkpoint. The label remains when somebody removes the ownerReferences. */
export const CHECKPOINT_UID_LABEL = 'stasis.dev/checkpoint-uid';
/** The name of the Checkpoint. */
export const CHECKPOINT_LABEL = 'stasis.dev/checkpoint';
/** The name of the pod. */
export const POD_LABEL = 'stasis.dev/pod';
