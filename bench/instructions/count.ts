import { ProxyWasmModule, type Vm } from '../../host/index.ts'
import { TAKE, instrument } from './instrument.ts'

/** A module for {@link Vm} whose instructions {@link countInstructions} counts. */
export function countingModule(bytes: Uint8Array): ProxyWasmModule {
  return ProxyWasmModule.load(instrument(bytes))
}

/** How many instructions the guest executes while `run` calls it, its allocator included. */
export function countInstructions(vm: Vm, run: () => void): number {
  vm.callExport(TAKE)
  run()
  const counted = vm.callExport(TAKE)
  if (counted === undefined) throw new Error('the VM is dead, or runs no module that counts')
  return counted
}
