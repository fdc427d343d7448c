internal import CHDF5

extension ResultFile {
  /// The bytes of the HDF5 file that holds this result.
  ///
  /// Every dimension is an attached scale, every float's fill value is NaN, orders are tracked
  /// and times are not, so equal results give equal bytes. Nothing touches the disk.
  ///
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/call(_:text:)`` if the library fails.
  /// - Complexity: O(bytes); the result exists three times at the end, once as values, once in
  ///   the library and once as the image.
  public func image() throws -> [UInt8] {
    silenceErrorPrinting()
    let file = try FileImage.create()
    try write(attributes, on: file)
    for group in groups {
      do {
        try write(group, in: file)
      } catch let error as HDF5Error {
        throw HDF5Error(error.reason, group: group.name, variable: error.variable)
      }
    }
    return try FileImage.bytes(of: file)
  }
}

/// Writes all values first, so that every scale is there when it is attached.
private func write(_ group: ResultGroup, in file: borrowing Handle) throws {
  let creation = try Handle("H5Pcreate", H5Pcreate(chdf5_group_creation()))
  try FileImage.order(ofLinksIn: creation)
  try FileImage.orderOfAttributes(in: creation)
  let handle = try Handle(
    "H5Gcreate2", unsafe H5Gcreate2(file.id, group.name, 0, creation.id, 0))
  try write(group.attributes, on: handle)
  let lengths = Dictionary(uniqueKeysWithValues: group.dimensions.map { ($0.name, $0.length) })
  for step in [writeValues, describe] {
    for variable in group.variables {
      do {
        try step(variable, lengths, handle.id)
      } catch let error as HDF5Error {
        throw HDF5Error(error.reason, variable: variable.name)
      }
    }
  }
}

private func writeValues(
  of variable: ResultVariable, lengths: [String: Int], in group: hid_t
) throws {
  let extents = variable.dimensions.map { hsize_t(lengths[$0, default: 0]) }
  let space = try dataspace(extents: extents)
  let type = try variable.values.type.stored()
  let memory = try variable.values.type.native()
  let creation = try creationProperties(of: variable.values.type, extents: extents)
  let dataset = try Handle(
    "H5Dcreate2",
    unsafe H5Dcreate2(group, variable.name, type.id, space.id, 0, creation.id, 0))
  if variable.isScale {
    try checked("H5DSset_scale", unsafe H5DSset_scale(dataset.id, variable.name))
  }
  guard variable.values.count > 0 else { return }
  try unsafe variable.values.withStorage { values in
    _ = try unsafe checked("H5Dwrite", H5Dwrite(dataset.id, memory.id, 0, 0, 0, values))
  }
}

/// Attaches the variable's scales and writes its attributes.
private func describe(
  _ variable: ResultVariable, lengths: [String: Int], in group: hid_t
) throws {
  let dataset = try Handle("H5Dopen2", unsafe H5Dopen2(group, variable.name, 0))
  for (index, dimension) in variable.dimensions.enumerated() where !variable.isScale {
    let scale = try Handle("H5Dopen2", unsafe H5Dopen2(group, dimension, 0))
    try checked("H5DSattach_scale", H5DSattach_scale(dataset.id, scale.id, UInt32(index)))
  }
  try write(variable.storedAttributes, on: dataset)
}

extension ResultVariable {
  /// The attributes as stored: first those every variable has, then its own.
  fileprivate var storedAttributes: [ResultAttribute] {
    let common: [ResultAttribute?] = [
      ResultAttribute("long_name", .text(longName)),
      units.map { ResultAttribute("units", .text($0)) },
      values.type.isFloat ? ResultAttribute("_FillValue", .float64s([.nan])) : nil,
    ]
    return common.compactMap(\.self) + attributes
  }
}

/// Writes attributes in order; one value is a scalar, a list has one dimension.
func write(_ attributes: [ResultAttribute], on object: borrowing Handle) throws {
  for attribute in attributes {
    let elements = attribute.value.elements
    let space = try dataspace(extents: attribute.value.length.map { [hsize_t($0)] } ?? [])
    let type = try elements.type.stored()
    let memory = try elements.type.native()
    let handle = try Handle(
      "H5Acreate2", unsafe H5Acreate2(object.id, attribute.name, type.id, space.id, 0, 0))
    try unsafe elements.withStorage { values in
      _ = try unsafe checked("H5Awrite", H5Awrite(handle.id, memory.id, values))
    }
  }
}

private func dataspace(extents: [hsize_t]) throws -> Handle {
  extents.isEmpty
    ? try Handle("H5Screate", H5Screate(H5S_SCALAR))
    : try Handle(
      "H5Screate_simple", unsafe H5Screate_simple(Int32(extents.count), extents, nil))
}

/// Floats are NaN until written; what exceeds 64 KiB is cut into chunks and compressed.
///
/// Level 1, because higher levels are slower and leave such numbers no smaller.
private func creationProperties(of type: StoredType, extents: [hsize_t]) throws -> Handle {
  let creation = try Handle("H5Pcreate", H5Pcreate(chdf5_dataset_creation()))
  try FileImage.orderOfAttributes(in: creation)
  if type.isFloat {
    var fill = Double.nan
    try checked(
      "H5Pset_fill_value",
      unsafe H5Pset_fill_value(creation.id, chdf5_native_float64(), &fill))
  }
  guard byteCount(of: extents) > 1 << 16 else { return creation }
  let chunk = chunkExtents(of: extents)
  try checked("H5Pset_chunk", unsafe H5Pset_chunk(creation.id, Int32(chunk.count), chunk))
  try checked("H5Pset_shuffle", H5Pset_shuffle(creation.id))
  try checked("H5Pset_deflate", H5Pset_deflate(creation.id, 1))
  return creation
}

/// The bytes of so many elements of 8 bytes each, the widest number there is.
private func byteCount(of extents: [hsize_t]) -> hsize_t { extents.reduce(8, *) }

/// Blocks of at most 1 MiB, cut across the outermost dimensions first.
private func chunkExtents(of extents: [hsize_t]) -> [hsize_t] {
  var chunk = extents
  while byteCount(of: chunk) > 1 << 20, let axis = chunk.firstIndex(where: { $0 > 1 }) {
    chunk[axis] = (chunk[axis] + 1) / 2
  }
  return chunk
}
