// The query as JSON: to read, to edit, to paste; and as a call of the public API.
import { useState } from 'react';
import { parseSpec, type QuerySpec } from '../../model/query-spec';
import { Button, CopyButton } from '../../widgets/basic';
import { DialogBox } from '../../widgets/popup';
import css from './query.module.css';

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  spec: QuerySpec;
  dataset: string;
  onApply: (spec: QuerySpec) => void;
}
export default function JsonDialog({ open, onOpenChange, ...rest }: Props) {
  return (
    <DialogBox title="Query as JSON" open={open} onOpenChange={onOpenChange} wide>
      <Editor {...rest} onDone={() => onOpenChange(false)} />
    </DialogBox>
  );
}
function Editor({ spec, dataset, onApply, onDone }: Omit<Props, 'open' | 'onOpenChange'> & { onDone: () => void }) {
  const [text, setText] = useState(() => JSON.stringify(spec, null, 2));
  const read = parseSpec(text);
  const call = `curl ${location.origin}/1/queries/${encodeURIComponent(dataset)} -H 'X-Honeycomb-Team: YOUR_API_KEY' -d '${JSON.stringify('spec' in read ? read.spec : spec).replaceAll("'", `'\\''`)}'`;
  const run = () => {
    if (!('spec' in read)) return;
    onApply(read.spec);
    onDone();
  };
  return (
    <div className={css.json}>
      <textarea
        aria-label="Query specification"
        aria-invalid={'error' in read}
        className="mono"
        spellCheck={false}
        rows={18}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key !== 'Enter' || !(e.shiftKey || e.ctrlKey || e.metaKey)) return;
          e.preventDefault();
          e.stopPropagation();
          run();
        }}
      />
      <footer>
        <p role="status" data-bad={'error' in read || undefined}>
          {'error' in read ? `${read.field ? `${read.field}: ` : ''}${read.error}` : 'Valid query specification'}
        </p>
        <CopyButton text={text} label="Copy JSON" />
        <CopyButton text={call} label="Copy as API call" />
        <Button kind="primary" disabled={'error' in read} onClick={run}>
          Run
        </Button>
      </footer>
    </div>
  );
}
