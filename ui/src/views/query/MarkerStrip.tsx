// The messages of markers above the charts, each over its line.
import { Flag } from 'lucide-react';
import { AXIS_LEFT, PAD_RIGHT } from '../../chart/axis';
import type { Marker } from '../../api/calls';
import { momentText } from '../../model/time-range';
import { DropMenu } from '../../widgets/popup';
import css from './query.module.css';

export function MarkerStrip({
  markers,
  range,
  utc,
  onDelete,
}: {
  markers: readonly Marker[];
  range: [number, number];
  utc: boolean;
  onDelete: (marker: Marker) => void;
}) {
  const [start, end] = range;
  const seen = markers.filter((m) => m.start_time <= end && (m.end_time ?? m.start_time) >= start);
  if (seen.length === 0) return null;
  return (
    <div className={css.markers} style={{ marginLeft: AXIS_LEFT, marginRight: PAD_RIGHT }} data-testid="markers">
      {seen.map((marker) => {
        const at = Math.max(0, (marker.start_time - start) / (end - start));
        const text = marker.message || marker.type || 'marker';
        const url = marker.url && /^https?:\/\//.test(marker.url) ? marker.url : null;
        return (
          <DropMenu
            key={marker.id}
            trigger={
              <button
                type="button"
                className={css.marker}
                style={at > 0.8 ? { right: `${(1 - at) * 100}%` } : { left: `${at * 100}%` }}
                data-right={at > 0.8 || undefined}
                title={`${text}\n${momentText(marker.start_time * 1000, utc)}`}
              >
                <i style={marker.color ? { background: marker.color } : undefined} />
                {text}
              </button>
            }
            list={[
              {
                id: 'when',
                label: momentText(marker.start_time * 1000, utc) + (marker.type ? ` · ${marker.type}` : ''),
                icon: <Flag size={14} />,
                disabled: true,
                onSelect: () => undefined,
              },
              ...(url ? [{ id: 'open', label: url, onSelect: () => void window.open(url, '_blank', 'noopener') }] : []),
              { id: 'delete', label: 'Delete this marker', onSelect: () => onDelete(marker) },
            ]}
          />
        );
      })}
    </div>
  );
}
