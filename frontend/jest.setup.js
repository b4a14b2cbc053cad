require('@testing-library/jest-dom');
const { configure } = require('@testing-library/react');
const { TextDecoder, TextEncoder } = require('util');

Object.assign(global, { TextDecoder, TextEncoder });

// As for the tests themselves: long enough for any machine.
configure({ asyncUtilTimeout: 30_000 });

// What jsdom lacks and Grafana's components use.
const observer = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
global.ResizeObserver = observer;
global.IntersectionObserver = observer;
global.matchMedia = (media) => ({
  media,
  matches: false,
  addListener() {},
  removeListener() {},
  addEventListener() {},
  removeEventListener() {},
});
HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: 8 * text.length }) });
Element.prototype.scrollIntoView = () => {};
// Lists and pickers show only what fits: without a size, nothing.
for (const side of ['offsetWidth', 'offsetHeight', 'clientWidth', 'clientHeight']) {
  Object.defineProperty(HTMLElement.prototype, side, { configurable: true, value: 400 });
}
Element.prototype.getBoundingClientRect = () => ({ width: 400, height: 400, top: 0, left: 0, bottom: 400, right: 400 });
