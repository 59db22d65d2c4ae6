// How to send the first event: snippets filled with this server's addresses and a key, and a panel that says when one arrives.
import { useMutation, useQuery } from '@tanstack/react-query';
import { AlertTriangle, CheckCircle2, KeyRound, Radio } from 'lucide-react';
import { useState } from 'react';
import { createKey } from '../../api/calls';
import { onboardingOptions, sessionOptions } from '../../api/options';
import { numberText } from '../../model/format';
import { GUIDES, type Guide } from '../../model/snippets';
import type { SendDataSearch } from '../../model/url-state';
import { Button, CopyButton, ErrorBox } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { datasetPath, usePlace, useSetSearch, useTypedSearch } from '../../widgets/route';
import { Refused } from './Refused';
import css from './send-data.module.css';

const PLACEHOLDER_KEY = 'YOUR_API_KEY';

export default function SendDataPage() {
  const place = usePlace();
  const search = useTypedSearch<SendDataSearch>();
  const setSearch = useSetSearch<SendDataSearch>();
  const { data: session } = useQuery(sessionOptions());
  const [key, setKey] = useState('');
  const guide = GUIDES.find((g) => g.id === search.tab) ?? GUIDES[0]!;
  const service = search.service ?? 'backend-flask';
  const input = {
    origin: session?.origin ?? location.origin,
    grpc: session?.grpc ?? null,
    xray: session?.xray ?? null,
    team: place.team,
    environment: place.env,
    key: key.trim() || PLACEHOLDER_KEY,
    service,
    dataset: service,
  };
  return (
    <div className={css.page}>
      <header>
        <h1>Send data</h1>
        <p>Point an unmodified OpenTelemetry, Honeycomb or AWS X-Ray client at this server.</p>
      </header>
      <Arrival env={place.env} service={service} />
      <Refused env={place.env} />
      <section className={css.settings} aria-label="Fill in">
        <KeyField env={place.env} value={key} onChange={setKey} />
        <label>
          <span>Service name</span>
          <input
            className="mono"
            value={service}
            spellCheck={false}
            onChange={(e) => setSearch({ service: e.target.value || undefined }, { replace: true })}
          />
          <small>
            {guide.id.startsWith('libhoney') || guide.id === 'curl' ? 'used as the dataset' : 'becomes the dataset'}
          </small>
        </label>
        <label>
          <span>Endpoint</span>
          <output className="mono">{input.origin}</output>
          <small>{input.grpc ? `gRPC on ${input.grpc}` : 'gRPC is switched off'}</small>
        </label>
      </section>
      <div className={css.body}>
        <div role="tablist" aria-label="Ways to send" aria-orientation="vertical" className={css.guides}>
          {GUIDES.map((g, i) => (
            <button
              key={g.id}
              type="button"
              role="tab"
              id={`guide-${g.id}`}
              aria-selected={g === guide}
              aria-controls="guide-panel"
              tabIndex={g === guide ? 0 : -1}
              onClick={() => setSearch({ tab: g.id })}
              onKeyDown={(e) => {
                const step =
                  e.key === 'ArrowDown' || e.key === 'ArrowRight'
                    ? 1
                    : e.key === 'ArrowUp' || e.key === 'ArrowLeft'
                      ? -1
                      : 0;
                if (step === 0) return;
                e.preventDefault();
                const next = (i + step + GUIDES.length) % GUIDES.length;
                setSearch({ tab: GUIDES[next]!.id }, { replace: true });
                (e.currentTarget.parentElement?.children[next] as HTMLElement | undefined)?.focus();
              }}
            >
              {g.label}
            </button>
          ))}
        </div>
        <GuidePanel guide={guide} input={input} />
      </div>
    </div>
  );
}

