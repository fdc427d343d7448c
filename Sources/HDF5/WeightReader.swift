internal import CHDF5

extension WeightFile {
  /// Reads a file in this process.
  ///
  /// - Parameter path: the file.
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/foreignFile(_:)`` if it has links or elements
  ///   in other files, filters or types that are not read, or more of something than any model has;
  ///   with ``HDF5Error/Reason/call(_:text:)`` if the library cannot read it.
  public init(reading path: String) throws {
    silenceErrorPrinting()
    let access = try Handle("H5Pcreate", H5Pcreate(chdf5_file_access()))
    try checked("H5Pset_file_locking", H5Pset_file_locking(access.id, false, true))
    let accessID = access.id
    let file = try Handle("H5Fopen", unsafe H5Fopen(path, chdf5_read_only(), accessID))
    var reader = WeightReader()
    let root = try Handle("H5Gopen2", unsafe H5Gopen2(file.id, "/", 0))
    let texts = try textAttributes(of: root)
    try reader.read(group: root, at: "", depth: 0)
    self.init(datasets: reader.datasets, texts: texts)
  }
}

/// Walks a file from its root along hard links, which lead nowhere else.
private struct WeightReader {
  private(set) var datasets: [WeightFile.Dataset] = []
  /// The name of each array that Keras lists, by its path.
  private var weightNames: [String: String] = [:]
  private var seen = Set<UInt>()
  private var chunkCount = 0

