/**
 * The label matchers and the forms of queries that both dashboards share.
 *
 * The monitors of the chart add the labels `namespace`, `pod`, `container` and `node` to every target, and a fleet adds
 * `cluster`. Stasis's own metrics are matched by cluster, namespace and node. Families that other programs have too
 * (`process_*`, `workqueue_*`, ...) are matched by the name of the container as well: the release may share its
 * namespace with another operator.
 */

/** At most so many nodes or pods are drawn at each moment: a cluster with a thousand nodes must not stop the browser. */
export const MOST_SERIES = 20;

const RELEASE = ['cluster=~"$cluster"', 'namespace="$namespace"'];

function select(metric: string, matchers: readonly string[]): string {
  return `${metric}{${matchers.join(', ')}}`;
}

/** Series of the node agents on the chosen nodes. */
export function agents(metric: string, ...more: string[]): string {
  return select(metric, [...RELEASE, 'node=~"$node"', ...more]);
}

/** Series of the controllers. The variable `node` does not apply: a controller speaks about all nodes. */
export function controllers(metric: string, ...more: string[]): string {
  return select(metric, [...RELEASE, 'container="controller"', ...more]);
}

/** Series of controllers and agents on all nodes. */
export function release(metric: string, ...more: string[]): string {
  return select(metric, [...RELEASE, 'container=~"controller|node-agent"', ...more]);
}

/** Series of the processes on the chosen nodes: controllers and agents. */
export function processes(metric: string, ...more: string[]): string {
  return select(metric, [...RELEASE, 'node=~"$node"', 'container=~"controller|node-agent"', ...more]);
}

/**
 * A figure that only the leader has. While the lead changes hands, two replicas may report it for one scrape: `max`
 * counts it once. Figures of several clusters add up.
 */
export function ofLeader(series: string, ...by: string[]): string {
  const total = by.length === 0 ? 'sum' : `sum by (${by.join(', ')})`;
  return `${total} (max by (${['cluster', 'namespace', ...by].join(', ')}) (${series}))`;
}

/** Events per interval of the drawing, as a sum by these labels. */
export function events(counter: string, ...by: string[]): string {
  return `${sum(by)} (increase(${counter}[$__rate_interval]))`;
}

/** Events per interval, without the series that have none: a closed list of reasons has dozens of them. */
export function occurring(counter: string, ...by: string[]): string {
  return `${events(counter, ...by)} > 0`;
}

/** Events per second, as a sum by these labels. */
export function perSecond(counter: string, ...by: string[]): string {
  return `${sum(by)} (rate(${counter}[$__rate_interval]))`;
}

/** A quantile of a classic histogram, given its buckets. */
export function quantile(q: number, buckets: string, ...by: string[]): string {
  return known(`histogram_quantile(${q}, sum by (${['le', ...by].join(', ')}) (rate(${buckets}[$__rate_interval])))`);
}

/**
 * A figure that is NaN when nothing happened, without the NaN: the panel then says that there was nothing, where Grafana
 * would draw an empty frame or the letters NaN.
 */
export function known(query: string): string {
  return `${query} >= 0`;
}

/** The highest series at each moment. */
export function top(query: string, most = MOST_SERIES): string {
  return `topk(${most}, ${query})`;
}

/** The objective of the pause. Nodes may differ while a new value is rolled out: the strictest one is drawn. */
export const BUDGET = `min(${agents('stasis_pause_budget_seconds')})`;

function sum(by: readonly string[]): string {
  return by.length === 0 ? 'sum' : `sum by (${by.join(', ')})`;
}
