import { end, line, number, text } from '../conformance/report'

/** Notes what a call with that first argument gave. */
export function answer(name: string, first: i32, result: i32): void {
  line(name + ' ')
  number(first)
  text(' -> ')
  number(result)
  end()
}
