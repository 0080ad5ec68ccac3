import Experts
import Findings
import Foundation
import Testing

/// Checks how a manifest tells a unit.
@Suite struct RunUnitTests {
  static let units: [(unit: RunUnit, json: String)] = [
    (
      RunUnit(UnitKey(layer: 3, projection: .up), commonRank: 8, state: .finished),
      #"{"common_rank":8,"layer":3,"projection":"up_proj","state":"finished","subject":"weights"}"#
    ),
    (
      RunUnit(UnitKey(layer: 0, projection: .down, subject: .gradients)),
      #"{"layer":0,"projection":"down_proj","state":"open","subject":"gradients"}"#
    ),
    (
      RunUnit(UnitKey(layer: 12, projection: nil, subject: .activations)),
      #"{"layer":12,"state":"open","subject":"activations"}"#
    ),
  ]

  @Test("is written as manifests have it, and read again", arguments: units.indices)
  func coding(_ index: Int) throws {
    let (unit, json) = Self.units[index]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try String(decoding: encoder.encode(unit), as: UTF8.self) == json)
    #expect(try JSONDecoder().decode(RunUnit.self, from: Data(json.utf8)) == unit)
  }

  @Test("words that it does not know are refused")
  func unknownWords() {
    for json in [
      #"{"layer":3,"projection":"up","state":"open","subject":"weights"}"#,
      #"{"layer":3,"projection":"up_proj","state":"done","subject":"weights"}"#,
      #"{"layer":3,"projection":"up_proj","state":"open","subject":"experts"}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(RunUnit.self, from: Data(json.utf8))
      }
    }
  }
}
