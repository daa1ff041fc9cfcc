/** The variables of both dashboards: data source, cluster, namespace of the release, node. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** The data source of every panel and every query: the one that the reader chose. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Matches any value, and also a series that lacks the label. */
const ANY = '.*';

const ALL = { selected: true, text: 'All', value: '$__all' };

export function variables(): Builder<VariableModel>[] {
  return [
    new DatasourceVariableBuilder('datasource')
      .label('Data source')
      .description('The Prometheus that scrapes Stasis.')
      .type('prometheus'),
    labelValues('cluster', 'stasis_build_info')
      .label('Cluster')
      .description('The label `cluster` of a fleet. All also matches series without that label.')
      .includeAll(true)
      .allValue(ANY)
      .current(ALL),
    labelValues('namespace', 'stasis_build_info{cluster=~"$cluster"}')
      .label('Namespace')
      .description('The namespace that Stasis is installed in.'),
    labelValues('node', 'stasis_build_info{cluster=~"$cluster", namespace="$namespace", component="node-agent"}')
      .label('Node')
      .description('The nodes whose agents are shown. The controller speaks about all nodes.')
      .multi(true)
      .includeAll(true)
      .allValue(ANY)
      .current(ALL),
  ];
}

function labelValues(label: string, series: string): QueryVariableBuilder {
  const query = `label_values(${series}, ${label})`;
  return new QueryVariableBuilder(label)
    .datasource(DATASOURCE)
    .query({ query, refId: `variable-${label}` })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
}
