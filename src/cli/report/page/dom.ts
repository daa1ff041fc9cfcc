/** Makes elements. Every text goes in as text, and no markup is ever parsed. */

export type Content = Node | string | undefined;

export function make(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...content: readonly Content[]
): HTMLElement {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...content.filter((each) => each !== undefined));
  return element;
}

/** The element with this id. Throws where the page has none, which is a defect. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}
