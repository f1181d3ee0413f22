import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { EnvoyProcess } from '../../tools/envoy-process.ts'
import { type Balanced, discovered } from './balancing-scenario.ts'
import { until } from './until.ts'

/** Files from which an Envoy learns the hosts of its clusters, and learns of each change while it runs. */
export class DiscoveredHosts {
  readonly directory = mkdtempSync(join(tmpdir(), 'mooring-balancing-'))
  readonly #addresses: readonly string[]
  #version = 1

  constructor(addresses: readonly string[], balancers: Readonly<Record<string, Balanced>>) {
    this.#addresses = addresses
    this.#write(balancers)
  }

  /** Resolves when Envoy has taken every change: what reaches a worker from then on is balanced by it. */
  async update(envoy: EnvoyProcess, balancers: Readonly<Record<string, Balanced>>): Promise<void> {
    this.#version++
    const updates = async (): Promise<number[]> => {
      const stats = await envoy.stats('update_success')
      return Object.keys(balancers).map((name) => stats.get(`cluster.${name}.update_success`) ?? 0)
    }
    const before = await updates()
    this.#write(balancers)
    await until('the hosts’ new health', async () =>
      (await updates()).every((count, i) => count > (before[i] ?? 0)),
    )
  }

  remove(): void {
    rmSync(this.directory, { recursive: true })
  }

  #write(balancers: Readonly<Record<string, Balanced>>): void {
    for (const [name, balanced] of Object.entries(balancers)) {
      const file = join(this.directory, `${name}.json`)
      // Envoy watches for a file to be moved into place, and so never reads half of one.
      writeFileSync(`${file}.new`, JSON.stringify(discovered(name, this.#addresses, balanced, this.#version)))
      renameSync(`${file}.new`, file)
    }
  }
}
