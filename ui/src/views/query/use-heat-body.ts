// Where a few very large values squash a heat map, the same question is asked once more about the others.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { bodyOptions } from '../../api/options';
import { withAbove } from '../../model/heat';
import type { QueryAnswer } from '../../model/result';

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
