/** The part of the HTTP API of Prometheus that dashboards use. */

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix seconds, and the value as Prometheus writes it. */
  readonly values: readonly (readonly [number, string])[];
}

export interface Prometheus {
  /** The value of a query at a moment. */
  instant(query: string, time: number): Promise<Sample[]>;
  range(query: string, range: { from: number; to: number; step: number }): Promise<Sample[]>;
  labelValues(series: string, label: string): Promise<string[]>;
}

/** In milliseconds: no query of a dashboard takes as long. */
const TIMEOUT = 30_000;

/** The Prometheus at this address, for example http://127.0.0.1:9090. An answer that is no success is an exception that names the query. */
export function prometheusAt(url: string, headers: Readonly<Record<string, string>> = {}): Prometheus {
  const ask = async (path: string, parameters: Record<string, string>): Promise<unknown> => {
    const address = `${url.replace(/\/$/, '')}/api/v1/${path}`;
    const response = await fetch(address, {
      method: 'POST',
      headers,
      body: new URLSearchParams(parameters),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} from ${address} for ${JSON.stringify(parameters)}: ${text}`);
    return (JSON.parse(text) as { data: unknown }).data;
  };
  return {
    instant: async (query, time) => {
      const { resultType, result } = (await ask('query', { query, time: String(time) })) as {
        resultType: string;
        result: unknown;
      };
      if (resultType === 'scalar') return [{ metric: {}, values: [result as [number, string]] }];
      return (result as { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => ({
        metric,
        values: [value],
      }));
    },
    range: async (query, { from, to, step }) => {
      const parameters = { query, start: String(from), end: String(to), step: String(step) };
      return ((await ask('query_range', parameters)) as { result: Sample[] }).result;
    },
    labelValues: async (series, label) => {
      const found = (await ask('series', { 'match[]': series })) as Record<string, string>[];
      return [...new Set(found.map((labels) => labels[label] ?? ''))].toSorted();
    },
  };
}
