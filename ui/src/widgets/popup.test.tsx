// Where the focus is when a dialog is there, and after it.
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, expect, it } from 'vitest';
import { DialogBox } from './popup';

afterEach(cleanup);

function Page({ isKept }: { isKept: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button onClick={() => setOpen(true)}>Open</button>
      {(isKept || isOpen) && (
        <DialogBox title="Ask" open={isOpen} onOpenChange={setOpen}>
          <input autoFocus aria-label="Name" />
        </DialogBox>
      )}
    </>
  );
}

it.each([true, false])('goes back to what opened it, the dialog being kept: %s', async (isKept) => {
  render(<Page isKept={isKept} />);
  const opener = screen.getByRole('button', { name: 'Open' });
  opener.focus();
  fireEvent.click(opener);
  const input = await screen.findByLabelText('Name');
  await waitFor(() => expect(document.activeElement).toBe(input));
  fireEvent.keyDown(input, { key: 'Escape' });
  await waitFor(() => expect(document.activeElement).toBe(opener));
});
