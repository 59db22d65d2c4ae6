// What people manage: datasets and their columns, calculated fields, keys, recipients, the team, retention, and what is kept of alerts.
// Functions change something; options say what is fetched and for how long it is kept.
import { queryOptions } from '@tanstack/react-query';
import type { QuerySpec, Scalar } from '../model/query-spec';
import { answerOf, server } from './http';
import type { components } from './schema';

type Schemas = components['schemas'];
export type DatasetSettings = Schemas['Dataset'];
export type CalculatedField = Schemas['DerivedColumn'];
export type ExpressionProblem = Schemas['ExpressionError'];
export type FieldPreview = Omit<Schemas['CalculatedFieldPreview'], 'rows'> & {
  rows?: { time: string; value?: Scalar; inputs: Record<string, Scalar> }[];
};
export type ExpressionFunction = Schemas['ExpressionFunction'];
/** Which column plays which part; null where none does. */
export type Definition = Schemas['DatasetDefinition'];
export type ApiKey = Schemas['Key'];
export type MadeKey = Schemas['MadeKey'];
export type Recipient = Schemas['Recipient'];
export type Limits = Schemas['RetentionLimits'];
export type Retention = Schemas['Retention'];
export type Trigger = Schemas['Trigger'];
export type Slo = Schemas['Slo'];
export type TeamEnvironment = Schemas['TeamEnvironment'];
export type EnvironmentColor = TeamEnvironment['color'];
export type SamplingRule = Schemas['XRaySamplingRule'];
/** What is known of a request. */
export type KnownRequest = Partial<
  Record<'ServiceName' | 'ServiceType' | 'Host' | 'HTTPMethod' | 'URLPath' | 'ResourceARN', string>
> & { Attributes?: Record<string, string> };
/** The rule that decides about a request, and the rules tried before it with what differs. */
export interface MatchedRule {
  SamplingRuleRecord: Schemas['XRaySamplingRuleRecord'];
  Passed: { RuleName: string; Member: string }[];
}
export type TraceGroup = Schemas['XRayGroup'];
export type Rejection = Schemas['Rejection'];
export type Sharing = { kind: 'team' | 'limited'; collaborators: string[] };

const E = '/api/environments/{env}';
const ALL = '__all__';

export const saveDataset = (env: string, dataset: string, body: Schemas['DatasetChange']) =>
  answerOf(server.PUT(`${E}/datasets/{dataset}`, { params: { path: { env, dataset } }, body }));
export const deleteDataset = (env: string, dataset: string) =>
  answerOf(server.DELETE(`${E}/datasets/{dataset}`, { params: { path: { env, dataset } } }));
export const saveColumn = (env: string, dataset: string, id: string, body: Schemas['ColumnChange']) =>
  answerOf(
    server.PUT(`${E}/datasets/{dataset}/column-settings/{id}`, { params: { path: { env, dataset, id } }, body }),
  );
/** Answers which are gone and which stay because they are used. */
export const deleteColumns = (env: string, dataset: string, ids: string[]) =>
  answerOf(
    server.POST(`${E}/datasets/{dataset}/column-deletions`, { params: { path: { env, dataset } }, body: { ids } }),
  );
export const saveDefinition = (env: string, dataset: string, body: Schemas['DatasetDefinitionChange']) =>
  answerOf(server.PUT(`${E}/datasets/{dataset}/definition`, { params: { path: { env, dataset } }, body }));
/** Makes a calculated field, or changes the one with the id. */
export const saveField = (
  env: string,
  dataset: string,
  id: string | undefined,
  body: Schemas['NewDerivedColumn'],
): Promise<CalculatedField> =>
  id === undefined
    ? answerOf(server.POST(`${E}/datasets/{dataset}/calculated-fields`, { params: { path: { env, dataset } }, body }))
    : answerOf(
        server.PUT(`${E}/datasets/{dataset}/calculated-fields/{id}`, { params: { path: { env, dataset, id } }, body }),
      );
export const deleteField = (env: string, dataset: string, id: string) =>
  answerOf(server.DELETE(`${E}/datasets/{dataset}/calculated-fields/{id}`, { params: { path: { env, dataset, id } } }));
export const makeKey = (
  env: string,
  body: { name: string; kind: 'configuration' | 'ingest'; permissions?: string[] },
): Promise<MadeKey> => answerOf(server.POST(`${E}/keys`, { params: { path: { env } }, body }));
export const changeKey = (env: string, id: string, body: { name?: string; disabled?: boolean }) =>
  answerOf(server.PUT(`${E}/keys/{id}`, { params: { path: { env, id } }, body }));
export const deleteKey = (env: string, id: string) =>
  answerOf(server.DELETE(`${E}/keys/{id}`, { params: { path: { env, id } } }));
