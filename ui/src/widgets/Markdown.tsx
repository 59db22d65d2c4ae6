// Markdown as elements; what it cannot say as an element stays text.
import type { ReactNode } from 'react';
import { readMarkdown, type Inline } from '../model/markdown';
import css from './markdown.module.css';

export function Markdown({ text }: { text: string }) {
  return (
    <div className={css.markdown}>
      {readMarkdown(text).map((block, i) => {
        switch (block.kind) {
          case 'heading': {
            // A page has one h1 and panels have h2 for a title.
            const Heading = block.level <= 2 ? 'h3' : 'h4';
            return (
              <Heading key={i} data-level={block.level}>
                {inline(block.content)}
              </Heading>
            );
          }
          case 'paragraph':
            return <p key={i}>{inline(block.content)}</p>;
          case 'quote':
            return <blockquote key={i}>{inline(block.content)}</blockquote>;
          case 'code':
            return <pre key={i}>{block.text}</pre>;
          case 'rule':
            return <hr key={i} />;
          case 'list': {
            const List = block.ordered ? 'ol' : 'ul';
            return (
              <List key={i}>
                {block.items.map((item, k) => (
                  <li key={k}>{inline(item)}</li>
                ))}
              </List>
            );
          }
        }
      })}
    </div>
  );
}
function inline(content: readonly Inline[]): ReactNode[] {
  return content.map((part, i) => {
    switch (part.kind) {
      case 'code':
        return <code key={i}>{part.text}</code>;
      case 'strong':
        return <strong key={i}>{part.text}</strong>;
      case 'em':
        return <em key={i}>{part.text}</em>;
      case 'link':
        return (
          <a key={i} href={part.href} target="_blank" rel="noopener noreferrer" title={part.href}>
            {part.text}
          </a>
        );
      case 'text':
        return part.text;
    }
  });
}
