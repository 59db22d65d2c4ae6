import { describe, expect, it } from 'vitest';
import { readMarkdown } from './markdown';

describe('markdown', () => {
  it('reads what boards use', () => {
    expect(readMarkdown('# Title\n\nSome **bold** and `code`.\n- one\n- two\n\n1. first\n```\na < b\n```')).toEqual([
      { kind: 'heading', level: 1, content: [{ kind: 'text', text: 'Title' }] },
      {
        kind: 'paragraph',
        content: [
          { kind: 'text', text: 'Some ' },
          { kind: 'strong', text: 'bold' },
          { kind: 'text', text: ' and ' },
          { kind: 'code', text: 'code' },
          { kind: 'text', text: '.' },
        ],
      },
      { kind: 'list', ordered: false, items: [[{ kind: 'text', text: 'one' }], [{ kind: 'text', text: 'two' }]] },
      { kind: 'list', ordered: true, items: [[{ kind: 'text', text: 'first' }]] },
      { kind: 'code', text: 'a < b' },
    ]);
  });
  it('links to http and https only, and keeps HTML as text', () => {
    const [block] = readMarkdown('[x](javascript:alert(1)) <b> [y](https://e.org/a)');
    expect(block).toEqual({
      kind: 'paragraph',
      content: [
        { kind: 'text', text: '[x](javascript:alert(1)) <b> ' },
        { kind: 'link', text: 'y', href: 'https://e.org/a' },
      ],
    });
  });
  it('ends, whatever it is given', () => {
    for (const text of ['```', '>', '> a\nb', '-', '#', '***', '\n\n', '1.']) expect(readMarkdown(text)).toBeDefined();
  });
});
