import { describe, expect, it } from '@jest/globals';
import '../../support/nodeErrors.ts';
import { type Options, readOptions } from '../../../local-stack/exporter/options.ts';

const read = (...args: string[]): Options => {
  const options = readOptions(args);
  if (typeof options === 'string') throw new Error('that was help or the version');
  return options;
};

describe('the options', () => {
  it('listen on this machine alone by default, on the ports that the field uses', () => {
    expect(read()).toMatchObject({
      host: '127.0.0.1',
      udpPort: 25_888,
      tcpPort: 25_888,
      httpPort: 9_464,
      readsStdin: false,
      maxSeries: 10_000,
      maxLineBytes: 1_048_576,
    });
  });

  it('take lists with commas or several times', () => {
    expect([...read('--namespaces', 'A, B', '--namespaces=C').namespaces]).toEqual(['A', 'B', 'C']);
    expect(read('--time-buckets=0.1,1,2.5').timeBuckets).toEqual([0.1, 1, 2.5]);
  });

  it('are the version for --version', () => {
    expect(readOptions(['--version', '--udp-port=x'])).toBe('version');
  });

  it.each(['-h', '--help'])('are help for %s', (arg) => {
    expect(readOptions([arg, '--udp-port=x'])).toBe('help');
  });

  it.each([
    ['--udp-port=0', '--udp-port=65535', '--udp-port=off'],
    ['--max-series=1', '--max-series=1000000'],
    ['--byte-buckets=1'],
  ])('allow %s', (...args) => {
    for (const arg of args) expect(() => readOptions([arg])).not.toThrow();
  });

  it.each([
    [['--udp-port=65536'], '--udp-port must be a whole number from 0 to 65535, not "65536".'],
    [['--http-port=off'], '--http-port must be a whole number from 0 to 65535, not "off".'],
    [['--tcp-port=-1'], '--tcp-port must be a whole number from 0 to 65535, not "-1".'],
    [['--max-series=0'], '--max-series must be a whole number from 1 to 1000000, not "0".'],
    [['--max-line-bytes=1e3'], '--max-line-bytes must be a whole number from 1 to 16777216, not "1e3".'],
    [['--time-buckets=1,1'], '--time-buckets must be at most 100 ascending numbers over 0, not "1,1".'],
    [['--time-buckets=0,1'], '--time-buckets must be at most 100 ascending numbers over 0, not "0,1".'],
    [['--byte-buckets='], '--byte-buckets must be at most 100 ascending numbers over 0, not "".'],
    [
      ['--byte-buckets=1,Infinity'],
      '--byte-buckets must be at most 100 ascending numbers over 0, not "1,Infinity".',
    ],
    [['--value-buckets=2,1'], '--value-buckets must be at most 100 ascending numbers over 0, not "2,1".'],
    [
      ['--counters=A/B,C/D', '--gauges=A/B'],
      '"A/B" is given as two of --counters, --gauges and --histograms.',
    ],
    [['--print'], '--print needs --stdin.'],
    [['--exit-at-end'], '--exit-at-end needs --stdin.'],
    [['--host='], '--host must not be empty.'],
    [['extra'], "Unexpected argument 'extra'. --help lists the options."],
    [['--stdin=yes'], "Option '--stdin' does not take an argument. --help lists the options."],
  ])('refuse %j in one sentence', (args, message) => {
    expect(() => readOptions(args)).toThrow(new Error(message));
  });

  it('report all faults together', () => {
    expect(() => readOptions(['--udp-port=x', '--max-series=x'])).toThrow(/--udp-port.*\n--max-series/);
    expect(() => readOptions(['--udp-port=off', '--tcp-port=off'])).toThrow('nothing to read');
  });
});
