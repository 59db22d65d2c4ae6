// What a dataset is told to do: how deep objects become columns, which column plays which part, how long events stay, its end.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  datasetSettingsOptions,
  definitionOptions,
  deleteDataset,
  retentionOptions,
  saveDataset,
  saveDefinition,
  saveRetention,
  type DatasetSettings,
  type Definition,
} from '../../api/manage';
import { datasetsOptions } from '../../api/options';
import { bytesText, numberText, storedText } from '../../model/format';
import { Button, ErrorBox, Skeleton } from '../../widgets/basic';
import { CheckField, Form, FormEnd, TextField } from '../../widgets/form';
import { environmentPath, useGo, type Place } from '../../widgets/route';
import css from './datasets.module.css';
import { SuggestionsForm } from './SuggestionsForm';

export function SettingsTab({ place, dataset }: { place: Place; dataset: string }) {
  const settings = useQuery(datasetSettingsOptions(place.env, dataset));
  const definition = useQuery(definitionOptions(place.env, dataset));
  if (settings.error)
    return (
      <ErrorBox
        what="The settings could not be loaded"
        error={settings.error}
        onRetry={() => void settings.refetch()}
      />
    );
  if (!settings.data) return <Skeleton />;
  return (
    <div className={css.settings}>
      <General place={place} settings={settings.data} />
      <SuggestionsForm place={place} dataset={dataset} />
      <Keeping place={place} dataset={dataset} />
      {definition.data && <Parts place={place} dataset={dataset} definition={definition.data} />}
      <End place={place} settings={settings.data} />
    </div>
  );
}

