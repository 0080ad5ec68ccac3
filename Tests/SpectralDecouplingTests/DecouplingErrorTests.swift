import Checkpoints
import Experts
import Foundation
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the words of errors.
@Suite struct DecouplingErrorTests {
  @Test(
    "Messages say where, what, and what next",
    arguments: [
      (
        DecouplingError.notFinite(place: "m: tensor 'w'", row: 1, column: 2),
        "m: tensor 'w': the element in row 1, column 2 is not a finite number; the weights are damaged: download them again, or leave the layer out with --layers"
      ),
      (
        .rankTooLarge(path: "m", unit: UnitKey(layer: 3, projection: .up), rank: 9, largest: 8),
        "m: a common rank of 9 leaves no unique part of layer 3 up_proj; choose --common-rank up to 8"
      ),
      (
        .furtherShares(path: "m", tensor: "w", count: 6, expertCount: 4),
        "m: tensor 'w' has 6 shares for 4 experts, and the others would be lost; convert the checkpoint as it was published, with a tensor for each expert"
      ),
      (
        .noSpace(path: "d", needed: 2_500_000, free: 1_000_000),
        "d: the conversion needs 3 MB there, but only 1 MB are free; make space, or choose a folder on another disk"
      ),
      (
        .outputInsideInput(output: "o", input: "i"),
        "o: lies in the checkpoint i, or holds it, and the input is never changed; choose a folder elsewhere"
      ),
      (
        .foreignFiles(path: "o", names: ["a.md"] + (1...9).map(String.init)),
        "o: holds what its conversion did not write, or what was changed since: a.md, 1, 2, 3, 4, 5, 6, 7 and 2 more; --force deletes nothing of that: move it elsewhere, then run this command again"
      ),
      (
        .badCertificate(path: "c", reason: "is missing"),
        "c: is missing; it was edited or damaged: convert the checkpoint again"
      ),
    ])
  func messages(error: DecouplingError, text: String) {
    #expect("\(error)" == text)
  }
}
