import Experts
public import Findings
public import Tensors

/// The certificate's table: one row for each tensor of a converted checkpoint.
enum CertifiedTensors {
  /// What a tensor of the output is.
  enum Role: String, ColumnWord, CaseIterable {
    /// The same as in the source.
    case carried
    /// The same numbers as in the source, where they were packed.
    case decoded
    /// An expert's unique part.
    case unique
    /// An expert's whole matrix.
    case merged
    /// A basis, a common part or a remainder.
    case factor
  }

  static let file = Column<String>("file", "the file of the output that holds it")
  static let tensor = Column<String>(
    "tensor", "its name; of a matrix that lies in a larger tensor, which share of it")
  static let role = Column<Role>(
    "role", "carried, decoded, unique, merged, or factor: bases, common parts, remainders")
  static let layer = Column<String>(
    "layer", "the layer, counted from 0; empty for what is carried")
  static let projection = Column<Projection?>(
    "projection", "gate_proj, up_proj or down_proj, likewise")
  static let expert = Column<ExpertName?>(
    "expert", "the expert, counted from 0; empty for other roles")
  static let type = Column<ElementType>("dtype", "the type of its elements")
  static let byteCount = Column<Int>("bytes", "its size")
  static let sourceByteCount = Column<Int>(
    "source_bytes", "the size of what it was made of; 0 for factors")
  static let sha256 = Column<String>("sha256", "the digest of its bytes")
  static let sourceSHA256 = Column<String>("source_sha256", "the digest of what it was made of")
  static let norm = Column<Double>("norm", "Frobenius norm of W")
  static let commonEnergy = Column<Double>(
    "common_energy", "squared norm of W_c over that of W")
  static let uniqueEnergy = Column<Double>(
    "unique_energy", "squared norm of W_u over that of W")
  static let remainderEnergy = Column<Double>(
    "remainder_energy", "squared norm of Delta over that of W")
  static let dropped = Column<Double>(
    "dropped", "norm of Delta over that of W where it is dropped, 0 where it is kept")
  static let error = Column<Double>("reconstruction_error", "norm of W' - W over that of W")
  static let leftResidual = Column<Double>(
    "left_residual", "norm of U_c^T W_u over that of W_u")
  static let rightResidual = Column<Double>(
    "right_residual", "norm of W_u V_c over that of W_u")
  static let corrections = Column<Int>("corrections", "elements that are put right one by one")

  static let table = TableDefinition(
    name: "sdmoe-certificate",
    columns: [
      file, tensor, role, layer, projection, expert, type, byteCount, sourceByteCount, sha256,
      sourceSHA256, norm, commonEnergy, uniqueEnergy, remainderEnergy, dropped, error,
      leftResidual, rightResidual, corrections,
    ])
}

extension ElementType: ColumnWord {}
