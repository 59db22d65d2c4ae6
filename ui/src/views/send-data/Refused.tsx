// What did not arrive in the last minutes, and what to do about it.
import { useQuery } from '@tanstack/react-query';
import { AlertTriangle } from 'lucide-react';
import { rejectionsOptions, type Rejection } from '../../api/manage';
import { agoText, numberText } from '../../model/format';
import css from './send-data.module.css';

const PROTOCOLS: Record<string, string> = {
  events: 'Events API',
  batch: 'Batch API',
  otlp_http: 'OTLP over HTTP',
  otlp_grpc: 'OTLP over gRPC',
  kinesis: 'Kinesis',
  xray: 'X-Ray',
};

export function Refused({ env }: { env: string }) {
  const { data, dataUpdatedAt } = useQuery(rejectionsOptions(env));
  if (!data || data.rejections.length + data.of_unknown_senders.length === 0) return null;
  const list = (items: readonly Rejection[]) => (
    <ul>
      {items.map((r) => (
        <li key={`${r.protocol} ${r.reason}`}>
          <span>
            <strong>{PROTOCOLS[r.protocol] ?? r.protocol}</strong> {r.advice}
          </span>
          <small className="num">
            {numberText(r.count)} {r.count === 1 ? 'time' : 'times'},{' '}
            <time dateTime={r.last_at} title={r.last_at}>
              {agoText(Date.parse(r.last_at), dataUpdatedAt)}
            </time>
          </small>
        </li>
      ))}
    </ul>
  );
  return (
    <section className={css.refused} data-testid="refused" role="status">
      <h2>
        <AlertTriangle size={16} aria-hidden /> Refused in the last {data.minutes} minutes
      </h2>
      {data.rejections.length > 0 && list(data.rejections)}
      {data.of_unknown_senders.length > 0 && (
        <>
          <h3>Without a key that this server knows: perhaps yours</h3>
          {list(data.of_unknown_senders)}
        </>
      )}
    </section>
  );
}