export const makeEnvironment = (env: string, body: { name: string; description: string; color?: EnvironmentColor }) =>
  answerOf(server.POST(`${E}/environments`, { params: { path: { env } }, body }));
export const changeEnvironment = (
  env: string,
  body: { description?: string; color?: EnvironmentColor; delete_protected?: boolean },
): Promise<TeamEnvironment> => answerOf(server.PUT(`${E}/environment`, { params: { path: { env } }, body }));
/** Deletes it with all that it has. */
export const deleteEnvironment = (env: string) =>
  answerOf(server.DELETE(`${E}/environment`, { params: { path: { env } } }));
/** Makes a sampling rule, or changes the one with the name. */
export const saveRule = (env: string, name: string | undefined, body: SamplingRule) =>
  name === undefined
    ? answerOf(server.POST(`${E}/xray/sampling-rules`, { params: { path: { env } }, body }))
    : answerOf(server.PATCH(`${E}/xray/sampling-rules/{id}`, { params: { path: { env, id: name } }, body }));
export const deleteRule = (env: string, id: string) =>
  answerOf(server.DELETE(`${E}/xray/sampling-rules/{id}`, { params: { path: { env, id } } }));
export const matchingRule = (env: string, body: KnownRequest): Promise<MatchedRule> =>
  answerOf(server.POST(`${E}/xray/matching-rule`, { params: { path: { env } }, body }));
/** Makes a group, or changes the one with the name. */
export const saveGroup = (env: string, name: string | undefined, body: Omit<TraceGroup, 'GroupARN'>) => {
  const { GroupName, ...rest } = body;
  return name === undefined
    ? answerOf(server.POST(`${E}/xray/groups`, { params: { path: { env } }, body: { GroupName, ...rest } }))
    : answerOf(server.PATCH(`${E}/xray/groups/{id}`, { params: { path: { env, id: name } }, body: rest }));
};
export const deleteGroup = (env: string, id: string) =>
  answerOf(server.DELETE(`${E}/xray/groups/{id}`, { params: { path: { env, id } } }));
export const makeRecipient = (env: string, body: Schemas['NewRecipient']) =>
  answerOf(server.POST(`${E}/recipients`, { params: { path: { env } }, body }));
export const deleteRecipient = (env: string, id: string) =>
  answerOf(server.DELETE(`${E}/recipients/{id}`, { params: { path: { env, id } } }));
/** Sets the limits of the environment, or of a dataset; a preview says what would go. */
export const saveRetention = (
  env: string,
  dataset: string | undefined,
  body: Limits,
  preview: boolean,
): Promise<Retention> =>
  dataset === undefined
    ? answerOf(server.PUT(`${E}/retention`, { params: { path: { env }, query: { preview } }, body }))
    : answerOf(
        server.PUT(`${E}/datasets/{dataset}/retention`, {
          params: { path: { env, dataset }, query: { preview } },
          body,
        }),
      );
/** Gives a board a star or takes it, or notes that it was looked at. */
export const markBoard = (env: string, id: string, body: { starred?: boolean; viewed?: boolean }) =>
  answerOf(server.PUT(`${E}/board-shelf/{id}`, { params: { path: { env, id } }, body }));
export const saveSuggestions = (env: string, dataset: string, body: { groupings: string[]; query: QuerySpec | null }) =>
  answerOf(server.PUT(`${E}/datasets/{dataset}/suggestions`, { params: { path: { env, dataset } }, body }));
export const createTrigger = (env: string, dataset: string, body: Schemas['NewTrigger']): Promise<Trigger> =>
  answerOf(server.POST(`${E}/datasets/{dataset}/triggers`, { params: { path: { env, dataset } }, body }));
export const createSlo = (env: string, dataset: string, body: Schemas['NewSlo']): Promise<Slo> =>
  answerOf(server.POST(`${E}/datasets/{dataset}/slos`, { params: { path: { env, dataset } }, body }));
export const deleteTrigger = (env: string, dataset: string, id: string) =>
  answerOf(server.DELETE(`${E}/datasets/{dataset}/triggers/{id}`, { params: { path: { env, dataset, id } } }));

const kept = <T>(key: string[], ask: (signal: AbortSignal) => Promise<T>, staleTime = 10_000) =>
  queryOptions({ queryKey: key, queryFn: ({ signal }) => ask(signal), staleTime });

export const datasetSettingsOptions = (env: string, dataset: string) =>
  kept(['dataset', env, dataset], (signal) =>
    answerOf(server.GET(`${E}/datasets/{dataset}`, { params: { path: { env, dataset } }, signal })),
  );
export const definitionOptions = (env: string, dataset: string) =>
  kept(['definition', env, dataset], (signal) =>
    answerOf(server.GET(`${E}/datasets/{dataset}/definition`, { params: { path: { env, dataset } }, signal })),
  );
