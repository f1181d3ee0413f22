import { test } from 'vitest'
import type { ProxyWasmModule } from '../module.ts'
import { Vm, type VmOptions } from '../vm.ts'

/** Makes VMs for one test, and looks after them when it ends. */
export interface ProxyWasm {
  /** As `new Vm`, with a journal that is printed if the test fails. */
  vm(module: ProxyWasmModule, options?: VmOptions): Vm
}

/**
 * Vitest's `test` with a fixture: when the test ends, every stream of its VMs is ended and every plugin stopped, and the
 * test fails if a guest has trapped. If it fails for any reason, what happened in its VMs is printed.
 *
 * @example
 *     hostTest('lets strangers wait', ({ proxyWasm }) => {
 *       const vm = proxyWasm.vm(module)
 *       expect(vm.startPlugin().stream().requestHeaders()).toReplyLocally(401)
 *     })
 */
export const hostTest = test.extend<{ proxyWasm: ProxyWasm }>({
  proxyWasm: async ({ onTestFailed }, use) => {
    const vms: Vm[] = []
    onTestFailed(() => {
      for (const { journal } of vms) console.error(`What happened in the VM:\n${String(journal)}`)
    })
    await use({
      vm(module, options = {}) {
        const vm = new Vm(module, { journal: true, ...options })
        vms.push(vm)
        return vm
      },
    })
    for (const vm of vms) vm.finish()
  },
})
