/** The words that kubectl takes for the kind of a pod. Pure. */
export const POD_KINDS = ['pod', 'pods', 'po'] as const;
