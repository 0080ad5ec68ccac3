public import ArgumentParser
public import Checkpoints
import SpectralDecoupling

/// How experts are split into a common and unique parts.
struct SplitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many directions are common, on each side. (default: 8)", valueName: "rank"))
  var commonRank: Int?

  @Option(
    help: ArgumentHelp(
      "Choose for each unit the smallest common rank that brings the mean similarity of the unique parts to this value.",
      valueName: "similarity"))
  var targetSimilarity: Double?

  @Option(
    help: ArgumentHelp(
      "The largest common rank that --target-similarity tries. (default: 128)",
      valueName: "rank"))
  var rankLimit: Int?

  @Option(
    help: ArgumentHelp(
      "Common directions are the leading ones of all experts together (joint) or of their mean. (default: joint)",
      valueName: "kind"))
  var bases: SDMoEForm.Bases?

  @Option(
    help: ArgumentHelp(
      "exact keeps what each expert has in common directions beyond the common part; strict drops it, which changes the model. (default: exact)",
      valueName: "mode"))
  var mode: SDMoEForm.Mode?

  @Option(
    help: ArgumentHelp(
      "Whether both sides are projected, or the hidden one alone: the order of an expert's neurons is arbitrary. (default: both)",
      valueName: "sides"))
  var sides: SDMoEForm.Sides?

  @Option(
    help: ArgumentHelp(
      "Experts count the same (uniform) or by their share of tokens (usage, with --captures). (default: uniform)",
      valueName: "weights"))
  var weights: SDMoEForm.ExpertWeights?

  @Option(
    help: ArgumentHelp(
      "Activations with router logits, from which --weights usage takes the experts' load.",
      valueName: "file"), completion: .file(extensions: ["h5", "hdf5", "safetensors"]))
  var captures: String?

  @Flag(
    help:
      "Leave rows out of captures that repeat others bit for bit, three times or more, as padding does."
  )
  var dropRepeats = false

  @Flag(help: "Cut the common part to the common rank, as the paper has it; else up to twice that.")
  var commonRankExact = false

  @Option(
    name: .customLong("layers"),
    help: ArgumentHelp(
      "The layers to convert, such as 0-3,7. (default: all that have experts)", valueName: "list"),
    transform: LayerSelection.init(words:))
  var layerLists: [LayerSelection] = []

  /// The layers; nil for all.
  var layers: LayerSelection? { LayerSelection(allOf: layerLists) }

  /// The first option that was given, as it is written.
  var firstGiven: String? {
    let given: [(String, Bool)] = [
      ("--common-rank", commonRank != nil), ("--target-similarity", targetSimilarity != nil),
      ("--rank-limit", rankLimit != nil), ("--bases", bases != nil), ("--mode", mode != nil),
      ("--sides", sides != nil), ("--weights", weights != nil), ("--captures", captures != nil),
      ("--drop-repeats", dropRepeats),
      ("--common-rank-exact", commonRankExact), ("--layers", layers != nil),
    ]
    return given.first(where: \.1)?.0
  }

  /// Checks what the parser cannot.
  func check() throws {
    if let commonRank, commonRank < 1 {
      throw ValidationError("--common-rank is \(commonRank), but must be at least 1")
    }
    if let rankLimit, rankLimit < 1 {
      throw ValidationError("--rank-limit is \(rankLimit), but must be at least 1")
    }
    if let targetSimilarity {
      guard targetSimilarity > 0, targetSimilarity < 1 else {
        throw ValidationError(
          "--target-similarity is \(targetSimilarity), but must be between 0 and 1")
      }
      if commonRank != nil {
        throw ValidationError("--target-similarity chooses the rank; leave --common-rank out")
      }
    } else if rankLimit != nil {
      throw ValidationError("--rank-limit is about --target-similarity; give that too")
    }
    guard (weights == .usage) == (captures != nil) else {
      throw ValidationError("--weights usage and --captures belong together; give both")
    }
    if dropRepeats, captures == nil {
      throw ValidationError("--drop-repeats is about captured activations; give --captures too")
    }
    if captures?.isEmpty == true {
      throw ValidationError("--captures is empty, but must name a file")
    }
  }

  /// Writes what was given into the options of a conversion.
  func enter(into options: inout ConversionOptions) {
    if let targetSimilarity {
      options.rank = .target(similarity: targetSimilarity, limit: rankLimit ?? 128)
    } else if let commonRank {
      options.rank = .fixed(commonRank)
    }
    options.bases = bases ?? options.bases
    options.mode = mode ?? options.mode
    options.sides = sides ?? options.sides
    options.cutsCommonRank = commonRankExact
    options.layers = layers?.numbers
  }
}

extension SDMoEForm.Bases: ExpressibleByArgument {}
extension SDMoEForm.Mode: ExpressibleByArgument {}
extension SDMoEForm.Sides: ExpressibleByArgument {}
extension SDMoEForm.ExpertWeights: ExpressibleByArgument {}
