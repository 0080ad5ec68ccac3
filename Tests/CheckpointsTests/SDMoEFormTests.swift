import Checkpoints
import Experts
import Tensors
import TestSupport
import Testing

/// Checks how the section of config.json is written and read.
@Suite struct SDMoEFormTests {
  static let form = SDMoEForm(
    mode: .strict, bases: .mean, weights: .usage, sides: .hidden, commonRankExact: true,
    dtype: .bf16,
    units: [
      FactoredUnit(layer: 0, projection: .gate, commonRank: 8, originalType: .f32),
      FactoredUnit(layer: 3, projection: .down, commonRank: 9, originalType: .f16),
    ])

  @Test("the text is the layout that is documented")
  func text() {
    #expect(
      Self.form.json == """
        {
            "version": 1,
            "form": "factored",
            "mode": "strict",
            "bases": "mean",
            "weights": "usage",
            "sides": "hidden",
            "common_rank_exact": true,
            "dtype": "BF16",
            "names": {
              "basis": "{layer's MoE block}.sd.{projection}.basis.left, .basis.right",
              "common": "{layer's MoE block}.sd.{projection}.common.left, .common.right",
              "unique": "{expert's weight}.unique",
              "remainder": "{expert's weight}.remainder.left, .remainder.right",
              "correction": "{expert's weight}.correction.index, .correction.value"
            },
            "units": [
              {"layer": 0, "projection": "gate_proj", "common_rank": 8, "original_dtype": "F32"},
              {"layer": 3, "projection": "down_proj", "common_rank": 9, "original_dtype": "F16"}
            ]
          }
        """)
  }

  @Test("what is written is read again", arguments: SDMoEForm.Mode.allCases)
  func roundTrip(mode: SDMoEForm.Mode) throws {
    var form = Self.form
    form.mode = mode
    #expect(try SDMoEForm.parse(form.json, path: "c") == form)
    for bases in SDMoEForm.Bases.allCases {
      for sides in SDMoEForm.Sides.allCases {
        for weights in SDMoEForm.ExpertWeights.allCases {
          (form.bases, form.sides, form.weights) = (bases, sides, weights)
          form.commonRankExact.toggle()
          #expect(try SDMoEForm.parse(form.json, path: "c") == form)
        }
      }
    }
  }

  @Test("a unit is found by its layer and projection")
  func unit() {
    #expect(Self.form.unit(layer: 3, projection: .down) == Self.form.units[1])
    #expect(Self.form.unit(layer: 3, projection: .gate) == nil)
    #expect(Self.form.unit(layer: 1, projection: .gate) == nil)
  }

  @Test(
    "both sides, or the one in the residual stream, are projected",
    arguments: Projection.allCases)
  func sides(projection: Projection) {
    #expect(SDMoEForm.Sides.both.projectLeft(of: projection))
    #expect(SDMoEForm.Sides.both.projectRight(of: projection))
    #expect(SDMoEForm.Sides.hidden.projectLeft(of: projection) == (projection == .down))
    #expect(SDMoEForm.Sides.hidden.projectRight(of: projection) == (projection != .down))
  }

  @Test("the rank of unique parts is what the projected sides leave")
  func uniqueRank() {
    var form = Self.form
    // gate_proj, common rank 8, the right side alone: 10 x (30 - 8).
    #expect(form.uniqueRank(of: form.units[0], rows: 10, columns: 30) == 10)
    #expect(form.uniqueRank(of: form.units[0], rows: 10, columns: 12) == 4)
    // down_proj, common rank 9, the left side alone.
    #expect(form.uniqueRank(of: form.units[1], rows: 30, columns: 10) == 10)
    form.sides = .both
    #expect(form.uniqueRank(of: form.units[0], rows: 10, columns: 30) == 2)
    #expect(form.uniqueRank(of: form.units[1], rows: 30, columns: 10) == 1)
  }

  @Test(
    "a section that is not as it should be is refused",
    arguments: [
      (#""version": 1"#, #""version": 2"#, "version", "is 2, but this sdmoe reads version 1"),
      (#""version": 1"#, #""version": "1""#, "version", "is not a whole number"),
      (#""form": "factored""#, #""form": "merged""#, "form", "is not one of factored"),
      (#""mode": "strict""#, #""mode": "loose""#, "mode", "is not one of exact, strict"),
      (#""mode": "strict","#, "", "mode", "is missing"),
      (#""bases": "mean""#, #""bases": 1"#, "bases", "is not one of joint, mean"),
      (#""weights": "usage""#, #""weights": """#, "weights", "is not one of uniform, usage"),
      (#""sides": "hidden""#, #""sides": "left""#, "sides", "is not one of both, hidden"),
      (
        #""common_rank_exact": true"#, #""common_rank_exact": 1"#, "common_rank_exact",
        "is not true or false"
      ),
      (#""dtype": "BF16""#, #""dtype": "I8""#, "dtype", "is not one of F64, F32, F16, BF16"),
      (#""layer": 0"#, #""layer": 0.5"#, "units[0].layer", "is not a whole number"),
      (
        #""projection": "gate_proj""#, #""projection": "w1""#, "units[0].projection",
        "is not one of gate_proj, up_proj, down_proj"
      ),
      (
        #""common_rank": 9"#, #""common_rank": 0"#, "units[1].common_rank",
        "is 0, but must be positive"
      ),
      (
        #""common_rank": 9"#, #""common_rank": -1"#, "units[1].common_rank",
        "is -1, but must be positive"
      ),
      (
        #""original_dtype": "F16""#, #""original_dtype": "F17""#, "units[1].original_dtype",
        "is not one of F64, F32, F16, BF16"
      ),
      (
        #""layer": 3, "projection": "down_proj""#, #""layer": 0, "projection": "gate_proj""#,
        "units[1]", "is gate_proj of layer 0, which stood before"
      ),
      (#""units": ["#, #""units": [5,"#, "units[0]", "is not a JSON object"),
      (#""units": ["#, #""units": [], "x": ["#, "units", "is empty"),
      (#""units": ["#, #""units": 3, "x": ["#, "units", "is not a list"),
    ])
  func refusals(found: String, replacement: String, key: String, reason: String) {
    let json = Self.form.json
    #expect(json.contains(found))
    #expect(
      throws: CheckpointError.badConfig(path: "c", key: "sd_moe.\(key)", reason: reason)
    ) {
      try SDMoEForm.parse(json.replacing(found, with: replacement, maxReplacements: 1), path: "c")
    }
  }

  @Test("a section that is no object is refused", arguments: ["[]", "null", "3"])
  func noObject(text: String) {
    #expect(
      throws: CheckpointError.badConfig(path: "c", key: "sd_moe", reason: "is not a JSON object")
    ) {
      try SDMoEForm.parse(text, path: "c")
    }
    #expect(throws: CheckpointError.self) { try SDMoEForm.parse("{", path: "c") }
  }
}
