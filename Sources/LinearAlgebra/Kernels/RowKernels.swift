import CKernels

/// sdmoe's own loops over rows of one scalar type, so that each algorithm is written once.
///
/// Safe to hold and pass on: only this module can make one or call what is inside.
@safe public struct RowKernels<Scalar: LAPACKScalar>: Sendable {
  typealias Pointer = UnsafeMutablePointer<Scalar>
  typealias ConstPointer = UnsafePointer<Scalar>

  typealias Multiply =
    @Sendable (
      _ set: ck_instruction_set, _ w: ConstPointer?, _ rows: Int, _ columns: Int, _ stride: Int,
      _ x: ConstPointer?, _ xStride: Int, _ y: Pointer?, _ yStride: Int
    ) -> Void
  typealias Add =
    @Sendable (
      _ set: ck_instruction_set, _ w: ConstPointer?, _ rows: Int, _ columns: Int, _ stride: Int,
      _ y: ConstPointer?, _ yStride: Int, _ factor: Scalar, _ z: Pointer?, _ zStride: Int
    ) -> Void
  typealias Square =
    @Sendable (
      _ set: ck_instruction_set, _ w: ConstPointer?, _ rows: Int, _ columns: Int, _ stride: Int,
      _ x: ConstPointer?, _ z: Pointer?, _ xStride: Int, _ y: Pointer?, _ yStride: Int
    ) -> Void
  typealias Norm =
    @Sendable (_ set: ck_instruction_set, _ w: ConstPointer?, _ count: Int) -> Double

  let multiply: Multiply
  let add: Add
  let square: Square
  let norm: Norm

  static var float: RowKernels<Float> {
    unsafe RowKernels<Float>(
      multiply: ck_multiply_f32, add: ck_add_f32, square: ck_square_f32, norm: ck_norm_f32)
  }

  static var double: RowKernels<Double> {
    unsafe RowKernels<Double>(
      multiply: ck_multiply_f64, add: ck_add_f64, square: ck_square_f64, norm: ck_norm_f64)
  }
}
