import { execFileSync } from 'child_process';
import path from 'path';

describe('locales', () => {
  it('have every text of the source, in every language', () => {
    const script = path.resolve(__dirname, '../locales.mjs');
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });
});
