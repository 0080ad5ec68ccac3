import Foundation
import Tensors
import TestSupport
import Testing

/// Checks what packings say of names, and what they refuse.
@Suite struct PackingsTests {
  @Test("no two packings have one name")
  func names() {
    #expect(Set(Packings.all.map(\.name)).count == Packings.all.count)
    #expect(!Packings.all.contains { $0.name.isEmpty })
  }

  @Test("names of a packing lead to one role each")
  func roles() {
    for packing in Packings.all {
      let endings = packing.values + packing.companions.values.flatMap(\.self)
      #expect(Set(endings).count == endings.count, "\(packing.name)")
      let names = endings.compactMap { $0.name(of: "mlp.up_proj.weight") }
      #expect(Set(names).count == names.count, "\(packing.name)")
    }
  }

  @Test("a name follows from the plain one only where that ends as it should")
  func endings() {
    let ending = NameEnding(".qweight", insteadOf: ".weight")
    #expect(ending.name(of: "up_proj.weight") == "up_proj.qweight")
    #expect(ending.name(of: "gate_up_proj") == nil)
    #expect(NameEnding.same.name(of: "gate_up_proj") == "gate_up_proj")
    #expect(NameEnding(adding: "_scale").name(of: "up_proj.weight") == "up_proj.weight_scale")
  }

  @Test("packings that are not read are refused by name", arguments: RefusedPacking.all.map(\.name))
  func refused(name: String) throws {
    let packing = try #require(RefusedPacking.all.first { $0.name == name })
    let words = "values packed by \(name)"
    let found = [ElementType.u8, .i32, .u32].compactMap { type -> PackingProblem? in
      let stored = PackedMatrix(rowCount: 64, columnCount: 64, values: .init(type, [8, 64]))
      do throws(PackingProblem) {
        #expect(try packing.codec(of: stored) == nil)
        return nil
      } catch { return error }
    }
    #expect(!found.isEmpty && found.allSatisfy { $0 == .unsupported(words) })
  }
}
