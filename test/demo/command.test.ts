import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../tools/package-root.ts'

function demo(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(packageRoot, 'build', 'js', 'demo', 'main.js'), ...args],
    { encoding: 'utf8', cwd: '/' },
  )
  return { status, stdout, stderr }
}

interface Report {
  readonly gateway: string
  readonly holds: boolean
  readonly runs: readonly {
    readonly id: string
    readonly exchanges: readonly { readonly pod: string }[]
    readonly replicas: readonly { readonly pod: string; readonly requests: number }[]
    readonly claims: readonly { readonly holds: boolean }[]
  }[]
}

test('as JSON it is one object on stdout, and exit 0 means that every claim holds', () => {
  const { status, stdout } = demo('--embedded', '--only', 'maglev', '--requests', '3', '--format', 'json')
  const report = JSON.parse(stdout) as Report
  expect(status).toBe(0)
  expect(report.gateway).toBe('the embedded host')
  expect(report.holds).toBe(true)
  expect(report.runs.map(({ id }) => id)).toEqual(['maglev'])
  const [run] = report.runs
  expect(run?.exchanges).toHaveLength(9)
  expect(run?.replicas.reduce((sum, { requests }) => sum + requests, 0)).toBe(9)
  expect(run?.claims.every(({ holds }) => holds)).toBe(true)
})

test('as text it has no escape sequences when nobody looks on', () => {
  const { status, stdout } = demo('--embedded', '--only', 'httpHeaderName-without-filter')
  expect(status).toBe(0)
  expect(stdout).not.toContain('\u001b')
  expect(stdout).toMatch(/All 5 claims hold, in the embedded host\.\n$/)
})

test('--help explains, on stdout, with exit 0', () => {
  const { status, stdout, stderr } = demo('--help')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^Usage: node build\/js\/demo\/main\.js /)
  expect(stderr).toBe('')
})

test('an option that is not known is refused with exit 2, and says where help is', () => {
  const { status, stdout, stderr } = demo('--verbos')
  expect(status).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(
    /^Unknown option '--verbos'[^\n]*\nFor help: node build\/js\/demo\/main\.js --help\n$/,
  )
})
