/** The links of the dashboards: to each other, to the documents, and to the runbook of each alert. */
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

const DOCS = 'https://github.com/stasis-dev/stasis/blob/main/docs/';

export const FREEZE_TIMINGS = { uid: 'stasis-freeze-timings', title: 'Stasis / Freeze timings' } as const;
export const OPERATOR_HEALTH = { uid: 'stasis-operator-health', title: 'Stasis / Operator health' } as const;

/** The alerts of the chart. Each has a runbook of its name. */
export type Alert =
  | 'StasisPodHeldTooLong'
  | 'StasisFreezerClosedTooLong'
  | 'StasisThawNotVerified'
  | 'StasisGuardActed'
  | 'StasisGuardDown'
  | 'StasisCapturesFailing'
  | 'StasisPauseOverBudget'
  | 'StasisNodeAgentMissing'
  | 'StasisNodeUnfit'
  | 'StasisNoLeader'
  | 'StasisQueueStuck'
  | 'StasisArtifactsNearLimit';

/** Leads from a panel to the runbook of the alert that watches the same figure. */
export function runbook(alert: Alert): DashboardLinkBuilder {
  return external(`Runbook ${alert}`, `runbooks/${alert}.md`);
}

/** Leads from a panel to the explanation of each reason. */
export function reasons(): DashboardLinkBuilder {
  return external('What each reason means', 'errors.md');
}

/** The links in the head of a dashboard. */
export function headLinks(other: { readonly uid: string; readonly title: string }): DashboardLinkBuilder[] {
  return [
    new DashboardLinkBuilder(other.title)
      .type(DashboardLinkType.Link)
      .icon('dashboard')
      .tooltip(`Open ${other.title} with the same variables and time range`)
      .url(`/d/${other.uid}`)
      .includeVars(true)
      .keepTime(true),
    external('Reasons', 'errors.md'),
    external('Alerts', 'alerts.md'),
    external('About this dashboard', 'dashboards.md'),
  ];
}

function external(title: string, page: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon('doc')
    .tooltip(title)
    .url(`${DOCS}${page}`)
    .targetBlank(true);
}
