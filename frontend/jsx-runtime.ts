import { createElement, Fragment, type ElementType, type ReactNode } from 'react';

type Props = Record<string, unknown> & { children?: ReactNode | ReactNode[] };

/** JSX by way of `createElement`, which every version of React has that Grafana brings. */
function jsx(type: ElementType, { children, ...props }: Props, key?: string) {
  const given = key === undefined ? props : { ...props, key };
  return children === undefined ? createElement(type, given) : createElement(type, given, children as ReactNode);
}

function jsxs(type: ElementType, { children, ...props }: Props, key?: string) {
  const given = key === undefined ? props : { ...props, key };
  return createElement(type, given, ...((children ?? []) as ReactNode[]));
}

export { Fragment, jsx, jsxs };
