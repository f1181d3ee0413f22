/**
 * One line of the record at a time, written into static memory and logged: `phase | what -> status value`.
 * Bytes that are not printable are written as \xx.
 */
// @ts-ignore: decorator
@external("env", "proxy_log")
declare function proxy_log(level: i32, message: usize, size: i32): i32

const CAPACITY = 8192
const LINE = memory.data(8192)
let length = 0
let phase: string = ''
let muted: bool = false

export function enter(name: string): void {
  phase = name
}

/** Begins a line. */
export function line(what: string): void {
  length = 0
  text(phase)
  text(' | ')
  text(what)
}

export function text(value: string): void {
  for (let i = 0; i < value.length; i++) put(value.charCodeAt(i))
}

export function number(value: i64): void {
  if (value < 0) {
    put(0x2d)
    value = -value
  }
  if (value >= 10) number(value / 10)
  put(0x30 + <i32>(value % 10))
}

export function bytes(address: usize, size: i32): void {
  for (let i = 0; i < size; i++) {
    const byte = load<u8>(address + i)
    if (byte >= 0x20 && byte < 0x7f && byte != 0x5c) {
      put(byte)
    } else {
      put(0x5c)
      hex(byte >> 4)
      hex(byte & 15)
    }
  }
}

/** From now on only what is asked for, or everything again. */
export function mute(silent: bool): void {
  muted = silent
}

/** Ends the line and logs it. */
export function end(): void {
  if (muted) return
  proxy_log(2, LINE, length)
}

/** A line with nothing but a status. */
export function status(what: string, value: i32): void {
  line(what)
  text(' -> ')
  number(value)
  end()
}

function hex(digit: i32): void {
  put(digit < 10 ? 0x30 + digit : 0x57 + digit)
}

function put(character: i32): void {
  if (length < CAPACITY) store<u8>(LINE + length++, character)
}
