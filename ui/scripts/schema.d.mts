// The types of schema.mjs, for the test that asks it.
export function schemaText(): Promise<string>;
