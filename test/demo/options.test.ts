import { expect, test } from 'vitest'
import { DEMO_HELP, readOptions } from '../../demo/options.ts'
import { UsageError } from '../../tools/usage-error.ts'
import { styleFor } from '../../tools/style.ts'
import { table } from '../../demo/report/table.ts'
import { SCENARIOS } from '../../demo/scenario.ts'

function refusal(...args: readonly string[]): string {
  try {
    readOptions(args)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  throw new Error('the options were accepted')
}

test('without options every scenario runs, in text', () => {
  expect(readOptions([])).toEqual({
    help: false,
    embedded: false,
    verbose: false,
    format: 'text',
    requests: 6,
    scenarios: SCENARIOS,
  })
})

test('--only may be repeated and keeps the order asked for', () => {
  const { scenarios } = readOptions(['--only', 'maglev', '--only', 'httpCookie'])
  expect(scenarios.map(({ id }) => id)).toEqual(['maglev', 'httpCookie'])
})

test('options that cannot be followed are refused, with what to write', () => {
  expect(refusal('--format', 'xml')).toBe('--format xml: expected text or json')
  expect(refusal('--requests', '1')).toBe('--requests 1: expected a whole number from 2 to 1000')
  expect(refusal('--only', 'roundRobin')).toMatch(/^no scenario "roundRobin"; there are: httpCookie, /)
  expect(refusal('--colour')).toMatch(/^Unknown option '--colour'/)
})

test('the help names every scenario', () => {
  for (const { id } of SCENARIOS) expect(DEMO_HELP).toContain(` ${id} `)
})

test('colour is for terminals, and for nobody who sets NO_COLOR', () => {
  expect(styleFor({ isTTY: true }, {}).good('ok')).toBe('\u001b[32mok\u001b[0m')
  expect(styleFor({ isTTY: true }, { NO_COLOR: '1' }).good('ok')).toBe('ok')
  expect(styleFor({ isTTY: true }, { NO_COLOR: '' }).good('ok')).toBe('\u001b[32mok\u001b[0m')
  expect(styleFor({ isTTY: true }, { TERM: 'dumb' }).good('ok')).toBe('ok')
  expect(styleFor({}, {}).good('ok')).toBe('ok')
})

test('a table is aligned under its headings', () => {
  expect(
    table(
      [{ heading: 'client' }, { heading: '#', align: 'right' }],
      [['alice', '9'], ['bo', '10'], ['carol']],
    ),
  ).toEqual(['client   #', 'alice    9', 'bo      10', 'carol'])
})
