import Checkpoints
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks which files an output takes over from its input.
@Suite struct CarriedFilesTests {
  static let toy = ToyCheckpoint.normal(layers: 2, experts: 3, hidden: 24, width: 20)

  @Test("Files and folders are carried byte for byte; other weights stay behind and are listed")
  func carried() async throws {
    let input = try Self.toy.written()
    let carried = [
      "tokenizer.json": "{\"a\": \"\u{e9}\"}\r\n", "README.md": "", "docs/a/b.txt": "text",
      "modeling_x.py": "pass\n", "training_args.bin": "arguments", ".gitattributes": "*.bin lfs",
    ]
    for (name, text) in carried { try input.write(text, as: name) }
    let foreign = [
      "pytorch_model.bin", "pytorch_model.bin.index.json", "quantised.gguf", "old/weights.pt",
    ]
    for name in foreign { try input.write("weights", as: name) }
    try input.write("secret", as: ".git/config")
    let before = try filesByPath(under: input.path)
    let made = try await ToyConversion(input: input, .basic(rank: 4))
    let output = try filesByPath(under: made.output)
    for (name, text) in carried { #expect(output[name] == Data(text.utf8), "\(name)") }
    for name in foreign + [".git/config"] { #expect(output[name] == nil, "\(name)") }
    #expect(made.summary.leftBehind.sorted() == (foreign + [".git"]).sorted())
    try await made.expectSound()
    // The input is as it was.
    #expect(try filesByPath(under: input.path) == before)
    // The next conversion carries them on, but not the certificate of this one.
    let merged = try filesByPath(under: try await made.merged())
    for (name, text) in carried { #expect(merged[name] == Data(text.utf8), "\(name)") }
    #expect(merged["config.json"] == before["config.json"])
  }

  static let notes = [
    "hf_quant_config.json", "quant_config.json", "quantization_config.json",
    "quantize_config.json", "quanto_qmap.json", "recipe.yaml",
  ]

  @Test("What programs note of quantised weights stays behind where they are decoded")
  func notes() async throws {
    let quantised = try TemporaryFolder()
    let source = Fixture.url("families/deepseek_v3_fp8/hub").path
    for (name, content) in try filesByPath(under: source) {
      try content.write(to: URL(filePath: quantised.path(name)))
    }
    let plain = try Self.toy.written()
    for (input, isCarried) in [(quantised, false), (plain, true)] {
      for name in Self.notes + ["tokenizer.json"] { try input.write("{}", as: name) }
      let made = try await ToyConversion(input: input, .basic(rank: 3))
      let output = try filesByPath(under: made.output)
      #expect(output["tokenizer.json"] != nil)
      for name in Self.notes { #expect((output[name] != nil) == isCarried, "\(name)") }
      #expect(made.summary.leftBehind.sorted() == (isCarried ? [] : Self.notes))
    }
  }
}
