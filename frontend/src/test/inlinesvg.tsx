import React, { type SVGProps } from 'react';

/** Icons are fetched from Grafana, which is not there in tests. */
export default function InlineSvg({ title }: SVGProps<SVGElement> & { title?: string }) {
  return <svg>{title && <title>{title}</title>}</svg>;
}

export const cacheStore = {};
