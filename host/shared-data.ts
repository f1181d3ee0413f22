import { Status } from '../assembly/proxy/abi.ts'

/** A shared value and the number that changes with every write of it. */
export interface SharedValue {
  /** A byte string. */
  readonly value: string
  readonly cas: number
}

/**
 * What VMs of one process share by `vmId` (shared_data.cc); the empty vmId is a namespace like any other. Give two
 * {@link Vm}s one instance to let them share.
 */
export class SharedData {
  private readonly namespaces = new Map<string, Map<string, SharedValue>>()
  private lastCas = 0

  /** A stored value; undefined where the guest would get NotFound. Keys are byte strings. */
  get(vmId: string, key: string): SharedValue | undefined {
    return this.namespaces.get(vmId)?.get(key)
  }

  /** Writes unless `cas` is neither 0 nor the stored one; for a key that is absent any `cas` will do. */
  set(vmId: string, key: string, value: string, cas: number): Status.Ok | Status.CasMismatch {
    let values = this.namespaces.get(vmId)
    if (values === undefined) {
      values = new Map()
      this.namespaces.set(vmId, values)
    }
    const stored = values.get(key)
    if (stored !== undefined && cas !== 0 && cas !== stored.cas) return Status.CasMismatch
    this.lastCas = this.lastCas === 0xffff_ffff ? 1 : this.lastCas + 1
    values.set(key, { value, cas: this.lastCas })
    return Status.Ok
  }
}
