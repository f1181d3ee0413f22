/** What Envoy makes of each spelling of a path before the filter sees it, as docs/keys.md has it, per mode of Istio. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TESTED_ENVOY_VERSIONS } from '../../tools/envoy.ts'
import { startGateway, type GatewayOptions } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { overSocket } from './over-socket.ts'
import { seen } from './raw-request.ts'

const KEY = 'x-mooring-key'

/** As `buildHTTPConnectionManager` sets them (pilot/pkg/networking/core/listener_builder.go). */
const MODES = {
  NONE: { normalize_path: false, path_with_escaped_slashes_action: 'KEEP_UNCHANGED' },
  BASE: { normalize_path: true, path_with_escaped_slashes_action: 'KEEP_UNCHANGED' },
  MERGE_SLASHES: {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
  },
  DECODE_AND_MERGE_SLASHES: {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD',
  },
} as const

type Mode = keyof typeof MODES
const MODE_NAMES = Object.keys(MODES) as Mode[]

/** In the bootstrap of every proxy of Istio: `extractRuntimeFlags` (pkg/bootstrap/config.go). */
const ISTIO_RUNTIME = { 'envoy.reloadable_features.http_reject_path_with_fragment': false }

/** The path that a pod got, or the status that Envoy answered itself; and what was captured. */
interface Outcome {
  readonly spelling: string
  readonly received: string
  readonly capture: string
}

interface Row {
  readonly spelling: string
  /** Where the tested versions differ: the one that the row is about. */
  readonly version: string | undefined
  readonly outcomes: Readonly<Record<Mode, Outcome>>
}

function unquoted(cell: string): string {
  return cell.replace(/^`(.*)`$/, '$1')
}

function readRow(line: string): Row {
  const [first = '', ...cells] = line.split(' | ')
  const [, spelling = '', version] = /^`([^`]+)`(?:, Envoy (\S+))?$/.exec(first) ?? []
  const [, below = '', from, above = below] =
    /^(\S+)(?:, from (\w+) (\S+))?$/.exec(cells[MODE_NAMES.length] ?? '') ?? []
  const turn = from === undefined ? MODE_NAMES.length : MODE_NAMES.indexOf(from as Mode)
  const outcomes = MODE_NAMES.map((mode, index): [Mode, Outcome] => {
    const received = cells[index] ?? ''
    return [
      mode,
      {
        spelling,
        received: received === 'as sent' ? spelling : unquoted(received),
        capture: unquoted(index < turn ? below : above),
      },
    ]
  })
  return { spelling, version, outcomes: Object.fromEntries(outcomes) as Row['outcomes'] }
}

const page = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8')
const table = /^\| spelling \| (.+) \| capture \|\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(page)
const rows = [...(table?.[2] ?? '').matchAll(/^\| (.+) \|$/gm)].map(([, line = '']) => readRow(line))

function rowsFor(version: string): readonly Row[] {
  return rows.filter((row) => row.version === undefined || row.version === version)
}

async function outcomesOf(
  spellings: readonly string[],
  options: Pick<GatewayOptions, 'binary' | 'connectionManager' | 'runtime'>,
): Promise<Outcome[]> {
  await using gateway = await startGateway({
    ...options,
    pluginConfig: { key: { header: KEY, from: [{ path: '/carts/{cart}/**' }], format: 'raw' } },
  })
  return await Promise.all(
    spellings.map(async (spelling) => {
      const { status, echo } = await overSocket(gateway.port, [
        `GET ${spelling} HTTP/1.1`,
        'host: test.com',
        // A client's own key never stands in for a capture that there is not.
        `${KEY}: forged`,
      ])
      const keys = echo === undefined ? [] : seen({ echo }, KEY)
      return {
        spelling,
        received: echo?.path ?? status.split(' ')[1] ?? '',
        // A raw key writes % as %25.
        capture: keys.length === 0 ? 'nothing' : keys.join(' and ').replaceAll('%25', '%'),
      }
    }),
  )
}

test('the table in docs/keys.md has every mode, and every version where they differ', () => {
  expect(table?.[1]).toBe(MODE_NAMES.join(' | '))
  expect(rows).toHaveLength(22)
  const spellings = [...new Set(rows.map(({ spelling }) => spelling))]
  for (const version of TESTED_ENVOY_VERSIONS) {
    expect(
      rowsFor(version).map(({ spelling }) => spelling),
      version,
    ).toEqual(spellings)
  }
})

inEnvoy(({ binary, version }) => {
  const here = rowsFor(version)
  const spellings = here.map(({ spelling }) => spelling)

  describe('the table in docs/keys.md says what becomes of a path', () => {
    test.each(MODE_NAMES)('in mode %s', async (mode) => {
      const outcomes = await outcomesOf(spellings, {
        binary,
        connectionManager: MODES[mode],
        runtime: ISTIO_RUNTIME,
      })
      expect(outcomes).toEqual(here.map((row) => row.outcomes[mode]))
    })

    test('without Istio: as in mode NONE, but no path may have a fragment', async () => {
      expect(await outcomesOf(spellings, { binary })).toEqual(
        here.map(({ spelling, outcomes }) =>
          spelling.includes('#') ? { spelling, received: '400', capture: 'nothing' } : outcomes.NONE,
        ),
      )
    })
  })
})
