import Foundation
import TestSupport
import Testing

/// Checks the words of the command line: help, version, completions, and what is refused with 64.
@Suite struct CommandLineTests {
  static let helps: [(words: [String], golden: String)] = [
    (["--help"], "help"), (["inspect", "--help"], "help-inspect"),
    (["analyze", "--help"], "help-analyze"), (["families", "--help"], "help-families"),
    (["convert", "--help"], "help-convert"), (["verify", "--help"], "help-verify"),
    (["report", "--help"], "help-report"), (["compare", "--help"], "help-compare"),
    (["figures", "--help"], "help-figures"), (["plan", "--help"], "help-plan"),
    (["merge", "--help"], "help-merge"), (["submit", "--help"], "help-submit"),
  ]

  @Test("help is the golden text", arguments: helps)
  func help(words: [String], golden: String) throws {
    let outcome = try Tool.run(words)
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    try expectGolden(outcome.output, matches: "cli/\(golden).txt")
  }

  @Test("without a word the help is shown")
  func noWords() throws {
    let outcome = try Tool.run([])
    #expect(outcome.output == (try Tool.run(["--help"]).output))
    #expect(outcome.status == 0)
  }

  @Test("the version is told, and is the manifest's")
  func version() throws {
    let outcome = try Tool.run(["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.output == "0.1.0\n")
    let manifest = try #require(try Samples.reference.get().files["manifest.json"])
    let object = try #require(try JSONSerialization.jsonObject(with: manifest) as? [String: Any])
    #expect(object["version"] as? String == "0.1.0")
  }

  @Test("the families are listed", arguments: ["qwen2_moe", "deepseek_v2", "mixtral", "olmoe"])
  func families(name: String) throws {
    let outcome = try Tool.run(["families"])
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines[0].hasPrefix("family "))
    #expect(lines.contains { $0.hasPrefix("\(name) ") && $0.contains("one each") })
  }

  @Test("completions are made", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) throws {
    let outcome = try Tool.run(["--generate-completion-script", shell])
    #expect(outcome.status == 0)
    // Folders and files of GGUF for checkpoints.
    for word in ["sdmoe", "analyze", "inspect", "keep-going", "gguf"] {
      #expect(outcome.output.contains(word), "\(word)")
    }
    guard shell == "bash" else { return }
    let folder = try TemporaryFolder()
    try folder.write(outcome.output, as: "completions")
    let checked = try Tool.shell("bash -n completions", in: folder.path)
    #expect(checked.status == 0, "\(checked.errors)")
  }

  // MARK: Wrong words

  static let wrongWords: [(words: String, message: String)] = [
    ("foo", "Unexpected argument 'foo'"),
    ("analyze", "Missing expected argument '<checkpoint>'"),
    ("analyze CKPT", "Missing expected argument '--output <run>'"),
    ("analyze CKPT -o", "Missing value for '-o <run>'"),
    ("analyze CKPT -o RUN more", "Unexpected argument 'more'"),
    ("analyze CKPT -o RUN --layer 1", "Unknown option '--layer'"),
    ("analyze CKPT -o RUN --layers 3-1", "The value '3-1' is invalid for '--layers <list>'"),
    ("analyze CKPT -o RUN --layers x", "The value 'x' is invalid for '--layers <list>'"),
    ("analyze CKPT -o RUN --layers 1,,2", "The value '1,,2' is invalid for '--layers <list>'"),
    ("analyze CKPT -o RUN --layers 1-2-3", "The value '1-2-3' is invalid for '--layers <list>'"),
    ("analyze CKPT -o RUN --layers=-1", "The value '-1' is invalid for '--layers <list>'"),
    ("analyze CKPT -o RUN --layers 0-", "The value '0-' is invalid for '--layers <list>'"),
    (
      "analyze CKPT -o RUN --layers 0-99999999999999999999",
      "The value '0-99999999999999999999' is invalid for '--layers <list>'"
    ),
    (
      "analyze CKPT -o RUN --projections foo",
      "The value 'foo' is invalid for '--projections <list>'"
    ),
    ("analyze CKPT -o RUN --projections gate,", "The value 'gate,' is invalid"),
    (
      "analyze CKPT -o RUN --projections gate,sideways",
      "The value 'gate,sideways' is invalid for '--projections <list>': 'sideways' is not a projection; there are gate, up, down,"
    ),
    (
      "analyze CKPT -o RUN --analyses energy,spektrum,router",
      "The value 'energy,spektrum,router' is invalid for '--analyses <list>': 'spektrum' is not an analysis; there are energy, spectrum,"
    ),
    (
      "analyze CKPT -o RUN --layers 0-3,x7",
      "The value '0-3,x7' is invalid for '--layers <list>': 'x7' is no layer or range of layers such as 0-3"
    ),
    ("analize CKPT -o RUN", "Unexpected argument 'analize'; did you mean 'analyze'?"),
    ("Compare A B", "Unexpected argument 'Compare'; did you mean 'compare'?"),
    ("hlep", "Unexpected argument 'hlep'; did you mean 'help'?"),
    ("compare A -o OUT", "one run was given, but two or more are compared"),
    ("analyze CKPT -o RUN --analyses foo", "The value 'foo' is invalid for '--analyses <list>'"),
    ("analyze CKPT -o RUN --fraction 0", "--fraction is 0.0, but must be over 0 and at most 1"),
    ("analyze CKPT -o RUN --fraction 1.5", "--fraction is 1.5, but must be over 0 and at most 1"),
    ("analyze CKPT -o RUN --fraction=-0.1", "--fraction is -0.1, but must be over 0 and at most 1"),
    ("analyze CKPT -o RUN --fraction nan", "--fraction is nan, but must be over 0 and at most 1"),
    ("analyze CKPT -o RUN --fraction inf", "--fraction is inf, but must be over 0 and at most 1"),
    ("analyze CKPT -o RUN --fraction 1%", "The value '1%' is invalid for '--fraction <share>'"),
    ("analyze CKPT -o RUN --jobs 0", "--jobs is 0, but must be at least 1"),
    ("analyze CKPT -o RUN --jobs=-2", "--jobs is -2, but must be at least 1"),
    ("analyze CKPT -o RUN -j x", "The value 'x' is invalid for '-j <count>'"),
    ("analyze CKPT -o EMPTY", "--output is empty, but must name a folder"),
    ("analyze CKPT -o RUN --captures EMPTY", "--captures is empty, but must name a file"),
    ("analyze CKPT -o RUN --gradients EMPTY", "--gradients is empty, but must name a file"),
    ("inspect", "Missing expected argument '<checkpoint>'"),
    ("inspect CKPT --yaml", "Unknown option '--yaml'"),
    ("families all", "Unexpected argument 'all'"),
    ("verify", "Missing expected argument '<output>'"),
    ("verify RUN --jobs 0", "--jobs is 0, but must be at least 1"),
    ("verify RUN --yes", "Unknown option '--yes'"),
    ("figures RUN", "Missing expected argument '--output <folder>'"),
    ("figures RUN -o EMPTY", "--output is empty, but must name a folder"),
    ("figures RUN -o OUT --width 84", "The value '84' is invalid for '--width <length>'"),
    ("figures RUN -o OUT --width 84km", "The value '84km' is invalid for '--width <length>'"),
    ("figures RUN -o OUT --width 0mm", "The value '0mm' is invalid for '--width <length>'"),
    ("figures RUN -o OUT --width nanmm", "The value 'nanmm' is invalid for '--width <length>'"),
    ("figures RUN -o OUT --width 10mm", "--width is 10mm, but must be 71mm to 1200mm"),
    ("figures RUN -o OUT --width 2e3mm", "--width is 2e3mm, but must be 71mm to 1200mm"),
    ("figures RUN -o OUT --font-size 2", "--font-size is 2, but must be 3 to 30 points"),
    ("figures RUN -o OUT --dpi 0", "--dpi is 0, but must be 36 to 2400"),
    ("figures RUN -o OUT --range 1-0", "The value '1-0' is invalid for '--range <range>'"),
    ("figures RUN -o OUT --range 1", "The value '1' is invalid for '--range <range>'"),
    ("figures RUN -o OUT --range all", "The value 'all' is invalid for '--range <range>'"),
    ("figures RUN -o OUT --format gif", "The value 'gif' is invalid for '--format <format>'"),
    (
      "figures RUN -o OUT --kind foo",
      "The value 'foo' is invalid for '--kind <list>': 'foo' is not a kind of figure; there are top_and_tail,"
    ),
    ("figures RUN -o OUT --jobs 0", "--jobs is 0, but must be at least 1"),
    ("report RUN --jobs 0", "--jobs is 0, but must be at least 1"),
    ("compare A B -o OUT --jobs 0", "--jobs is 0, but must be at least 1"),
  ]

  static let wrongConversions: [(words: String, message: String)] = [
    ("--common-rank 0", "--common-rank is 0, but must be at least 1"),
    ("--common-rank=-3", "--common-rank is -3, but must be at least 1"),
    ("--common-rank 1.5", "The value '1.5' is invalid for '--common-rank <rank>'"),
    (
      "--common-rank 99999999999999999999",
      "The value '99999999999999999999' is invalid for '--common-rank <rank>'"
    ),
    ("--rank-limit 0", "--rank-limit is 0, but must be at least 1"),
    ("--rank-limit 5", "--rank-limit is about --target-similarity; give that too"),
    ("--target-similarity 0", "--target-similarity is 0.0, but must be between 0 and 1"),
    ("--target-similarity 1", "--target-similarity is 1.0, but must be between 0 and 1"),
    ("--target-similarity nan", "--target-similarity is nan, but must be between 0 and 1"),
    (
      "--target-similarity 0.5 --common-rank 2",
      "--target-similarity chooses the rank; leave --common-rank out"
    ),
    ("--weights usage", "--weights usage and --captures belong together; give both"),
    ("--captures FILE", "--weights usage and --captures belong together; give both"),
    (
      "--weights uniform --captures FILE",
      "--weights usage and --captures belong together; give both"
    ),
    ("--weights usage --captures EMPTY", "--captures is empty, but must name a file"),
    ("--jobs 0", "--jobs is 0, but must be at least 1"),
    ("--mode loose", "The value 'loose' is invalid for '--mode <mode>'"),
    ("--bases both", "The value 'both' is invalid for '--bases <kind>'"),
    ("--sides left", "The value 'left' is invalid for '--sides <sides>'"),
    ("--form whole", "The value 'whole' is invalid for '--form <form>'"),
    ("--dtype f16", "The value 'f16' is invalid for '--dtype <type>'"),
    ("--certificate none", "The value 'none' is invalid for '--certificate <detail>'"),
    ("--max-shard-size 0", "The value '0' is invalid for '--max-shard-size <size>'"),
    ("--layers 3-1", "The value '3-1' is invalid for '--layers <list>'"),
    ("more", "Unexpected argument 'more'"),
    ("-o EMPTY", "--output is empty, but must name a folder"),
  ]

  @Test("wrong words for a conversion exit with 64, and touch nothing", arguments: wrongConversions)
  func wrongConversion(words: String, message: String) throws {
    try wrong(words: "convert CKPT -o RUN \(words)", message: message)
  }

  static let wrongMeasures: [(words: String, message: String)] =
    ["router-data", "activation-ratio", "shuffle", "data-alignment", "routing"].map {
      (
        "--analyses energy,\($0)",
        "--analyses \($0) needs captured activations; give them with --captures"
      )
    } + [
      ("--analyses gradients", "--analyses gradients needs gradients; give them with --gradients"),
      (
        "--captures FILE --analyses gradients",
        "--analyses gradients needs gradients; give them with --gradients"
      ),
      (
        "--gradients FILE --analyses routing",
        "--analyses routing needs captured activations; give them with --captures"
      ),
      (
        "--captures FILE --analyses shuffle --projections down",
        "--analyses shuffle measures gate and up only, but --projections names neither"
      ),
      ("--captures FILE --tokens 0", "The value '0' is invalid for '--tokens <count>'"),
      ("--captures FILE --tokens=-1", "The value '-1' is invalid for '--tokens <count>'"),
      ("--captures FILE --tokens 1.5", "The value '1.5' is invalid for '--tokens <count>'"),
      ("--captures FILE --threshold=-1", "--threshold is -1.0, but must be a number from 0 on"),
      ("--captures FILE --threshold nan", "--threshold is nan, but must be a number from 0 on"),
      ("--captures FILE --threshold inf", "--threshold is inf, but must be a number from 0 on"),
      ("--captures FILE --threshold x", "The value 'x' is invalid for '--threshold <t>'"),
      ("--captures FILE --sequences 1", "--sequences is 1, but must be at least 2, or all"),
      ("--captures FILE --sequences 0", "The value '0' is invalid for '--sequences <count>'"),
      ("--routed-only", "--routed-only is about captured activations; give them with --captures"),
      ("--center", "--center is about captured activations; give them with --captures"),
      ("--tokens 5", "--tokens is about captured activations; give them with --captures"),
      ("--threshold 2", "--threshold is about captured activations; give them with --captures"),
      ("--sequences 5", "--sequences is about captured activations; give them with --captures"),
      ("--group-excess 0", "--group-excess is 0.0, but must be over 0 and at most 1"),
      ("--group-excess 1.1", "--group-excess is 1.1, but must be over 0 and at most 1"),
      ("--group-excess nan", "--group-excess is nan, but must be over 0 and at most 1"),
      (
        "--memory 0x10M",
        "The value '0x10M' is invalid for '--memory <size>': a size is a number and K, M, G or nothing for bytes, such as 4G or 800M"
      ), ("--memory 1e1M", "The value '1e1M' is invalid for '--memory <size>': a size is a number"),
      ("--memory 0", "The value '0' is invalid for '--memory <size>'"),
      ("--memory 0.5", "The value '0.5' is invalid for '--memory <size>'"),
      ("--memory=-1G", "The value '-1G' is invalid for '--memory <size>'"),
      ("--memory nan", "The value 'nan' is invalid for '--memory <size>'"),
      ("--memory 1e30", "The value '1e30' is invalid for '--memory <size>'"),
      ("--memory 4X", "The value '4X' is invalid for '--memory <size>'"),
    ]

  @Test(
    "options without their input, and values out of range, exit with 64 before a file is opened",
    arguments: wrongMeasures)
  func wrongMeasure(words: String, message: String) throws {
    try wrong(words: "analyze CKPT -o RUN \(words)", message: message)
  }

  @Test("wrong words are told on stderr, exit with 64, and touch nothing", arguments: wrongWords)
  func wrong(words: String, message: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Tool.run(
      words.split(separator: " ").map {
        $0 == "CKPT" ? Samples.tiny : $0 == "EMPTY" ? "" : String($0)
      }, in: folder.path)
    #expect(outcome.status == 64)
    #expect(outcome.output == "")
    #expect(outcome.errors.hasPrefix("Error: \(message)"), "\(outcome.errors)")
    #expect(outcome.errors.contains("Usage: sdmoe"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }
}
