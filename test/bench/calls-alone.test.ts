/** The filters that make the hostcalls of Mooring and nothing else. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { countBudget, countJobs } from '../../bench/budget.ts'
import { callsAlone } from '../../bench/calls-alone.ts'
import { NOW } from '../../bench/hosted-visit.ts'
import { assembled } from '../../bench/instructions/assemble.ts'
import { jobsAt } from '../../bench/jobs.ts'
import { issuedOf } from '../../bench/session-token.ts'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { ProxyWasmModule } from '../../host/index.ts'

const module = ProxyWasmModule.load(readFileSync(BUILT_FILTER))
const budget = countBudget().jobs

describe.each(jobsAt(NOW).map((job) => ({ ...job })))('($letter) $name', (job) => {
  // Counting throws where the job is not done.
  const alone = countJobs([job], assembled(callsAlone(module, job, NOW)))[job.letter]
  const mooring = budget[job.letter]

  test.each(['request', 'response'] as const)('does it with the same calls in the %s', (phase) => {
    expect(alone?.[phase].callbacks).toEqual(mooring?.[phase].callbacks)
    expect(alone?.[phase].hostcalls).toEqual(mooring?.[phase].hostcalls)
  })

  test('and little else', () => {
    const hostcalls = Object.values({ ...alone?.request.hostcalls, ...alone?.response.hostcalls })
    const calls = hostcalls.reduce((sum, count) => sum + count, 0)
    // The arguments of each, and an answer for every time that the host asks for room.
    expect(alone?.request.instructions).toBeLessThanOrEqual(2 + 15 * calls)
  })
})

test('a token that it sets is issued at the time that it was made for', () => {
  const later = NOW + 86_400
  const job = jobsAt(later).find(({ letter }) => letter === 'e')
  if (job === undefined) throw new Error('there is no job that renews')
  const text = Buffer.from(assembled(callsAlone(module, job, later))).toString('latin1')
  const [, token = ''] = /ISTIOID=(1\.[\w.-]+);/.exec(text) ?? []
  expect(issuedOf(token)).toBe(later)
})

test('a hostcall that it does not know is not left out in silence', () => {
  const logs = assembled(`(module
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "malloc") (param i32) (result i32) (i32.const 1024))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $log (i32.const 2) (i32.const 0) (i32.const 0)))
      (i32.const 0)))`)
  const [job] = jobsAt(NOW)
  if (job === undefined) throw new Error('there is no job')
  const unknown = () => callsAlone(ProxyWasmModule.load(logs), { ...job, expected: (seen) => seen }, NOW)
  expect(unknown).toThrow(
    'proxy_log: expected one of proxy_get_header_map_value, proxy_get_header_map_pairs, proxy_get_property, ' +
      'proxy_add_header_map_value, proxy_replace_header_map_value, proxy_remove_header_map_value',
  )
})