function GuidePanel({ guide, input }: { guide: Guide; input: Parameters<Guide['blocks']>[0] }) {
  return (
    <div role="tabpanel" id="guide-panel" aria-labelledby={`guide-${guide.id}`} className={css.panel}>
      <p>{guide.intro}</p>
      {guide.blocks(input).map((block) => (
        <section key={block.title} className={css.block}>
          <header>
            <h2>{block.title}</h2>
            <CopyButton text={block.text} label="Copy" />
          </header>
          <pre tabIndex={0} data-snippet={block.title}>
            {block.text}
          </pre>
        </section>
      ))}
    </div>
  );
}

function KeyField({ env, value, onChange }: { env: string; value: string; onChange: (key: string) => void }) {
  const create = useMutation({
    mutationFn: () => createKey(env, 'send data'),
    onSuccess: (made) => onChange(made.key),
  });
  return (
    <div className={css.key}>
      <label>
        <span>API key</span>
        <span className={css.keyRow}>
          <input
            className="mono"
            placeholder="paste a key, or create one"
            value={value}
            spellCheck={false}
            autoComplete="off"
            onChange={(e) => onChange(e.target.value)}
          />
          {create.data && value === create.data.key ? (
            <CopyButton text={value} label="Copy key" />
          ) : (
            <Button icon={<KeyRound size={14} />} onClick={() => create.mutate()} disabled={create.isPending}>
              Create a key
            </Button>
          )}
        </span>
      </label>
      {create.data && value === create.data.key ? (
        <small className={css.once} role="status">
          Shown this once. Copy it now; Waggle keeps only its hash.
        </small>
      ) : (
        <small>
          {value.trim() ? (
            'goes into the snippets below, and nowhere else'
          ) : (
            <>
              until there is one, the snippets say <code>{PLACEHOLDER_KEY}</code>
            </>
          )}
        </small>
      )}
      {create.error && <ErrorBox what="The key could not be created" error={create.error} />}
    </div>
  );
}

/** Turns green by itself when the first events of the service have arrived, or those of one that was new to the environment. */
function Arrival({ env, service }: { env: string; service: string }) {
  const place = usePlace();
  const { data, error } = useQuery(onboardingOptions(env, service));
  const received = data?.received;
  const newest = received?.newest?.dataset ?? null;
  const [opened, setOpened] = useState<{ env: string; newest: string | null }>();
  if (received && opened?.env !== env) setOpened({ env, newest });
  const isNew = opened?.env === env && newest !== opened.newest;
  const arrived = received?.service ?? (isNew ? received?.newest : null);
  if (error)
    return (
      <section className={css.arrival} data-failed="" role="status" data-testid="arrival">
        <AlertTriangle size={18} aria-hidden />
        <p>The server does not answer: {error.message}. It is asked again until it does.</p>
      </section>
    );
  if (arrived)
    return (
      <section className={css.arrival} data-arrived="" role="status" data-testid="arrival">
        <CheckCircle2 size={18} aria-hidden />
        <p>
          Received <strong className="num">{numberText(arrived.events)}</strong>{' '}
          {arrived.events === 1 ? 'event' : 'events'} of <code>{arrived.dataset}</code>
        </p>
        <Link to={datasetPath(place, arrived.dataset)} className={css.open}>
          Open {arrived.dataset}
        </Link>
      </section>
    );
  if (!received)
    return (
      <section className={css.arrival} role="status" data-testid="arrival">
        <Radio size={18} aria-hidden className={css.pulse} />
        <p>Asking what has arrived…</p>
      </section>
    );
  return (
    <section className={css.arrival} role="status" data-testid="arrival">
      <Radio size={18} aria-hidden className={css.pulse} />
      <div>
        <p>
          Waiting for the first event of <code>{service}</code>… This turns green by itself when it arrives.
        </p>
        {received.last_dataset && (
          <small>
            <span className="num">{numberText(received.events)}</span> {received.events === 1 ? 'event' : 'events'} of
            others so far, the latest in{' '}
            <Link to={datasetPath(place, received.last_dataset)}>{received.last_dataset}</Link>
          </small>
        )}
      </div>
    </section>
  );
}
