import CopyPlugin from 'copy-webpack-plugin';
import path from 'path';
import TerserPlugin from 'terser-webpack-plugin';
import type { Configuration } from 'webpack';

import plugin from '../plugin.json';

const dist = path.resolve(__dirname, '../dist');

/** What Grafana itself hands to plugins; bundling a second copy of these would break hooks, contexts and themes. */
const externals: Configuration['externals'] = [
  { 'amd-module': 'module' },
  'lodash',
  'moment',
  'emotion',
  '@emotion/react',
  '@emotion/css',
  'i18next',
  'prismjs',
  'react',
  // A bundled copy would make elements of another React than Grafana's: from 13.2 on that is React 19.
  'react/jsx-runtime',
  'react/jsx-dev-runtime',
  'react-dom',
  'react-redux',
  'react-router',
  'redux',
  'rxjs',
  'rxjs/operators',
  'slate',
  'slate-plain-serializer',
  '@grafana/slate-react',
  'd3',
  /^@grafana\/(data|runtime|ui)(\/unstable)?$/,
];

const config = (env: { production?: boolean }): Configuration => ({
  mode: env.production ? 'production' : 'development',
  context: path.resolve(__dirname, 'src'),
  entry: { module: './module.ts' },
  devtool: env.production ? 'source-map' : 'eval-source-map',
  externals,
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        exclude: /node_modules/,
        use: {
          loader: 'swc-loader',
          options: { jsc: { target: 'es2020', parser: { syntax: 'typescript', tsx: true } } },
        },
      },
      // plugin-ui's files name their imports without an extension, which strict ECMAScript modules refuse.
      { test: /\.js$/, resolve: { fullySpecified: false } },
      { test: /\.css$/, type: 'asset/source' },
    ],
  },
  resolve: { extensions: ['.ts', '.tsx', '.js', '.json'] },
  optimization: {
    minimizer: [new TerserPlugin({ extractComments: false, terserOptions: { format: { comments: false } } })],
  },
  output: {
    // The backend's binaries are built by someone else.
    clean: { keep: /^gpx_/ },
    path: dist,
    filename: '[name].js',
    library: { type: 'amd' },
    asyncChunks: false,
    publicPath: `public/plugins/${plugin.id}/`,
    uniqueName: plugin.id,
  },
  plugins: [
    new CopyPlugin({
      patterns: [
        { from: '../../plugin.json', to: '.' },
        { from: '../../README.md', to: '.' },
        { from: '../../CHANGELOG.md', to: '.' },
        { from: '../../docs', to: 'docs' }, // where README's links and plugin.json's screenshots lead
        { from: '../../skills', to: 'skills' }, // for assistants, as other data sources ship them
        { from: '../../LICENSE', to: '[name][ext]', toType: 'template' },
        { from: 'img', to: 'img' },
        { from: 'locales', to: 'locales' },
        { from: 'dashboards', to: 'dashboards', noErrorOnMissing: true },
      ],
    }),
  ],
  performance: { hints: false },
});

export default config;
