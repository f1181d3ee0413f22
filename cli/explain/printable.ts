/** Text from files that others wrote, without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}/gu, '?')
}
