import Checkpoints

/// What `sdmoe analyze` says before it begins: which experts are not measured; empty where there is nothing to say.
func unmeasuredText(of checkpoint: Checkpoint, measuring layers: [Int]) -> String {
  checkpoint.unmeasured(measuring: layers).map { "not measured: \($0.advised)\n" }
    .joined()
}

/// What `sdmoe convert` says before it begins: the experts that are carried over as they are.
func unconvertedText(of checkpoint: Checkpoint, converting layers: [Int]?) -> String {
  checkpoint.unmeasured(measuring: layers).map { experts in
    var text = "not converted, carried as it is: \(experts.text)"
    if case .pastLayers = experts.reason, experts.option != nil {
      text += "; converted with --layers \(rangesText(experts.layers))"
    }
    return "\(text)\n"
  }.joined()
}

extension UnmeasuredExperts {
  /// What they are, and the option that measures them.
  var advised: String { option.map { "\(text); measured with \($0)" } ?? text }
}
