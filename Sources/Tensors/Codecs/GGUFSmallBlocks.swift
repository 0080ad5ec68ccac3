// Blocks of 32 numbers. In each, the lower halves of the bytes hold the first 16
// numbers and the upper halves those that follow.

/// d, then 32 x four bits: d * (q - 8).
func decodeQ4Zero(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let scale = unsafe half(block, 0)
  for place in 0..<16 {
    // Safe: a block has 18 bytes and 32 numbers.
    let byte = unsafe block[2 &+ place]
    unsafe numbers[place] = scale * small(byte & 15, less: 8)
    unsafe numbers[16 &+ place] = scale * small(byte &>> 4, less: 8)
  }
}

/// d and m, then 32 x four bits: d * q + m.
func decodeQ4One(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let (scale, least) = unsafe (half(block, 0), half(block, 2))
  for place in 0..<16 {
    // Safe: a block has 20 bytes and 32 numbers.
    let byte = unsafe block[4 &+ place]
    unsafe numbers[place] = scale * small(byte & 15) + least
    unsafe numbers[16 &+ place] = scale * small(byte &>> 4) + least
  }
}

/// d, the fifth bits of all numbers, then 32 x four bits: d * (q - 16).
func decodeQ5Zero(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let scale = unsafe half(block, 0)
  let high = unsafe word(block, 2)
  for place in 0..<16 {
    // Safe: a block has 22 bytes and 32 numbers.
    let byte = unsafe block[6 &+ place]
    let first = Int32(byte & 15) | fifthBit(high, place)
    let second = Int32(byte &>> 4) | fifthBit(high, 16 &+ place)
    unsafe numbers[place] = scale * Float(first &- 16)
    unsafe numbers[16 &+ place] = scale * Float(second &- 16)
  }
}

/// d and m, the fifth bits of all numbers, then 32 x four bits: d * q + m.
func decodeQ5One(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let (scale, least) = unsafe (half(block, 0), half(block, 2))
  let high = unsafe word(block, 4)
  for place in 0..<16 {
    // Safe: a block has 24 bytes and 32 numbers.
    let byte = unsafe block[8 &+ place]
    let first = Int32(byte & 15) | fifthBit(high, place)
    let second = Int32(byte &>> 4) | fifthBit(high, 16 &+ place)
    unsafe numbers[place] = scale * Float(first) + least
    unsafe numbers[16 &+ place] = scale * Float(second) + least
  }
}

/// d, then 32 integers of eight bits: d * q.
func decodeQ8Zero(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let scale = unsafe half(block, 0)
  for place in 0..<32 {
    // Safe: a block has 34 bytes and 32 numbers.
    unsafe numbers[place] = Float(Int32(Int8(bitPattern: block[2 &+ place]))) * scale
  }
}

/// d, then 32 x four bits that choose among sixteen integers: d * k(q).
func decodeIQ4NL(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  unsafe choose(of: block + 2, among: unevenIntegers, times: half(block, 0), numbers)
}

/// A power of two, then 32 x four bits that choose among sixteen integers.
///
/// Source: OCP Microscaling Formats (MX) 1.0, with the numbers doubled and the power halved.
func decodeMXFP4(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  // Safe: a block has 17 bytes.
  let exponent = unsafe UInt32(block[0])
  // Half of the power: 2^(e - 128), which is subnormal for the least two.
  let bits = exponent < 2 ? 0x0020_0000 &<< exponent : (exponent &- 1) &<< 23
  unsafe choose(of: block + 1, among: doubledE2M1, times: Float(bitPattern: bits), numbers)
}

/// Numbers that four bits each choose from a table: those of the lower halves, then those of the
/// upper ones.
@inline(__always)
func choose(
  of bytes: UnsafePointer<UInt8>, among integers: [16 of Float], times scale: Float,
  _ numbers: UnsafeMutablePointer<Float>
) {
  var table = integers
  for place in 0..<16 { table[place] = scale * integers[place] }
  for place in 0..<16 {
    // Safe: the caller's block holds 16 bytes and 32 numbers.
    let byte = unsafe bytes[place]
    unsafe numbers[place] = table[Int(byte & 15)]
    unsafe numbers[16 &+ place] = table[Int(byte &>> 4)]
  }
}

/// The integers of IQ4_NL and IQ4_XS.
let unevenIntegers: [16 of Float] = [
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
]

/// The numbers of E2M1, doubled; the negative zero is a zero.
let doubledE2M1: [16 of Float] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

/// Four bytes at a place of a block.
@inline(__always)
private func word(_ block: UnsafePointer<UInt8>, _ offset: Int) -> UInt32 {
  // Safe: the caller's block holds four bytes there.
  unsafe UInt32(
    littleEndian: UnsafeRawPointer(block).loadUnaligned(
      fromByteOffset: offset, as: UInt32.self))
}

/// The fifth bit of a number, in its place.
@inline(__always)
private func fifthBit(_ high: UInt32, _ place: Int) -> Int32 {
  Int32(bitPattern: high &>> UInt32(truncatingIfNeeded: place) & 1) &<< 4
}
