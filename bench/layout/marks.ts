/** Bits that a module notes of itself while it runs: each mark is a global, with an export that reads and clears it. */
import type { Vm } from '../../host/index.ts'

const MARK = 'mark_'

/** Code that adds the bits which `value`, instructions, leaves on the stack. */
export function noted(mark: number, value: string): string {
  return `global.get $${MARK}${mark} ${value} i32.or global.set $${MARK}${mark}`
}

/** The fields of a module that has the marks from 0 up to `count`. */
export function markFields(count: number): readonly string[] {
  return marksTo(count).flatMap((mark) => [
    `(global $${mark} (mut i32) (i32.const 0))`,
    `(func (export "${mark}") (result i32) global.get $${mark} i32.const 0 global.set $${mark})`,
  ])
}

/** What was noted since this was called last. */
export function readMarks(vm: Vm, count: number): readonly number[] {
  return marksTo(count).map((mark) => vm.callExport(mark) ?? 0)
}

function marksTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${MARK}${index}`)
}