export const fieldsOptions = (env: string, dataset: string) =>
  kept(['calculated-fields', env, dataset], (signal) =>
    answerOf(server.GET(`${E}/datasets/{dataset}/calculated-fields`, { params: { path: { env, dataset } }, signal })),
  );
/** The values of an expression in the newest events, or what is wrong with it. */
export const previewOptions = (env: string, dataset: string, expression: string, timeRange: number) =>
  queryOptions({
    queryKey: ['field-preview', env, dataset, expression, timeRange],
    queryFn: ({ signal }) =>
      answerOf(
        server.POST(`${E}/datasets/{dataset}/calculated-field`, {
          params: { path: { env, dataset } },
          body: { expression, time_range: timeRange, limit: 20 },
          signal,
        }),
      ) as Promise<FieldPreview>,
    retry: false,
  });
/** The boards near at hand of who is signed in. */
export const shelfOptions = (env: string) =>
  kept(['board-shelf', env], (signal) =>
    answerOf(server.GET(`${E}/board-shelf`, { params: { path: { env } }, signal })),
  );
/** The datasets, each with what it took in on each of the last 30 days. */
export const heldOptions = (env: string) =>
  kept(['datasets', env, 'days'], (signal) =>
    answerOf(server.GET(`${E}/datasets`, { params: { path: { env }, query: { days: 30 } }, signal })),
  );
export const suggestionsOptions = (env: string, dataset: string) =>
  kept(
    ['suggestions', env, dataset],
    (signal) =>
      answerOf(
        server.GET(`${E}/datasets/{dataset}/suggestions`, { params: { path: { env, dataset } }, signal }),
      ) as Promise<{ groupings: string[]; query: QuerySpec | null }>,
  );
/** What was refused in the last minutes; asked again while somebody looks. */
export const rejectionsOptions = (env: string) =>
  queryOptions({
    queryKey: ['rejections', env],
    queryFn: ({ signal }) => answerOf(server.GET(`${E}/rejections`, { params: { path: { env } }, signal })),
    refetchInterval: 5000,
    retry: false,
  });
/** What was taken in, of this environment or of all of the team: on the last 31 days, or since a day like 2026-11-01. */
export const usageOptions = (env: string, ofTeam: boolean, start?: string) => {
  const query: { start?: string; environments?: 'all' } = {};
  if (start) query.start = start;
  if (ofTeam) query.environments = 'all';
  return kept(
    ['usage', env, start ?? '', ofTeam ? 'team' : ''],
    (signal) => answerOf(server.GET(`${E}/usage`, { params: { path: { env }, query }, signal })),
    60_000,
  );
};
export const keysOptions = (env: string) =>
  kept(['keys', env], (signal) => answerOf(server.GET(`${E}/keys`, { params: { path: { env } }, signal })));
export const membersOptions = (env: string) =>
  kept(['members', env], (signal) => answerOf(server.GET(`${E}/members`, { params: { path: { env } }, signal })));
export const environmentsOptions = (env: string) =>
  kept(['environments', env], (signal) =>
    answerOf(server.GET(`${E}/environments`, { params: { path: { env } }, signal })),
  );
export const rulesOptions = (env: string) =>
  kept(['sampling-rules', env], (signal) =>
    answerOf(server.GET(`${E}/xray/sampling-rules`, { params: { path: { env } }, signal })),
  );
export const groupsOptions = (env: string) =>
  kept(['trace-groups', env], (signal) =>
    answerOf(server.GET(`${E}/xray/groups`, { params: { path: { env } }, signal })),
  );
export const recipientsOptions = (env: string) =>
  kept(['recipients', env], (signal) => answerOf(server.GET(`${E}/recipients`, { params: { path: { env } }, signal })));
export const retentionOptions = (env: string) =>
  kept(['retention', env], (signal) => answerOf(server.GET(`${E}/retention`, { params: { path: { env } }, signal })));
export const alertingOptions = (env: string) =>
  kept(['alerting', env], (signal) => answerOf(server.GET(`${E}/alerting`, { params: { path: { env } }, signal })));
export const triggersOptions = (env: string) =>
  kept(['triggers', env], (signal) =>
    answerOf(server.GET(`${E}/datasets/{dataset}/triggers`, { params: { path: { env, dataset: ALL } }, signal })),
  );
export const slosOptions = (env: string) =>
  kept(['slos', env], (signal) =>
    answerOf(server.GET(`${E}/datasets/{dataset}/slos`, { params: { path: { env, dataset: ALL } }, signal })),
  );
export const sloOptions = (env: string, id: string) =>
  kept(
    ['slo', env, id],
    (signal) =>
      answerOf(
        server.GET(`${E}/datasets/{dataset}/slos/{id}`, {
          params: { path: { env, dataset: ALL, id }, query: { detailed: 'true' } },
          signal,
        }),
      ),
    60_000,
  );
