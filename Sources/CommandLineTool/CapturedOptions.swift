import ArgumentParser
import SpectralAnalysis

/// What was captured from a model while it ran, and how it is looked at.
struct CapturedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Activations that Scripts/capture.py took, as HDF5 or safetensors: adds bands, router-data, activation-ratio, shuffle, data-alignment and routing.",
      valueName: "file"), completion: .file(extensions: ["h5", "hdf5", "safetensors"]))
  var captures: String?

  @Option(
    help: ArgumentHelp(
      "Gradients under the checkpoint's tensor names, which Scripts/capture.py takes too: adds bands and gradients.",
      valueName: "file"), completion: .file(extensions: ["h5", "hdf5", "safetensors"]))
  var gradients: String?

  @Option(
    help: ArgumentHelp(
      "How many tokens activation-ratio looks at, evenly spread, or all.", valueName: "count"))
  var tokens = SampleCount(size: .atMost(8192))

  @Option(
    help: ArgumentHelp(
      "A direction is active in a token from so many times the root mean square of an isotropic one on.",
      valueName: "t"))
  var threshold = 1.0

  @Flag(
    help:
      "Leave rows out of captures that repeat others bit for bit, three times or more, as padding does."
  )
  var dropRepeats = false

  @Flag(help: "Let activation-ratio look at the tokens alone that are routed to an expert.")
  var routedOnly = false

  @Flag(help: "Let router-data take the mean token away from its input first.")
  var center = false

  @Option(
    help: ArgumentHelp(
      "How many sequences data-alignment compares, evenly spread, or all.", valueName: "count"))
  var sequences = SampleCount(size: .atMost(64))

  /// Writes what was given into the options of an analysis.
  func enter(into options: inout AnalysisOptions) {
    options.threshold = threshold
    options.tokens = tokens.size
    options.dropsRepeats = dropRepeats
    options.routedOnly = routedOnly
    options.center = center
    options.sequences = sequences.size
  }

  /// Checks that each analysis has its input, and that numbers are in their ranges.
  func check(for analyses: [Analysis]) throws {
    for (option, path) in [("--captures", captures), ("--gradients", gradients)]
    where path?.isEmpty == true {
      throw ValidationError("\(option) is empty, but must name a file")
    }
    for analysis in analyses {
      switch analysis.input {
      case .captures where captures == nil:
        throw ValidationError(
          "--analyses \(analysis.rawValue) needs captured activations; give them with --captures")
      case .gradients where gradients == nil:
        throw ValidationError(
          "--analyses \(analysis.rawValue) needs gradients; give them with --gradients")
      default: continue
      }
    }
    guard threshold >= 0, threshold.isFinite else {
      throw ValidationError("--threshold is \(threshold), but must be a number from 0 on")
    }
    if case .atMost(let count) = sequences.size, count < 2 {
      throw ValidationError("--sequences is \(count), but must be at least 2, or all")
    }
    guard captures == nil else { return }
    let used = [
      ("--drop-repeats", dropRepeats), ("--routed-only", routedOnly), ("--center", center),
      ("--tokens", tokens.size != .atMost(8192)), ("--threshold", threshold != 1),
      ("--sequences", sequences.size != .atMost(64)),
    ]
    if let option = used.first(where: \.1)?.0 {
      throw ValidationError("\(option) is about captured activations; give them with --captures")
    }
  }
}

/// A number of tokens or sequences, or `all`.
struct SampleCount: ExpressibleByArgument {
  let size: SampleSize

  init(size: SampleSize) { self.size = size }

  init?(argument: String) {
    if argument == "all" {
      size = .all
    } else if let count = Int(argument), count > 0 {
      size = .atMost(count)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { size.description }
}

/// A size of memory, such as `4G` or `800M`.
struct MemorySize {
  let byteCount: Int

  init(byteCount: Int) { self.byteCount = byteCount }

  /// Reads the words of an option.
  ///
  /// - Throws: `ValidationError`, which tells the form.
  init(words: String) throws {
    guard let size = Self(text: words) else {
      throw ValidationError(
        "a size is a number and K, M, G or nothing for bytes, such as 4G or 800M")
    }
    self = size
  }

  private init?(text: String) {
    // 5GB is written as often as 5G.
    let argument = text.uppercased().hasSuffix("B") ? String(text.dropLast()) : text
    let units: [Character: Int] = ["K": 1_000, "M": 1_000_000, "G": 1_000_000_000]
    let unit = argument.last.flatMap { units[Character($0.uppercased())] }
    let digits = unit == nil ? argument : String(argument.dropLast())
    // Powers and hexadecimal digits are seldom meant.
    guard digits.allSatisfy({ "0123456789.".contains($0) }), let number = Double(digits),
      case let bytes = number * Double(unit ?? 1), bytes >= 1, bytes < 1e18
    else { return nil }
    byteCount = Int(bytes)
  }
}
