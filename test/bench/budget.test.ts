/**
 * What a request costs, against bench/budget.json: hostcalls, callbacks and the module's size exactly, instructions at
 * most. Nothing here asks a clock. Where a number became better, or had to become worse: make budget, and say why.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Budget, countBudget, countJobs } from '../../bench/budget.ts'
import { expectedKey, leaf } from '../../bench/expected-key.ts'
import { NOW } from '../../bench/hosted-visit.ts'
import { HASH_SECRET, type Job, jobsAt, SESSION } from '../../bench/jobs.ts'

const budget = JSON.parse(readFileSync('bench/budget.json', 'utf8')) as Budget
const counted = countBudget()

test('the budget is for the jobs that the bench measures', () => {
  expect(Object.keys(budget.jobs)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'])
  expect(Object.entries(counted.jobs).map(([letter, { name }]) => [letter, name])).toEqual(
    Object.entries(budget.jobs).map(([letter, { name }]) => [letter, name]),
  )
})

test('the module is as large as its budget, and that is at most 64 KiB', () => {
  expect(counted.moduleBytes).toBe(budget.moduleBytes)
  expect(budget.moduleBytes).toBeLessThanOrEqual(65_536)
})

describe.each(Object.entries(budget.jobs))('(%s)', (letter, job) => {
  test.each(['request', 'response'] as const)('the %s keeps to the budget', (phase) => {
    const found = counted.jobs[letter]?.[phase]
    expect(found?.hostcalls).toEqual(job[phase].hostcalls)
    expect(found?.callbacks).toEqual(job[phase].callbacks)
    expect(found?.instructions).toBeLessThanOrEqual(job[phase].instructions)
  })
})

test('what has to be is all there is: a read and a write, a read alone, and what the match looks at', () => {
  const request = (letter: string) => counted.jobs[letter]?.request.hostcalls
  expect(request('a')).toEqual({ proxy_get_header_map_value: 1, proxy_replace_header_map_value: 1 })
  expect(request('b')).toEqual({ proxy_get_header_map_value: 1 })
  // The path that the rule matches, and the removal of a key header that a client sent.
  expect(request('i')).toEqual({ proxy_get_header_map_value: 1, proxy_remove_header_map_value: 1 })
})

test('an answer that sets no cookie asks the host for nothing', () => {
  for (const letter of ['a', 'b', 'd', 'f', 'g', 'h', 'i', 'l']) {
    expect(counted.jobs[letter]?.response.hostcalls).toEqual({})
  }
})

test('(l) goes the way of its chain that executes most: what ends at the claim, or goes on to the session, is less', () => {
  const [job] = jobsAt(NOW).filter(({ letter }) => letter === 'l')
  if (job === undefined) throw new Error('there is no job (l)')
  const keyed = (node: Buffer): Job['expected'] => {
    return (seen) => ({ ...job.expected(seen), key: expectedKey(node, HASH_SECRET) })
  }
  const { host = '', cookie = '' } = job.visit.headers
  const ways = countJobs([
    job,
    { ...job, letter: 'claim', anonymous: false, expected: keyed(leaf('claim:/sub', 'alice')) },
    {
      ...job,
      letter: 'session',
      visit: { ...job.visit, headers: { host, cookie } },
      expected: keyed(leaf('session', Buffer.from(SESSION, 'base64url'))),
    },
  ])
  const calls = (letter: string) => ways[letter]?.request.hostcalls
  expect(calls('l')).toEqual({
    proxy_get_property: 1,
    proxy_get_header_map_pairs: 1,
    proxy_replace_header_map_value: 1,
  })
  expect(calls('session')).toEqual(calls('l'))
  const executed = (letter: string) => ways[letter]?.request.instructions ?? 0
  expect(executed('l')).toBeGreaterThan(executed('session'))
  expect(executed('l')).toBeGreaterThan(executed('claim'))
})

test('counting again gives the same numbers', () => {
  expect(countBudget()).toEqual(counted)
})
