/**
 * Numbers (RFC 8259 section 6), read as doubles: Istio hands every number over as one, so 10 may arrive as 10.0.
 *
 *     number = [ "-" ] ( "0" / digit1-9 *digit ) [ "." 1*digit ] [ ( "e" / "E" ) [ "+" / "-" ] 1*digit ]
 *
 * The first 18 significant digits count. That is exact for every integer up to 2^53, which is all that the
 * configuration has use for; the last bit of longer numbers may differ from a correctly rounded one.
 */
import { isDigit } from '../bytes/ascii'
import { phrase } from '../bytes/phrase'
import { fail, here, offset, peek, skip, take } from './cursor'

// @ts-ignore: decorator
@inline
const MOST_CHARACTERS: u32 = 64

// @ts-ignore: decorator
@inline
const MOST_DIGITS: u32 = 18

// Beyond 10^400 every double is infinite or 0, whatever the other digits say.
// @ts-ignore: decorator
@inline
const LARGEST_EXPONENT: i32 = 400

/** Doubles hold every integer up to here; beyond, neighbours that a text tells apart become one. */
// @ts-ignore: decorator
@inline
export const LARGEST_EXACT: f64 = 9007199254740992

let negative = false
let digits: u64 = 0
let significant: u32 = 0
let exponent: i32 = 0
// A digit that does not count was none of 0.
let inexact = false

/** The number that starts here. */
export function readNumber(): f64 {
  const start = offset()
  digits = 0
  significant = 0
  exponent = 0
  inexact = false
  negative = take(0x2d)
  const leadingZero = peek() == 0x30
  const whole = readDigits(false)
  if (whole == 0 || (leadingZero && whole > 1)) return bad()
  if (take(0x2e) && readDigits(true) == 0) return bad()
  if (peek() == 0x65 || peek() == 0x45) {
    skip(1)
    const down = take(0x2d)
    if (!down) take(0x2b)
    if (!readExponent(down)) return bad()
  }
  if (offset() - start > MOST_CHARACTERS) {
    fail(phrase('too_large'), phrase('a number has more than 64 characters'))
    return 0
  }
  const value = scaled()
  return negative ? -value : value
}

/**
 * The number that was read last, if it is an integer of at most 2^53 either side of zero, else NaN. Its digits decide
 * and not its double: 2^53 + 1 is beyond, and 1.0 and 1e3 are integers.
 */
export function exactInteger(): f64 {
  let value = digits
  let power = exponent
  if (value == 0) return 0
  for (; power < 0 && value % 10 == 0; power++) value /= 10
  for (; power > 0 && value <= <u64>LARGEST_EXACT; power--) value *= 10
  if (inexact || power < 0 || value > <u64>LARGEST_EXACT) return NaN
  return negative ? -(<f64>value) : <f64>value
}

function bad(): f64 {
  fail(phrase('invalid_json'), phrase('expected a number such as 10 or 0.5'))
  return 0
}

/** How many digits there were. */
function readDigits(fraction: bool): u32 {
  const from = here()
  while (isDigit(peek())) {
    const digit = peek() - 0x30
    skip(1)
    if (significant < MOST_DIGITS) {
      digits = digits * 10 + digit
      if (digits != 0) significant++
      if (fraction) exponent--
    } else {
      inexact = inexact || digit != 0
      if (!fraction && exponent < LARGEST_EXPONENT) exponent++
    }
  }
  return <u32>(here() - from)
}

function readExponent(down: bool): bool {
  let value = 0
  const from = here()
  while (isDigit(peek())) {
    if (value < 10000) value = value * 10 + (<i32>peek() - 0x30)
    skip(1)
  }
  exponent += down ? -value : value
  return here() != from
}

function scaled(): f64 {
  if (digits == 0) return 0
  let value = <f64>digits
  const steps = min(abs(exponent), LARGEST_EXPONENT)
  let power: f64 = 1
  for (let i = 0; i < steps; i++) power *= 10
  return exponent < 0 ? value / power : value * power
}
