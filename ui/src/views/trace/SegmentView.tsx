// The selected span in the words of X-Ray: how it failed, what its document said, and its subsegments.
import { CircleAlert, CircleCheck, Gauge, Hourglass } from 'lucide-react';
import { countText, durationText } from '../../model/format';
import type { Cells } from '../../model/result';
import { segmentOf } from '../../model/segment';
import { FLAG_ERROR, idOf, type Trace } from '../../model/trace';
import type { TraceSearch } from '../../model/url-state';
import { useSetSearch } from '../../widgets/route';
import css from './trace.module.css';

/** More are in the waterfall. */
const SUBSEGMENTS_SHOWN = 50;
const STATES = {
  fault: ['Fault', 'the server failed (5xx)', CircleAlert],
  error: ['Error', 'the client failed (4xx)', CircleAlert],
  throttle: ['Throttle', 'too many requests (429)', Gauge],
} as const;

export function SegmentView({ data, trace, node }: { data: Cells; trace: Trace; node: number }) {
  const setSearch = useSetSearch<TraceSearch>();
  const segment = segmentOf(data);
  const children: number[] = [];
  for (let child = node + 1; child <= node + trace.below[node]!; child += trace.below[child]! + 1) children.push(child);
  return (
    <div className={css.segment} data-testid="segment">
      <p className={css.states}>
        <strong>{segment.kind === 'segment' ? 'Segment' : 'Subsegment'}</strong>
        {segment.isInProgress && (
          <span>
            <Hourglass size={14} aria-hidden /> in progress
          </span>
        )}
        {segment.states.map((state) => {
          const [word, means, Icon] = STATES[state];
          return (
            <span key={state} data-state={state} title={means}>
              <Icon size={14} aria-hidden /> {word}
            </span>
          );
        })}
        {segment.states.length === 0 && (
          <span data-state="ok">
            <CircleCheck size={14} aria-hidden /> OK
          </span>
        )}
      </p>
      {segment.parts.map((part) => (
        <section key={part.title}>
          <h3>{part.title}</h3>
          <dl>
            {part.entries.map(([word, value]) => (
              <div key={word}>
                <dt>{word}</dt>
                <dd className="mono">{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      {children.length > 0 && (
        <section>
          <h3>{countText(children.length, 'subsegment')}</h3>
          <ul>
            {children.slice(0, SUBSEGMENTS_SHOWN).map((child) => (
              <li key={child}>
                <button type="button" onClick={() => setSearch({ span: idOf(trace, child) || undefined })}>
                  {(trace.flags[child]! & FLAG_ERROR) !== 0 && (
                    <CircleAlert size={12} className={css.errorMark} aria-label="error" />
                  )}
                  {trace.names[trace.name[child]!]}
                </button>
                <span className="num">{durationText(trace.duration[child]!)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
