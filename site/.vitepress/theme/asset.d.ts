/** The address of a file that the site carries as it is. */
declare module '*?url' {
  const address: string
  export default address
}
