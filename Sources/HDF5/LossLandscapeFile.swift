internal import CHDF5

/// A surface of losses in the form that the project loss-landscape writes, for its plotting scripts.
///
/// Arrays at the root of the file: `xcoordinates` [columns], `ycoordinates` [rows], `train_loss`
/// [rows, columns] and `train_acc`, which that project fills with −1 where nothing is known. Such a
/// file keeps none of the rules of result files.
///
/// Source: Li et al. 2018, arXiv 1712.09913, and `plot_surface.py` of its code, for the names.
public struct LossLandscapeFile: Sendable {
  private let x: [Double]
  private let y: [Double]
  private let losses: [Double]

  /// Describes a surface.
  ///
  /// - Parameters:
  ///   - x: coordinates of columns.
  ///   - y: coordinates of rows.
  ///   - losses: row-major, [rows, columns].
  public init(x: [Double], y: [Double], losses: [Double]) {
    precondition(losses.count == x.count * y.count)
    (self.x, self.y, self.losses) = (x, y, losses)
  }

  /// The bytes of the file; equal surfaces give equal bytes.
  ///
  /// - Throws: ``HDF5Error`` if the library fails.
  public func image() throws -> [UInt8] {
    silenceErrorPrinting()
    let file = try FileImage.create()
    let shape = [hsize_t(y.count), hsize_t(x.count)]
    try write(x, "xcoordinates", [shape[1]], in: file)
    try write(y, "ycoordinates", [shape[0]], in: file)
    try write(losses, "train_loss", shape, in: file)
    try write(losses.map { _ in -1 }, "train_acc", shape, in: file)
    return try FileImage.bytes(of: file)
  }

  private func write(
    _ numbers: [Double], _ name: String, _ extents: [hsize_t], in file: borrowing Handle
  ) throws {
    let space = try Handle(
      "H5Screate_simple", unsafe H5Screate_simple(Int32(extents.count), extents, nil))
    let creation = try Handle("H5Pcreate", H5Pcreate(chdf5_dataset_creation()))
    try FileImage.orderOfAttributes(in: creation)
    let type = try StoredType.float64.stored()
    let memory = try StoredType.float64.native()
    let dataset = try Handle(
      "H5Dcreate2", unsafe H5Dcreate2(file.id, name, type.id, space.id, 0, creation.id, 0))
    try numbers.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      _ = try unsafe checked("H5Dwrite", H5Dwrite(dataset.id, memory.id, 0, 0, 0, start))
    }
  }
}
