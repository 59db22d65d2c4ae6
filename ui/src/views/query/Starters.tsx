// Questions to begin with, as far as the dataset has their columns.
import { useQuery } from '@tanstack/react-query';
import { columnsOptions } from '../../api/options';
import { metricStarters } from '../../model/metrics';
import { calculationKey, type QuerySpec } from '../../model/query-spec';
import { PARENT_ID, TRACE_ID } from '../../model/result';
import css from './query.module.css';
import { useMetrics } from './suggestions';

interface Starter {
  label: string;
  needs: string[];
  spec: QuerySpec;
  tab?: 'raw';
}
const METRICS_SHOWN = 6;
const STARTERS: Starter[] = [
  {
    label: 'Recent traces',
    needs: [TRACE_ID, PARENT_ID],
    // A root span has no parent.
    spec: {
      filters: [
        { column: TRACE_ID, op: 'exists' },
        { column: PARENT_ID, op: 'does-not-exist' },
      ],
    },
    tab: 'raw',
  },
  {
    label: 'Slowest by name',
    needs: ['duration_ms', 'name'],
    spec: {
      calculations: [{ op: 'P95', column: 'duration_ms' }, { op: 'COUNT' }],
      breakdowns: ['name'],
    },
  },
  {
    label: 'Duration heat map',
    needs: ['duration_ms'],
    spec: { calculations: [{ op: 'HEATMAP', column: 'duration_ms' }] },
  },
  {
    label: 'Errors by name',
    needs: ['error', 'name'],
    spec: { breakdowns: ['name'], filters: [{ column: 'error', op: '=', value: true }] },
  },
  { label: 'By service', needs: ['service.name'], spec: { breakdowns: ['service.name'] } },
];

export function Starters({
  env,
  dataset,
  spec,
  onRun,
}: {
  env: string;
  dataset: string;
  spec: QuerySpec;
  onRun: (spec: QuerySpec, search: { tab: 'overview' | 'raw' }) => void;
}) {
  const { data } = useQuery(columnsOptions(env, dataset, ''));
  const metrics = useMetrics(env, dataset);
  const known = new Set(data?.columns.map((c) => c.key_name));
  const ofMetrics = metricStarters(metrics ?? [], METRICS_SHOWN).map((calculation): Starter => {
    return { label: calculationKey(calculation), needs: [], spec: { calculations: [calculation] } };
  });
  const found = metrics ? ofMetrics : STARTERS.filter((s) => s.needs.every((n) => known.has(n)));
  if (found.length === 0) return null;
  const { time_range, start_time, end_time } = spec;
  return (
    <p className={css.starters}>
      Begin with
      {found.map((s) => (
        <button
          key={s.label}
          type="button"
          onClick={() => onRun({ ...s.spec, time_range, start_time, end_time }, { tab: s.tab ?? 'overview' })}
        >
          {s.label}
        </button>
      ))}
    </p>
  );
}
