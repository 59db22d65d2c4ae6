// The form that makes a marker.
import { useState } from 'react';
import type { NewMarker } from '../../api/calls';
import { momentText, parseMoment } from '../../model/time-range';
import { Button, ErrorBox } from '../../widgets/basic';
import { DialogBox } from '../../widgets/popup';
import css from './query.module.css';

export default function MarkerDialog({
  at,
  dataset,
  utc,
  onClose,
  onCreate,
}: {
  at: { start: number; end?: number };
  dataset: string;
  utc: boolean;
  onClose: () => void;
  onCreate: (marker: NewMarker, everywhere: boolean) => Promise<unknown>;
}) {
  const [message, setMessage] = useState('');
  const [type, setType] = useState('deploy');
  const [url, setUrl] = useState('');
  const [from, setFrom] = useState(momentText(at.start * 1000, utc));
  const [to, setTo] = useState(at.end === undefined ? '' : momentText(at.end * 1000, utc));
  const [everywhere, setEverywhere] = useState(dataset === '__all__');
  const [error, setError] = useState<Error | null>(null);
  const start = parseMoment(from, utc);
  const end = to.trim() === '' ? undefined : parseMoment(to, utc);
  const isRight = message.trim() !== '' && start !== null && end !== null && (end === undefined || end >= start);
  return (
    <DialogBox title="Add a marker" open onOpenChange={(open) => !open && onClose()}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (!isRight) return;
          const marker: NewMarker = { message: message.trim(), start_time: start };
          if (end !== undefined) marker.end_time = end;
          if (type.trim()) marker.type = type.trim();
          if (url.trim()) marker.url = url.trim();
          onCreate(marker, everywhere).then(onClose, (cause: Error) => setError(cause));
        }}
      >
        <label>
          What happened
          <input autoFocus value={message} onChange={(e) => setMessage(e.target.value)} maxLength={1000} />
        </label>
        <label>
          Type, which gives the colour
          <input value={type} onChange={(e) => setType(e.target.value)} maxLength={255} />
        </label>
        <label>
          When ({utc ? 'UTC' : 'local time'})
          <input
            className="mono"
            value={from}
            onChange={(e) => setFrom(e.target.value)}
            aria-invalid={start === null}
          />
        </label>
        <label>
          Until, for a span of time
          <input className="mono" value={to} onChange={(e) => setTo(e.target.value)} aria-invalid={end === null} />
        </label>
        <label>
          Link
          <input type="url" placeholder="https://" value={url} onChange={(e) => setUrl(e.target.value)} />
        </label>
        {dataset !== '__all__' && (
          <label className={css.check}>
            <input type="checkbox" checked={everywhere} onChange={(e) => setEverywhere(e.target.checked)} />
            On the charts of all datasets
          </label>
        )}
        {error && <ErrorBox what="The marker could not be made" error={error} />}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={!isRight}>
            Add marker
          </Button>
        </footer>
      </form>
    </DialogBox>
  );
}
