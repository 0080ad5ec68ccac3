import Checkpoints
import Foundation
import HDF5Files
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks that experts are read from files of either format.
@Suite struct UnitExpertsTests {
  static let toy = ToyCheckpoint.normal(layers: 2, experts: 3, hidden: 24, width: 20)

  @Test("HDF5 is read, and safetensors written with the same values")
  func hdf5() async throws {
    var toy = Self.toy
    // HDF5 has no type for these.
    toy["model.scales"] = nil
    toy.tensors = toy.tensors.map { tensor in
      tensor.description.elementType == .bf16
        ? ToyTensor(tensor.name, .f32, tensor.description.shape, seed: 3) : tensor
    }
    let options = ConversionOptions.basic(rank: 4)
    let fromHDF5 = try await ToyConversion(of: toy, options, as: .hdf5(.dotted))
    let plain = try await ToyConversion(of: toy, options)
    expectSameTensors(
      try storedTensors(in: fromHDF5.output), try storedTensors(in: plain.output))
    let files = try FileManager.default.contentsOfDirectory(atPath: fromHDF5.output)
    #expect(!files.contains { $0.hasSuffix(".h5") })
    try await fromHDF5.expectSound()
    expectSameTensors(
      try storedTensors(in: try await fromHDF5.merged()), toy.stored)
  }
}
