import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../support/random.ts';
import { type Finding, replayLine } from './finding.ts';
import { fuzzTarget } from './fuzzTarget.ts';
import { shrink } from './shrink.ts';

const run = (name: string, inputs: number) =>
  fuzzTarget({
    module: new URL(`./planted/${name}.ts`, import.meta.url),
    seed: 1,
    inputs,
    ms: 20_000,
    stopsAtFirst: true,
  });
const isAbout = (finding: Finding | undefined) => [finding?.kind, finding?.input.toString('latin1')];

describe('the fuzzer finds', () => {
  it('a claim that breaks behind four branches, and shortens the input to what it takes', async () => {
    const { findings, corpus, stretches } = await run('broken', 200_000);
    expect(isAbout(findings[0])).toEqual(['broken', 'FUZZ']);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.report).toContain('the deepest branch is never reached');
    // The branches were found one after the other.
    expect(corpus).toBeGreaterThanOrEqual(4);
    expect(stretches).toBeGreaterThanOrEqual(4);
  });

  it('a throw', async () => {
    const { findings } = await run('throws', 50_000);
    expect(findings.map(isAbout)).toEqual([['broken', 'n=0']]);
    expect(findings[0]?.signature).toMatch(/^TypeError: a division by nothing/);
  });

  it('what never ends', async () => {
    const { findings } = await run('hangs', 200);
    expect(findings.at(0)?.kind).toBe('hang');
    expect(findings.at(0)?.input.toString('latin1')).toContain('for ever');
  });

  it('what takes more than linear time', async () => {
    const module = new URL('./planted/slow.ts', import.meta.url);
    const findingsOf = async (bytes: number) => {
      const corpus = [Buffer.alloc(bytes, 'a')];
      return (await fuzzTarget({ module, seed: 1, corpus, only: true })).findings;
    };
    // Half a second: more than linear time allows, and far from what counts as a hang.
    expect((await findingsOf(40 * 1024)).map(({ kind }) => kind)).toEqual(['slow']);
    expect(await findingsOf(1_024)).toEqual([]);
  });

  it('what takes all memory', async () => {
    const { findings } = await run('grows', 200);
    expect(findings.at(0)?.kind).toBe('memory');
    expect(findings.at(0)?.input.toString('latin1')).toContain('more and more');
  });

  it('what never answers', async () => {
    const { findings } = await run('silent', 200);
    expect(findings.at(0)?.kind).toBe('silent');
    expect(findings.at(0)?.input.toString('latin1')).toContain('silence');
  });

  it('nothing where nothing is wrong, and stops at its budget', async () => {
    expect(await run('sound', 1_000)).toMatchObject({ inputs: 1_000, findings: [] });
  });
});

describe('an input', () => {
  it('is tried alone when it is replayed', async () => {
    const module = new URL('./planted/throws.ts', import.meta.url);
    for (const [text, kinds] of [
      ['n=0', ['broken']],
      ['n=1', []],
    ] as const) {
      const { inputs, findings } = await fuzzTarget({
        module,
        seed: 1,
        corpus: [Buffer.from(text)],
        only: true,
      });
      expect([inputs, findings.map(({ kind }) => kind)]).toEqual([1, kinds]);
    }
  });

  it('that found something is told in a line that tries it again, byte for byte', () => {
    const input = Buffer.from("n=0 ' \0\xff\n$(x)", 'latin1');
    const finding = { kind: 'broken', signature: '', report: '', input } as const;
    const [, base64 = ''] =
      /^echo '([^']*)' \| base64 --decode >finding && npm run fuzz -- --replay finding url$/.exec(
        replayLine('url', '.local/fuzz/url/x', finding),
      ) ?? [''];
    expect(Buffer.from(base64, 'base64')).toEqual(input);
    const long = { ...finding, input: Buffer.alloc(20_000) };
    expect(replayLine('url', 'x', long)).toBe('npm run fuzz -- --replay x url');
  });

  it('is shortened to the bytes that matter', async () => {
    const shortest = await shrink(Buffer.from('aaaa(bbbb)cc'), async (input) =>
      /\(.*\)/.test(input.toString('latin1')),
    );
    expect(shortest.toString('latin1')).toBe('()');
  });

  it('comes again with the same seed', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => random.below(1_000));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });
});
