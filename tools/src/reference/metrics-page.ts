import { METRIC_CATALOG, type MetricDefinition } from '@bus/observability';

import { GENERATED_NOTE } from './generated-note.ts';
import { code, markdownTable } from './markdown.ts';

/** The reference page of all metrics, in the order of the catalog. */
export function renderMetricsPage(): string {
  const rows = Object.entries<MetricDefinition>(METRIC_CATALOG).map(([name, metric]) => [
    code(name),
    metric.type,
    Object.entries(metric.labels)
      .map(([label, values]) => (values === 'any' ? code(label) : `${code(label)}: ${values.join(', ')}`))
      .join('; '),
    metric.help,
  ]);
  return [
    `<!-- ${GENERATED_NOTE} -->`,
    '',
    '# Metrics',
    '',
    'Every process serves its own at `/metrics` on its operations port; metrics-exporter serves all of them at',
    '`/metrics/export/`. All carry the labels `app` and `instance`. Node.js runtime metrics (`nodejs_*`, `process_*`) come on',
    'top.',
    '',
    ...markdownTable(['metric', 'type', 'labels', 'what it says'], rows),
    '',
  ].join('\n');
}