function General({ place, settings }: { place: Place; settings: DatasetSettings }) {
  const client = useQueryClient();
  const [description, setDescription] = useState(settings.description);
  const [depth, setDepth] = useState(String(settings.expand_json_depth));
  const [isProtected, setProtected] = useState(settings.settings.delete_protected);
  const [type, setType] = useState(settings.dataset_type);
  const save = useMutation({
    mutationFn: () =>
      saveDataset(place.env, settings.slug, {
        description,
        expand_json_depth: Number(depth),
        settings: { delete_protected: isProtected },
        dataset_type: type,
      }),
    onSuccess: () => Promise.all(['dataset', 'datasets'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <section>
      <h3>General</h3>
      <Form onSubmit={() => save.mutate()}>
        <TextField
          label="Description"
          value={description}
          maxLength={1024}
          onChange={(e) => setDescription(e.target.value)}
        />
        <TextField
          label="Levels of nested objects that become columns"
          type="number"
          min={0}
          max={10}
          value={depth}
          hint="0 keeps a nested object as text. Counts for events that come from now on."
          onChange={(e) => setDepth(e.target.value)}
        />
        <CheckField
          label="Its metrics are series"
          hint="Calculations follow each metric through time by its kind, and rows can't be counted: for what OpenTelemetry's metrics exporters send."
          checked={type === 'metrics'}
          onChange={(e) => setType(e.target.checked ? 'metrics' : 'events')}
        />
        <CheckField
          label="Protected from deletion"
          checked={isProtected}
          onChange={(e) => setProtected(e.target.checked)}
        />
        {save.error && <ErrorBox what="The settings could not be saved" error={save.error} />}
        <FormEnd>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            Save
          </Button>
          <span role="status" className={css.saved}>
            {save.isSuccess ? 'Saved' : ''}
          </span>
        </FormEnd>
      </Form>
    </section>
  );
}

function Parts({ place, dataset, definition }: { place: Place; dataset: string; definition: Definition }) {
  const client = useQueryClient();
  const [changes, setChanges] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: () =>
      saveDefinition(
        place.env,
        dataset,
        Object.fromEntries(Object.entries(changes).map(([part, name]) => [part, { name: name.trim() }])),
      ),
    onSuccess: () => {
      setChanges({});
      void client.invalidateQueries({ queryKey: ['definition'] });
    },
  });
  return (
    <section className={css.wide}>
      <h3>Which column plays which part</h3>
      <Form onSubmit={() => save.mutate()}>
        <div className={css.parts}>
          {Object.entries(definition).map(([part, column]) => (
            <TextField
              key={part}
              label={part.charAt(0).toUpperCase() + part.slice(1).replaceAll('_', ' ')}
              className="mono"
              placeholder="no column"
              value={changes[part] ?? column?.name ?? ''}
              onChange={(e) => setChanges({ ...changes, [part]: e.target.value })}
            />
          ))}
        </div>
        {save.error && <ErrorBox what="The parts could not be saved" error={save.error} />}
        <FormEnd>
          <Button kind="primary" type="submit" disabled={save.isPending || Object.keys(changes).length === 0}>
            Save
          </Button>
          <span role="status" className={css.saved}>
            {save.isSuccess ? 'Saved' : ''}
          </span>
        </FormEnd>
      </Form>
    </section>
  );
}

const DAY = 86_400;
function Keeping({ place, dataset }: { place: Place; dataset: string }) {
  const client = useQueryClient();
  const { data } = useQuery(retentionOptions(place.env));
  const now = data?.datasets.find((d) => d.dataset === dataset);
  const held = useQuery(datasetsOptions(place.env)).data?.find((d) => d.slug === dataset);
  const [days, setDays] = useState<string | null>(null);
  const shown = days ?? (now?.limits.age_s == null ? '' : String(now.limits.age_s / DAY));
  const limits = {
    age_s: shown.trim() === '' ? null : Math.round(Number(shown) * DAY),
    bytes: now?.limits.bytes ?? null,
  };
  const preview = useMutation({ mutationFn: () => saveRetention(place.env, dataset, limits, true) });
  const save = useMutation({
    mutationFn: () => saveRetention(place.env, dataset, limits, false),
    onSuccess: () => {
      preview.reset();
      void client.invalidateQueries({ queryKey: ['retention'] });
    },
  });
  if (!now) return null;
  const loss = preview.data?.datasets[0]?.would_go;
  const error = preview.error ?? save.error;
  const effective = now.effective.age_s;
  const count = held?.event_count ?? now.event_count;
  return (
    <section>
      <h3>How long events stay</h3>
      <p>
        Now {effective ? `${numberText(effective / DAY)} days` : 'for ever'}; it holds {numberText(count)} events,{' '}
        {storedText(now.stored_bytes, count)}.
      </p>
      <Form onSubmit={() => preview.mutate()}>
        <TextField
          label="Days"
          type="number"
          min={0}
          step="any"
          value={shown}
          placeholder="as the environment says"
          hint="0 keeps everything; empty leaves it to the environment."
          onChange={(e) => {
            setDays(e.target.value);
            preview.reset();
          }}
        />
        {error && <ErrorBox what="The limit could not be set" error={error} />}
        {loss && (
          <p role="status">
            {loss.event_count > 0
              ? `${numberText(loss.event_count)} events (${bytesText(loss.stored_bytes)}) would go.`
              : 'Nothing would go now.'}
          </p>
        )}
        <FormEnd>
          <Button type="submit" disabled={days === null}>
            Show what would go
          </Button>
          {loss && (
            <Button kind="primary" onClick={() => save.mutate()} disabled={save.isPending}>
              Set the limit
            </Button>
          )}
        </FormEnd>
      </Form>
    </section>
  );
}

function End({ place, settings }: { place: Place; settings: DatasetSettings }) {
  const go = useGo();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const remove = useMutation({
    mutationFn: () => deleteDataset(place.env, settings.slug),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['datasets'] });
      go(environmentPath(place, '/datasets'));
    },
  });
  return (
    <section>
      <h3>Delete this dataset</h3>
      {settings.settings.delete_protected ? (
        <p>It is protected; take the protection away above first.</p>
      ) : (
        <Form onSubmit={() => remove.mutate()}>
          <TextField
            label={`Type ${settings.slug} to delete it with all its events`}
            value={typed}
            onChange={(e) => setTyped(e.target.value)}
          />
          {remove.error && <ErrorBox what="The dataset could not be deleted" error={remove.error} />}
          <FormEnd>
            <Button type="submit" disabled={typed !== settings.slug || remove.isPending}>
              Delete
            </Button>
          </FormEnd>
        </Form>
      )}
    </section>
  );
}
