import HDF5Files
import Tensors
import Testing

/// Checks that a damaged file yields an error or data, and does not end the process.
///
/// This holds for headers, links and plain datasets. libhdf5 1.10 itself crashes on some damage to
/// text of variable length, to chunks and to compound types, so the files here have none that is
/// read.
@Suite struct HDF5MutationTests {
  @Test(
    "survives bytes changed at random", arguments: ["nested.h5", "contiguous.h5"], 0..<250)
  func mutation(name: String, seed: Int) throws {
    let folder = try ScratchFolder()
    var bytes = try Fixture.bytes("hdf5/\(name)")
    var random = SplitMix(state: UInt64(seed))
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] = UInt8.random(in: 0...255, using: &random)
    }
    let path = try folder.write(bytes, as: "\(seed).h5")
    do {
      let file = try HDF5File(path: path)
      for tensor in file.tensors {
        // A damaged header may declare more than a test should hold.
        guard tensor.byteCount < 1 << 24 else { continue }
        #expect(try file.bytes(of: tensor.name).count == tensor.byteCount)
      }
    } catch let error as HDF5Error {
      #expect(error.description.hasPrefix("\(path): "))
    }
  }
}

/// Random numbers that a seed repeats (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
