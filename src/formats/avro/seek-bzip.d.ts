declare module 'seek-bzip' {
  interface Input {
    readByte(): number
    read(buffer: Uint8Array, offset: number, length: number): number
  }
  interface Output {
    writeByte(byte: number): void
  }
  const Bunzip: { decode(input: Input, output: Output): void }
  export default Bunzip
}
