// Blocks of 256 numbers: eight rows of 32, or sixteen of 16, with scales that are quantised
// themselves.

/// Sixteen scales and least values of four bits, 256 x two bits, d and m: (d * s) * q - (m * l).
func decodeQ2K(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let (scale, least) = unsafe (half(block, 80), half(block, 82))
  for row in 0..<8 {
    // Safe: a block has 84 bytes and 256 numbers; four rows share 32 bytes.
    let (bits, shift) = unsafe (block + 16 + row / 4 * 32, UInt8(row % 4 * 2))
    for part in 0..<2 {
      let code = unsafe block[row * 2 + part]
      let (factor, offset) = (scale * small(code & 15), least * small(code &>> 4))
      let (from, to) = unsafe (bits + part * 16, numbers + row * 32 + part * 16)
      for place in 0..<16 {
        unsafe to[place] = factor * small(from[place] &>> shift & 3) - offset
      }
    }
  }
}

/// 256 x one bit, 256 x two bits, sixteen scales of six bits, d: (d * (s - 32)) * q, where q is less
/// by four unless its bit is set.
func decodeQ3K(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let scale = unsafe half(block, 108)
  for row in 0..<8 {
    // Safe: a block has 110 bytes and 256 numbers; all rows share 32 bytes of single bits.
    let (bits, shift) = unsafe (block + 32 + row / 4 * 32, UInt8(row % 4 * 2))
    let bit = UInt8(row)
    for part in 0..<2 {
      let index = row * 2 + part
      let low = unsafe index < 8 ? block[96 + index] & 15 : block[88 + index] &>> 4
      let high = unsafe block[104 + index % 4] &>> UInt8(index / 4 * 2) & 3
      let factor = scale * small(low | high &<< 4, less: 32)
      let (from, to) = unsafe (bits + part * 16, numbers + row * 32 + part * 16)
      let mask = unsafe block + part * 16
      for place in 0..<16 {
        let value = unsafe from[place] &>> shift & 3 | (mask[place] &>> bit & 1) &<< 2
        unsafe to[place] = factor * small(value, less: 4)
      }
    }
  }
}

/// d and m, eight scales and least values of six bits, 256 x four bits: (d * s) * q - (m * l).
func decodeQ4K(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let (scale, least) = unsafe (half(block, 0), half(block, 2))
  for row in 0..<8 {
    // Safe: a block has 144 bytes and 256 numbers; two rows share 32 bytes.
    let (factor, offset) = unsafe factors(block + 4, row, scale, least)
    let (from, to) = unsafe (block + 16 + row / 2 * 32, numbers + row * 32)
    let shift = UInt8(row % 2 * 4)
    for place in 0..<32 {
      unsafe to[place] = factor * small(from[place] &>> shift & 15) - offset
    }
  }
}

/// As Q4_K, with 256 fifth bits before the four.
func decodeQ5K(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let (scale, least) = unsafe (half(block, 0), half(block, 2))
  for row in 0..<8 {
    // Safe: a block has 176 bytes and 256 numbers; all rows share 32 bytes of fifth bits.
    let (factor, offset) = unsafe factors(block + 4, row, scale, least)
    let (from, to) = unsafe (block + 48 + row / 2 * 32, numbers + row * 32)
    let (high, bit, shift) = unsafe (block + 16, UInt8(row), UInt8(row % 2 * 4))
    for place in 0..<32 {
      let value = unsafe from[place] &>> shift & 15 | (high[place] &>> bit & 1) &<< 4
      unsafe to[place] = factor * small(value) - offset
    }
  }
}

/// 256 x four bits, 256 x two bits, sixteen scales of eight bits, d: (d * s) * (q - 32).
func decodeQ6K(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let scale = unsafe half(block, 208)
  for row in 0..<8 {
    // Safe: a block has 210 bytes and 256 numbers; two rows share 32 bytes of lower bits, four rows
    // 32 bytes of upper ones.
    let low = unsafe block + row / 4 * 64 + row % 2 * 32
    let high = unsafe block + 128 + row / 4 * 32
    let (lowShift, highShift) = (UInt8(row % 4 / 2 * 4), UInt8(row % 4 * 2))
    for part in 0..<2 {
      let code = unsafe Int8(bitPattern: block[192 + row * 2 + part])
      let factor = scale * Float(Int32(code))
      let to = unsafe numbers + row * 32 + part * 16
      let (from, upper) = unsafe (low + part * 16, high + part * 16)
      for place in 0..<16 {
        let value = unsafe from[place] &>> lowShift & 15 | (upper[place] &>> highShift & 3) &<< 4
        unsafe to[place] = factor * small(value, less: 32)
      }
    }
  }
}

/// d, eight scales of six bits, 256 x four bits that choose among sixteen integers.
func decodeIQ4XS(_ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>) {
  let scale = unsafe half(block, 0)
  // Safe: a block has 136 bytes and 256 numbers.
  let high = unsafe UInt16(block[2]) | UInt16(block[3]) &<< 8
  for row in 0..<8 {
    let low = unsafe block[4 + row / 2] &>> UInt8(row % 2 * 4) & 15
    let code = UInt8(truncatingIfNeeded: high &>> UInt16(row * 2) & 3) &<< 4 | low
    unsafe choose(
      of: block + 8 + row * 16, among: unevenIntegers, times: scale * small(code, less: 32),
      numbers + row * 32)
  }
}

/// The factor of a row of Q4_K or Q5_K and what is subtracted from it, of twelve bytes: the lower six
/// bits of four and four, the four bits that are left, and their upper two in the first eight.
@inline(__always)
private func factors(
  _ codes: UnsafePointer<UInt8>, _ row: Int, _ scale: Float, _ least: Float
) -> (Float, Float) {
  // Safe: the caller's block holds twelve bytes there.
  unsafe row < 4
    ? (scale * small(codes[row] & 63), least * small(codes[row + 4] & 63))
    : (
      scale * small(codes[row + 4] & 15 | (codes[row - 4] &>> 6) &<< 4),
      least * small(codes[row + 4] &>> 4 | (codes[row] &>> 6) &<< 4)
    )
}
