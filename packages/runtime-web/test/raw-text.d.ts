declare module "*?raw" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- what Vite makes of a file
  export default text;
}
