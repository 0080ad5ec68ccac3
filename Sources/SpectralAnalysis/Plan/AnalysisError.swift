import Checkpoints
public import LinearAlgebra

/// What can stop an analysis, besides the errors of its inputs and of a run folder.
public enum AnalysisError: Error, Equatable, Sendable {
  /// The weights of an expert, their gradient or captured activations cannot be analysed.
  case unusableWeight(place: String, reason: LinearAlgebraError)
  /// A router row is zero, so it points nowhere.
  case zeroRouterRow(place: String, row: Int)
  /// The activations were captured from a model of another hidden size.
  case wrongHiddenSize(path: String, size: Int, expected: Int)
  /// The activations are of a layer that has no experts in the checkpoint.
  case noSuchCapturedLayer(path: String, layer: Int, moeLayers: [Int])
  /// A layer that is to be measured was not captured.
  case layerNotCaptured(path: String, layer: Int, captured: [Int])
  /// The router logits are of another number of experts.
  case wrongExpertCount(place: String, count: Int, expected: Int)
  /// The experts that are measured are not those whose router's choices are captured.
  case capturesOfOtherExperts(path: String, layer: Int, experts: [Int])
  /// The experts have none of the projections that are to be measured.
  case noProjection(path: String, projections: [String])
  /// The captures lack what an analysis or an option needs.
  case notCaptured(path: String, what: String, neededBy: String)
  /// There are fewer tokens than directions are to be told.
  case tooFewTokens(path: String, count: Int, needed: Int)
  /// A sequence, or the whole input of a layer, has fewer directions than are needed.
  case unusableActivations(place: String, tokens: String, reason: LinearAlgebraError)
  /// The gradient file has a tensor that the checkpoint lacks.
  case unknownGradient(path: String, tensor: String)
  /// A gradient has another shape than its weight.
  case wrongGradientShape(path: String, tensor: String, shape: String, expected: String)
  /// The gradient file has nothing of the experts of a layer.
  case noGradients(path: String, layer: Int, projection: String)
  /// The gradient file lacks an expert's tensor.
  case gradientMissing(path: String, tensor: String)
  /// A gradient is stored in a type that cannot be decoded.
  case gradientType(path: String, tensor: String, elementType: String)
  /// A gradient of an HDF5 file is there, but is no tensor that can be read.
  case gradientNotRead(path: String, tensor: String, reason: String)
  /// Whole weights are to be measured of a checkpoint in the factored SD-MoE form.
  case noWholeWeights(path: String)
  /// Unique parts are to be measured of an ordinary checkpoint.
  case noUniqueParts(path: String)
  /// Gradients were given beside a checkpoint in the factored SD-MoE form.
  case gradientsOfFactored(path: String)
  /// Unique parts have fewer directions than count as the top.
  case tooFewUniqueDirections(path: String, unit: String, count: Int, needed: Int)
  /// The run would lie in the checkpoint.
  case outputInsideInput(output: String, input: String)
  /// The bases of a unit did not fit in memory and could not be kept on disk.
  case scratch(folder: String, byteCount: Int, doing: String, reason: String)
  /// The run was not divided into shards.
  case noShardPlan(path: String)
  /// The plan is not as it was written, or belongs to another run.
  case damagedShardPlan(path: String)
  /// Another version of sdmoe divided the run.
  case plannedByOther(path: String, version: String, here: String)
  /// The checkpoint is not the one that the shards were planned of.
  case otherCheckpoint(path: String, run: String)
  /// Units of some shards have no results, or are not as they were written.
  case unfinishedShards(path: String, count: Int, shards: [Int], reasons: [String])
}

