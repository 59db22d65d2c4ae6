// The actions of the palette are those that one key press stands for.
import { showPage } from '../page.test.kit';
import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { useKeys } from '../../widgets/use-keys';
import CommandPalette from './CommandPalette';

afterEach(cleanup);
function Page() {
  useKeys({ run: vi.fn(), clause: vi.fn(), palette: vi.fn() });
  return null;
}
function Opened() {
  return <CommandPalette place={{ team: 't', env: 'e' }} screens={[]} queryPath="/" onClose={vi.fn()} />;
}
it('the palette offers what it can do without knowing which key was pressed', async () => {
  showPage('/', '/', <Page />);
  showPage('/', '/', <Opened />);
  const options = await screen.findAllByRole('option');
  expect(options.map((o) => o.dataset.command)).toEqual(['action run']);
});
