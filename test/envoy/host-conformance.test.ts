import { expect, test } from 'vitest'
import { compileGuest } from '../conformance/guest.ts'
import { recordInEnvoy } from '../conformance/in-envoy.ts'
import { recordInHost } from '../conformance/in-host.ts'
import { sectionsOf } from '../conformance/record.ts'
import { STREAMS } from '../conformance/scenario.ts'
import { wasiCalls } from '../conformance/wasi-calls.ts'
import { wasiFunctions, wasiProbes } from '../conformance/wasi-probes.ts'
import { inEnvoy } from './in-envoy.ts'

const guest = await compileGuest('conformance')
const oldGuest = await compileGuest('abi-0-1-0')
const rareGuest = await compileGuest('rare-calls', wasiCalls())

inEnvoy(({ binary, version }) => {
  const inHost = sectionsOf(recordInHost(guest, version))

  test('every hostcall in every phase answers in the host what it answers here', async () => {
    const here = sectionsOf(await recordInEnvoy(binary, guest))
    expect(here.streams.length).toBe(STREAMS.length)
    expect(inHost.root).toEqual(here.root)
    for (const [i, { method, path, differsIn = [] }] of STREAMS.entries()) {
      if (differsIn.includes(version)) expect(inHost.streams[i], path).not.toEqual(here.streams[i])
      else expect(inHost.streams[i], `${method} ${path}`).toEqual(here.streams[i])
    }
  })

  test('and so does what only ABI 0.1.0 has', async () => {
    const here = sectionsOf(await recordInEnvoy(binary, oldGuest))
    expect(here.streams.length).toBe(STREAMS.length)
    expect(sectionsOf(recordInHost(oldGuest, version))).toEqual(here)
  })

  test('and so does what few filters call: all of WASI', async () => {
    if (version === '1.36.4') {
      // Files and sockets, which only say that there are none, came later.
      await expect(recordInEnvoy(binary, rareGuest)).rejects.toThrow(
        'missing import: wasi_snapshot_preview1.fd_fdstat_set_rights',
      )
      return
    }
    const here = sectionsOf(await recordInEnvoy(binary, rareGuest))
    expect(here.streams.length).toBe(STREAMS.length)
    expect(sectionsOf(recordInHost(rareGuest, version))).toEqual(here)
  })

  test('and so does every function of WASI with good and bad arguments, in what it writes too', async () => {
    const wasiGuest = await compileGuest('wasi', wasiProbes(version))
    const here = sectionsOf(await recordInEnvoy(binary, wasiGuest))
    expect(here.streams.length).toBe(STREAMS.length)
    const [first = []] = here.streams
    for (const name of wasiFunctions(version)) {
      expect(first.filter((line) => line.includes(`.${name} `)).length, name).toBeGreaterThan(0)
    }
    const inHost = sectionsOf(recordInHost(wasiGuest, version))
    if (version !== '1.36.4') {
      expect(inHost).toEqual(here)
      return
    }
    // Polling came later: see docs/host.md.
    const isPoll = (line: string) => line.includes('.poll_oneoff ')
    const withoutPolls = (lines: readonly string[] = []) => lines.filter((line) => !isPoll(line))
    expect(first.filter((line) => isPoll(line) && !line.endsWith(' -> 52'))).toEqual([])
    expect(withoutPolls(inHost.streams[0])).toEqual(withoutPolls(first))
    expect(inHost.root).toEqual(here.root)
    expect(inHost.streams.slice(1)).toEqual(here.streams.slice(1))
  })
})
