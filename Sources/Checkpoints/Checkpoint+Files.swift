public import Experts
import TensorFiles
public import Tensors

/// What another program than the analysis needs of a checkpoint: every tensor, file and name.
extension Checkpoint {
  /// The bytes of config.json.
  public var configBytes: [UInt8] { config.bytes }

  /// The weight files, sorted by the name that they have in the folder, and those of their tensors
  /// that are the checkpoint's.
  public var weightFiles: [(name: String, file: any TensorFile, tensors: [TensorDescription])] {
    survey.files.files.enumerated().map { number, file in
      (file.name, file.tensors.file, survey.files.tensors(ofFile: number))
    }
  }

  /// The tensor of that name, be it an expert's or not, and the file that holds it.
  public func stored(_ name: String) -> (file: any TensorFile, tensor: TensorDescription)? {
    survey.files[name].map { ($0.file, $0.tensor) }
  }

  /// What the names of all tensors of a layer's MoE block start with, such as
  /// `model.layers.0.mlp.`.
  ///
  /// - Precondition: The layer has experts.
  public func tensorStart(ofLayer layer: Int) -> String {
    survey.files.storedName(survey.start(ofLayer: layer))
  }

  /// The ordinary names of the routed experts' weights of a projection, in the order of the
  /// experts; the same whether they are factored or not.
  ///
  /// Experts that are stacked in one tensor have names such as
  /// `model.layers.0.mlp.experts.3.up_proj`, by which the parts go that each has for itself where
  /// they are factored.
  ///
  /// - Precondition: The layer has experts.
  public func expertWeightNames(ofLayer layer: Int, projection: Projection) -> [String] {
    survey.expertWeightNames(ofLayer: layer, projection: projection).map(survey.storedWeightName)
  }

  /// Where the matrices of a layer's routed experts lie when their numbers are plain, in the order
  /// of the experts: in the tensors that hold them, or, where they are packed or factored, in those
  /// that would.
  ///
  /// - Precondition: The layer has experts.
  package func expertPlaces(ofLayer layer: Int, projection: Projection) -> [MatrixPlace] {
    survey.places(ofLayer: layer, projection: projection)
  }
}
