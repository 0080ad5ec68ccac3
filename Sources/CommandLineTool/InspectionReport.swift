import Checkpoints
import Foundation
import Tensors

/// What `sdmoe inspect` found.
struct InspectionReport: Encodable {
  enum Verdict: String, Encodable {
    case pass = "PASS"
    case fail = "FAIL"
  }

  /// The size and shape of the experts' weights.
  struct Experts: Encodable {
    var routedExperts: Int
    var hiddenSize: Int
    var expertWidth: Int
    var sharedWidth: Int?
    /// Rows and columns by projection.
    var shapes: [String: [Int]]
    var elementTypes: [String]
    var matrices: Int
    var bytes: Int
  }

  var checkpoint: String
  var modelType: String?
  var family: String?
  /// How the experts are factored; nil for ordinary weights.
  var form: String?
  var fingerprint: String?
  var layers: Int?
  var moeLayers: [Int]?
  var experts: Experts?
  var tensors: Int?
  var files: Int?
  var bytes: Int?
  var verdict: Verdict
  var reasons: [String]
  /// How many more reasons there are than are listed.
  var reasonsNotListed: Int

  private static let mostReasons = 100

  init(ofCheckpointAt path: String) {
    checkpoint = path
    verdict = .fail
    reasons = []
    reasonsNotListed = 0
    do {
      let found = try Checkpoint(path: path)
      describe(found)
      fingerprint = try found.fingerprint()
      let problems = found.problems
      reasons = problems.prefix(Self.mostReasons).map(\.description)
      reasonsNotListed = problems.count - reasons.count
      verdict = problems.isEmpty ? .pass : .fail
    } catch {
      reasons = ["\(error)"]
    }
  }

  private mutating func describe(_ found: Checkpoint) {
    modelType = found.modelType
    family = found.family
    form = found.form?.text
    layers = found.sizes.layerCount
    moeLayers = found.layers.map(\.index)
    tensors = found.tensorCount
    files = found.fileCount
    bytes = found.byteCount
    var types: Set<String> = []
    var matrices = 0
    var expertBytes = 0
    for layer in found.layers {
      for projection in Projection.allCases {
        for case .failure(.unsupported(_, _, let type, _)) in layer.experts[projection] ?? [] {
          types.insert(type)
        }
        for case .success(let weight) in layer.experts[projection] ?? [] {
          types.insert(weight.tensor.elementType.rawValue)
          matrices += 1
          expertBytes += weight.tensor.byteCount
        }
      }
    }
    let width = found.sizes.expertWidth
    let hidden = found.sizes.hiddenSize
    experts = Experts(
      routedExperts: found.sizes.expertCount, hiddenSize: hidden, expertWidth: width,
      sharedWidth: found.sizes.sharedWidth,
      shapes: [
        "gate_proj": [width, hidden], "up_proj": [width, hidden], "down_proj": [hidden, width],
      ],
      elementTypes: types.sorted(), matrices: matrices, bytes: expertBytes)
  }

  var jsonText: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  var text: String {
    var lines: [(String, String)] = [("checkpoint", checkpoint)]
    if let modelType, let family { lines.append(("model", "\(modelType) (family \(family))")) }
    if let form { lines.append(("form", form)) }
    if let layers, let moeLayers {
      lines.append(("layers", "\(layers), those with experts: \(rangesText(moeLayers))"))
    }
    if let experts {
      let shared = experts.sharedWidth.map { ", and a shared one of width \($0)" } ?? ""
      lines.append(("experts", "\(experts.routedExperts) routed in each layer\(shared)"))
      for projection in Projection.allCases {
        let shape = experts.shapes[projection.rawValue] ?? []
        lines.append(
          (projection.rawValue, TensorDescription.text(of: shape)))
      }
      lines.append(("element type", experts.elementTypes.joined(separator: ", ")))
      lines.append(
        ("routed weights", "\(experts.matrices) matrices, \(bytesText(experts.bytes))"))
    }
    if let tensors, let files, let bytes {
      lines.append(("files", "\(files), with \(tensors) tensors, \(bytesText(bytes))"))
    }
    if let fingerprint { lines.append(("fingerprint", fingerprint)) }
    lines.append(("verdict", verdict.rawValue))
    let width = lines.map(\.0.count).max() ?? 0
    var text = lines.map { name, value in
      name + String(repeating: " ", count: width - name.count + 2) + value
    }.joined(separator: "\n")
    for reason in reasons.prefix(10) { text += "\n- \(reason)" }
    let more = reasonsNotListed + max(0, reasons.count - 10)
    if more > 0 {
      text += "\n- and \(more) more like these; --json lists up to \(Self.mostReasons)"
    }
    return text
  }
}
