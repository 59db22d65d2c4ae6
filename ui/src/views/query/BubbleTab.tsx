// BubbleUp on this page: asks for what was chosen, says how to choose when nothing was.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { bubbleOptions } from '../../api/options';
import { bubbleRequest, rankedFields } from '../../model/bubble-up';
import { elapsedText } from '../../model/format';
import type { Behind, QueryAnswer } from '../../model/result';
import { BubbleUp, type BubblePick } from '../../result/BubbleUp';
import { Button, Empty, ErrorBox, Progress, Skeleton } from '../../widgets/basic';
import type { Place } from '../../widgets/route';
import { BehindChip } from './BehindChip';
import css from './query.module.css';

interface Props {
  place: Place;
  dataset: string;
  answer: QueryAnswer;
  selection: Behind | undefined;
  utc: boolean;
  onClear: () => void;
  onPick: (pick: BubblePick) => void;
  /** Adds a heat map of the duration, where there is none to draw on. */
  onHeatmap?: () => void;
}
export default function BubbleTab(props: Props) {
  return props.selection ? (
    <Compared {...props} selection={props.selection} />
  ) : (
    <Empty title="What is different about some of these events?">
      <p>
        Drag a box over a heat map, drag over a span of time, or click a point or a row and choose BubbleUp. Every field
        is compared with all other events of the query.
      </p>
      {props.onHeatmap && <Button onClick={props.onHeatmap}>Add HEATMAP(duration_ms)</Button>}
    </Empty>
  );
}
function Compared({ place, dataset, answer, selection, utc, onClear, onPick }: Props & { selection: Behind }) {
  const request = useMemo(() => bubbleRequest(answer, selection), [answer, selection]);
  const { data, error, isFetching, refetch } = useQuery(bubbleOptions(place.env, dataset, request));
  const ranked = useMemo(() => data && { ...data, fields: rankedFields(data, request) }, [data, request]);
  return (
    <div className={css.raw}>
      <div className={css.rawBar}>
        <BehindChip behind={selection} utc={utc} label="Compared with the rest" onClear={onClear} />
        {data && (
          <span className={css.counted}>
            {data.fields.length} fields in {elapsedText(data.stats.elapsed_ms)}
          </span>
        )}
      </div>
      <Progress active={isFetching} />
      {error && <ErrorBox what="BubbleUp failed" error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={9} />}
      {data &&
        (data.selection_count === 0 ? (
          <Empty title="The selection holds no events">
            <Button onClick={onClear}>Choose another</Button>
          </Empty>
        ) : (
          <BubbleUp
            key={JSON.stringify(request)}
            answer={ranked!}
            what={
              data.baseline_count === 0 ? 'Every event of the query is selected: there is nothing to compare with' : ''
            }
            onPick={onPick}
          />
        ))}
    </div>
  );
}
