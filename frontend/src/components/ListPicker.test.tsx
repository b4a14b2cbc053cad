import { render, screen, within } from '@testing-library/react';
import React from 'react';

import { fakeDataSource } from '../test/fakes';
import { ListPicker } from './ListPicker';

const ID = 'a0000000-0000-4000-8000-000000000001';

describe('ListPicker', () => {
  it('shortens a name that is too long, so that it does not run below the buttons', () => {
    fakeDataSource();
    render(<ListPicker label="Who" values={[ID]} options={[]} onChange={() => undefined} />);
    const value = screen.getByText(ID).parentElement!;
    expect(within(value).getByRole('button', { name: `Remove ${ID}` })).toBeInTheDocument();
    // jsdom has no precedence among rules, and no layout: this tests only whether the rule selects the value.
    const rules = [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules] as CSSStyleRule[]);
    const shortened = rules.filter(
      ({ selectorText, style }) => style?.getPropertyValue('flex-shrink') === '1' && value.matches(selectorText)
    );
    expect(shortened).toHaveLength(1);
  });
});
