/** Measures the page as the browser laid it out. The script runs in the page, where this project's types do not reach. */
import type { Page } from './chromium.js';

export interface Box {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Measured {
  /** The width of the window and of what is in it: equal, where nothing has to be scrolled sideways. */
  readonly width: { readonly window: number; readonly content: number };
  readonly panels: readonly (Box & {
    /** Drawn things that have a size: paths, figures, rows of tables and of bars. */
    readonly marks: number;
    readonly isEmpty: boolean;
    /** Elements that are wider than their place. */
    readonly cut: number;
    /** The labels of the axes. */
    readonly labels: readonly Box[];
  })[];
  /** Every element with text of its own: the size of its letters in pixels, and how its colour stands out from what is behind. */
  readonly texts: readonly { readonly text: string; readonly size: number; readonly contrast: number }[];
}

const SCRIPT = `(() => {
  const box = (element, name) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { name, left, top, right, bottom };
  };
  const isShown = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0;
  };
  // A canvas says which color() or light-dark() a browser makes of a style.
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [r, g, b] = rgb(color).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let above = element; above; above = above.parentElement) {
      const color = getComputedStyle(above).backgroundColor;
      if (rgb(color)[3] > 0) return color;
    }
    return 'white';
  };
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  const scale = (element) => {
    const svg = element.closest('svg');
    return svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
  };
  const panels = [...document.querySelectorAll('.panel')].map((panel) => {
    const drawing = panel.querySelector('.drawing');
    const inside = [...drawing.querySelectorAll('*')].filter(isShown);
    const place = panel.getBoundingClientRect();
    return {
      ...box(panel, panel.querySelector('h3').textContent),
      marks: [...drawing.querySelectorAll('path, .figure, tbody tr, .gauge li')].filter((mark) => {
        const { width, height } = mark.getBoundingClientRect();
        return width + height > 0;
      }).length,
      isEmpty: drawing.querySelector('.empty') !== null,
      cut: inside.filter((one) => {
        const { left, right } = one.getBoundingClientRect();
        return !one.closest('clipPath, defs') && (left < place.left - 1 || right > place.right + 1);
      }).length,
      labels: [...drawing.querySelectorAll('svg text')].filter(isShown).map((label) => box(label, label.textContent)),
    };
  });
  const texts = [...document.querySelectorAll('body *')].filter((one) => hasText(one) && isShown(one)).map((one) => {
    const style = getComputedStyle(one);
    const color = one.closest('svg') ? style.fill : style.color;
    return { text: one.textContent, size: parseFloat(style.fontSize) * scale(one), contrast: contrast(color, behind(one)) };
  });
  const root = document.documentElement;
  return { width: { window: root.clientWidth, content: root.scrollWidth }, panels, texts };
})()`;

export async function measure(page: Page): Promise<Measured> {
  return (await page.evaluate(SCRIPT)) as Measured;
}

/** The names of the first pair of boxes that lie on each other by more than a pixel. */
export function overlap(boxes: readonly Box[]): readonly [string, string] | undefined {
  for (const [index, a] of boxes.entries()) {
    const other = boxes.slice(index + 1).find((b) => {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      return width > 1 && height > 1;
    });
    if (other !== undefined) return [a.name, other.name];
  }
  return undefined;
}
