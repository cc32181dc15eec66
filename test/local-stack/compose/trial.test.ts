/** The scripts of the trial on a real engine: what leaves it out, and what fails it. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findProgram } from '../../../local-stack/embedded/childService.ts';
import { ROOT, run } from './stackFiles.ts';

/** Copies the scripts to a temporary folder, where some may be replaced. Programs in `bin` come first on the PATH. */
function copyScripts(
  replaced: Readonly<Record<string, string>>,
  programs: Readonly<Record<string, string>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'trial-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  cpSync(join(ROOT, 'test/stack'), join(folder, 'test/stack'), { recursive: true });
  for (const [name, text] of Object.entries(replaced)) writeFileSync(join(folder, 'test/stack', name), text);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return {
    folder,
    start: (script: string) =>
      run('bash', [join(folder, 'test/stack', script)], {
        PATH: `${bin}:${process.env.PATH}`,
        HOME: folder,
        XDG_CACHE_HOME: join(folder, 'cache'),
        RETRY_PAUSES: '0 0 0',
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

describe('the trial of the stack', () => {
  // As in Alpine's image of Node; where services are asked for there is one.
  if (findProgram(['bash'], process.env.PATH) === null) {
    it('is left out only where REQUIRE_SERVICES does not ask for it', () => {
      expect(process.env.REQUIRE_SERVICES).not.toBe('1');
    });
    return;
  }

  it('is left out, and says so, where no engine can run', () => {
    using scripts = copyScripts({ 'engine.sh': 'echo "No engine: no root."; exit 3' });
    expect(scripts.start('run.sh')).toEqual({
      status: 0,
      said: 'No engine: no root.\nLeft out: the compose stack on a real engine.\n',
    });
  });

  it.each(['programs.sh', 'images.sh'])('fails where an engine runs and %s does not end well', (script) => {
    using scripts = copyScripts({ 'engine.sh': '', 'programs.sh': '', 'images.sh': '', [script]: 'exit 3' });
    const { status, said } = scripts.start('run.sh');
    expect(status).not.toBe(0);
    expect(said).not.toContain('Left out');
  });

  it('fails where what it builds on cannot be downloaded, after the fourth time', () => {
    using scripts = copyScripts(
      {},
      { python3: 'echo x >>"$HOME/calls"; echo "no route to the registry"; exit 1' },
    );
    const { status, said } = scripts.start('programs.sh');
    expect(status).toBe(1);
    expect(said).toContain('no route to the registry');
    expect(readFileSync(join(scripts.folder, 'calls'), 'utf8')).toBe('x\n'.repeat(4));
  });

  it.each(['exit 1', 'exit 0'])(
    'keeps no program where the list of them ends with %s and is empty',
    (list) => {
      const go = `#!/bin/sh\n[ "$1" != list ] || ${list}\n`;
      const pip = '#!/bin/sh\n';
      using scripts = copyScripts(
        {},
        {
          // python3 -m venv FOLDER
          python3: [
            'mkdir -p "$3/bin"',
            ...Object.entries({ go, pip }).map(([name, text]) => `printf '${text}' >"$3/bin/${name}"`),
            'chmod +x "$3/bin/go" "$3/bin/pip"',
          ].join('\n'),
        },
      );
      const { status, said } = scripts.start('programs.sh');
      expect([status, said]).toEqual([1, expect.stringContaining('build minio')]);
      const kept = readdirSync(join(scripts.folder, 'cache/image-api-stack'));
      expect(kept.filter((name) => name.startsWith('minio') && !name.endsWith('.part'))).toEqual([]);
    },
  );

  it('goes on where a download succeeds the second time', () => {
    using scripts = copyScripts({
      'programs.sh':
        '. "$(dirname "$0")/common.sh"\nagain sh -c \'[ -e "$HOME/once" ] || ! touch "$HOME/once"\'',
    });
    expect(scripts.start('programs.sh').status).toBe(0);
    expect(existsSync(join(scripts.folder, 'once'))).toBe(true);
  });
});