  mutating func read(group: borrowing Handle, at path: String, depth: Int) throws {
    guard depth < WeightFile.depthLimit else { throw refused("is nested too deeply", path) }
    for name in try names(listedIn: group) { weightNames[path + "/" + name] = name }
    var information = H5G_info_t()
    let id = group.id
    try checked("H5Gget_info", unsafe H5Gget_info(id, &information))
    guard information.nlinks <= WeightFile.datasetLimit else {
      throw refused("has \(information.nlinks) members", path)
    }
    for index in 0..<information.nlinks {
      let name = try unsafe readName("H5Lget_name_by_idx") {
        unsafe H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, $0, $1, 0)
      }
      try read(link: name, of: group, at: path + "/" + name, depth: depth)
    }
  }

  private mutating func read(
    link name: String, of group: borrowing Handle, at path: String, depth: Int
  ) throws {
    var link = H5L_info_t()
    let id = group.id
    try checked("H5Lget_info", unsafe H5Lget_info(id, name, &link, 0))
    guard link.type == H5L_TYPE_HARD else {
      throw refused(
        link.type == H5L_TYPE_SOFT ? "is a soft link" : "is a link to another file", path)
    }
    let object = try Handle("H5Oopen", unsafe H5Oopen(id, name, 0))
    let information = try information(of: object)
    guard seen.insert(information.addr).inserted else {
      throw refused("is a second name of something", path)
    }
    switch information.type {
    case H5O_TYPE_GROUP: try read(group: object, at: path, depth: depth + 1)
    case H5O_TYPE_DATASET: try read(dataset: object, at: path)
    default: throw refused("is neither a group nor an array", path)
    }
  }

  /// What Keras lists as the weights of a layer: the attribute `weight_names`, or, where that would
  /// be too large for HDF5, `weight_names0`, `weight_names1` and so on.
  private func names(listedIn group: borrowing Handle) throws -> [String] {
    var names = try attribute("weight_names", of: group) ?? []
    var part = 0
    while let more = try attribute("weight_names\(part)", of: group) {
      names += more
      part += 1
      guard names.count <= WeightFile.datasetLimit else { return names }
    }
    return names
  }

  private mutating func read(dataset: borrowing Handle, at path: String) throws {
    guard datasets.count < WeightFile.datasetLimit else { throw refused("is one too many", path) }
    let id = dataset.id
    guard let extents = try extents(of: Handle("H5Dget_space", H5Dget_space(id))) else {
      throw refused("has neither extents nor elements", path)
    }
    let type = try Handle("H5Dget_type", H5Dget_type(id))
    guard let element = element(of: type) else {
      throw refused("has elements of a type that is not read", path)
    }
    let layout = try layout(of: dataset, extents: extents, at: path)
    datasets.append(
      WeightFile.Dataset(
        path: path, weightName: weightNames[path], element: element,
        isBigEndian: H5Tget_order(type.id) == H5T_ORDER_BE, extents: extents, layout: layout))
  }

  private mutating func layout(
    of dataset: borrowing Handle, extents: [Int], at path: String
  ) throws -> WeightFile.Layout {
    let id = dataset.id
    let properties = try Handle("H5Dget_create_plist", H5Dget_create_plist(id))
    if let place = foreignStorage(properties) { throw refused("is stored in \(place)", path) }
    switch H5Pget_layout(properties.id) {
    case H5D_CONTIGUOUS:
      guard !extents.contains(0) else { return .contiguous(offset: 0, byteCount: 0) }
      guard let offset = Int(exactly: H5Dget_offset(id)),
        let count = Int(exactly: H5Dget_storage_size(id))
      else { throw refused("was never written", path) }
      return .contiguous(offset: offset, byteCount: count)
    case H5D_CHUNKED: return try chunks(of: dataset, properties, extents: extents, at: path)
    default: throw refused("is stored in its header, which is not read", path)
    }
  }

  private mutating func chunks(
    of dataset: borrowing Handle, _ properties: borrowing Handle, extents: [Int], at path: String
  ) throws -> WeightFile.Layout {
    let list = properties.id
    var sizes = [hsize_t](repeating: 0, count: extents.count)
    let rank = try checked(
      "H5Pget_chunk", unsafe H5Pget_chunk(list, Int32(extents.count), &sizes))
    let chunkExtents = sizes.map { Int(clamping: $0) }
    guard Int(rank) == extents.count, chunkExtents.allSatisfy({ $0 > 0 }) else {
      throw refused("has chunks of another number of extents", path)
    }
    let counts = zip(extents, chunkExtents).map { $0 / $1 + ($0 % $1 > 0 ? 1 : 0) }
    let count = counts.reduce(1, saturatingProduct)
    chunkCount = saturatingSum(chunkCount, count)
    guard chunkCount <= WeightFile.chunkLimit else { throw refused("has too many chunks", path) }
    let filters = try filters(of: properties, at: path)
    let chunks = try (0..<count).map { number in
      try chunk(of: dataset, at: place(of: number, counts: counts, extents: chunkExtents), path)
    }
    return .chunked(extents: chunkExtents, filters: filters, chunks: chunks)
  }

  /// Where a chunk begins, in elements along each extent.
  private func place(of number: Int, counts: [Int], extents: [Int]) -> [hsize_t] {
    var (rest, place) = (number, [hsize_t](repeating: 0, count: counts.count))
    for axis in counts.indices.reversed() {
      place[axis] = hsize_t(rest % counts[axis] * extents[axis])
      rest /= counts[axis]
    }
    return place
  }

  private func chunk(
    of dataset: borrowing Handle, at place: [hsize_t], _ path: String
  ) throws -> WeightFile.Chunk {
    var (mask, address, size): (UInt32, haddr_t, hsize_t) = (0, 0, 0)
    let id = dataset.id
    try checked(
      "H5Dget_chunk_info_by_coord",
      unsafe H5Dget_chunk_info_by_coord(id, place, &mask, &address, &size))
    guard let offset = Int(exactly: address), let count = Int(exactly: size), count > 0 else {
      throw refused("has parts that were never written", path)
    }
    return WeightFile.Chunk(offset: offset, byteCount: count, skippedFilters: mask)
  }

  private func filters(
    of properties: borrowing Handle, at path: String
  ) throws -> [WeightFile.Filter] {
    let id = properties.id
    let count = try checked("H5Pget_nfilters", H5Pget_nfilters(id))
    return try (0..<count).map { index in
      var (flags, valueCount): (UInt32, Int) = (0, 0)
      let number = try checked(
        "H5Pget_filter2",
        unsafe H5Pget_filter2(id, UInt32(index), &flags, &valueCount, nil, 0, nil, nil))
      guard let filter = UInt8(exactly: number).flatMap(WeightFile.Filter.init) else {
        throw refused(
          "is compressed by HDF5's filter \(number); known are deflate, shuffle and fletcher32",
          path)
      }
      return filter
    }
  }

  private func refused(_ detail: String, _ path: String) -> HDF5Error {
    HDF5Error(.foreignFile("'\(path.isEmpty ? "/" : path)' \(detail)"))
  }
}

