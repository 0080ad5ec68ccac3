/// The place of the first value that is infinite or not a number; nil where all are finite.
///
/// - Complexity: O(count); vectorised as long as all is well.
func firstNotFinite(in values: [Float]) -> Int? {
  // An exponent of all ones, plus one in its last place, runs over into the sign bit.
  let exponent: UInt32 = 0x7f80_0000
  let one: UInt32 = 0x0080_0000
  var seen: UInt32 = 0
  for value in values { seen |= (value.bitPattern & exponent) &+ one }
  guard seen & 0x8000_0000 != 0 else { return nil }
  return values.firstIndex { !$0.isFinite }
}
