// The `?` panel: the key registry, printed.
import { BINDINGS, keyLabel, type Region } from '../../model/keys';
import { Kbd } from '../../widgets/basic';
import { DialogBox } from '../../widgets/popup';
import css from './shell.module.css';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function ShortcutPanel({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const regions = [...new Set(BINDINGS.map((b) => b.region))] as Region[];
  return (
    <DialogBox title="Keyboard shortcuts" open={open} onOpenChange={onOpenChange} wide>
      <div className={css.shortcuts}>
        {regions.map((region) => (
          <section key={region}>
            <h2>{region}</h2>
            <dl>
              {BINDINGS.filter((b) => b.region === region).map((b) => (
                <div key={b.id}>
                  <dt>{b.action}</dt>
                  <dd>
                    {b.keys.map((key) => (
                      <span key={key}>
                        {key.split(/(?<=.)\+(?=.)| /).map((part) => (
                          <Kbd key={part}>{keyLabel(part, isMac)}</Kbd>
                        ))}
                      </span>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </DialogBox>
  );
}