/// The type as one of those that are read, in either order of bytes.
private func element(of type: borrowing Handle) -> WeightFile.Element? {
  let (id, size) = (type.id, H5Tget_size(type.id))
  guard [H5T_ORDER_LE, H5T_ORDER_BE].contains(H5Tget_order(id)), H5Tget_offset(id) == 0,
    H5Tget_precision(id) == 8 * size
  else { return nil }
  switch H5Tget_class(id) {
  case H5T_FLOAT: return fraction(id)
  case H5T_INTEGER:
    let types: [WeightFile.Element] =
      H5Tget_sign(id) == H5T_SGN_NONE
      ? [.uint8, .uint16, .uint32, .uint64] : [.int8, .int16, .int32, .int64]
    return [1, 2, 4, 8].firstIndex(of: size).map { types[$0] }
  default: return nil
  }
}

/// A floating-point type, told by the number and place of its bits.
private func fraction(_ id: hid_t) -> WeightFile.Element? {
  var (sign, exponent, exponentSize, mantissa, mantissaSize) = (0, 0, 0, 0, 0)
  guard
    unsafe H5Tget_fields(id, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize) >= 0,
    H5Tget_norm(id) == H5T_NORM_IMPLIED, mantissa == 0, exponent == mantissaSize,
    sign == exponent + exponentSize, H5Tget_ebias(id) == 1 << (exponentSize - 1) - 1
  else { return nil }
  return switch (exponentSize, mantissaSize) {
  case (5, 10): .float16
  case (8, 7): .bfloat16
  case (8, 23): .float32
  case (11, 52): .float64
  default: nil
  }
}

func saturatingSum(_ left: Int, _ right: Int) -> Int {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? .max : sum
}

// MARK: Attributes

/// The texts of an attribute, of fixed or variable length; `nil` if there is none of that name.
private func attribute(_ name: String, of object: borrowing Handle) throws -> [String]? {
  let owner = object.id
  guard try checked("H5Aexists", unsafe H5Aexists(owner, name)) > 0 else { return nil }
  let attribute = try Handle("H5Aopen", unsafe H5Aopen(owner, name, 0))
  let id = attribute.id
  let type = try Handle("H5Aget_type", H5Aget_type(id))
  let space = try Handle("H5Aget_space", H5Aget_space(id))
  guard H5Tget_class(type.id) == H5T_STRING, let extents = try extents(of: space) else {
    return []
  }
  let count = extents.reduce(1, saturatingProduct)
  return try H5Tis_variable_str(type.id) > 0
    ? variableTexts(id, type, space, count: count) : fixedTexts(id, type, count: count)
}

/// Texts of variable length, in whatever characters, which the library allocates and takes back.
private func variableTexts(
  _ id: hid_t, _ type: borrowing Handle, _ space: borrowing Handle, count: Int
) throws -> [String] {
  guard count > 0 else { return [] }
  guard count <= WeightFile.datasetLimit else {
    throw HDF5Error(.tooManyElements(found: count, limit: WeightFile.datasetLimit))
  }
  let (typeID, extent) = (type.id, space.id)
  var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
  return try unsafe pointers.withUnsafeMutableBytes { bytes in
    try unsafe checked("H5Aread", H5Aread(id, typeID, bytes.baseAddress))
    defer { _ = unsafe H5Dvlen_reclaim(typeID, extent, 0, bytes.baseAddress) }
    return unsafe bytes.bindMemory(to: UnsafeMutablePointer<CChar>?.self)
      .map { unsafe $0.map { unsafe String(cString: $0) } ?? "" }
  }
}

private func fixedTexts(_ id: hid_t, _ type: borrowing Handle, count: Int) throws -> [String] {
  let (typeID, size) = (type.id, H5Tget_size(type.id))
  guard size > 0, count > 0 else { return [] }
  let total = saturatingProduct(size, count)
  guard total <= WeightFile.attributeLimit else {
    throw HDF5Error(.tooManyElements(found: total, limit: WeightFile.attributeLimit))
  }
  var bytes = [UInt8](repeating: 0, count: total)
  try unsafe bytes.withUnsafeMutableBytes { buffer in
    _ = try unsafe checked("H5Aread", H5Aread(id, typeID, buffer.baseAddress))
  }
  return stride(from: 0, to: total, by: size).map { start in
    String(decoding: bytes[start..<start + size].prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Attributes of one text each.
private func textAttributes(of object: borrowing Handle) throws -> [String: String] {
  var texts: [String: String] = [:]
  for name in ["keras_version", "backend"] {
    if let values = try attribute(name, of: object), values.count == 1 { texts[name] = values[0] }
  }
  return texts
}
