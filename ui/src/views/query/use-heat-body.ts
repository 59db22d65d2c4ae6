// Where a few very large values squash a heat map, the same question is asked once more about the others.
import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { bodyOptions, columnsOptions } from '../../api/options';
import { withAbove } from '../../model/heat';
import type { ColumnType } from '../../model/query-spec';
import { calculationsOfAnswer, type QueryAnswer } from '../../model/result';

/** The answer with its squashed heat maps spread out; as it is while that is not known, or is not wanted. */
export function useHeatBody(env: string, dataset: string, answer: QueryAnswer, isWanted: boolean): QueryAnswer {
  const { data } = useQuery({ ...bodyOptions(env, dataset, answer), enabled: isWanted && !!answer.heatmaps });
  return useMemo(() => {
    const heatmaps = { ...answer.heatmaps };
    for (const [key, body] of Object.entries((isWanted && data) || {})) {
      const whole = heatmaps[key];
      const spread = whole && withAbove(whole, body.map, body.cut);
      if (spread) heatmaps[key] = spread;
    }
    return { ...answer, heatmaps };
  }, [answer, data, isWanted]);
}

/** The types of the columns that heat maps are of, as soon as they are known. */
export function useHeatTypes(
  env: string,
  dataset: string,
  answer: QueryAnswer,
): (column: string) => ColumnType | undefined {
  const maps = calculationsOfAnswer(answer).filter((c) => c.op === 'HEATMAP');
  const columns = [...new Set(maps.flatMap((c) => c.column ?? []))];
  const found = useQueries({ queries: columns.map((column) => columnsOptions(env, dataset, column)) });
  return (name) => found[columns.indexOf(name)]?.data?.columns.find((c) => c.key_name === name)?.type;
}
