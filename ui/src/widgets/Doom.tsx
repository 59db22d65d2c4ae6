// The question before something goes for good.
import { Button } from './basic';
import { FormEnd } from './form';
import { DialogBox } from './popup';
import css from './form.module.css';

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
      <div className={css.form}>
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
