import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withProgress } from '../../tools/progress.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

async function linesOf(milliseconds: number): Promise<string[]> {
  const lines: string[] = []
  const done = withProgress(
    'fetching',
    () => new Promise<string>((resolve) => setTimeout(resolve, milliseconds, 'fetched')),
    (line) => lines.push(line),
  )
  await vi.advanceTimersByTimeAsync(milliseconds)
  expect(await done).toBe('fetched')
  return lines
}

test('what takes less than a second is silent', async () => {
  expect(await linesOf(900)).toEqual([])
})

test('what takes longer says so once, and how long it took', async () => {
  expect(await linesOf(5_000)).toEqual(['fetching ...', 'fetching: 5 s'])
})

test('what takes very long says so every ten seconds', async () => {
  expect(await linesOf(25_000)).toEqual([
    'fetching ...',
    'fetching: 11 s so far',
    'fetching: 21 s so far',
    'fetching: 25 s',
  ])
})

test('a failure ends the lines and is passed on', async () => {
  const lines: string[] = []
  await expect(
    withProgress(
      'fetching',
      () => Promise.reject(new Error('no network')),
      (line) => lines.push(line),
    ),
  ).rejects.toThrow('no network')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(lines).toEqual([])
})
