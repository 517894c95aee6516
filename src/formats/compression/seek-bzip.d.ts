declare module 'seek-bzip' {
  interface Input {
    readByte(): number
    read(buffer: Uint8Array, offset: number, length: number): number
  }
  interface Output {
    writeByte(byte: number): void
  }
  /** The streams of a file, block by block. What begins with an underscore is the library's own and bound to its version. */
  class Bunzip {
    constructor(input: Input, output: Output)
    readonly reader: { read(bits: number): number }
    /** CRC of the blocks read. */
    readonly streamCRC: number
    /** Reads the next block; false where the stream ends. */
    _init_block(): boolean
    /** Writes the block to the output. */
    _read_bunzip(): number
  }
  export default Bunzip
}
