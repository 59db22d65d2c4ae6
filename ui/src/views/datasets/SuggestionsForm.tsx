// What the query page puts forward for a dataset: the columns to group by that come first, and the query that it begins with.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../api/http';
import { saveSuggestions, suggestionsOptions } from '../../api/manage';
import { parseSpec } from '../../model/query-spec';
import { queryText } from '../../model/query-text';
import { Button, ErrorBox } from '../../widgets/basic';
import { AreaField, Form, FormEnd, TextField } from '../../widgets/form';
import type { Place } from '../../widgets/route';
import css from './datasets.module.css';

export function SuggestionsForm({ place, dataset }: { place: Place; dataset: string }) {
  const client = useQueryClient();
  const options = suggestionsOptions(place.env, dataset);
  const known = useQuery(options);
  const [groupings, setGroupings] = useState<string | null>(null);
  const [query, setQuery] = useState<string | null>(null);
  const columns = groupings ?? known.data?.groupings.join(', ') ?? '';
  const text = query ?? (known.data?.query ? JSON.stringify(known.data.query, null, 2) : '');
  const read = text.trim() === '' ? null : parseSpec(text);
  const problem = read && 'error' in read ? `${read.field ? `${read.field}: ` : ''}${read.error}` : undefined;
  const save = useMutation({
    mutationFn: () =>
      saveSuggestions(place.env, dataset, {
        groupings: [...new Set(columns.split(',').map((name) => name.trim()))].filter((name) => name !== ''),
        query: read && 'spec' in read ? read.spec : null,
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: options.queryKey });
      setGroupings(null);
      setQuery(null);
    },
  });
  if (known.error)
    return (
      <ErrorBox what="The suggestions could not be loaded" error={known.error} onRetry={() => void known.refetch()} />
    );
  if (!known.data) return null;
  const refused = save.error instanceof ApiError ? save.error : null;
  return (
    <section>
      <h3>What the query page begins with</h3>
      <Form onSubmit={() => save.mutate()}>
        <TextField
          label="Columns offered first in GROUP BY"
          className="mono"
          placeholder="http.route, service.name"
          hint="Separated by commas, the best first; at most 20."
          value={columns}
          error={refused?.field?.startsWith('groupings') ? refused.message : undefined}
          onChange={(e) => setGroupings(e.target.value)}
        />
        <AreaField
          label="Query of a page that is opened without one"
          rows={5}
          placeholder='{"calculations": [{"op": "COUNT"}]}'
          hint={
            read && 'spec' in read
              ? queryText(read.spec)
              : 'As JSON, from “View or edit as JSON” beside Run; empty for every event.'
          }
          value={text}
          error={problem ?? (refused?.field?.startsWith('query') ? refused.message : undefined)}
          onChange={(e) => setQuery(e.target.value)}
        />
        {save.error && !refused?.field && <ErrorBox what="The suggestions could not be saved" error={save.error} />}
        <FormEnd>
          <Button
            kind="primary"
            type="submit"
            disabled={save.isPending || problem !== undefined || (groupings === null && query === null)}
          >
            Save
          </Button>
          <span role="status" className={css.saved}>
            {save.isSuccess && groupings === null && query === null ? 'Saved' : ''}
          </span>
        </FormEnd>
      </Form>
    </section>
  );
}
