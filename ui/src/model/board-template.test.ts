import { describe, expect, it } from 'vitest';
import { BOARD_TEMPLATES, hasValues, mapFields, specOfPanel } from './board-template';
import { nextPlace } from './board';
import { checkSpec } from './query-spec';

describe('board templates', () => {
  it.each(BOARD_TEMPLATES.map((t) => [t.id, t] as const))(
    '%s asks only for fields it names, in queries that stand',
    (_, t) => {
      const ids = new Set(t.fields.map((f) => f.id));
      expect(ids.size).toBe(t.fields.length);
      expect(t.presets.filter((p) => !ids.has(p))).toEqual([]);
      expect(t.presets.length).toBeLessThanOrEqual(5);
      const needed = new Set(t.panels.flatMap((p) => p.needs));
      expect([...needed].filter((id) => !ids.has(id))).toEqual([]);
      expect([...ids].filter((id) => !needed.has(id) && !t.presets.includes(id))).toEqual([]);
      const all = mapFields(t, new Set(t.fields.map((f) => f.names[0]!)));
      for (const panel of t.panels) {
        const asked = new Set<string>();
        panel.spec((id) => {
          asked.add(id);
          return id;
        });
        expect([...asked].sort(), panel.name).toEqual([...panel.needs].sort());
        const spec = specOfPanel(panel, all, 7200);
        expect(checkSpec(spec), panel.name).toHaveProperty('spec');
        expect(nextPlace([], ...panel.size).width).toBe(panel.size[0]);
      }
    },
  );
  it('take the first name that the data knows, and leave a panel out whose field it does not know', () => {
    const routes = BOARD_TEMPLATES.find((t) => t.id === 'red-by-route')!;
    const columns = mapFields(routes, new Set(['http.target', 'url.template', 'duration_ms']));
    expect(columns).toEqual({
      route: 'url.template',
      method: undefined,
      status: undefined,
      duration: 'duration_ms',
      service: undefined,
    });
    const found = routes.panels.filter((p) => specOfPanel(p, columns, 60)).map((p) => p.name);
    expect(found).toEqual(['Requests by route', 'P95 by route']);
    expect(specOfPanel(routes.panels[0]!, columns, 60)).toMatchObject({ breakdowns: ['url.template'], time_range: 60 });
  });
  it('know an answer that shows nothing', () => {
    const count = (COUNT: number) => ({ calculations: ['COUNT'], results: [{ data: { COUNT } }] });
    expect(hasValues(count(0))).toBe(false);
    expect(hasValues(count(3))).toBe(true);
    const heat = (counts: number[][]) => ({
      calculations: ['HEATMAP(ms)'],
      results: [{ data: {} }],
      heatmaps: { 'HEATMAP(ms)': { min_value: 0, max_value: 1, step_size: 1, bins: 1, times: ['t'], counts } },
    });
    expect(hasValues(heat([[0], [0]]))).toBe(false);
    expect(hasValues(heat([[0], [2]]))).toBe(true);
  });
});
