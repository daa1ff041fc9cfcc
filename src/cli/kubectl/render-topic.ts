/** Prints the explanation of a reason, and the list of all reasons. Pure. */
import { clip } from '../render-escape.js';
import { renderLine, span, type RenderOptions } from '../render-line.js';
import { renderMarkdown } from './markdown-text.js';
import { firstSentence, linksOf, TOPIC_GROUPS, TOPICS, type Topic } from './topics.js';

/** The explanation for a terminal: the text, and at its end where to read on. */
export function renderTopic(topic: Topic, options: RenderOptions): string {
  const { topics, files } = linksOf(topic);
  const seeAlso = [
    ...topics.map((name) => `kubectl stasis explain ${name}`),
    ...files.map((file) => `${file} in the sources of Stasis`),
  ];
  const heading = `${renderLine([span(topic.name, 'bold')], options)}\n\n`;
  const more = seeAlso.map((line) => `${renderLine([span(`  ${line}`, 'dim')], { color: options.color })}\n`).join('');
  return `${heading}${renderMarkdown(topic.markdown, options)}${more === '' ? '' : `\nSee also:\n${more}`}`;
}

/** The section as it is in docs/errors.md. */
export function topicMarkdown({ name, markdown }: Topic): string {
  return `## ${name}\n\n${markdown}\n`;
}

/** All reasons by kind, each with the first sentence of its explanation. */
export function renderTopics(options: RenderOptions): string {
  const longest = Math.max(...TOPICS.map(({ name }) => name.length));
  // Only a terminal has a width; a file has room for whole sentences.
  const room = options.width === undefined ? Number.POSITIVE_INFINITY : Math.max(20, options.width - longest - 4);
  return TOPIC_GROUPS.map(({ title, topics }) => {
    const lines = topics.map((topic) =>
      renderLine([span(`  ${topic.name.padEnd(longest)}  `), span(clip(firstSentence(topic), room), 'dim')], {
        color: options.color,
      }),
    );
    return [renderLine([span(title, 'bold')], { color: options.color }), ...lines].map((line) => `${line}\n`).join('');
  }).join('\n');
}

/** All reasons as a list in Markdown. */
export function topicsMarkdown(): string {
  return TOPIC_GROUPS.map(
    ({ title, topics }) =>
      `## ${title}\n\n${topics.map((topic) => `- \`${topic.name}\`: ${firstSentence(topic)}\n`).join('')}`,
  ).join('\n');
}
