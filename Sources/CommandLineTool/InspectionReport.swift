import Checkpoints
import Experts
import Foundation
import Synchronization
import Tensors

/// What `sdmoe inspect` found.
struct InspectionReport: Encodable {
  /// Tensors of experts that are not measured.
  struct Unmeasured: Encodable {
    var layers: [Int]
    var experts: [Int]
    var tensors: Int
    var reason: String
    var text: String

    init(_ found: UnmeasuredExperts) {
      layers = found.layers
      experts = found.experts
      tensors = found.tensorCount
      reason = found.reason.word
      text = found.advised
    }
  }

  /// What the rounding of a format does to weights.
  struct RoundingNoise: Encodable {
    /// The root mean square of the rounding error, over that of the weights.
    var relativeError: Double
    /// The largest angle by which it turns a direction that is twice as strong as chance would have
    /// it, on the hidden side.
    var degrees: Double

    init(_ rounding: Rounding, of sizes: Checkpoint.Sizes) {
      relativeError = rounding.relativeError
      degrees =
        rounding.angle(
          strength: 2, dimensionCount: sizes.hiddenSize, otherCount: sizes.expertWidth)
        * 180 / Double.pi
    }
  }

  /// The size and shape of the experts' weights.
  struct Experts: Encodable {
    var routedExperts: Int
    /// The numbers by layer, where they differ.
    var routedByLayer: [String: Int]?
    var hiddenSize: Int
    var expertWidth: Int
    var sharedWidth: Int?
    /// Rows and columns by projection.
    var shapes: [String: [Int]]
    var elementTypes: [String]
    var matrices: Int
    var bytes: Int
    /// The bits that a weight takes with its share of scales and the like; nil where none is read.
    var bitsPerWeight: Double?

    /// What rounding does to the weights, by how they are stored; nil where no format's is known.
    var rounding: [String: RoundingNoise]?

    /// The bits that a weight takes, in words.
    var bitsText: String {
      bitsPerWeight.map { String(format: ", %.4g bits a weight", $0) } ?? ""
    }

    /// How many experts layers have, in words.
    var countText: String {
      guard let routedByLayer else { return "\(routedExperts) routed in each layer" }
      return Dictionary(
        grouping: routedByLayer.compactMap { name, count in
          Int(name).map { (layer: $0, count: count) }
        }, by: \.count
      ).map { count, layers in
        (count: count, layers: layers.map(\.layer).sorted())
      }.sorted { $0.layers[0] < $1.layers[0] }
        .map { "\($0.count) routed in \(layersText($0.layers))" }.joined(separator: ", ")
    }
  }

  var checkpoint: String
  var modelType: String?
  var family: String?
  /// How the experts are factored; nil for ordinary weights.
  var form: String?
  var fingerprint: String?
  var layers: Int?
  var moeLayers: [Int]?
  /// Layers with experts past those that config.json counts; nil where there are none.
  var furtherLayers: [Int]?
  var experts: Experts?
  /// What is not measured; nil where everything is.
  var unmeasured: [Unmeasured]?
  var tensors: Int?
  var files: Int?
  var bytes: Int?
  /// What is no fault, but should not pass unmentioned.
  var notes: [String]
  var verdict: Verdict
  var reasons: [String]
  /// How many more reasons there are than are listed.
  var reasonsNotListed: Int

  private static let mostReasons = 100

  /// Checkpoints that were opened, to the end of the process: of hundreds of thousands of names and
  /// tensors, taking them apart is a tenth of the work, and for nothing.
  private static let opened = Mutex<[Checkpoint]>([])

  init(ofCheckpointAt path: String, revision: String? = nil, family chosen: ChosenFamily?) {
    checkpoint = path
    notes = []
    verdict = .fail
    reasons = []
    reasonsNotListed = 0
    do {
      let found = try Checkpoint(path: path, revision: revision, family: chosen)
      Self.opened.withLock { $0.append(found) }
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
    family = found.chosenFamily ?? found.family
    notes = found.remarks.map(\.description)
    form = found.form?.text
    layers = found.sizes.layerCount
    moeLayers = found.layers.map(\.index)
    tensors = found.tensorCount
    files = found.fileCount
    bytes = found.byteCount
    let sizes = found.sizes
    var types: Set<String> = []
    var noise: [String: RoundingNoise] = [:]
    var matrices = 0
    var expertBytes = 0
    var weightCount = 0
    for layer in found.layers {
      for projection in Projection.allCases {
        for found in layer.experts[projection] ?? [] {
          switch found {
          case .failure(.unsupported(_, _, let type, _, _)): types.insert(type)
          case .failure: break
          case .success(let weight):
            if types.insert(weight.storage).inserted {
              noise[weight.storage] = weight.rounding.map { RoundingNoise($0, of: sizes) }
            }
            matrices += 1
            expertBytes += weight.byteCount
            weightCount += weight.rowCount * weight.columnCount
          }
        }
      }
    }
    let further = found.furtherLayers.map(\.index)
    furtherLayers = further.isEmpty ? nil : further
    let others = found.unmeasured().map(Unmeasured.init)
    unmeasured = others.isEmpty ? nil : others
    let width = sizes.expertWidth
    let hidden = sizes.hiddenSize
    let counts = found.layers.map { ($0.index, $0.expertNumbers.count) }
    experts = Experts(
      routedExperts: counts.map(\.1).max() ?? 0,
      routedByLayer: Set(counts.map(\.1)).count < 2
        ? nil : Dictionary(uniqueKeysWithValues: counts.map { ("\($0)", $1) }),
      hiddenSize: hidden, expertWidth: width, sharedWidth: sizes.sharedWidth,
      shapes: Dictionary(
        uniqueKeysWithValues: found.projections.map {
          ($0.rawValue, $0 == .down ? [hidden, width] : [width, hidden])
        }),
      elementTypes: types.sorted(), matrices: matrices, bytes: expertBytes,
      bitsPerWeight: weightCount == 0 ? nil : Double(8 * expertBytes) / Double(weightCount),
      rounding: noise.isEmpty ? nil : noise)
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
      lines.append(("experts", "\(experts.countText)\(shared)"))
      for projection in Projection.allCases {
        guard let shape = experts.shapes[projection.rawValue] else { continue }
        lines.append(
          (projection.rawValue, TensorDescription.text(of: shape)))
      }
      lines.append(("element type", experts.elementTypes.joined(separator: "; ")))
      lines.append(
        (
          "routed weights",
          "\(experts.matrices) matrices, \(bytesText(experts.bytes))\(experts.bitsText)"
        ))
    }
    if let noise = experts?.rounding?.values.max(by: { $0.relativeError < $1.relativeError }) {
      lines.append(
        (
          "rounding",
          String(
            format: "%.2g %% of the weights; turns directions twice above chance by up to %.2g°",
            100 * noise.relativeError, noise.degrees)
        ))
    }
    if let tensors, let files, let bytes {
      lines.append(("files", "\(files), with \(tensors) tensors, \(bytesText(bytes))"))
    }
    lines += notes.map { ("note", $0) }
    lines += (unmeasured ?? []).map { ("not measured", $0.text) }
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
