import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { inEnvoy } from './in-envoy.ts'

inEnvoy(({ binary, version }) => {
  test('make bench names each configuration with its cost over no filter', () => {
    const printed = execFileSync(
      process.execPath,
      ['build/js/bench/main.js', '--blocks', '1', '--requests', '50'],
      {
        encoding: 'utf8',
        env: { ...process.env, ENVOY: binary },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    const number = String.raw`-?\d+\.\d`
    const row = (name: string) => String.raw`${name} +${number} +${number} to ${number}`
    expect(printed).toMatch(
      new RegExp(
        [
          `^Envoy ${version.replaceAll('.', '\\.')}, one worker, 1 blocks of 50 requests`,
          'microseconds of processor time for a request, over no filter',
          '',
          'configuration +median +middle half',
          row('session to key header'),
          row('session alone, key skipped'),
          row('claim that is absent, then session'),
          '$',
        ].join('\n'),
      ),
    )
  })
})
