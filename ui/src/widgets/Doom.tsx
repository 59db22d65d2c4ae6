// The question before something goes for good.
import { Button } from '../../widgets/basic';
import { FormEnd } from '../../widgets/form';
import { DialogBox } from '../../widgets/popup';
import css from './settings.module.css';

export function Doom({
  title,
  what,
  verb,
  open,
  onClose,
  onDelete,
}: {
  title: string;
  /** What follows from it, and whether it can be undone. */
  what: string;
  verb: string;
  open: boolean;
  onClose: () => void;
  onDelete: () => void;
}) {
  return (
    <DialogBox title={title} open={open} onOpenChange={onClose}>
      <div className={css.dialog}>
        <p>{what}</p>
        <FormEnd>
          <Button
            kind="primary"
            onClick={() => {
              onDelete();
              onClose();
            }}
          >
            {verb}
          </Button>
          <Button onClick={onClose}>Keep it</Button>
        </FormEnd>
      </div>
    </DialogBox>
  );
}
