/// A value in `low...high` that depends on its arguments alone and looks like noise.
package func noise(_ a: Int, _ b: Int, low: Double, high: Double) -> Double {
  var bits = UInt64(truncatingIfNeeded: a &* 7919 &+ b &* 104_729 &+ 1)
  bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
  bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
  bits ^= bits >> 31
  return low + (high - low) * Double(bits >> 11) / Double(UInt64(1) << 53)
}

/// The names of so many routed experts and, after them, of the shared ones.
package func expertNames(_ routed: Int, shared: [String] = []) -> [String] {
  (0..<routed).map { "\($0)" } + shared
}
