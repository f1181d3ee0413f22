/** For JSON.stringify: numbers with at most so many digits behind the point, since more are not known. */
export function rounded(digits: number): (key: string, value: unknown) => unknown {
  return (_, value) => (typeof value === 'number' ? Number(value.toFixed(digits)) : value)
}
