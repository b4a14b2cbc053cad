// Packages that come as ECMAScript modules only and must be transformed to run under jest.
const modules = [
  '@grafana/plugin-ui',
  '@grafana/schema',
  '@wojtekmaj/date-utils',
  'd3',
  'd3-color',
  'd3-force',
  'd3-interpolate',
  'd3-scale-chromatic',
  'get-user-locale',
  'marked',
  'memoize',
  'mimic-function',
  'ol',
  'react-calendar',
  'react-colorful',
  'rxjs',
  'uuid',
];

module.exports = {
  testEnvironment: 'jsdom',
  // A deadline for what hangs, and no measure of how fast a machine is.
  testTimeout: 120_000,
  setupFilesAfterEnv: ['<rootDir>/jest.setup.js'],
  testMatch: ['<rootDir>/src/**/*.test.{ts,tsx}'],
  transform: {
    '^.+\\.(t|j|mj|cj)sx?$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', tsx: true }, target: 'es2022' } }],
  },
  transformIgnorePatterns: [`node_modules/(?!.*(${modules.join('|')})/.*)`],
  moduleNameMapper: {
    '\\.(css|scss)$': '<rootDir>/src/test/style.ts',
    'react-inlinesvg': '<rootDir>/src/test/inlinesvg.tsx',
  },
};