extension AnalysisError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  public var description: String {
    switch self {
    case .unusableWeight(let place, let reason):
      "\(place) \(reason)\(Self.advice(on: reason))"
    case .zeroRouterRow(let place, let row):
      "\(place) is zero in row \(row), so the router has no direction for that expert; leave router and router-data out with --analyses, or leave it out with --keep-going"
    case .wrongHiddenSize(let path, let size, let expected):
      "\(path): was captured from a model of hidden size \(size), but the checkpoint's is \(expected); capture again from this checkpoint"
    case .noSuchCapturedLayer(let path, let layer, let layers):
      "\(path): has activations of layer \(layer), but the checkpoint's layers with experts are \(rangesText(layers)); capture again from this checkpoint"
    case .layerNotCaptured(let path, let layer, let captured):
      "\(path): has no activations of layer \(layer); measure the layers that were captured with --layers \(rangesText(captured)), or capture the others too"
    case .wrongExpertCount(let place, let count, let expected):
      "\(place) is of \(count) experts, but the checkpoint has \(expected) in that layer; capture again from this checkpoint"
    case .capturesOfOtherExperts(let path, let layer, let experts):
      "\(path): tells nothing of experts \(rangesText(experts)) of layer \(layer), which have a router of their own; leave --captures or --expert-width out"
    case .noProjection(let path, let projections):
      "\(path): its experts have no \(projections.joined(separator: " and no ")); leave --projections out, or name others"
    case .notCaptured(let path, let what, let option):
      "\(path): has no \(what), which \(option) needs; capture it too (Scripts/capture.py), or leave that out"
    case .tooFewTokens(let path, let count, let needed):
      "\(path): has \(count == 1 ? "1 token" : "\(count) tokens"), too few for \(needed) directions, which need at least as many; capture a longer text"
    case .unusableActivations(let place, let tokens, let reason):
      "\(place), \(tokens) \(reason); capture a longer and more varied text, or leave out what cannot be measured with --keep-going"
    case .unknownGradient(let path, let tensor):
      "\(path): has tensor '\(tensor)', which the checkpoint does not have; capture the gradients from this checkpoint, under its own names"
    case .wrongGradientShape(let path, let tensor, let shape, let expected):
      "\(path): tensor '\(tensor)' is \(shape), but the checkpoint's is \(expected); capture the gradients from this checkpoint"
    case .noGradients(let path, let layer, let projection):
      "\(path): has no gradient of any expert's \(projection) of layer \(layer); choose other --layers or --projections, or capture those too"
    case .gradientMissing(let path, let tensor):
      "\(path): has no tensor '\(tensor)': that expert has no gradient"
    case .gradientType(let path, let tensor, let type):
      "\(path): tensor '\(tensor)' is of type \(type), which is not read; store gradients as F32 or BF16"
    case .gradientNotRead(let path, let tensor, let reason):
      "\(path): '\(tensor)' is not read: \(reason); write the gradients again, as F32 or BF16"
    case .noWholeWeights(let path):
      "\(path): is in the factored SD-MoE form, which has no whole weights; merge first (sdmoe convert \(path) --form merged -o OUT) and analyse that, or leave --part whole out"
    case .noUniqueParts(let path):
      "\(path): holds ordinary weights, which have no unique part; convert first (sdmoe convert \(path) -o OUT) and analyse that, or leave --part unique out"
    case .gradientsOfFactored(let path):
      "\(path): is in the factored SD-MoE form, but gradients are of the original's weights; analyse them with the original, or leave --gradients out"
    case .tooFewUniqueDirections(let path, let unit, let count, let needed):
      "\(path): the unique parts of \(unit) have \(count == 1 ? "1 direction" : "\(count) directions"), but the top are \(needed); choose a smaller --fraction, or convert with a smaller common rank"
    case .outputInsideInput(let output, let input):
      "\(output): lies in the checkpoint \(input), and the input is never changed; choose a folder elsewhere"
    case .scratch(let folder, let byteCount, let action, let reason):
      "\(folder): cannot \(action) a scratch file of \(byteCount) bytes for the bases of one layer: \(reason); free some space or allow more --memory, and run the same command again"
    case .noShardPlan(let path):
      "\(path): is not planned in shards; plan it with: sdmoe plan <checkpoint> -o \(path) --shards <count>"
    case .damagedShardPlan(let path):
      "\(path): its .sdmoe/plan.json was edited or is damaged, or is of another run; plan again with sdmoe plan, which keeps finished units"
    case .plannedByOther(let path, let version, let here):
      "\(path): was planned by version \(version), and this is \(here); use one version on all machines, or plan into a new folder"
    case .otherCheckpoint(let path, let run):
      "\(path): is not the checkpoint that \(run) was planned of; bring the same files to every machine, or plan again with sdmoe plan"
    case .unfinishedShards(let path, let count, let shards, let reasons):
      "\(path): \(shards.count) of \(count) shards \(shards.count == 1 ? "is" : "are") not done: --array=\(rangesText(shards)) (\(reasons.prefix(3).joined(separator: ", "))\(reasons.count > 3 ? ", ..." : "")); run \(shards.count == 1 ? "it" : "them") with sdmoe submit \(path), or by hand with sdmoe analyze --plan \(path) --shard \(shards[0])/\(count), and merge again"
    }
  }

  /// What to try next, where the reason does not say it itself.
  private static func advice(on reason: LinearAlgebraError) -> String {
    switch reason {
    case .notFinite, .zeroMatrix:
      "; download or capture the file again and start a new run folder, or leave out what is damaged with --keep-going"
    case .rankTooLow: "; choose a smaller --fraction, or leave such experts out with --keep-going"
    case .emptyMatrix: "; leave such experts out with --keep-going"
    case .tooLarge, .noConvergence: "; please report it with the shape of the tensor"
    case .outOfMemory, .rejectedArgument, .unsoundResult, .libraryMissing, .noAddressSpace,
      .unknownInstructionSet, .instructionSetMissing, .otherKernels:
      ""
    }
  }
}
