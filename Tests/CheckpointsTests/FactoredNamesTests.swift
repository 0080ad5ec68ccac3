import Checkpoints
import Experts
import Testing

/// Checks the names of the factored form, which another program may read.
@Suite struct FactoredNamesTests {
  @Test("what experts share is named by the projection, whatever the family calls it")
  func shared() {
    let names = FactoredNames(start: "model.layers.7.block_sparse_moe.", projection: .up)
    let stem = "model.layers.7.block_sparse_moe.sd.up_proj."
    #expect(names.basisLeft == stem + "basis.left")
    #expect(names.basisRight == stem + "basis.right")
    #expect(names.commonLeft == stem + "common.left")
    #expect(names.commonRight == stem + "common.right")
  }

  @Test("an expert's parts take the place of .weight", arguments: ["a.w1.weight", "a.w1"])
  func expert(weight: String) {
    let names = FactoredExpertNames(weight: weight)
    #expect(names.unique == "a.w1.unique")
    #expect(names.remainderLeft == "a.w1.remainder.left")
    #expect(names.remainderRight == "a.w1.remainder.right")
    #expect(names.correctionIndex == "a.w1.correction.index")
    #expect(names.correctionValue == "a.w1.correction.value")
  }
}
