// The small part of Markdown that boards use, as data: headings, lists, quotes, code, emphasis, links. Nothing becomes HTML.

export type Inline =
  { kind: 'text' | 'code' | 'strong' | 'em'; text: string } | { kind: 'link'; text: string; href: string };
export type Block =
  | { kind: 'heading'; level: number; content: Inline[] }
  | { kind: 'paragraph' | 'quote'; content: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'code'; text: string }
  | { kind: 'rule' };

export function readMarkdown(text: string): Block[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length;) {
    const line = lines[i]!;
    if (line.trim() === '') {
      i++;
      continue;
    }
    if (/^```/.test(line)) {
      const end = lines.findIndex((l, k) => k > i && /^```/.test(l));
      const stop = end < 0 ? lines.length : end;
      blocks.push({ kind: 'code', text: lines.slice(i + 1, stop).join('\n') });
      i = stop + 1;
      continue;
    }
    const heading = /^(#{1,4})\s+(.*)$/.exec(line);
    if (heading) {
      blocks.push({ kind: 'heading', level: heading[1]!.length, content: readInline(heading[2]!) });
      i++;
      continue;
    }
    if (/^\s*(?:-{3,}|\*{3,})\s*$/.test(line)) {
      blocks.push({ kind: 'rule' });
      i++;
      continue;
    }
    const bullet = /^\s*(?:[-*+]|(\d+)[.)])\s+/;
    const first = bullet.exec(line);
    if (first) {
      const items: Inline[][] = [];
      while (i < lines.length && bullet.test(lines[i]!)) items.push(readInline(lines[i++]!.replace(bullet, '')));
      blocks.push({ kind: 'list', ordered: first[1] !== undefined, items });
      continue;
    }
    const isQuote = /^>\s?/.test(line);
    const taken: string[] = [];
    const goesOn = (l: string) =>
      l.trim() !== '' && /^>\s?/.test(l) === isQuote && !/^(```|#{1,4}\s)/.test(l) && !bullet.test(l);
    while (i < lines.length && goesOn(lines[i]!)) taken.push(lines[i++]!.replace(/^>\s?/, ''));
    blocks.push({ kind: isQuote ? 'quote' : 'paragraph', content: readInline(taken.join(' ')) });
  }
  return blocks;
}

const INLINE =
  /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|_([^_\s][^_]*)_|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>)]+)/g;
function readInline(text: string): Inline[] {
  const out: Inline[] = [];
  let at = 0;
  for (const m of text.matchAll(INLINE)) {
    if (m.index > at) out.push({ kind: 'text', text: text.slice(at, m.index) });
    const [whole, code, strong, star, under, label, href, url] = m;
    if (code !== undefined) out.push({ kind: 'code', text: code });
    else if (strong !== undefined) out.push({ kind: 'strong', text: strong });
    else if (star !== undefined || under !== undefined) out.push({ kind: 'em', text: (star ?? under)! });
    else if (href !== undefined) out.push({ kind: 'link', text: label!, href });
    else out.push({ kind: 'link', text: url!, href: url! });
    at = m.index + whole.length;
  }
  if (at < text.length) out.push({ kind: 'text', text: text.slice(at) });
  return out;
}
