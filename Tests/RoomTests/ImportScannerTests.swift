import Testing

/// Checks that no import hides from the scanner, and that nothing else is taken for one.
@Suite struct ImportScannerTests {
  static let imports: [(source: String, modules: [String])] = [
    ("import Tensors", ["Tensors"]),
    ("public import Tensors", ["Tensors"]),
    ("internal import Tensors", ["Tensors"]),
    ("package import Tensors\nfileprivate import Findings", ["Tensors", "Findings"]),
    ("private import Tensors", ["Tensors"]),
    ("@_exported import Tensors", ["Tensors"]),
    ("@_exported public import Tensors", ["Tensors"]),
    ("@testable import Tensors", ["Tensors"]),
    ("@preconcurrency import Tensors", ["Tensors"]),
    ("@_spi(Inside) import Tensors", ["Tensors"]),
    ("@_implementationOnly\nimport Tensors", ["Tensors"]),
    ("import struct Tensors.Matrix", ["Tensors"]),
    ("public import class Tensors.Matrix", ["Tensors"]),
    ("import enum Tensors.ElementType", ["Tensors"]),
    ("import protocol Tensors.TensorFile", ["Tensors"]),
    ("import typealias Tensors.T", ["Tensors"]),
    ("import func Tensors.decode", ["Tensors"]),
    ("import let Tensors.a; import var Tensors.b", ["Tensors", "Tensors"]),
    ("import Tensors.Sub", ["Tensors"]),
    ("import `Tensors`", ["Tensors"]),
    ("import\n  Tensors", ["Tensors"]),
    ("public\nimport Tensors", ["Tensors"]),
    ("import Tensors; import Findings;import Checkpoints", ["Tensors", "Findings", "Checkpoints"]),
    ("import Tensors // why\nimport Findings /* why */", ["Tensors", "Findings"]),
    ("import /* hidden */ Tensors", ["Tensors"]),
    ("/* a */ import Tensors", ["Tensors"]),
    ("/* a /* b */ c */ import Tensors", ["Tensors"]),
    ("\timport\tTensors", ["Tensors"]),
    ("import Tensors\r\nimport Findings\r\n", ["Tensors", "Findings"]),
    ("#if canImport(Glibc)\n  import Glibc\n#else\n  import Darwin\n#endif", ["Glibc", "Darwin"]),
    ("#if os(Linux)\n  #if true\n    public import Tensors\n  #endif\n#endif", ["Tensors"]),
    ("let a = \"x\"\nimport Tensors", ["Tensors"]),
    ("let a = #\"\\(\"#\nimport Tensors", ["Tensors"]),
    ("let a = \"\\(b(\"c\"))\"; import Tensors", ["Tensors"]),
    ("let a = \"\"\"\n  one \"two\"\n  \"\"\"\nimport Tensors", ["Tensors"]),
    ("let a = /\"/\nimport Tensors", ["Tensors"]),
    ("let a = #/\"\"\"/#\nimport Tensors", ["Tensors"]),
    ("let a = \"http://x\"; import Tensors", ["Tensors"]),
  ]

  @Test("finds the imports of a source", arguments: imports)
  func found(source: String, modules: [String]) {
    #expect(ImportScanner.modules(importedBy: source) == modules)
  }

  static let others = [
    "", "// import Tensors", "/// import Tensors", "/* import Tensors */", "/*\nimport Tensors\n*/",
    "/* /* */ import Tensors */", "let a = \"import Tensors\"", "let a = \"\\\"import Tensors\"",
    "let a = \"\"\"\n  import Tensors\n  \"\"\"",
    "let a = #\"\"\"\n  \"\"\"\n  import Tensors\n  \"\"\"#",
    "let a = #\"\" import Tensors\"#", "let a = ##\"\"# import Tensors\"##",
    "let a = #/ import Tensors /#", "#if canImport(Tensors)\n#endif", "let `import` = Tensors()",
    "let imports = Tensors()", "let a = b.import", "f(import: Tensors())",
    "f(1, import: Tensors())",
    "let a = \"\\(b) import Tensors\"", "let a = \"\\(b(\"import Tensors\"))\"", "reimport Tensors",
  ]

  @Test("takes nothing else for an import", arguments: others)
  func notFound(source: String) {
    #expect(ImportScanner.modules(importedBy: source).isEmpty)
  }
}
