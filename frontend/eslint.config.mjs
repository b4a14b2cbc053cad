import grafana from '@grafana/eslint-config/flat.js';

export default [
  { ignores: ['node_modules', 'coverage'] },
  ...[grafana].flat(),
  {
    files: ['**/*.{ts,tsx}'],
    rules: { 'react/prop-types': 'off', '@typescript-eslint/no-deprecated': 'off' },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/components/Choice.tsx'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@grafana/ui',
              importNames: ['Combobox', 'MultiCombobox', 'Select', 'MultiSelect', 'AsyncSelect', 'AsyncMultiSelect'],
              message: 'Use Choice or Choices: they act once on a choice that Grafana reports again at each render.',
            },
          ],
        },
      ],
    },
  },
];
