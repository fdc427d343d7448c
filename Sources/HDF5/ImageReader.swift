internal import CHDF5

/// Walks a file from its root and notes everything the rules speak of.
struct ImageReader {
  /// What was found so far.
  private(set) var found = FoundFile()

  /// Everything in the open file.
  static func read(_ file: borrowing Handle) throws -> FoundFile {
    var reader = ImageReader()
    let root = try Handle("H5Gopen2", unsafe H5Gopen2(file.id, "/", 0))
    reader.found.paths[try information(of: root).addr] = "/"
    try reader.readGroup(root, at: "/")
    return reader.found
  }

  private mutating func readGroup(_ group: borrowing Handle, at path: String) throws {
    found.groups.append(
      FoundGroup(
        path: path, attributes: try readAttributes(of: group),
        creation: try creation(
          Handle("H5Gget_create_plist", H5Gget_create_plist(group.id)), hasLinks: true)))
    var information = H5G_info_t()
    let id = group.id
    try checked("H5Gget_info", unsafe H5Gget_info(id, &information))
    for index in 0..<information.nlinks {
      let name = try unsafe readName("H5Lget_name_by_idx") {
        unsafe H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, $0, $1, 0)
      }
      try readLink(name, in: group, at: path == "/" ? "/\(name)" : "\(path)/\(name)")
    }
  }

  private mutating func readLink(
    _ name: String, in group: borrowing Handle, at path: String
  ) throws {
    var link = H5L_info_t()
    let id = group.id
    try checked("H5Lget_info", unsafe H5Lget_info(id, name, &link, 0))
    guard link.type == H5L_TYPE_HARD else {
      found.strays.append((path, link.type == H5L_TYPE_SOFT ? "a soft link" : "an external link"))
      return
    }
    let object = try Handle("H5Oopen", unsafe H5Oopen(id, name, 0))
    try readObject(object, at: path)
  }

  private mutating func readObject(_ object: borrowing Handle, at path: String) throws {
    let information = try information(of: object)
    if let other = found.paths.updateValue(path, forKey: information.addr) {
      found.paths[information.addr] = other
      return found.strays.append((path, "a second name of \(other)"))
    }
    switch information.type {
    case H5O_TYPE_GROUP: try readGroup(object, at: path)
    case H5O_TYPE_DATASET: found.datasets.append(try readDataset(object, at: path))
    default: found.strays.append((path, "a named type"))
    }
  }
}

/// The address, kind and counts of an object.
func information(of object: borrowing Handle) throws -> H5O_info_t {
  let id = object.id
  var information = H5O_info_t()
  try checked(
    "H5Oget_info2", unsafe H5Oget_info2(id, &information, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS))
  return information
}

/// What `properties` say about orders and times.
func creation(_ properties: consuming Handle, hasLinks: Bool) throws -> FoundCreation {
  let id = properties.id
  var (attributes, links, times) = (UInt32(0), UInt32(H5P_CRT_ORDER_TRACKED), false)
  try checked(
    "H5Pget_attr_creation_order", unsafe H5Pget_attr_creation_order(id, &attributes))
  try checked("H5Pget_obj_track_times", unsafe H5Pget_obj_track_times(id, &times))
  if hasLinks {
    try checked("H5Pget_link_creation_order", unsafe H5Pget_link_creation_order(id, &links))
  }
  let tracked = UInt32(H5P_CRT_ORDER_TRACKED)
  return FoundCreation(
    ordersAttributes: attributes & tracked != 0, ordersLinks: links & tracked != 0,
    storesTimes: times)
}

/// A name the library writes into a buffer of the size it was asked for first.
func readName(
  _ call: String, _ read: (UnsafeMutablePointer<CChar>?, Int) -> Int
) throws -> String {
  let length = try checked(call, read(nil, 0))
  var bytes = [CChar](repeating: 0, count: length + 1)
  try unsafe bytes.withUnsafeMutableBufferPointer { buffer in
    _ = try unsafe checked(call, read(buffer.baseAddress, length + 1))
  }
  return String(decoding: bytes.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
