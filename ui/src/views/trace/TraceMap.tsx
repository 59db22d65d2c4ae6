// The services of one trace and who called whom in it.
import { useMemo } from 'react';
import { countText } from '../../model/format';
import { SERVICES_MAX } from '../../model/services';
import type { Trace } from '../../model/trace';
import { traceMap } from '../../model/trace-map';
import { Button, Empty, ErrorBox, Skeleton } from '../../widgets/basic';
import { ServiceGraph } from '../../result/ServiceGraph';
import { useGraphLayout } from '../../api/use-layout';
import css from './trace.module.css';

interface Props {
  trace: Trace;
  chosen: string | undefined;
  onChoose: (service: string | undefined) => void;
  onOpen: () => void;
}
export default function TraceMap({ trace, chosen, onChoose, onOpen }: Props) {
  const map = useMemo(() => traceMap(trace), [trace]);
  const { drawn, error } = useGraphLayout(map.nodes.length <= SERVICES_MAX ? map : null);
  if (map.nodes.length > SERVICES_MAX)
    return <Empty title={`${map.nodes.length} services are more than the ${SERVICES_MAX} that a map can show`} />;
  if (error) return <ErrorBox what="The map could not be drawn" error={error} />;
  if (!drawn) return <Skeleton lines={8} />;
  return (
    <div className={css.map} data-testid="trace-map">
      <ServiceGraph
        map={drawn.map}
        layout={drawn.layout}
        amount={(count) => countText(count, 'span')}
        chosen={chosen}
        onChoose={onChoose}
      />
      {chosen !== undefined && (
        <p className={css.mapFoot}>
          Only spans of <b>{chosen}</b> show in the other views.
          <Button onClick={onOpen}>Show them in the waterfall</Button>
        </p>
      )}
    </div>
  );
}
