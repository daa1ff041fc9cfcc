/** The name of the Lease of the leader election. The chart's Role names the same. Pure. */
export const LEADER_LEASE = 'stasis-controller';
