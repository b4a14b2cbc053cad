import grafana from '@grafana/eslint-config/flat.js';

export default [
  { ignores: ['node_modules', 'coverage'] },
  ...[grafana].flat(),
  {
    files: ['**/*.{ts,tsx}'],
    rules: { 'react/prop-types': 'off', '@typescript-eslint/no-deprecated': 'off' },
  },
];
